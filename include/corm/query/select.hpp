// select<User>().where(...).order_by(...): typed queries over a compiled core.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/query/column.hpp>
#include <corm/query/load.hpp>
#include <corm/sql/select.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <vector>

namespace corm::mapping {
class Record;
}

namespace corm::query {

/// A relation whose objects come in the rows of the query: the join of the same number has their columns.
struct JoinedRelation {
    const mapping::Relation* relation;
    std::size_t column; ///< the first of them in the row
};

/// A query without its type: what sessions run. Rows come in the order of the mapper's columns.
struct SelectQuery {
    std::shared_ptr<const mapping::Mapper> mapper;
    sql::Select statement{};
    std::optional<Duration> within{};
    bool populate_existing = false;
    bool prepared = true;
    bool keeps_rows = false; ///< the outcome has the rows as well, not the objects alone
    /// Relations of the entities that are read behind the query.
    std::vector<RelationPath> with{};
    std::vector<JoinedRelation> joined{};
};

namespace detail {

[[nodiscard]] SelectQuery select_all(std::shared_ptr<const mapping::Mapper> mapper);
/// Several conditions are joined by AND.
void add_condition(SelectQuery& query, const Condition& condition);
void add_order(SelectQuery& query, const Ordering& order);
/// Throw `MappingError` for a negative number.
void set_limit(SelectQuery& query, std::int64_t rows);
void set_offset(SelectQuery& query, std::int64_t rows);
void set_lock(SelectQuery& query, sql::LockMode mode);
/// Throws `MappingError` when no lock was asked for before.
void set_wait(SelectQuery& query, sql::LockWait wait, std::string_view name);
/// Each step of the path is joined once, however many paths it is in; one that was asked for by an inner join stays so.
void add_joined(SelectQuery& query, const RelationPath& path, bool inner);
/// Throws `MappingError` when no lock was asked for before, and for relations that are not joined by an inner join.
void lock_joined(SelectQuery& query, const RelationPath& path);
/// The same by name. Throw `MappingError` as well for a relation that leads to many objects.
void add_joined(SelectQuery& query, const NamedLoad& path, bool inner);
void lock_joined(SelectQuery& query, const NamedLoad& path);
/// Makes the query yield the number of its rows.
[[nodiscard]] SelectQuery counted(SelectQuery query);

/// Conditions and deadline, which every query has. `Self` is the query, so that calls can be chained.
template <class Self>
class Chained {
public:
    /// Keeps the rows that fulfil the condition; several calls are joined by AND.
    Self& where(const Condition& condition) & {
        add_condition(query_, condition);
        return self();
    }
    [[nodiscard]] Self where(const Condition& condition) && { return std::move(where(condition)); }

    /// The deadline of this query, instead of the session's; `corm::no_deadline` for none.
    Self& within(Duration deadline) & {
        query_.within = deadline;
        return self();
    }
    [[nodiscard]] Self within(Duration deadline) && { return std::move(within(deadline)); }

    /// Parsed each time, and not kept prepared on the connection: for a query that will hardly come again.
    Self& unprepared() & {
        query_.prepared = false;
        return self();
    }
    [[nodiscard]] Self unprepared() && { return std::move(unprepared()); }

    [[nodiscard]] const SelectQuery& erased() const& noexcept { return query_; }
    [[nodiscard]] SelectQuery erased() && noexcept { return std::move(query_); }

protected:
    explicit Chained(SelectQuery query) : query_(std::move(query)) {}
    Self& self() noexcept { return static_cast<Self&>(*this); }

    SelectQuery query_;
};

} // namespace detail

/// A query for instances of `T`. A value: copies are independent; not thread-safe while it is changed. Does no I/O:
/// give it to a session. On a temporary each call returns the query, so that chains can be stored.
template <class T>
class Select : public detail::Chained<Select<T>> {
public:
    using entity_type = T;

    explicit Select(std::shared_ptr<const mapping::Mapper> mapper)
        : detail::Chained<Select>(detail::select_all(std::move(mapper))) {}

    /// `asc<&User::name>`, `desc<&User::id>.nulls_last()`; terms of later calls come behind those of earlier ones.
    template <std::convertible_to<Ordering>... Terms>
    Select& order_by(const Terms&... terms) & {
        (detail::add_order(this->query_, terms), ...);
        return *this;
    }
    template <std::convertible_to<Ordering>... Terms>
    [[nodiscard]] Select order_by(const Terms&... terms) && {
        return std::move(order_by(terms...));
    }

    /// Terms that were put together at run time: see `Fields`.
    Select& order_by(const std::vector<Ordering>& terms) & {
        for (const Ordering& term : terms)
            detail::add_order(this->query_, term);
        return *this;
    }
    [[nodiscard]] Select order_by(const std::vector<Ordering>& terms) && { return std::move(order_by(terms)); }

    /// At most so many rows, and so many left out before them; sent as parameters. Negative: throws `MappingError`.
    Select& limit(std::int64_t rows) & {
        detail::set_limit(this->query_, rows);
        return *this;
    }
    [[nodiscard]] Select limit(std::int64_t rows) && { return std::move(limit(rows)); }
    Select& offset(std::int64_t rows) & {
        detail::set_offset(this->query_, rows);
        return *this;
    }
    [[nodiscard]] Select offset(std::int64_t rows) && { return std::move(offset(rows)); }

    /// Lock the rows until the end of the transaction; see `corm::for_update` and its variants. The last one counts.
    Select& for_update() & { return lock(sql::LockMode::update); }
    [[nodiscard]] Select for_update() && { return std::move(for_update()); }
    Select& for_no_key_update() & { return lock(sql::LockMode::no_key_update); }
    [[nodiscard]] Select for_no_key_update() && { return std::move(for_no_key_update()); }
    Select& for_share() & { return lock(sql::LockMode::share); }
    [[nodiscard]] Select for_share() && { return std::move(for_share()); }
    Select& for_key_share() & { return lock(sql::LockMode::key_share); }
    [[nodiscard]] Select for_key_share() && { return std::move(for_key_share()); }

    /// Behind a lock: fail with SQLSTATE 55P03 instead of waiting for another transaction.
    Select& nowait() & {
        detail::set_wait(this->query_, sql::LockWait::nowait, "nowait");
        return *this;
    }
    [[nodiscard]] Select nowait() && { return std::move(nowait()); }
    /// Behind a lock: leave out rows that another transaction has locked.
    Select& skip_locked() & {
        detail::set_wait(this->query_, sql::LockWait::skip_locked, "skip_locked");
        return *this;
    }
    [[nodiscard]] Select skip_locked() && { return std::move(skip_locked()); }

    /// Overwrite the values of instances that are in the session already, edited ones too.
    Select& populate_existing() & {
        this->query_.populate_existing = true;
        return *this;
    }
    [[nodiscard]] Select populate_existing() && { return std::move(populate_existing()); }

    /// Reads a relation of all rows as well: one more round trip for the query, and one for each further step of a
    /// path. `with<&User::orders>()`, `with<&User::orders, &Order::lines>()`. `limit` counts the rows of the query.
    /// What the session knows already costs nothing.
    template <auto... Path>
    Select& with() & {
        this->query_.with.push_back(path_of<T>(Load<Path...>{}));
        return *this;
    }
    template <auto... Path>
    [[nodiscard]] Select with() && {
        return std::move(with<Path...>());
    }

    /// Reads `One` members in the statement of the query itself, by an outer join: no round trip more, except where the
    /// session has another foreign key of an object than its row, which is followed by one behind the query.
    /// `with_joined<&Line::order>()`, or along a path: `with_joined<&Line::order, &Order::user>()`. Conditions and
    /// order are of the selected entity. Objects that the session has are the same ones, as always. Throws
    /// `MappingError` for a member that the mapping does not describe; the query does if the other end of a one-to-one
    /// has several rows.
    template <auto... Path>
    Select& with_joined() & {
        detail::check_to_one<Path...>();
        detail::add_joined(this->query_, path_of<T>(Load<Path...>{}), false);
        return *this;
    }
    template <auto... Path>
    [[nodiscard]] Select with_joined() && {
        return std::move(with_joined<Path...>());
    }
    /// As `with_joined`, by an inner join along the whole path: rows that refer to nothing are left out; with a lock,
    /// also those whose reference changed while the lock was awaited.
    template <auto... Path>
    Select& with_inner_joined() & {
        detail::check_to_one<Path...>();
        detail::add_joined(this->query_, path_of<T>(Load<Path...>{}), true);
        return *this;
    }
    template <auto... Path>
    [[nodiscard]] Select with_inner_joined() && {
        return std::move(with_inner_joined<Path...>());
    }
    /// Behind a lock and `with_inner_joined`: locks the objects at the end of the path as well, and refreshes them.
    /// Without it a lock is on the rows of the selected entity alone. Throws `MappingError` without such a lock or
    /// join.
    template <auto... Path>
    Select& lock_joined() & {
        detail::lock_joined(this->query_, path_of<T>(Load<Path...>{}));
        return *this;
    }
    template <auto... Path>
    [[nodiscard]] Select lock_joined() && {
        return std::move(lock_joined<Path...>());
    }

    /// These four by the names of relations, for records: `with(corm::load_named("lines"))`.
    Select& with(const NamedLoad& path) & {
        this->query_.with.push_back(path_of(*this->query_.mapper, path));
        return *this;
    }
    [[nodiscard]] Select with(const NamedLoad& path) && { return std::move(with(path)); }
    Select& with_joined(const NamedLoad& path) & {
        detail::add_joined(this->query_, path, false);
        return *this;
    }
    [[nodiscard]] Select with_joined(const NamedLoad& path) && { return std::move(with_joined(path)); }
    Select& with_inner_joined(const NamedLoad& path) & {
        detail::add_joined(this->query_, path, true);
        return *this;
    }
    [[nodiscard]] Select with_inner_joined(const NamedLoad& path) && { return std::move(with_inner_joined(path)); }
    Select& lock_joined(const NamedLoad& path) & {
        detail::lock_joined(this->query_, path);
        return *this;
    }
    [[nodiscard]] Select lock_joined(const NamedLoad& path) && { return std::move(lock_joined(path)); }

private:
    Select& lock(sql::LockMode mode) {
        detail::set_lock(this->query_, mode);
        return *this;
    }
};

/// A query for a number of rows; its result is a `std::int64_t`.
class Count : public detail::Chained<Count> {
public:
    explicit Count(SelectQuery query) : Chained(detail::counted(std::move(query))) {}
};

/// All rows of the table that `T` is mapped to, until conditions narrow it down.
template <class T>
[[nodiscard]] Select<T> select() {
    return Select<T>{mapping::mapper_of<T>()};
}
/// The same for a table mapped at run time.
[[nodiscard]] inline Select<mapping::Record> select(std::shared_ptr<const mapping::Mapper> mapper) {
    mapping::require_records(mapper.get(), "select()");
    return Select<mapping::Record>{std::move(mapper)};
}

/// The number of rows of a table: `count<User>().where(...)`.
template <class T>
[[nodiscard]] Count count() {
    return Count{detail::select_all(mapping::mapper_of<T>())};
}
[[nodiscard]] inline Count count(std::shared_ptr<const mapping::Mapper> mapper) {
    return Count{detail::select_all(std::move(mapper))};
}
/// The number of rows that `query` would yield, its limit and offset included. Throws `MappingError` if it locks rows.
template <class T>
[[nodiscard]] Count count(Select<T> query) {
    return Count{std::move(query).erased()};
}

} // namespace corm::query

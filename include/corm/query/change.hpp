// update<User>().set<&User::age>(...).where(...): statements that change rows without objects.
#pragma once

#include <corm/query/functions.hpp>
#include <corm/query/query.hpp>
#include <corm/sql/change.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::query {

/// A statement that writes, without its type: what sessions run.
class ChangeStatement {
public:
    ChangeStatement(sql::Change::Kind kind, std::shared_ptr<const mapping::Mapper> mapper);

    [[nodiscard]] const sql::Change& statement() const noexcept { return change_; }
    [[nodiscard]] const std::shared_ptr<const mapping::Mapper>& mapper() const noexcept { return mapper_; }
    [[nodiscard]] std::optional<Duration> deadline() const noexcept { return within_; }
    /// Throws `MappingError` for an update or delete without a condition that was not meant for all rows.
    void check() const;

protected:
    /// Throw `MappingError` for the key, and for columns that the server computes.
    void assign(std::size_t column, sql::Expr value);
    void add_condition(const Condition& condition) {
        change_.where = sql::both(std::move(change_.where), condition.expression());
    }
    void add_source(sql::Source source) { change_.sources.push_back(std::move(source)); }
    void add_column(std::size_t column);

    sql::Change change_;
    std::shared_ptr<const mapping::Mapper> mapper_;
    std::optional<Duration> within_;
    bool all_rows_ = false;
};

/// A statement that writes, with rows that it returns: `all`, `first`, `one` of a session.
template <class Row>
class Returning : public ChangeStatement {
public:
    using row_type = Row;
    Returning(ChangeStatement statement, std::vector<sql::Item> items) : ChangeStatement(std::move(statement)) {
        change_.returning = std::move(items);
    }
};

namespace detail {

/// NULL of the type of the column.
[[nodiscard]] sql::Expr null_for(const Place& place);
/// An expression of `type` that the column takes: text is cast to what the mapping declares.
[[nodiscard]] sql::Expr expression_for(const Place& place, const types::ValueType& type, sql::Expr expression);
/// The rows of a query whose items go into these columns one by one.
[[nodiscard]] sql::QueryPtr rows_for(const std::vector<Place>& places, ComposedQuery query);

/// A value or expression that a column of type `T` takes.
template <class T, class Given>
[[nodiscard]] sql::Expr assigned(const Place& place, const Given& given) {
    using Value = value_of<T>;
    if constexpr (SqlOperand<Given>) {
        using From = operand_value_t<Given>;
        constexpr bool fits = std::is_same_v<Value, From> || (is_integer<Value> && is_integer<From>) ||
                              ((std::is_floating_point_v<Value> || is_numeric<Value>) && is_any_number<From>);
        static_assert(fits, "corm: this expression is not of the type of the column that is set; cast it by "
                            "corm::cast<T>()");
        static_assert(!fits || !may_be_null<Given> || is_optional<T>,
                      "corm: this expression can be NULL, and the column holds none; set corm::coalesce(..., value)");
        return expression_for(place, types::value_type<From>, sql_of(given));
    } else if constexpr (is_nullopt<Given>) {
        static_assert(is_optional<T>, "corm: this column holds no NULL, because its member is not std::optional");
        return null_for(place);
    } else if constexpr (types::Nullable<Given>::value && types::Nullable<T>::value) {
        return types::Nullable<Given>::has_value(given) ? assigned<T>(place, types::Nullable<Given>::get(given))
                                                        : null_for(place);
    } else {
        constexpr bool fits = comparable<Value, Given>();
        static_assert(fits, "corm: this value does not convert to the type of the column without loss; give a value of "
                            "the type of the member");
        if constexpr (fits) {
            const Operand<Value, Given> operand{given};
            return value_for(place, operand.type(), operand.address());
        } else {
            return {};
        }
    }
}

/// What all of them have in common.
template <class Self, class T>
class AnyChange : public ChangeStatement {
public:
    using entity_type = T;

    /// The deadline of this statement, instead of the session's; `corm::no_deadline` for none.
    Self& within(Duration deadline) & {
        within_ = deadline;
        return self();
    }
    [[nodiscard]] Self within(Duration deadline) && { return std::move(within(deadline)); }

    /// What it is to yield for each row: columns and expressions, with the values behind an update.
    template <SqlOperand... Items>
        requires(sizeof...(Items) > 0)
    [[nodiscard]] auto returning(const Items&... items) const {
        ComposedQuery yielded;
        (ItemOf<Items>::add(yielded, items), ...);
        return Returning<typename RowOf<Items...>::type>{*this, std::move(yielded.statement.items)};
    }

protected:
    explicit AnyChange(sql::Change::Kind kind) : ChangeStatement(kind, mapping::mapper_of<T>()) {}
    Self& self() noexcept { return static_cast<Self&>(*this); }
};

/// What updates and deletes have in common.
template <class Self, class T>
class ChangeClauses : public AnyChange<Self, T> {
public:
    /// The rows that are meant; several calls are joined by AND.
    Self& where(const Condition& condition) & {
        this->add_condition(condition);
        return this->self();
    }
    [[nodiscard]] Self where(const Condition& condition) && { return std::move(where(condition)); }
    /// All rows of the table are meant: without it and without a condition nothing is sent.
    Self& all_rows() & {
        this->all_rows_ = true;
        return this->self();
    }
    [[nodiscard]] Self all_rows() && { return std::move(all_rows()); }
    /// Another table, or a subquery, that conditions and values refer to.
    template <class U>
    Self& from() & {
        mapping::require_mapped<U>();
        this->add_source(table_source(*mapping::mapper_of<U>()));
        return this->self();
    }
    template <class U>
    [[nodiscard]] Self from() && {
        return std::move(from<U>());
    }
    template <SourceLike S>
    Self& from(const S& source) & {
        this->add_source(source_of(source));
        return this->self();
    }
    template <SourceLike S>
    [[nodiscard]] Self from(const S& source) && {
        return std::move(from(source));
    }

protected:
    using AnyChange<Self, T>::AnyChange;
};

} // namespace detail

/// An update of rows by a condition. A version that updates count up is counted up, unless it is set.
template <class T>
class Update : public detail::ChangeClauses<Update<T>, T> {
public:
    Update() : detail::ChangeClauses<Update, T>(sql::Change::Kind::update) {}

    /// Sets a column to a value or an expression. Throws `MappingError` for the key and for computed columns.
    template <auto Member, class Given>
    Update& set(const Given& given) & {
        const detail::Place place = detail::locator<Member, T>()();
        this->assign(place.index, detail::assigned<detail::member_t<Member>>(place, given));
        return *this;
    }
    template <auto Member, class Given>
    [[nodiscard]] Update set(const Given& given) && {
        return std::move(set<Member>(given));
    }
};

/// A deletion of rows by a condition.
template <class T>
class Delete : public detail::ChangeClauses<Delete<T>, T> {
public:
    Delete() : detail::ChangeClauses<Delete, T>(sql::Change::Kind::delete_) {}
};

/// An insert of the rows of a query.
template <class T>
class InsertFrom : public detail::AnyChange<InsertFrom<T>, T> {
public:
    explicit InsertFrom(sql::QueryPtr query) : detail::AnyChange<InsertFrom, T>(sql::Change::Kind::insert) {
        this->change_.query = std::move(query);
        this->all_rows_ = true;
    }
    void add(std::size_t column) { this->add_column(column); }
    /// Rows that are there already, by any unique index, are left out.
    InsertFrom& on_conflict_do_nothing() & {
        this->change_.skips_conflicts = true;
        return *this;
    }
    [[nodiscard]] InsertFrom on_conflict_do_nothing() && { return std::move(on_conflict_do_nothing()); }
};

template <class T>
[[nodiscard]] Update<T> update() {
    mapping::require_mapped<T>();
    return Update<T>{};
}
template <class T>
[[nodiscard]] Delete<T> delete_from() {
    mapping::require_mapped<T>();
    return Delete<T>{};
}

namespace detail {

template <class To, class From>
inline constexpr bool insertable =
    (std::is_same_v<value_of<To>, value_of<From>> || (is_integer<value_of<To>> && is_integer<value_of<From>>)) &&
    (is_optional<To> || !is_optional<From>);

template <class Row>
struct ItemsOf {
    using type = std::tuple<Row>;
};
template <class... Items>
struct ItemsOf<std::tuple<Items...>> {
    using type = std::tuple<Items...>;
};

template <auto... Members, class... Items>
consteval bool all_insertable(std::type_identity<std::tuple<Items...>>) {
    if constexpr (sizeof...(Members) == sizeof...(Items))
        return (insertable<member_t<Members>, Items> && ...);
    else
        return false;
}

} // namespace detail

/// `insert_into<Archive, &Archive::id, &Archive::name>(select(col<&User::id>, col<&User::name>).from<User>())`: the
/// members take the items of the query one by one.
template <class T, auto... Members, class Row>
[[nodiscard]] InsertFrom<T> insert_into(const Query<Row>& query) {
    mapping::require_mapped<T>();
    static_assert(detail::all_insertable<Members...>(std::type_identity<typename detail::ItemsOf<Row>::type>{}),
                  "corm: insert_into<T, members...>() takes a query with one item for each member, of its type and "
                  "without NULL where the member holds none");
    InsertFrom<T> statement{detail::rows_for({detail::locator<Members, T>()()...}, query.erased())};
    (statement.add(detail::locator<Members, T>()().index), ...);
    return statement;
}

} // namespace corm::query

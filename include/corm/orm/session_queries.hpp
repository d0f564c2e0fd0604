// What a session reads.
#pragma once

#include <corm/fwd.hpp>
#include <corm/mapping/record.hpp>
#include <corm/orm/session_rows.hpp>

#include <optional>

namespace corm::orm {

/// The reading calls of `AsyncSession`, which tells what they have in common; not a type of its own.
class SessionQueries : public SessionRows {
public:
    using SessionRows::all;
    using SessionRows::execute;
    using SessionRows::first;
    using SessionRows::one;
    using SessionRows::one_or_none;

    /// The object with this primary key, or an empty handle. An object that is in the session already and fresh is
    /// returned without I/O; otherwise one round trip, with BEGIN and unflushed changes in it. Options: a lock
    /// (`for_update`, ...), `nowait`, `skip_locked`, `populate_existing`, `within(2s)`. A lock always reads the row,
    /// and refreshes every attribute that is not edited; `StaleDataError` if an edited one was changed underneath.
    template <class T, query::ReadOption... Options>
    [[nodiscard]] Task<Ref<T>> get(mapping::KeyArgument<T> key, Options... options) const {
        mapping::require_mapped<T>();
        return detail::typed<T>(
            detail::get(core_, mapping::mapper_of<T>(), key.encoded(), query::read_options(options...), key.where()));
    }
    template <query::ReadOption... Options>
    [[nodiscard]] Task<Ref<mapping::Record>> get(std::shared_ptr<const mapping::Mapper> mapper,
                                                 const mapping::RecordKey& key, Options... options) const {
        mapping::EncodedKey encoded = key.encode(*mapper);
        return detail::typed<mapping::Record>(
            detail::get(core_, std::move(mapper), std::move(encoded), query::read_options(options...), key.where()));
    }
    /// As `get`; throws `NotFoundError` naming entity and key when there is no such row.
    template <class T, query::ReadOption... Options>
    [[nodiscard]] Task<Ref<T>> get_one(mapping::KeyArgument<T> key, Options... options) const {
        mapping::require_mapped<T>();
        return detail::typed<T>(detail::get_one(core_, mapping::mapper_of<T>(), key.encoded(),
                                                query::read_options(options...), key.where()));
    }
    template <query::ReadOption... Options>
    [[nodiscard]] Task<Ref<mapping::Record>> get_one(std::shared_ptr<const mapping::Mapper> mapper,
                                                     const mapping::RecordKey& key, Options... options) const {
        mapping::EncodedKey encoded = key.encode(*mapper);
        return detail::typed<mapping::Record>(detail::get_one(core_, std::move(mapper), std::move(encoded),
                                                              query::read_options(options...), key.where()));
    }

    /// Reads the row anew, overwriting edits of this object; changes of others are flushed first. One round trip.
    /// Throws `NotFoundError` if the row is gone.
    template <class T>
    [[nodiscard]] Task<void> refresh(const Ref<T>& ref,
                                     std::source_location where = std::source_location::current()) const {
        return detail::refresh(core_, detail::required(ref), {}, {}, where);
    }
    template <class T, query::ReadOption Option>
    [[nodiscard]] Task<void> refresh(const Ref<T>& ref, Option option,
                                     std::source_location where = std::source_location::current()) const {
        return detail::refresh(core_, detail::required(ref), query::read_options(option), {}, where);
    }
    template <class T, query::ReadOption First, query::ReadOption Second>
    [[nodiscard]] Task<void> refresh(const Ref<T>& ref, First first, Second second,
                                     std::source_location where = std::source_location::current()) const {
        return detail::refresh(core_, detail::required(ref), query::read_options(first, second), {}, where);
    }

    /// Reads the row anew, and these relations with it, whatever is known of them:
    /// `co_await session.refresh(user, corm::load<&User::orders>)`. The objects that come are filled where they are
    /// stale; those that are fresh keep their values. Changes of other objects are flushed first, or laid over what is
    /// read; a changed collection whose objects do not know their owner stays as it is.
    ///
    /// One round trip, with BEGIN and unflushed changes in it. Relations whose foreign key is the object's own are read
    /// behind the row, by one more for all whose object the session does not hold; each further step of a path is one
    /// more. Errors and cancellation: as `refresh`; the row may have been read by then.
    template <class T, auto... A>
    [[nodiscard]] Task<void> refresh(const Ref<T>& ref, query::Load<A...> first,
                                     std::source_location where = std::source_location::current()) const {
        return refresh_with(ref, where, first);
    }
    template <class T, auto... A, auto... B>
    [[nodiscard]] Task<void> refresh(const Ref<T>& ref, query::Load<A...> first, query::Load<B...> second,
                                     std::source_location where = std::source_location::current()) const {
        return refresh_with(ref, where, first, second);
    }
    template <class T, auto... A, auto... B, auto... C>
    [[nodiscard]] Task<void> refresh(const Ref<T>& ref, query::Load<A...> first, query::Load<B...> second,
                                     query::Load<C...> third,
                                     std::source_location where = std::source_location::current()) const {
        return refresh_with(ref, where, first, second, third);
    }

    /// Reads relations of an object, or of a range of objects, with one statement for each relation and one round trip
    /// for all that are given: `co_await session.load(users, corm::load<&User::orders>, corm::load<&User::roles>)`.
    /// Each further step of a path (`corm::load<&User::orders, &Order::lines>`) is one more. What was read in this
    /// transaction, and objects that the session holds, cost nothing; unflushed changes go first and are kept. The
    /// objects come in the order of their keys. Throws `Error` for objects that are not in this session.
    template <class Objects, auto... A>
    [[nodiscard]] Task<void> load(const Objects& objects, query::Load<A...> first,
                                  std::source_location where = std::source_location::current()) const {
        return load_all(objects, where, first);
    }
    template <class Objects, auto... A, auto... B>
    [[nodiscard]] Task<void> load(const Objects& objects, query::Load<A...> first, query::Load<B...> second,
                                  std::source_location where = std::source_location::current()) const {
        return load_all(objects, where, first, second);
    }
    template <class Objects, auto... A, auto... B, auto... C>
    [[nodiscard]] Task<void> load(const Objects& objects, query::Load<A...> first, query::Load<B...> second,
                                  query::Load<C...> third,
                                  std::source_location where = std::source_location::current()) const {
        return load_all(objects, where, first, second, third);
    }

    /// Both by the names of relations, for records: `session.load(orders, corm::load_named("lines"))`, several as a
    /// list. The objects are of one mapper.
    template <class Objects>
    [[nodiscard]] Task<void> load(const Objects& objects, query::NamedLoad relations,
                                  std::source_location where = std::source_location::current()) const {
        return load(objects, std::vector<query::NamedLoad>(1, std::move(relations)), where);
    }
    template <class Objects>
    [[nodiscard]] Task<void> load(const Objects& objects, std::vector<query::NamedLoad> relations,
                                  std::source_location where = std::source_location::current()) const {
        return detail::load(core_, detail::LoadedFrom<Objects>::handles(objects), relations, where);
    }
    template <class T>
    [[nodiscard]] Task<void> refresh(const Ref<T>& ref, query::NamedLoad relations,
                                     std::source_location where = std::source_location::current()) const {
        return refresh(ref, std::vector<query::NamedLoad>(1, std::move(relations)), where);
    }
    template <class T>
    [[nodiscard]] Task<void> refresh(const Ref<T>& ref, std::vector<query::NamedLoad> relations,
                                     std::source_location where = std::source_location::current()) const {
        return detail::refresh(core_, detail::required(ref), {}, query::paths_of(ref.instance()->mapper(), relations),
                               where);
    }

    /// Runs a query: every row, as the one object of its identity. One round trip, with BEGIN and unflushed changes in
    /// it.
    template <class T>
    [[nodiscard]] Task<std::vector<Ref<T>>> all(query::Select<T> query,
                                                std::source_location where = std::source_location::current()) const {
        return detail::typed_all<T>(detail::run(core_, std::move(query).erased(), detail::Wanted::any, where));
    }
    /// The first row or an empty handle; asks the server for one row, or none by `limit(0)`.
    template <class T>
    [[nodiscard]] Task<Ref<T>> first(query::Select<T> query,
                                     std::source_location where = std::source_location::current()) const {
        const std::int64_t rows = query.erased().statement.limit == 0 ? 0 : 1;
        return detail::typed_first<T>(
            detail::run(core_, std::move(query.limit(rows)).erased(), detail::Wanted::any, where));
    }
    /// Exactly one row; throws `NotFoundError` when there is none or more.
    template <class T>
    [[nodiscard]] Task<Ref<T>> one(query::Select<T> query,
                                   std::source_location where = std::source_location::current()) const {
        return detail::typed_first<T>(
            detail::run(core_, std::move(query).erased(), detail::Wanted::exactly_one, where));
    }
    /// One row or an empty handle; throws `NotFoundError` when there are more.
    template <class T>
    [[nodiscard]] Task<Ref<T>> one_or_none(query::Select<T> query,
                                           std::source_location where = std::source_location::current()) const {
        return detail::typed_first<T>(
            detail::run(core_, std::move(query).erased(), detail::Wanted::at_most_one, where));
    }
    /// A page of a query: rows behind the last one of the page before, by the columns of its order, to which the key is
    /// added. However deep the page, the server reads no more than it has; rows that come or go between two pages shift
    /// nothing. `page.next` is text that may travel through a URL; it holds the values of the last row.
    ///
    /// One round trip. Throws `MappingError` for an order by anything but columns of `T`, and for a query with a limit
    /// or offset; `ConversionError` for a token that was not made for this order.
    template <class T>
    [[nodiscard]] Task<Page<T>> page(query::Select<T> query, const query::PageOptions& options,
                                     std::source_location where = std::source_location::current()) const {
        return detail::typed_page<T>(detail::page(core_, query::paged(std::move(query).erased(), options), where));
    }
    using SessionRows::scalar;
    /// The number of rows: `scalar(count<User>().where(...))`.
    [[nodiscard]] Task<std::int64_t> scalar(query::Count count,
                                            std::source_location where = std::source_location::current()) const {
        return detail::counted(detail::run(core_, std::move(count).erased(), detail::Wanted::exactly_one, where));
    }

    /// Inserts rows, and updates or leaves those that are there already: include `corm/query/insert.hpp`. `execute`
    /// returns how many rows were written; `all` returns them, in no particular order. Objects that the session holds
    /// take the values of their rows, unflushed edits kept. One round trip, with BEGIN and unflushed changes in it;
    /// none without values.
    template <class T>
    [[nodiscard]] Task<std::int64_t> execute(query::Insert<T> insert,
                                             std::source_location where = std::source_location::current()) const {
        return detail::affected(detail::insert(core_, std::move(insert).erased(), false, where));
    }
    template <class T>
    [[nodiscard]] Task<std::vector<Ref<T>>> all(query::Insert<T> insert,
                                                std::source_location where = std::source_location::current()) const {
        return detail::typed_all<T>(detail::insert(core_, std::move(insert).erased(), true, where));
    }

    /// The object of this session with the key of `value`, with its values: found in the session or read, else a new
    /// one. The given object stays as it is and belongs to no session. A key that the server generates and that is not
    /// set makes a new object at once. Columns marked `server_default` are copied from values only if they are given,
    /// from objects that have a row always; what the server computes never.
    ///
    /// Related objects are merged along, as far as `value` says which they are and unless the relation is mapped with
    /// `{.merge = false}`. A collection becomes the one of `value`; a relation that was never given or read leaves the
    /// object's as it is. A foreign key follows what is linked.
    ///
    /// A version that is not the row's is a `StaleDataError`. No round trip for what is in the session and fresh; else
    /// one for all rows, with BEGIN and unflushed changes in it, and one for all collections that are replaced. Throws
    /// `NotLoadedError` for an expired object, and for one that nobody has kept. Nothing is merged if it throws.
    /// Cancellation: as a query; nothing is merged then.
    template <class T>
    [[nodiscard]] Task<Ref<T>> merge(T value, MergeOptions options = {},
                                     std::source_location where = std::source_location::current()) const {
        return detail::typed<T>(detail::merge(core_, detail::source_of(std::move(value)), options, where));
    }
    template <class T, mapping::GivenMarks Marks>
    [[nodiscard]] Task<Ref<T>> merge(T value, const Marks& given, MergeOptions options = {},
                                     std::source_location where = std::source_location::current()) const {
        detail::Handle source = detail::make_ref(std::move(value), given).instance();
        return detail::typed<T>(detail::merge(core_, std::move(source), options, where));
    }
    template <class T>
    [[nodiscard]] Task<Ref<T>> merge(const Ref<T>& ref, MergeOptions options = {},
                                     std::source_location where = std::source_location::current()) const {
        return detail::typed<T>(detail::merge(core_, detail::source_of(ref), options, where));
    }
    /// As `merge`, for a range of values or handles of one type, in as many round trips as for one. Several of one key
    /// are one object, and the last one wins.
    template <class Range>
    [[nodiscard]] auto merge_all(Range&& values, MergeOptions options = {},
                                 std::source_location where = std::source_location::current()) const {
        using Value = std::remove_cvref_t<decltype(*std::begin(values))>;
        std::vector<detail::Handle> sources;
        for (auto&& value : values)
            sources.push_back(detail::source_of(Value(std::forward<decltype(value)>(value))));
        return detail::typed_all<typename detail::EntityOf<Value>::type>(
            detail::merge_all(core_, std::move(sources), options, where));
    }

    /// Several queries in one round trip: `auto [users, n] = co_await session.pipeline(select<User>(),
    /// count<Order>())`. A select yields a vector of handles, a count its number, `rows_as<T>(sql)` a vector of `T`,
    /// other SQL the number of affected rows. The first failure is the failure of all.
    template <class A, class B>
    [[nodiscard]] auto pipeline(A a, B b, std::source_location where = std::source_location::current()) const {
        return detail::typed_pipeline<A, B>(core_, {std::move(a), std::move(b)}, where);
    }
    template <class A, class B, class C>
    [[nodiscard]] auto pipeline(A a, B b, C c, std::source_location where = std::source_location::current()) const {
        return detail::typed_pipeline<A, B, C>(core_, {std::move(a), std::move(b), std::move(c)}, where);
    }
    template <class A, class B, class C, class D>
    [[nodiscard]] auto pipeline(A a, B b, C c, D d,
                                std::source_location where = std::source_location::current()) const {
        return detail::typed_pipeline<A, B, C, D>(core_, {std::move(a), std::move(b), std::move(c), std::move(d)},
                                                  where);
    }

private:
    template <class T, class... Loads>
    [[nodiscard]] Task<void> refresh_with(const Ref<T>& ref, std::source_location where, Loads... loads) const {
        return detail::refresh(core_, detail::required(ref), {}, {query::path_of<T>(loads)...}, where);
    }
    template <class Objects, class... Loads>
    [[nodiscard]] Task<void> load_all(const Objects& objects, std::source_location where, Loads... loads) const {
        using From = detail::LoadedFrom<Objects>;
        return detail::load(core_, From::handles(objects), {query::path_of<typename From::type>(loads)...}, {}, where);
    }

protected:
    using SessionRows::SessionRows;
    SessionQueries(SessionQueries&&) noexcept = default;
    SessionQueries& operator=(SessionQueries&&) noexcept = default;
    ~SessionQueries() = default;
};

} // namespace corm::orm

// AsyncSession: a unit of work over one connection at a time.
#pragma once

#include <corm/mapping/record.hpp>
#include <corm/orm/detail/typed.hpp>
#include <corm/orm/engine.hpp>
#include <corm/orm/ref.hpp>

#include <initializer_list>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace corm::orm {

/// A unit of work: an identity map of the objects it has loaded or been given, and the transaction in which it reads
/// and writes them. Construction does no I/O and takes no connection; the first statement begins a transaction, which
/// holds one until `commit`, `rollback`, `close` or destruction.
///
/// Thread safety: one task at a time, on any thread. A second operation meanwhile throws `ConcurrentUseError`; several
/// queries at once are one `pipeline`. Movable; destroying it during an operation cancels that operation.
///
/// Errors of every operation: `DatabaseError` and `IntegrityError` from the server, `ConnectionError`, `TimeoutError`
/// at the deadline (options, or `within`). After an error in a transaction the transaction is over and its changes to
/// the objects are undone; later operations report the same error until `rollback`.
///
/// Cancellation of every operation: terminal at any time; partial and total until the request was sent, not at all
/// afterwards. It ends with `boost::system::system_error(operation_aborted)`, a commit that was sent with
/// `CommitOutcomeUnknown`. Afterwards only `rollback` and `close` are useful; without either, destruction does the
/// same.
class AsyncSession {
public:
    explicit AsyncSession(const Engine& engine, const SessionOptions& options = {});
    AsyncSession(std::shared_ptr<EngineCore> engine, const SessionOptions& options);
    AsyncSession(AsyncSession&&) noexcept = default;
    AsyncSession& operator=(AsyncSession&& other) noexcept;
    ~AsyncSession();

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
        return detail::refresh(core_, detail::required(ref), {}, where);
    }
    template <class T, query::ReadOption Option>
    [[nodiscard]] Task<void> refresh(const Ref<T>& ref, Option option,
                                     std::source_location where = std::source_location::current()) const {
        return detail::refresh(core_, detail::required(ref), query::read_options(option), where);
    }
    template <class T, query::ReadOption First, query::ReadOption Second>
    [[nodiscard]] Task<void> refresh(const Ref<T>& ref, First first, Second second,
                                     std::source_location where = std::source_location::current()) const {
        return detail::refresh(core_, detail::required(ref), query::read_options(first, second), where);
    }

    /// A new object, inserted by the next flush. No I/O.
    template <class T>
    Ref<T> add(T value, std::source_location where = std::source_location::current()) const {
        Ref<T> ref = detail::make_ref(std::move(value));
        detail::add(core_, ref.instance(), where);
        return ref;
    }
    /// As `add`, with columns marked `server_default` that are to be written: `add(user, corm::given<&User::created>)`.
    template <class T, auto... Members>
    Ref<T> add(T value, mapping::Given<Members...> given,
               std::source_location where = std::source_location::current()) const {
        const std::uint64_t bits = mapping::given_bits<T>(given);
        Ref<T> ref = detail::make_ref(std::move(value));
        ref.instance()->given = bits;
        detail::add(core_, ref.instance(), where);
        return ref;
    }
    /// A transient or detached object joins the session; one marked by `remove` stays. No I/O.
    template <class T>
    void add(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        detail::add(core_, detail::required(ref), where);
    }
    template <class Range>
    auto add_all(Range&& values, std::source_location where = std::source_location::current()) const {
        std::vector<Ref<std::remove_cvref_t<decltype(*std::begin(values))>>> refs;
        for (auto&& value : values)
            refs.push_back(add(std::forward<decltype(value)>(value), where));
        return refs;
    }
    template <class T>
    auto add_all(std::initializer_list<T> values, std::source_location where = std::source_location::current()) const {
        return add_all(std::vector<T>(values), where);
    }
    /// Marks the object; the next flush deletes its row. A detached object joins the session for that; one that was
    /// only added leaves it at once. No I/O.
    template <class T>
    void remove(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        detail::remove(core_, detail::required(ref), where);
    }
    /// The object may not be read until the next get, query or refresh has read it anew; unflushed edits of it are
    /// dropped. Throws `Error` unless it is persistent in this session. No I/O.
    template <class T>
    void expire(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        detail::expire(core_, detail::required(ref), where);
    }
    /// As `expire`, for every persistent object.
    void expire_all(std::source_location where = std::source_location::current()) const {
        detail::expire_all(core_, where);
    }
    /// The object leaves the session with its values; unflushed changes are not written. No I/O.
    template <class T>
    void expunge(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        detail::expunge(core_, detail::required(ref), where);
    }

    /// Every object leaves the session as by `expunge`; the transaction goes on. No I/O.
    void expunge_all(std::source_location where = std::source_location::current()) const {
        detail::expunge_all(core_, where);
    }

    /// True for an object of this session: pending or persistent.
    template <class T>
    [[nodiscard]] bool contains(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        return detail::contains(core_, detail::required(ref), where);
    }
    /// Objects of this type that were added, edited (whether or not a value differs in the end; see `inspect`) or
    /// removed, and not flushed since.
    template <class T>
    [[nodiscard]] std::vector<Ref<T>> new_(std::source_location where = std::source_location::current()) const {
        return detail::refs_of<T>(detail::listed(core_, detail::Listing::added, where));
    }
    template <class T>
    [[nodiscard]] std::vector<Ref<T>> dirty(std::source_location where = std::source_location::current()) const {
        return detail::refs_of<T>(detail::listed(core_, detail::Listing::dirty, where));
    }
    template <class T>
    [[nodiscard]] std::vector<Ref<T>> deleted(std::source_location where = std::source_location::current()) const {
        return detail::refs_of<T>(detail::listed(core_, detail::Listing::removed, where));
    }

    /// As long as the guard lives, queries do not send unflushed changes first: `const auto guard =
    /// session.no_autoflush();`
    [[nodiscard]] detail::NoAutoflush no_autoflush(std::source_location where = std::source_location::current()) const {
        return {core_, where};
    }

    /// Runs a query: every row, as the one object of its identity. One round trip, with BEGIN and unflushed changes in
    /// it.
    template <class T>
    [[nodiscard]] Task<std::vector<Ref<T>>> all(query::Select<T> query,
                                                std::source_location where = std::source_location::current()) const {
        return detail::typed_all<T>(detail::run(core_, std::move(query).erased(), detail::Wanted::any, where));
    }
    /// The first row or an empty handle; asks the server for one row.
    template <class T>
    [[nodiscard]] Task<Ref<T>> first(query::Select<T> query,
                                     std::source_location where = std::source_location::current()) const {
        return detail::typed_first<T>(
            detail::run(core_, std::move(query.limit(1)).erased(), detail::Wanted::any, where));
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
    /// The number of rows: `scalar(count<User>().where(...))`.
    [[nodiscard]] Task<std::int64_t> scalar(query::Count count,
                                            std::source_location where = std::source_location::current()) const {
        return detail::scalar_row<std::int64_t>(
            detail::run(core_, std::move(count).erased(), detail::Wanted::exactly_one, where));
    }

    /// Raw SQL into described structs, tuples or scalars, by value; nothing of it enters the identity map.
    template <query::RowType T>
    [[nodiscard]] Task<std::vector<T>> all(query::RawStatement sql,
                                           std::source_location where = std::source_location::current()) const {
        return detail::rows_all<T>(detail::run(core_, std::move(sql), detail::Wanted::any, where));
    }
    template <query::RowType T>
    [[nodiscard]] Task<std::optional<T>> first(query::RawStatement sql,
                                               std::source_location where = std::source_location::current()) const {
        return detail::rows_first<T>(detail::run(core_, std::move(sql), detail::Wanted::any, where));
    }
    template <query::RowType T>
    [[nodiscard]] Task<T> one(query::RawStatement sql,
                              std::source_location where = std::source_location::current()) const {
        return detail::scalar_row<T>(detail::run(core_, std::move(sql), detail::Wanted::exactly_one, where));
    }
    template <query::RowType T>
    [[nodiscard]] Task<std::optional<T>>
    one_or_none(query::RawStatement sql, std::source_location where = std::source_location::current()) const {
        return detail::rows_first<T>(detail::run(core_, std::move(sql), detail::Wanted::at_most_one, where));
    }
    /// Runs raw SQL and returns how many rows it affected.
    [[nodiscard]] Task<std::int64_t> execute(query::RawStatement sql,
                                             std::source_location where = std::source_location::current()) const {
        return detail::affected(detail::run(core_, std::move(sql), detail::Wanted::any, where));
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

    /// Writes the changes: one round trip, none without changes. A row that somebody else changed (version column) or
    /// deleted is a `StaleDataError` naming entity and keys, and nothing is written.
    [[nodiscard]] Task<void> flush(Duration within = {},
                                   std::source_location where = std::source_location::current()) const {
        return detail::flush(core_, within, where);
    }
    /// Writes the changes and commits, in one round trip; none if nothing was done. Objects stay readable, see
    /// `ExpireOnCommit`. Throws `CommitOutcomeUnknown` when the connection is lost while the answer is awaited.
    [[nodiscard]] Task<void> commit(Duration within = {},
                                    std::source_location where = std::source_location::current()) const {
        return detail::commit(core_, within, where);
    }
    /// Ends the transaction and undoes its changes to the objects. One round trip; none after reads, whose ROLLBACK
    /// travels with the next use of the connection.
    [[nodiscard]] Task<void> rollback(Duration within = {},
                                      std::source_location where = std::source_location::current()) const {
        return detail::rollback(core_, within, where);
    }
    /// As `rollback`; then every object leaves the session, which may be used again.
    [[nodiscard]] Task<void> close(Duration within = {},
                                   std::source_location where = std::source_location::current()) const {
        return detail::close(core_, within, where);
    }

    /// True while a transaction is under way on the server.
    [[nodiscard]] bool in_transaction() const noexcept { return detail::in_transaction(core_); }

private:
    detail::Core core_;
};

/// A new object that belongs to no session yet: what `add(Ref)` and `make_transient_to_detached` take.
template <class T>
[[nodiscard]] Ref<T> transient(T value) {
    return detail::make_ref(std::move(value));
}

} // namespace corm::orm

// Results that are read piece by piece, at constant memory.
#pragma once

#include <corm/orm/detail/stream.hpp>
#include <corm/orm/session_objects.hpp>

namespace corm::orm {

/// The rows of a query, a batch of them in memory at a time:
///
/// ```cpp
/// auto users = session.stream(corm::select<User>().order_by(corm::asc<&User::id>), {.batch = 500});
/// while (corm::Ref<User> user = co_await users.next())
///     ...
/// ```
///
/// `Item` is a handle `Ref<T>`, or a struct, tuple or scalar. Made by `session.stream` without I/O. The first `next`
/// declares a cursor in the session's transaction and fetches a batch, in one round trip with BEGIN and unflushed
/// changes; each further batch is one more, when its first row is asked for. The result is that of the moment of the
/// first `next`. Other operations of the session may run between two calls, flushes included.
///
/// Movable. Belongs to the session's task, and keeps neither session nor engine alive. One call at a time, and none
/// while another operation of the session is in flight: `ConcurrentUseError`. Dropping or closing it half way costs
/// nothing: CLOSE travels with the session's next request, or the transaction ends before.
///
/// Commit, rollback and loss of the transaction end the stream, as does the rollback of a savepoint within which it was
/// read first; so does an error or a cancellation of one of its own calls. From then on its calls throw an `Error` that
/// names the stream and what has ended it: a part of the rows never looks like all. Deadlines (`within` of the query,
/// else the session's) are of each batch. Cancellation: as of a query, which ends the transaction.
template <class Item>
class Stream {
public:
    using Next = typename detail::StreamItem<Item>::Next;

    explicit Stream(detail::StreamHandle stream)
        : stream_(std::make_shared<detail::TypedStream<Item>>(detail::TypedStream<Item>{std::move(stream)})) {}
    Stream(Stream&&) noexcept = default;
    Stream& operator=(Stream&& other) noexcept {
        if (this != &other) {
            drop();
            stream_ = std::move(other.stream_);
        }
        return *this;
    }
    ~Stream() { drop(); }

    /// The next row: an empty handle, or an empty optional, behind the last one. No I/O within a batch.
    [[nodiscard]] Task<Next> next(std::source_location where = std::source_location::current()) const {
        return detail::next_item<Item>(required("next()", where), where);
    }
    /// The next `rows` rows, fewer at the end, none behind it. Those that are not at hand are fetched by one round
    /// trip, however many they are. Throws `Error` unless `rows` is between 1 and 2,147,483,647.
    [[nodiscard]] Task<std::vector<Item>>
    next_batch(std::int64_t rows, std::source_location where = std::source_location::current()) const {
        detail::check_batch(rows, where);
        return detail::next_items<Item>(required("next_batch()", where), static_cast<std::size_t>(rows), where);
    }
    /// No more rows are wanted. No I/O: the cursor is closed with the session's next request. Later calls throw
    /// `Error`, unless the last row had been read.
    [[nodiscard]] Task<void> close(std::source_location where = std::source_location::current()) const {
        return detail::close_stream(required("close()", where)->erased, where);
    }

private:
    [[nodiscard]] const std::shared_ptr<detail::TypedStream<Item>>& required(const char* name,
                                                                             std::source_location where) const {
        if (stream_ == nullptr) [[unlikely]]
            detail::throw_moved_stream(name, where);
        return stream_;
    }
    void drop() noexcept {
        if (stream_ != nullptr)
            detail::drop_stream(stream_->erased);
    }

    std::shared_ptr<detail::TypedStream<Item>> stream_;
};

/// The calls of `AsyncSession` that make streams; not a type of its own. No I/O. Each throws `Error` in sessions with
/// `autocommit` or `reader`, which have no transaction for the cursor, and for a batch of less than one row.
class SessionStreams : public SessionObjects {
public:
    /// The objects of a query, each the one of its identity, as those of `all`: one that nobody else holds goes with
    /// the last handle. Relations asked for by `with` are read batch by batch, by one round trip more for each step. A
    /// lock is taken as the rows are fetched; a row that this transaction changes before that is left out.
    template <class T>
    [[nodiscard]] Stream<Ref<T>> stream(query::Select<T> query, StreamOptions options = {},
                                        std::source_location where = std::source_location::current()) const {
        return Stream<Ref<T>>{detail::make_stream(core_, std::move(query).erased(), options, where)};
    }
    /// Raw SQL into described structs, tuples or scalars: `session.stream<Name>(corm::raw_sql("SELECT ..."))`. For
    /// SELECT, WITH, VALUES and TABLE that only read.
    template <class T>
    [[nodiscard]] Stream<T> stream(query::RawStatement sql, StreamOptions options = {},
                                   std::source_location where = std::source_location::current()) const {
        static_assert(query::RowType<T>, "corm: rows cannot be streamed into this type; use a struct with "
                                         "BOOST_DESCRIBE_STRUCT, a std::tuple, or a type with a codec");
        return Stream<T>{detail::make_stream(core_, std::move(sql), options, where)};
    }
    /// Refuses everything else.
    template <class Query>
    [[nodiscard]] Stream<std::int64_t> stream(Query&& /*query*/, StreamOptions /*options*/ = {}) const {
        constexpr bool raw = std::is_same_v<std::remove_cvref_t<Query>, query::RawStatement>;
        static_assert(!raw,
                      "corm: the rows of raw SQL are streamed into a type: session.stream<T>(corm::raw_sql(...))");
        static_assert(raw,
                      "corm: stream() takes a select, or raw SQL with the type of its rows; all else comes at once, "
                      "by all(), one(), scalar() or execute()");
        return Stream<std::int64_t>{nullptr};
    }

protected:
    using SessionObjects::SessionObjects;
    SessionStreams(SessionStreams&&) noexcept = default;
    SessionStreams& operator=(SessionStreams&&) noexcept = default;
    ~SessionStreams() = default;
};

} // namespace corm::orm

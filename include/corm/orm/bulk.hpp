// Many rows at once, without objects: COPY in both directions, and inserts that return their keys.
#pragma once

#include <corm/orm/detail/bulk.hpp>
#include <corm/orm/stream.hpp>

#include <concepts>

namespace corm::orm {

namespace detail {

template <class Result>
struct AwaitedBatch {
    using Type = void;
};
template <class Batch>
struct AwaitedBatch<Task<std::optional<Batch>>> {
    using Type = Batch;
};

/// What a source yields: `Row`, and `Batch` where it is a function.
template <class Source>
struct SourceOf {
    using Batch = void;
    using Row = void;
};
template <class Source>
    requires requires(Source& source) { *std::begin(source); }
struct SourceOf<Source> {
    using Batch = void;
    using Row = std::remove_cvref_t<decltype(*std::begin(std::declval<Source&>()))>;
};
template <class Source>
    requires std::invocable<Source&>
struct SourceOf<Source> {
    using Batch = typename AwaitedBatch<std::invoke_result_t<Source&>>::Type;
    using Row = typename SourceOf<Batch>::Row;
};
template <>
struct SourceOf<void> {
    using Batch = void;
    using Row = void;
};

template <class Source>
[[nodiscard]] std::shared_ptr<RowSource> make_source(Source&& source) {
    using Batch = typename SourceOf<std::remove_reference_t<Source>>::Batch;
    if constexpr (std::is_void_v<Batch>)
        return std::make_shared<RangeRows<Source>>(std::forward<Source>(source));
    else
        return std::make_shared<BatchRows<Source, Batch>>(std::forward<Source>(source));
}

template <class Source>
consteval void check_source() {
    static_assert(!std::is_void_v<typename SourceOf<std::remove_reference_t<Source>>::Row>,
                  "corm: copy_in() takes a range of structs, or a function that returns "
                  "corm::Task<std::optional<Range>>, nullopt behind the last batch");
}

template <class Sink, class T>
concept SinkOf =
    std::invocable<Sink&, std::span<T>> && (std::is_void_v<std::invoke_result_t<Sink&, std::span<T>>> ||
                                            std::same_as<std::invoke_result_t<Sink&, std::span<T>>, Task<void>>);

template <class T, class Sink>
consteval void check_sink() {
    static_assert(SinkOf<Sink, T>, "corm: copy_out() gives its rows to a function that takes std::span<T> and returns "
                                   "nothing, or corm::Task<>");
}

} // namespace detail

/// The bulk calls of `AsyncSession`; not a type of its own. Rows are values: nothing enters the identity map, no hook
/// of an object runs, and no relation is followed. Unflushed changes of the session go first. Each call is one
/// operation in the session's transaction; sessions with `autocommit` or `reader` have none, and throw `Error`.
///
/// After an error nothing of the call is kept: the transaction has failed, as by any statement, and `rollback` (of the
/// innermost savepoint, if there is one) is next; the connection is kept. Cancellation and deadlines end the
/// transaction; the server is told to give up.
class SessionBulk : public SessionStreams {
public:
    /// COPY FROM STDIN of a range of mapped structs or records, or of batches that a function brings, at constant
    /// memory: `co_await session.copy_in(users)`, or with `[&]() -> corm::Task<std::optional<std::vector<User>>>`.
    /// Returns how many rows the server has taken. Columns are those of an insert; the keys of all rows are left to the
    /// server, or of none. A lvalue must live, unchanged, until the call is over; a function is called when its last
    /// batch was taken, and may wait for anything but this session.
    ///
    /// Three round trips, with BEGIN; none for no rows. Throws `ConversionError` for a value that cannot be sent,
    /// `MappingError` for a column of another type, whatever the source throws, and the server's error with the number
    /// of the row where it tells that.
    template <class Source>
    [[nodiscard]] Task<std::int64_t> copy_in(Source&& source, CopyOptions options = {},
                                             const ProgressCallback& progress = {},
                                             std::source_location where = std::source_location::current()) const {
        detail::check_source<Source>();
        using Row = typename detail::SourceOf<std::remove_reference_t<Source>>::Row;
        detail::CopyTarget target;
        if constexpr (std::is_same_v<Row, mapping::Record>) {
            target.records = true;
        } else if constexpr (!std::is_void_v<Row>) {
            mapping::require_mapped<Row>();
            if constexpr (mapping::Mapped<Row>)
                target.mapper = mapping::mapper_of<Row>();
        }
        return detail::copy_in(core_, std::move(target), detail::make_source<Source>(std::forward<Source>(source)),
                               options, progress, where);
    }
    /// The same into a table that need not be mapped: each member of the described struct is written to the column of
    /// its name. `co_await session.copy_in(corm::TableName{"points", "app"}, points)`.
    template <class Source>
    [[nodiscard]] Task<std::int64_t> copy_in(TableName table, Source&& source, CopyOptions options = {},
                                             const ProgressCallback& progress = {},
                                             std::source_location where = std::source_location::current()) const {
        detail::check_source<Source>();
        using Row = typename detail::SourceOf<std::remove_reference_t<Source>>::Row;
        static_assert(mapping::Described<Row>, "corm: copy_in() into a named table takes structs with "
                                               "BOOST_DESCRIBE_STRUCT");
        detail::CopyTarget target;
        target.members = query::detail::shape_of<Row>().targets();
        target.table = std::move(table);
        return detail::copy_in(core_, std::move(target), detail::make_source<Source>(std::forward<Source>(source)),
                               options, progress, where);
    }

    /// COPY TO STDOUT of a query's rows into structs, by value, at constant memory: `sink` is called with a
    /// `std::span<T>` for each buffer of some 64 KiB, whose elements it may move from, and awaited if it is a
    /// coroutine; meanwhile the server waits. Returns how many rows there were.
    ///
    /// Two round trips, with BEGIN; rows come without further ones. COPY binds no parameters: throws `Error` for a
    /// query that has some, before anything is sent; use `stream` for those. `MappingError` if rows cannot be read into
    /// `T`. An exception of the sink ends the transaction, for the server has to be stopped.
    template <class T, class Sink>
    [[nodiscard]] Task<std::int64_t> copy_out(query::Select<T> query, Sink&& sink, CopyOptions options = {},
                                              const ProgressCallback& progress = {},
                                              std::source_location where = std::source_location::current()) const {
        detail::check_sink<T, Sink>();
        return detail::copy_out(core_, std::move(query).erased(),
                                std::make_shared<detail::TypedSink<T, Sink>>(std::forward<Sink>(sink)), options,
                                progress, where);
    }
    /// The same of raw SQL, SELECT, WITH, VALUES or TABLE, into structs, tuples or scalars, as `all` reads them.
    template <class T, class Sink>
    [[nodiscard]] Task<std::int64_t> copy_out(query::RawStatement sql, Sink&& sink, CopyOptions options = {},
                                              const ProgressCallback& progress = {},
                                              std::source_location where = std::source_location::current()) const {
        static_assert(query::RowType<T>, "corm: rows cannot be read into this type; use a struct with "
                                         "BOOST_DESCRIBE_STRUCT, a std::tuple, or a type with a codec");
        detail::check_sink<T, Sink>();
        return detail::copy_out(core_, std::move(sql),
                                std::make_shared<detail::TypedSink<T, Sink>>(std::forward<Sink>(sink)), options,
                                progress, where);
    }

    /// Inserts mapped structs and returns their keys in the order of the range: those that the server has generated,
    /// and the given ones of rows that have one. `const auto ids = co_await session.insert_bulk(users);` The range must
    /// live, unchanged, until the call is over. What an insert leaves to the server it leaves as well.
    ///
    /// Few rows (`BulkOptions::copy_from`) are one INSERT over arrays, in one round trip with BEGIN. More take their
    /// keys from the sequence ahead and go by COPY, in three round trips for each 50,000. A composite key yields
    /// tuples. Throws `MappingError` for keys that the server generates and that are no integers: give them by the
    /// program.
    template <class Range>
    [[nodiscard]] auto insert_bulk(const Range& rows, BulkOptions options = {}, const ProgressCallback& progress = {},
                                   std::source_location where = std::source_location::current()) const {
        using T = std::remove_cvref_t<decltype(*std::begin(rows))>;
        static_assert(std::is_reference_v<decltype(*std::begin(rows))>,
                      "corm: insert_bulk() reads its rows twice; give it a container or a span");
        mapping::require_mapped<T>();
        return detail::insert_bulk_keys<T>(core_, detail::make_source(rows), options, progress, where);
    }

protected:
    using SessionStreams::SessionStreams;
    SessionBulk(SessionBulk&&) noexcept = default;
    SessionBulk& operator=(SessionBulk&&) noexcept = default;
    ~SessionBulk() = default;
};

} // namespace corm::orm

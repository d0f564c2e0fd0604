// Streams without their types, and the thin coroutines that type them.
#pragma once

#include <corm/orm/detail/erased.hpp>
#include <corm/orm/ref.hpp>
#include <corm/query/rows.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace corm::orm {

/// For `stream`.
struct StreamOptions {
    /// Rows that one round trip fetches, and that are in memory at a time. At least 1.
    int batch = 500;
};

namespace detail {

/// Statement, cursor and rows of one stream. Refers to its session weakly.
class StreamState;
using StreamHandle = std::shared_ptr<StreamState>;

/// Rows that have come and were not taken yet.
struct StreamRows {
    Outcome outcome;
    std::uint64_t batch = 0; ///< the number of the fetch that they came with
    std::size_t size = 0;
    std::size_t next = 0;

    [[nodiscard]] std::size_t at_hand() const noexcept { return size - next; }
};

/// No I/O. The query is anything that yields rows: they come as those of `run`. Throws `Error` for sessions without a
/// transaction, and for what no cursor can read.
[[nodiscard]] StreamHandle make_stream(const Core& core, Query query, StreamOptions options,
                                       std::source_location where);
/// The rows at hand. Throws `Error` when the stream was ended ahead of its last row, and what every operation throws.
[[nodiscard]] StreamRows& rows_at_hand(const StreamHandle& stream, std::source_location where);
/// Fetches so many rows, or a batch for 0; behind the last row it does nothing. Whatever it throws ends the stream.
[[nodiscard]] Task<void> fetch(StreamHandle stream, std::size_t rows, std::source_location where);
[[nodiscard]] Task<void> close_stream(StreamHandle stream, std::source_location where);
/// The handle is gone, whatever is in flight.
void drop_stream(const StreamHandle& stream) noexcept;
/// A row could not be read, which ends the stream.
void fail_stream(const StreamHandle& stream, std::source_location where) noexcept;
/// Throws `Error` for a batch of no rows, or of more than a result can have.
void check_batch(std::int64_t rows, std::source_location where);
[[noreturn]] void throw_moved_stream(const char* name, std::source_location where);

/// What `next` yields.
template <class Item>
struct StreamItem {
    using Next = std::optional<Item>;
};
template <class T>
struct StreamItem<Ref<T>> {
    using Next = Ref<T>;
};

/// Turns a row at hand into an item.
template <class Item>
class StreamReader {
public:
    [[nodiscard]] Item read(StreamRows& rows) {
        // Columns are paired once for each batch.
        if (std::exchange(batch_, rows.batch) != rows.batch)
            reader_.emplace(*rows.outcome.rows);
        return reader_->read(static_cast<int>(rows.next));
    }

private:
    std::optional<query::RowReader<Item>> reader_;
    std::uint64_t batch_ = 0;
};
template <class T>
class StreamReader<Ref<T>> {
public:
    [[nodiscard]] Ref<T> read(StreamRows& rows) { return Ref<T>{std::move(rows.outcome.instances[rows.next])}; }
};

/// Held by the handle and by each of its operations.
template <class Item>
struct TypedStream {
    StreamHandle erased;
    StreamReader<Item> reader{};

    [[nodiscard]] Item take(StreamRows& rows, std::source_location where) {
        try {
            Item item = reader.read(rows);
            ++rows.next;
            return item;
        } catch (...) {
            fail_stream(erased, where);
            throw;
        }
    }
};

template <class Item>
Task<typename StreamItem<Item>::Next> next_item(std::shared_ptr<TypedStream<Item>> stream, std::source_location where) {
    StreamRows& rows = rows_at_hand(stream->erased, where);
    if (rows.at_hand() == 0)
        co_await fetch(stream->erased, 0, where);
    if (rows.at_hand() == 0)
        co_return typename StreamItem<Item>::Next{};
    co_return stream->take(rows, where);
}

template <class Item>
Task<std::vector<Item>> next_items(std::shared_ptr<TypedStream<Item>> stream, std::size_t count,
                                   std::source_location where) {
    StreamRows& rows = rows_at_hand(stream->erased, where);
    std::vector<Item> items;
    while (items.size() < count) {
        if (rows.at_hand() == 0)
            co_await fetch(stream->erased, count - items.size(), where);
        if (rows.at_hand() == 0)
            break;
        while (items.size() < count && rows.at_hand() != 0)
            items.push_back(stream->take(rows, where));
    }
    co_return items;
}

} // namespace detail
} // namespace corm::orm

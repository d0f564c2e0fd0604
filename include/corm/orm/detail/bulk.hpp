// Bulk operations without their types, and what gives rows to them and takes rows from them.
#pragma once

#include <corm/orm/detail/erased.hpp>
#include <corm/orm/hooks.hpp>
#include <corm/query/rows.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::orm {

/// How far a bulk operation has come. Rows and bytes that were handed to the server are not all written yet.
struct BulkProgress {
    std::int64_t rows = 0;
    std::uint64_t bytes = 0; ///< as COPY, or as parameters of the INSERT
};

/// Called for each buffer of some 64 KiB, and at the end. A coroutine is awaited; whatever it throws ends the operation
/// as an exception of the source or sink does. It may not use the session.
using ProgressCallback = AsyncFunction<void(BulkProgress)>;

/// For `copy_in` and `copy_out`.
struct CopyOptions {
    /// Of the whole; without one, the session's deadline is that of each buffer, and the time that source or sink take
    /// does not count. `corm::no_deadline` for none.
    Duration within{};
    /// Mapped structs: columns marked `server_default` are written as well.
    bool with_defaults = false;
};

/// For `insert_bulk`.
struct BulkOptions {
    /// Rows from which on COPY is used, with keys taken from the sequence ahead; below it is one INSERT over arrays.
    /// 0: COPY for any number of rows. `never_copy`: for tables with row security or rules, or a key without a
    /// sequence.
    std::size_t copy_from = mapping::default_bulk_copy_rows;
    static constexpr std::size_t never_copy = static_cast<std::size_t>(-1);
    Duration within{}; ///< as that of `CopyOptions`
};

/// A table that need not be mapped. Quoted when it is sent.
class TableName {
public:
    TableName() = default;
    /// Without a schema, the server's search_path decides.
    explicit TableName(std::string name, std::string schema = {})
        : name_(std::move(name)), schema_(std::move(schema)) {}

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::string& schema() const noexcept { return schema_; }

private:
    std::string name_;
    std::string schema_;
};

namespace detail {

/// Rows on their way to the server.
class RowSource {
public:
    RowSource() = default;
    RowSource(const RowSource&) = delete;
    RowSource& operator=(const RowSource&) = delete;
    virtual ~RowSource() = default;
    /// The next row, valid until the next call; null when those at hand are used up.
    [[nodiscard]] virtual const void* next() = 0;
    /// Brings more; false behind the last.
    [[nodiscard]] virtual Task<bool> more();
};

/// Those of a range: a reference to it, or its own.
template <class Range>
class RangeRows final : public RowSource {
public:
    explicit RangeRows(Range range)
        : range_(std::forward<Range>(range)), at_(std::begin(range_)), end_(std::end(range_)) {}
    [[nodiscard]] const void* next() override {
        // Not before: what an input iterator yields may be a part of it.
        if (std::exchange(taken_, true))
            ++at_;
        if (at_ == end_) {
            taken_ = false;
            return nullptr;
        }
        if constexpr (std::is_reference_v<Reference>) {
            return std::addressof(*at_);
        } else {
            made_.emplace(*at_);
            return &*made_;
        }
    }

private:
    using Iterator = decltype(std::begin(std::declval<Range&>()));
    using Reference = decltype(*std::declval<Iterator&>());
    struct Nothing {};

    Range range_;
    Iterator at_;
    decltype(std::end(std::declval<Range&>())) end_;
    bool taken_ = false;
    std::conditional_t<std::is_reference_v<Reference>, Nothing, std::optional<std::remove_cvref_t<Reference>>> made_;
};

/// Those that a function brings, batch by batch.
template <class Function, class Batch>
class BatchRows final : public RowSource {
public:
    explicit BatchRows(Function function) : function_(std::forward<Function>(function)) {}
    [[nodiscard]] const void* next() override { return rows_ ? rows_->next() : nullptr; }
    [[nodiscard]] Task<bool> more() override {
        rows_.reset();
        batch_ = co_await function_();
        if (batch_)
            rows_.emplace(*batch_);
        co_return batch_.has_value();
    }

private:
    Function function_;
    std::optional<Batch> batch_;
    std::optional<RangeRows<Batch&>> rows_;
};

/// What is known of the rows of a `copy_in`.
struct CopyTarget {
    /// Of mapped structs; null: of records, or of structs that are described by `members`.
    std::shared_ptr<const mapping::Mapper> mapper{};
    std::span<const query::detail::Target> members{};
    TableName table{};
    bool records = false;
};

/// Where rows of a `copy_out` go.
class RowSink {
public:
    RowSink() = default;
    RowSink(const RowSink&) = delete;
    RowSink& operator=(const RowSink&) = delete;
    virtual ~RowSink() = default;
    /// A function that throws `MappingError` if such rows cannot be read. It knows nothing of this object.
    [[nodiscard]] virtual auto checker() const noexcept -> void (*)(const types::Rows& rows) = 0;
    [[nodiscard]] virtual Task<void> take(const types::Rows& rows) = 0;
};

template <class T, class Function>
class TypedSink final : public RowSink {
public:
    explicit TypedSink(Function function) : function_(std::forward<Function>(function)) {}
    [[nodiscard]] auto checker() const noexcept -> void (*)(const types::Rows& rows) override {
        return [](const types::Rows& rows) { static_cast<void>(query::RowReader<T>{rows}); };
    }
    [[nodiscard]] Task<void> take(const types::Rows& rows) override {
        const query::RowReader<T> reader{rows};
        batch_.clear();
        batch_.reserve(static_cast<std::size_t>(reader.size()));
        for (int row = 0; row < reader.size(); ++row)
            batch_.push_back(reader.read(row));
        if constexpr (std::is_void_v<std::invoke_result_t<Function&, std::span<T>>>) {
            function_(std::span<T>{batch_});
            return done();
        } else {
            return function_(std::span<T>{batch_});
        }
    }

private:
    Function function_;
    std::vector<T> batch_; // kept for its capacity
};

[[nodiscard]] Task<std::int64_t> copy_in(Core core, CopyTarget target, std::shared_ptr<RowSource> rows,
                                         CopyOptions options, ProgressCallback progress, std::source_location where);
[[nodiscard]] Task<std::int64_t> copy_out(Core core, Query query, std::shared_ptr<RowSink> sink, CopyOptions options,
                                          ProgressCallback progress, std::source_location where);
/// Gets the keys of the rows, in their order.
struct KeyTaker {
    void* keys;
    /// `generated`: by the server; null for a row that has one.
    void (*take)(void* keys, const mapping::Mapper& mapper, const void* row, const std::int64_t* generated);
};
[[nodiscard]] Task<void> insert_bulk(Core core, std::shared_ptr<const mapping::Mapper> mapper,
                                     std::shared_ptr<RowSource> rows, KeyTaker taker, BulkOptions options,
                                     ProgressCallback progress, std::source_location where);

/// Keys of rows as `insert_bulk` returns them.
template <class Key>
struct BulkKey;
template <class Member>
struct BulkKey<std::tuple<Member>> {
    using Value = typename types::Nullable<Member>::Value;
    static Value read(const mapping::Mapper& mapper, const void* row) {
        const void* member = mapper.column(mapper.key_columns()[0]).in(row);
        if constexpr (types::Nullable<Member>::value)
            return types::Nullable<Member>::get(*static_cast<const Member*>(member));
        else
            return *static_cast<const Member*>(member);
    }
};
template <class First, class Second, class... Rest>
struct BulkKey<std::tuple<First, Second, Rest...>> {
    using Value = std::tuple<First, Second, Rest...>;
    static Value read(const mapping::Mapper& mapper, const void* row) {
        return read(mapper, row, std::index_sequence_for<First, Second, Rest...>{});
    }
    template <std::size_t... I>
    static Value read(const mapping::Mapper& mapper, const void* row, std::index_sequence<I...>) {
        return {*static_cast<const std::tuple_element_t<I, Value>*>(mapper.column(mapper.key_columns()[I]).in(row))...};
    }
};

template <class T>
using BulkKeys = std::vector<typename BulkKey<mapping::key_types<T>>::Value>;

template <class T>
void take_key(void* keys, const mapping::Mapper& mapper, const void* row, const std::int64_t* generated) {
    using Key = BulkKey<mapping::key_types<T>>;
    auto& all = *static_cast<BulkKeys<T>*>(keys);
    if constexpr (std::is_integral_v<typename Key::Value>) {
        if (generated != nullptr) {
            all.push_back(static_cast<typename Key::Value>(*generated));
            return;
        }
    }
    all.push_back(Key::read(mapper, row));
}

// What does not depend on `T` is instantiated for everybody who includes this: hence the type of the callback.
template <class T, class Progress>
Task<BulkKeys<T>> insert_bulk_keys(Core core, std::shared_ptr<RowSource> rows, BulkOptions options, Progress progress,
                                   std::source_location where) {
    BulkKeys<T> keys;
    co_await insert_bulk(std::move(core), mapping::mapper_of<T>(), std::move(rows), KeyTaker{&keys, &take_key<T>},
                         options, std::move(progress), where);
    co_return keys;
}

} // namespace detail
} // namespace corm::orm

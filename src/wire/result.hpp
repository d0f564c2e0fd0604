// The answer to one statement.
#pragma once

#include <corm/type/field_view.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

struct pg_result;

namespace corm::wire {

/// Owns a result of libpq and reads it in place: nothing is copied. Movable; not thread-safe, but independent of its
/// connection: it may be read and destroyed on any thread, at any time.
class Result final : public types::Rows {
    struct Clear {
        void operator()(pg_result* result) const noexcept;
    };

public:
    using Owner = std::unique_ptr<pg_result, Clear>;

    Result() noexcept = default;
    explicit Result(pg_result* result) noexcept;
    /// Rows that were put together, and the answer behind them, which has the command tag.
    Result(Owner rows, Result command) noexcept;
    Result(Result&&) noexcept = default;
    Result& operator=(Result&&) noexcept = default;
    ~Result() override = default;

    [[nodiscard]] int row_count() const noexcept override { return rows_; }
    [[nodiscard]] int column_count() const noexcept override { return columns_; }
    [[nodiscard]] std::string_view column_name(int column) const noexcept override;
    [[nodiscard]] types::Oid column_oid(int column) const noexcept override;
    [[nodiscard]] types::FieldView field(int row, int column) const noexcept override;
    void fields(int row, int first, std::span<types::FieldView> cells) const noexcept override;

    /// The column of a table that this column is; number 0 for anything else.
    struct Origin {
        types::Oid table;
        int number;
    };
    [[nodiscard]] Origin origin(int column) const noexcept;

    /// The command tag: "UPDATE 3".
    [[nodiscard]] std::string_view tag() const noexcept;
    /// Rows that INSERT, UPDATE, DELETE, MERGE or SELECT touched, from the tag; 0 for anything else.
    [[nodiscard]] std::int64_t affected_rows() const noexcept;
    /// What the rows take.
    [[nodiscard]] std::size_t memory() const noexcept;
    [[nodiscard]] const pg_result* get() const noexcept { return result_.get(); }

private:
    struct Column {
        types::Oid oid;
        types::Format format;
    };
    [[nodiscard]] Column describe(int column) const noexcept;
    void describe_columns() noexcept;

    Owner result_;
    Owner command_; ///< has the tag, where it is not the same
    int rows_ = 0;
    int columns_ = 0;
    const Column* described_ = nullptr; // in memory of the result; null: libpq is asked for each field
};

} // namespace corm::wire

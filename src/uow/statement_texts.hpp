// The SQL of a mapper's own statements: constant texts, made once per shape.
#pragma once

#include <corm/mapping/mapper.hpp>
#include <corm/sql/lock.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace corm::uow {

using Text = std::shared_ptr<const std::string>;
using ColumnIndex = std::uint16_t;

/// The columns that are not among `columns`, which ascend.
[[nodiscard]] std::vector<ColumnIndex> others(const mapping::Mapper& mapper, std::span<const ColumnIndex> columns);

/// What a row switch that writes `columns` leaves to the server, which returns it: `columns` ascend.
[[nodiscard]] std::vector<ColumnIndex> returned_by_switch(const mapping::Mapper& mapper,
                                                          std::span<const ColumnIndex> columns);

/// The columns whose old values the update of a guarded flush checks: those that it writes, but for the key, by which
/// it finds the row anyway. None if the mapping has a version to check, or does not mind rows that are not hit.
[[nodiscard]] std::vector<ColumnIndex> guarded_columns(const mapping::Mapper& mapper,
                                                       std::span<const ColumnIndex> columns);

/// An insert that may meet rows that are there already.
struct UpsertShape {
    enum class Action : std::uint8_t { fail, nothing, update };

    std::vector<ColumnIndex> columns; ///< that are written
    Action action = Action::fail;
    std::vector<ColumnIndex> target; ///< of the unique index; empty: any
    std::string constraint;          ///< instead of the target
    std::vector<ColumnIndex> updated;
};

/// Texts of selects by key and of flush statements. The shapes are those of docs/decisions.md, "Statements of a flush".
/// Immutable to its users; thread-safe. Keeps a bounded number of texts.
class StatementTexts : public mapping::MapperExtension {
public:
    explicit StatementTexts(const mapping::Mapper& mapper);

    /// All columns of the row with a key given as $1, $2, ...
    [[nodiscard]] Text select_by_key(const std::optional<sql::Lock>& lock) const;

    /// All columns of the rows with these keys, and behind them the ordinal of the key, from 1. Parameters: arrays of
    /// the key.
    [[nodiscard]] Text select_by_keys() const;
    /// Inserts any number of rows with these columns, and on a conflict does what `shape` says. Parameters: arrays of
    /// the columns. `returned`: all columns of the rows that were written come back.
    [[nodiscard]] Text upsert(const UpsertShape& shape, bool returned) const;

    /// Where a mapping does not confirm rows (`Table::confirm_rows`), nothing fails; what comes back of a row that was
    /// not hit has NULL in column 0.
    ///
    /// Writes `columns` of one row (`many` false) or of any number, and fails with 22P02 and "corm found N,M" (the
    /// ordinals of the others) if a row is missing or its version differs. Parameters: old key, columns, old version
    /// (if mapped); arrays of them for many. `Mapper::returned_by_update` come back from column 1 on, row by row.
    /// `guarded`: a row that holds anything else than the given old values of `guarded_columns` counts as missing; they
    /// are the last parameters, literals as text. Precondition: there are such columns.
    [[nodiscard]] Text update(std::span<const ColumnIndex> columns, bool many, bool guarded = false) const;
    /// As `update`, of rows that get the values of other objects: what an insert would leave to the server is set to
    /// its default and comes back (`returned_by_switch`).
    [[nodiscard]] Text switch_rows(std::span<const ColumnIndex> columns, bool many) const;
    /// As `update`, ahead of it: nothing comes back, and the version is checked and not counted up.
    [[nodiscard]] Text rearrange(std::span<const ColumnIndex> columns, bool many, bool guarded = false) const;
    /// Deletes rows by key, checked in the same way. Parameters: key, version (if mapped).
    [[nodiscard]] Text remove(bool many) const;
    /// Deletes all rows whose `columns` have one of these values, locked in the order of the key first; nothing is
    /// checked. Parameters: arrays of the columns.
    [[nodiscard]] Text remove_where(std::span<const ColumnIndex> columns) const;
    /// Inserts rows with these columns. Those that are not written come back from column 1 of the result on: in the
    /// order of a generated key if that is among them, else, for many, with the key behind them. Fails with 22P02 and
    /// "corm missing N" unless every row was inserted.
    [[nodiscard]] Text insert(std::span<const ColumnIndex> columns, bool many) const;
    /// COPY FROM STDIN of rows with these columns, in the format of `RowWriter::format_of`.
    [[nodiscard]] Text copy(std::span<const ColumnIndex> columns) const;
    /// Takes keys from the sequence of the generated key: 0 and the key in each row; NULL: there is no sequence.
    /// Parameters: `sequence()`, or if that is empty `table()` and the column, and how many.
    [[nodiscard]] Text id_block() const;
    /// The first column whose type, or base type of its domain, is none of those wanted: its name, and the type in
    /// words. Any string type will do for text. Parameters: `table()`, arrays of the names and of the wanted oids as
    /// int8. One text for all mappers.
    [[nodiscard]] static Text column_types();
    /// Quoted where that is needed, with its schema.
    [[nodiscard]] const std::string& table() const noexcept { return table_; }
    /// As `table()`: the sequence that the mapping names, or empty.
    [[nodiscard]] const std::string& sequence() const noexcept { return sequence_; }
    /// Locks rows in key order ahead of the statements that write them. Parameters: arrays of the key.
    /// `keys_written`: one of them deletes rows or writes a key or unique column.
    [[nodiscard]] Text lock_rows(bool keys_written) const;

private:
    using Columns = std::span<const ColumnIndex>;
    struct Shape {
        Columns columns{};
        bool many = false;
        bool guarded = false;
    };
    /// The text that `make` makes of the shape. `name`: of the kind of statement.
    [[nodiscard]] Text cached(char name, std::string (StatementTexts::*make)(const Shape&) const,
                              const Shape& shape) const;
    /// Precondition: the mutex is held.
    [[nodiscard]] Text& place(std::string name) const;
    [[nodiscard]] std::string update_text(const Shape& shape) const;
    [[nodiscard]] std::string switch_text(const Shape& shape) const;
    [[nodiscard]] std::string rearrange_text(const Shape& shape) const;
    [[nodiscard]] std::string remove_text(const Shape& shape) const;
    [[nodiscard]] std::string remove_where_text(const Shape& shape) const;
    [[nodiscard]] std::string insert_text(const Shape& shape) const;
    [[nodiscard]] std::string copy_text(const Shape& shape) const;
    [[nodiscard]] std::string id_block_text(const Shape&) const;
    [[nodiscard]] std::string lock_text(const Shape&) const;
    [[nodiscard]] std::string lock_keys_text(const Shape&) const;
    [[nodiscard]] std::string select_keys_text(const Shape&) const;
    [[nodiscard]] std::string upsert_text(const UpsertShape& shape, bool returned) const;
    void append_conflict(std::string& out, const UpsertShape& shape) const;

    /// An array parameter: the column whose values it has, and its name among the columns of x.
    struct Array {
        ColumnIndex column;
        std::string name;
        bool old = false; ///< literals to compare the column with
    };
    /// Those of the key, then of `columns`, then of the version (if mapped and wanted).
    [[nodiscard]] std::vector<Array> arrays(Columns columns, bool with_version) const;
    /// `unnest($1::int8[], ...) WITH ORDINALITY x(k1, ..., ord)`
    void append_unnest(std::string& out, std::span<const Array> arrays, bool ordinals) const;
    [[nodiscard]] std::string value_of(const Array& array) const;
    void append_keys(std::string& out, std::span<const Array> arrays) const;
    void append_rows(std::string& out, std::span<const Array> arrays) const;
    /// Behind `FROM table t`: the rows with the keys of these parameters.
    void append_rows_by_key(std::string& out, std::span<const Array> keys) const;
    /// With the check of its rows, and what comes back of them. `confirmed`: each row must be there.
    [[nodiscard]] std::string checked(std::string write, Columns returned, bool confirmed, bool many) const;
    [[nodiscard]] std::string checked_insert(std::string write, Columns columns, bool many) const;
    [[nodiscard]] std::string insert_one(Columns columns) const;
    [[nodiscard]] std::string insert_many(Columns columns) const;
    [[nodiscard]] std::string where_one(std::size_t parameter) const;
    /// An UPDATE; `behind` are the assignments behind those of the columns.
    [[nodiscard]] std::string change(const Shape& shape, const std::string& behind) const;
    [[nodiscard]] std::string change_one(const Shape& shape, const std::string& behind) const;
    [[nodiscard]] std::string change_many(const Shape& shape, const std::string& behind) const;
    void append_guard(std::string& out, Columns columns, std::string_view prefix, std::size_t first) const;
    [[nodiscard]] std::string set_defaults(Columns columns) const;
    [[nodiscard]] std::string version_step() const;
    [[nodiscard]] bool confirms_updates() const noexcept;
    [[nodiscard]] std::string lock_rows_text(const char* strength) const;
    [[nodiscard]] const std::string& quoted(ColumnIndex column) const { return quoted_[column]; }
    /// The n-th parameter, to be compared with the column: the server would take a text for another type than that of
    /// the column.
    [[nodiscard]] std::string parameter_of(ColumnIndex column, std::size_t place) const;
    /// The column as it is read; `prefix` is that of its table.
    [[nodiscard]] std::string read(std::string_view prefix, std::size_t column) const;
    [[nodiscard]] bool leaves_key(std::span<const ColumnIndex> columns) const noexcept;

    const mapping::Mapper& mapper_;
    std::string table_;
    std::string sequence_;
    std::vector<std::string> quoted_;
    Text plain_select_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, Text, std::less<>> texts_;
};

} // namespace corm::uow

// The statements that a flush is made of, each with its parameters.
#pragma once

#include "uow/plan.hpp"

#include <corm/base/error.hpp>

#include <span>
#include <string>

namespace corm::uow {

/// Handles are counted atomically, so planning points to those of the change set.
using Handle = const std::shared_ptr<Instance>*;
using Handles = std::vector<Handle>;
using Columns = std::span<const ColumnIndex>;

/// The value of a column as last sent or loaded: that of the row. An object, as `current`, so that loops inline it.
inline constexpr auto loaded = [](const Instance& instance, const mapping::Column& column) -> const void* {
    return instance.sent() ? instance.sent().at(column) : column.in(instance.values());
};
inline constexpr auto current = [](const Instance& instance, const mapping::Column& column) -> const void* {
    return column.in(instance.values());
};

/// True if the server is to generate the key of this object.
[[nodiscard]] bool leaves_key_to_server(const Instance& instance);
/// True if a part of its key is NULL, under which there can be no row.
[[nodiscard]] bool has_null_key(const Instance& instance);

/// Readable keys in one line, for messages.
[[nodiscard]] std::string joined(std::span<const std::string> keys);

/// Each of these throws `ConversionError`, with table and column, for values that cannot be sent. Rows are in the order
/// of the objects.
///
/// Locks rows in key order, in which the objects must be.
[[nodiscard]] FlushStatement lock_rows(const mapping::Mapper& mapper, bool keys_written,
                                       std::span<const Handle> instances);
/// What is known of rows beyond what their objects say, encoded; null where it is what was loaded.
struct RowsBefore {
    const types::Parameters* keys = nullptr; ///< under which they are
    /// The values that the statement expects in `guarded_columns`, by `add_literals`; null: it does not look.
    const types::Parameters* guard = nullptr;
};
[[nodiscard]] FlushStatement update_rows(const mapping::Mapper& mapper, Columns columns,
                                         std::span<const Handle> instances, const RowsBefore& before);
[[nodiscard]] FlushStatement remove_rows(const mapping::Mapper& mapper, std::span<const Handle> instances);
/// `generated`: the keys are the server's.
[[nodiscard]] FlushStatement insert_rows(const mapping::Mapper& mapper, bool generated, Columns columns,
                                         std::span<const Handle> instances);
/// One statement for each run of objects of one shape, in their order. `copies`: COPY may be used.
void insert_all(std::vector<FlushStatement>& out, const mapping::Mapper& mapper, const Handles& inserts, bool copies);
/// Takes so many keys from the sequence of `mapper`'s generated key, for objects of this flush or what refers to them.
[[nodiscard]] FlushStatement id_block(const mapping::Mapper& mapper, std::size_t keys);
/// True if the mapping asks for COPY when so many rows are inserted, and it can be had.
[[nodiscard]] bool takes_copy(const mapping::Mapper& mapper, bool generated, std::size_t rows);
/// As `insert_rows`, by COPY, with the questions ahead of it.
void copy_rows(std::vector<FlushStatement>& out, const mapping::Mapper& mapper, bool generated, Columns columns,
               std::span<const Handle> instances);
/// Puts the questions of all COPYs to the front, where one round trip answers them, and tells the COPYs where.
void ask_ahead(FlushPlan& plan);
/// A statement with a row for each object.
[[nodiscard]] FlushStatement start_statement(FlushStatement::Kind kind, const mapping::Mapper& mapper,
                                             std::span<const Handle> instances);
/// Of new objects that the program may edit while the flush is under way.
void keep_new_values(FlushStatement& statement);
/// The rows of `old`, which are to be deleted, get the values of `fresh`, which are to be inserted.
[[nodiscard]] FlushStatement switch_rows(const mapping::Mapper& mapper, Columns columns, std::span<const Handle> old,
                                         std::span<const Handle> fresh);
/// Ahead of the update that counts: the rows of `old` get in `columns` the values that `fresh` have now, or `value` in
/// the one column, if that is not null.
[[nodiscard]] FlushStatement rearrange_rows(const mapping::Mapper& mapper, Columns columns, std::span<const Handle> old,
                                            std::span<const Handle> fresh, const void* value, const RowsBefore& before);

/// Appends one column of several rows, or of one, to `parameters`. `value(i)` is that of the i-th row.
template <class Value>
void add_column(types::Parameters& parameters, const mapping::Mapper& mapper, const mapping::Column& column,
                std::size_t rows, bool many, Value value) {
    try {
        if (!many) {
            parameters.add(*column.type, value(std::size_t{0}));
            return;
        }
        types::ArrayParameter array{parameters, *column.type, rows};
        for (std::size_t i = 0; i < rows; ++i)
            array.add(value(i));
        array.finish();
    } catch (const ConversionError& error) {
        throw ConversionError(error, mapper.table(), column.name, error.where());
    }
}

/// Appends one literal as text.
void add_literal(types::Parameters& parameters, const types::ValueType& type, const void* value);

/// As `add_column`, the values as literals: text, or an array of text.
template <class Value>
void add_literals(types::Parameters& parameters, const mapping::Mapper& mapper, const mapping::Column& column,
                  std::size_t rows, bool many, Value value) {
    if (!many) {
        add_literal(parameters, *column.type, value(std::size_t{0}));
        return;
    }
    types::ValueType in_text = *column.type;
    in_text.array_oid = 0;
    mapping::Column shown = column;
    shown.type = &in_text;
    add_column(parameters, mapper, shown, rows, true, value);
}

} // namespace corm::uow

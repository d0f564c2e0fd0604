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
    return instance.sent ? instance.sent.at(column) : column.in(instance.values());
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
/// `keys`: the encoded keys under which the rows are, where that is known already; null encodes them as loaded.
[[nodiscard]] FlushStatement update_rows(const mapping::Mapper& mapper, Columns columns,
                                         std::span<const Handle> instances, const types::Parameters* keys);
[[nodiscard]] FlushStatement remove_rows(const mapping::Mapper& mapper, std::span<const Handle> instances);
/// `generated`: the keys are the server's.
[[nodiscard]] FlushStatement insert_rows(const mapping::Mapper& mapper, bool generated, Columns columns,
                                         std::span<const Handle> instances);
/// The rows of `old`, which are to be deleted, get the values of `fresh`, which are to be inserted.
[[nodiscard]] FlushStatement switch_rows(const mapping::Mapper& mapper, Columns columns, std::span<const Handle> old,
                                         std::span<const Handle> fresh);
/// Ahead of the update that counts: the rows of `old` get in `columns` the values that `fresh` have now, or `value` in
/// the one column, if that is not null. `keys` as for `update_rows`.
[[nodiscard]] FlushStatement rearrange_rows(const mapping::Mapper& mapper, Columns columns, std::span<const Handle> old,
                                            std::span<const Handle> fresh, const void* value,
                                            const types::Parameters* keys);

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

} // namespace corm::uow

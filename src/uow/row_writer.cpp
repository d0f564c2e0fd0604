#include "uow/row_writer.hpp"

#include "type/value_size.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

#include <algorithm>

namespace corm::uow {
namespace {

using types::Format;

constexpr std::string_view binary_header{"PGCOPY\n\377\r\n\0"
                                         "\0\0\0\0"
                                         "\0\0\0\0",
                                         19};
constexpr std::string_view binary_end{"\377\377", 2};
constexpr std::string_view text_null = "\\N";

std::vector<CopyColumn> columns_of(const mapping::Mapper& mapper, std::span<const std::uint16_t> columns) {
    std::vector<CopyColumn> made;
    made.reserve(columns.size());
    for (const std::uint16_t index : columns) {
        const mapping::Column& column = mapper.column(index);
        made.push_back({column.name, column.type, column.offset});
    }
    return made;
}

} // namespace

Format RowWriter::format_of(std::span<const CopyColumn> columns) {
    const bool binary = std::all_of(columns.begin(), columns.end(), [](const CopyColumn& column) {
        return column.type->format == Format::binary && column.type->oid != 0;
    });
    return binary ? Format::binary : Format::text;
}

RowWriter::RowWriter(std::string_view table, std::vector<CopyColumn> columns)
    : table_(table), columns_(std::move(columns)), format_(format_of(columns_)) {}

RowWriter::RowWriter(const mapping::Mapper& mapper, std::span<const std::uint16_t> columns)
    : RowWriter(mapper.table(), columns_of(mapper, columns)) {}

void RowWriter::begin(std::string& out) const {
    if (binary())
        out += binary_header;
}

void RowWriter::end(std::string& out) const {
    if (binary())
        out += binary_end;
}

void RowWriter::begin_row(std::string& out) const {
    if (binary())
        types::put_big_endian(out, static_cast<std::uint16_t>(columns_.size()));
}

void RowWriter::begin_field(std::size_t column, std::string& out) const {
    if (!binary() && column != 0)
        out += '\t';
}

void RowWriter::field(std::size_t column, const void* value, std::string& out) {
    try {
        if (binary())
            add_binary(columns_[column], value, out);
        else
            add_text(columns_[column], value, out);
    } catch (const ConversionError& error) {
        throw ConversionError(error, table_, columns_[column].name, error.where());
    }
}

void RowWriter::end_row(std::string& out) const {
    if (!binary())
        out += '\n';
}

void RowWriter::add(const void* values, std::size_t replaced, std::string_view given, std::string& out) {
    const std::size_t start = out.size();
    try {
        begin_row(out);
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            begin_field(i, out);
            if (i == replaced)
                out += given;
            else
                field(i, static_cast<const char*>(values) + columns_[i].offset, out);
        }
        end_row(out);
    } catch (...) {
        out.resize(start);
        throw;
    }
}

std::size_t RowWriter::integer_size(std::size_t column) const noexcept {
    const std::string_view type = columns_[column].type->sql_type();
    return type == "int8" ? 8 : type == "int4" ? 4 : 2;
}

std::string RowWriter::integer_field(std::size_t column, std::int64_t value) const {
    if (!binary())
        return std::to_string(value);
    std::string out;
    const std::size_t size = integer_size(column);
    types::put_int32(out, static_cast<std::int32_t>(size));
    switch (size) {
    case 8: types::put_big_endian(out, static_cast<std::uint64_t>(value)); break;
    case 4: types::put_big_endian(out, static_cast<std::uint32_t>(value)); break;
    default: types::put_big_endian(out, static_cast<std::uint16_t>(value));
    }
    return out;
}

void RowWriter::add_binary(const CopyColumn& column, const void* value, std::string& out) const {
    if (column.type->nullable && column.type->is_null(value)) {
        types::put_int32(out, -1);
        return;
    }
    const std::size_t at = out.size();
    types::put_int32(out, 0);
    column.type->encode(value, out);
    types::patch_int32(out, at, types::checked_size(out.size() - at - 4));
}

void RowWriter::add_text(const CopyColumn& column, const void* value, std::string& out) {
    if (column.type->nullable && column.type->is_null(value)) {
        out += text_null;
        return;
    }
    literal_.clear();
    column.type->literal(value, literal_);
    static_cast<void>(types::checked_size(literal_.size()));
    for (const char c : literal_) {
        switch (c) {
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default: out += c;
        }
    }
}

} // namespace corm::uow

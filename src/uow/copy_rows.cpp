#include "uow/copy_rows.hpp"

#include "type/value_size.hpp"
#include "uow/plan.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

namespace corm::uow {
namespace {

using types::Format;

constexpr std::string_view binary_header{"PGCOPY\n\377\r\n\0"
                                         "\0\0\0\0"
                                         "\0\0\0\0",
                                         19};
constexpr std::string_view binary_end{"\377\377", 2};
constexpr std::string_view text_null = "\\N";
/// An integer of any size, with its sign; input functions skip the blanks in front.
constexpr std::size_t text_width = 20;

std::int64_t read_integer(const types::FieldView& field) {
    switch (field.size) {
    case 2: return types::get_big_endian<std::int16_t>(field.data);
    case 4: return types::get_big_endian<std::int32_t>(field.data);
    default: return types::get_big_endian<std::int64_t>(field.data);
    }
}

} // namespace

Format CopyRows::format_of(const mapping::Mapper& mapper, std::span<const ColumnIndex> columns) {
    const bool binary = std::all_of(columns.begin(), columns.end(), [&mapper](ColumnIndex index) {
        const types::ValueType& type = *mapper.column(index).type;
        return type.format == Format::binary && type.oid != 0;
    });
    return binary ? Format::binary : Format::text;
}

CopyRows::CopyRows(const mapping::Mapper& mapper, std::span<const ColumnIndex> columns, bool generated,
                   std::span<const std::shared_ptr<Instance>* const> instances)
    : mapper_(mapper.shared()), format_(format_of(mapper, columns)),
      count_(static_cast<std::int64_t>(instances.size())) {
    const bool binary = format_ == Format::binary;
    if (generated)
        places_.reserve(instances.size());
    if (binary)
        buffer_ = binary_header;
    // A guess: numbers and short texts.
    buffer_.reserve(buffer_.size() + instances.size() * (2 + columns.size() * 12));
    for (const std::shared_ptr<Instance>* const instance : instances) {
        if (binary)
            types::put_big_endian(buffer_, static_cast<std::uint16_t>(columns.size()));
        for (const ColumnIndex index : columns) {
            const mapping::Column& column = mapper.column(index);
            if (!binary && index != columns.front())
                buffer_ += '\t';
            if (generated && static_cast<int>(index) == mapper.generated_key())
                leave_room(*column.type);
            else if (binary)
                add_binary(column, column.in((*instance)->values()));
            else
                add_text(column, column.in((*instance)->values()));
        }
        if (!binary)
            buffer_ += '\n';
    }
    if (binary)
        buffer_ += binary_end;
}

void CopyRows::leave_room(const types::ValueType& type) {
    const bool binary = format_ == Format::binary;
    // Integers have the size of their type on the wire; an optional one is larger here.
    width_ = !binary ? text_width : type.sql_type() == "int8" ? 8 : type.sql_type() == "int4" ? 4 : 2;
    if (binary)
        types::put_int32(buffer_, static_cast<std::int32_t>(width_));
    places_.push_back(buffer_.size());
    buffer_.append(width_, ' ');
}

void CopyRows::add_binary(const mapping::Column& column, const void* value) {
    if (column.type->nullable && column.type->is_null(value)) {
        types::put_int32(buffer_, -1);
        return;
    }
    const std::size_t at = buffer_.size();
    types::put_int32(buffer_, 0);
    try {
        column.type->encode(value, buffer_);
        types::patch_int32(buffer_, at, types::checked_size(buffer_.size() - at - 4));
    } catch (const ConversionError& error) {
        throw ConversionError(error, mapper_->table(), column.name, error.where());
    }
}

void CopyRows::add_text(const mapping::Column& column, const void* value) {
    if (column.type->nullable && column.type->is_null(value)) {
        buffer_ += text_null;
        return;
    }
    try {
        literal_.clear();
        column.type->literal(value, literal_);
        static_cast<void>(types::checked_size(literal_.size()));
    } catch (const ConversionError& error) {
        throw ConversionError(error, mapper_->table(), column.name, error.where());
    }
    for (const char c : literal_) {
        switch (c) {
        case '\\': buffer_ += "\\\\"; break;
        case '\n': buffer_ += "\\n"; break;
        case '\r': buffer_ += "\\r"; break;
        case '\t': buffer_ += "\\t"; break;
        default: buffer_ += c;
        }
    }
}

void CopyRows::require_types(const types::Rows& rows, std::source_location where) const {
    if (rows.row_count() == 0)
        return;
    const auto text = [&rows](int column) {
        const types::FieldView field = rows.field(0, column);
        return std::string{field.data, static_cast<std::size_t>(field.size)};
    };
    const std::string name = text(0);
    const mapping::Column& column = mapper_->column(static_cast<std::size_t>(mapper_->find_column(name)));
    throw MappingError(mapper_->entity() + "." + column.member + " is " + std::string{column.type->sql_type()} +
                           " in the mapping and " + text(1) +
                           " in the table, and COPY converts nothing; give it the type of the column, or leave out "
                           "bulk_copy",
                       where);
}

void CopyRows::throw_no_sequence(std::source_location where) const {
    const std::string& key = mapper_->column(static_cast<std::size_t>(mapper_->generated_key())).name;
    const std::string& named = mapper_->extension<StatementTexts>().sequence();
    if (!named.empty())
        throw MappingError(mapper_->entity() + ": the sequence " + named + " of " + key +
                               " is not there; create it, or name the one of the column's DEFAULT",
                           where);
    throw MappingError(mapper_->entity() + ": " + key +
                           " has no sequence of its own to take keys from for bulk_copy; make it an identity column, "
                           "the sequence OWNED BY it, or name the sequence by .sequence<...>()",
                       where);
}

void CopyRows::fill_in_keys(const types::Rows& rows, std::source_location where) {
    if (rows.row_count() != count_ || rows.field(0, 1).is_null())
        throw_no_sequence(where);
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const types::FieldView key = rows.field(static_cast<int>(i), 1);
        char* const place = buffer_.data() + places_[i];
        if (format_ == Format::binary) {
            std::copy_n(key.data, std::min(width_, static_cast<std::size_t>(key.size)), place);
            continue;
        }
        char digits[text_width];
        const std::size_t length =
            static_cast<std::size_t>(std::to_chars(digits, digits + text_width, read_integer(key)).ptr - digits);
        std::fill_n(place, width_ - length, ' ');
        std::copy_n(digits, length, place + width_ - length);
    }
}

void CopyRows::require_copied(std::int64_t rows, std::source_location where) const {
    if (rows != count_ && (!places_.empty() || mapper_->confirms_rows()))
        throw_rows_missing(*mapper_, where);
}

} // namespace corm::uow

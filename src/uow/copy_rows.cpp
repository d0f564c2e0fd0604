#include "uow/copy_rows.hpp"

#include "uow/plan.hpp"
#include "uow/row_writer.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

namespace corm::uow {
namespace {

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

std::optional<OtherType> other_type(const types::Rows& rows) {
    if (rows.row_count() == 0)
        return std::nullopt;
    const auto text = [&rows](int column) { return std::string{rows.field(0, column).bytes()}; };
    return OtherType{text(0), text(1)};
}

CopyRows::CopyRows(const mapping::Mapper& mapper, std::span<const ColumnIndex> columns, bool generated,
                   std::span<const std::shared_ptr<Instance>* const> instances)
    : mapper_(mapper.shared()), count_(static_cast<std::int64_t>(instances.size())) {
    RowWriter writer{mapper, columns};
    binary_ = writer.binary();
    if (generated)
        places_.reserve(instances.size());
    writer.begin(buffer_);
    // A guess: numbers and short texts.
    buffer_.reserve(buffer_.size() + instances.size() * (2 + columns.size() * 12));
    for (const std::shared_ptr<Instance>* const instance : instances) {
        writer.begin_row(buffer_);
        for (std::size_t i = 0; i < columns.size(); ++i) {
            writer.begin_field(i, buffer_);
            if (generated && static_cast<int>(columns[i]) == mapper.generated_key())
                leave_room(writer.integer_size(i));
            else
                writer.field(i, mapper.column(columns[i]).in((*instance)->values()), buffer_);
        }
        writer.end_row(buffer_);
    }
    writer.end(buffer_);
}

void CopyRows::leave_room(std::size_t size) {
    width_ = binary_ ? size : text_width;
    if (binary_)
        types::put_int32(buffer_, static_cast<std::int32_t>(width_));
    places_.push_back(buffer_.size());
    buffer_.append(width_, ' ');
}

void CopyRows::require_types(const types::Rows& rows, std::source_location where) const {
    const std::optional<OtherType> other = other_type(rows);
    if (!other)
        return;
    const mapping::Column& column = mapper_->column(static_cast<std::size_t>(mapper_->find_column(other->column)));
    throw MappingError(mapper_->entity() + "." + column.member + " is " + std::string{column.type->sql_type()} +
                           " in the mapping and " + other->declared +
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
        if (binary_) {
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

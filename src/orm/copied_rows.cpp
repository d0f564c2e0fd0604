#include "orm/copied_rows.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

#include <cstdint>

namespace corm::orm {
namespace {

constexpr std::string_view signature{"PGCOPY\n\377\r\n\0", 11};
constexpr std::int32_t null_size = -1;

} // namespace

CopiedRows::CopiedRows(const types::Rows& columns, std::source_location where) : where_(where) {
    for (int column = 0; column < columns.column_count(); ++column)
        columns_.push_back({std::string{columns.column_name(column)}, columns.column_oid(column)});
}

void CopiedRows::refuse() const {
    throw ConversionError("the server has sent something else than rows in the binary format of COPY", where_);
}

// The signature, flags, and an extension of a length that it tells.
void CopiedRows::read_header(std::string_view& bytes) {
    constexpr std::size_t fixed = signature.size() + 8;
    if (bytes.size() < fixed || !bytes.starts_with(signature))
        refuse();
    const auto extension = types::get_big_endian<std::uint32_t>(bytes.data() + signature.size() + 4);
    if (bytes.size() - fixed < extension)
        refuse();
    bytes.remove_prefix(fixed + extension);
    begun_ = true;
}

void CopiedRows::read(std::string_view bytes) {
    fields_.clear();
    rows_ = 0;
    if (!begun_ && !bytes.empty())
        read_header(bytes);
    const auto take = [&](std::size_t size) {
        if (bytes.size() < size)
            refuse();
        const char* const data = bytes.data();
        bytes.remove_prefix(size);
        return data;
    };
    while (!bytes.empty()) {
        const auto count = types::get_big_endian<std::int16_t>(take(sizeof(std::int16_t)));
        if (count == null_size) {
            complete_ = true;
            break;
        }
        if (count != column_count())
            refuse();
        for (const Column& column : columns_) {
            const auto size = types::get_big_endian<std::int32_t>(take(sizeof(std::int32_t)));
            if (size < null_size)
                refuse();
            const char* const data = size == null_size ? nullptr : take(static_cast<std::size_t>(size));
            fields_.push_back({data, size == null_size ? 0 : size, column.oid, types::Format::binary});
        }
        ++rows_;
    }
}

} // namespace corm::orm

#include "mapping/value.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/mapper.hpp>
#include <corm/type/oid.hpp>

#include <cstdint>

namespace corm::mapping {

void read_text(const Mapper& mapper, const Column& column, std::optional<std::string_view> text, void* at) {
    types::FieldView field{nullptr, -1, column.type->oid != 0 ? column.type->oid : types::oids::text,
                           types::Format::text};
    if (text) {
        field.data = text->empty() ? "" : text->data(); // null is NULL
        field.size = static_cast<std::int32_t>(text->size());
    }
    try {
        column.type->decode(field, at);
    } catch (const ConversionError& error) {
        throw ConversionError(error, mapper.table(), column.name);
    }
}

} // namespace corm::mapping

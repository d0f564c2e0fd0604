#include "type/array_reader.hpp"

#include "type/refuse.hpp"
#include <corm/type/bytes.hpp>
#include <corm/type/oid.hpp>

namespace corm::types::detail {

Oid element_of(Oid array) noexcept {
    switch (array) {
    case oids::boolean_array: return oids::boolean;
    case oids::bytea_array: return oids::bytea;
    case oids::int2_array: return oids::int2;
    case oids::int4_array: return oids::int4;
    case oids::int8_array: return oids::int8;
    case oids::text_array: return oids::text;
    case oids::varchar_array: return oids::varchar;
    case oids::float4_array: return oids::float4;
    case oids::float8_array: return oids::float8;
    case oids::date_array: return oids::date;
    case oids::timestamp_array: return oids::timestamp;
    case oids::timestamptz_array: return oids::timestamptz;
    case oids::time_array: return oids::time;
    case oids::interval_array: return oids::interval;
    case oids::numeric_array: return oids::numeric;
    case oids::uuid_array: return oids::uuid;
    case oids::json_array: return oids::json;
    case oids::jsonb_array: return oids::jsonb;
    case oids::character_array: return oids::character;
    case oids::name_array: return oids::name;
    case oids::bpchar_array: return oids::bpchar;
    case oids::oid_array: return oids::oid;
    default: return 0;
    }
}

ArrayReader::ArrayReader(std::string_view bytes) : rest_(bytes) {
    const std::int32_t dimensions = take_int32();
    const std::int32_t has_null = take_int32();
    element_ = static_cast<Oid>(take_int32());
    if (dimensions < 0 || dimensions > static_cast<std::int32_t>(most_array_dimensions) ||
        (has_null != 0 && has_null != 1))
        throw_malformed("array");
    shape_.count = static_cast<std::size_t>(dimensions);
    shape_.elements = dimensions == 0 ? 0 : 1;
    for (std::size_t i = 0; i < shape_.count; ++i) {
        const std::int32_t size = take_int32();
        static_cast<void>(take_int32()); // the lower bound
        if (size <= 0)
            throw_malformed("array");
        shape_.sizes[i] = static_cast<std::size_t>(size);
        // Every element has a length of four bytes at least.
        if (shape_.sizes[i] > rest_.size() / 4 / shape_.elements)
            throw_malformed("array");
        shape_.elements *= shape_.sizes[i];
    }
}

FieldView ArrayReader::next() {
    FieldView field;
    field.oid = element_;
    const std::int32_t length = take_int32();
    if (length < -1)
        throw_malformed("array");
    if (length >= 0) {
        field.data = take(static_cast<std::size_t>(length)).data();
        field.size = length;
    }
    return field;
}

void ArrayReader::finish() const {
    if (!rest_.empty())
        throw_malformed("array");
}

std::string_view ArrayReader::take(std::size_t size) {
    if (size > rest_.size())
        throw_malformed("array");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
}

std::int32_t ArrayReader::take_int32() {
    return get_big_endian<std::int32_t>(take(4).data());
}

} // namespace corm::types::detail

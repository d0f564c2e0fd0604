#include <corm/type/array.hpp>

#include "type/refuse.hpp"
#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/oid.hpp>

#include <array>
#include <limits>

namespace corm::types::detail {
namespace {

constexpr std::size_t most_dimensions = 6;

struct Shape {
    std::array<std::size_t, most_dimensions> sizes{};
    std::size_t count = 0; // 0 for an empty array
    std::size_t elements = 0;
};

void check_shape(const ArrayLevel& level, const void* array, const Shape& shape, std::size_t dimension) {
    const std::size_t size = level.size(array);
    if (size != shape.sizes[dimension])
        throw ConversionError(
            "a nested vector is not rectangular; the inner vectors of a PostgreSQL array have one size");
    for (std::size_t i = 0; level.inner != nullptr && i < size; ++i)
        check_shape(*level.inner, level.at(array, i), shape, dimension + 1);
}

// The sizes along the first elements; then everything else is compared with them.
Shape shape_of(const ArrayLevel& outermost, const void* outermost_array) {
    Shape shape;
    if (outermost.size(outermost_array) == 0)
        return shape;
    shape.elements = 1;
    const void* array = outermost_array;
    for (const ArrayLevel* level = &outermost; level != nullptr; level = level->inner) {
        const std::size_t size = level->size(array);
        if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
            throw ConversionError("an array of " + std::to_string(size) + " elements is too large for PostgreSQL");
        if (size == 0)
            throw ConversionError("a vector of empty vectors cannot be stored; PostgreSQL keeps no empty dimensions");
        shape.sizes[shape.count++] = size;
        shape.elements *= size;
        array = level->at(array, 0);
    }
    check_shape(outermost, outermost_array, shape, 0);
    return shape;
}

template <class Visit>
void for_each_element(const ArrayLevel& level, const void* array, const Visit& visit) {
    const std::size_t size = level.size(array);
    for (std::size_t i = 0; i < size; ++i) {
        if (level.inner != nullptr)
            for_each_element(*level.inner, level.at(array, i), visit);
        else
            visit(level.at(array, i));
    }
}

// The element type of PostgreSQL's own array types, 0 for anything else.
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

/// Takes bytes from the front, never beyond the end.
class Reader {
public:
    explicit Reader(std::string_view bytes) noexcept : rest_(bytes) {}

    std::string_view take(std::size_t size) {
        if (size > rest_.size())
            throw_malformed("array");
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }
    std::int32_t take_int32() { return get_big_endian<std::int32_t>(take(4).data()); }
    [[nodiscard]] std::size_t size() const noexcept { return rest_.size(); }

private:
    std::string_view rest_;
};

// Throws unless the header fits the bytes behind it: every element has a length of four bytes at least.
Shape read_shape(Reader& reader, std::size_t dimensions) {
    Shape shape;
    shape.count = dimensions;
    shape.elements = dimensions == 0 ? 0 : 1;
    for (std::size_t i = 0; i < dimensions; ++i) {
        const std::int32_t size = reader.take_int32();
        static_cast<void>(reader.take_int32()); // the lower bound
        if (size <= 0)
            throw_malformed("array");
        shape.sizes[i] = static_cast<std::size_t>(size);
        if (shape.sizes[i] > reader.size() / 4 / shape.elements)
            throw_malformed("array");
        shape.elements *= shape.sizes[i];
    }
    return shape;
}

void fill(const ArrayLevel& level, void* array, const Shape& shape, std::size_t dimension, Oid element,
          Reader& reader) {
    const std::size_t size = shape.sizes[dimension];
    level.resize(array, size);
    for (std::size_t i = 0; i < size; ++i) {
        if (level.inner != nullptr) {
            fill(*level.inner, level.inner_at(array, i), shape, dimension + 1, element, reader);
            continue;
        }
        FieldView field;
        field.oid = element;
        const std::int32_t length = reader.take_int32();
        if (length < -1)
            throw_malformed("array");
        if (length >= 0) {
            field.data = reader.take(static_cast<std::size_t>(length)).data();
            field.size = length;
        }
        level.decode_at(array, i, field);
    }
}

// array_in takes an element as it stands unless it is empty, reads as NULL, or holds one of these.
bool needs_quotes(std::string_view element) noexcept {
    if (element.empty() || element.find_first_of("{}\",\\ \t\n\r\v\f") != std::string_view::npos)
        return true;
    constexpr std::string_view null = "null";
    if (element.size() != null.size())
        return false;
    for (std::size_t i = 0; i < null.size(); ++i) {
        if ((element[i] | 0x20) != null[i])
            return false;
    }
    return true;
}

void write_element(const ValueType& type, const void* value, std::string& out) {
    if (type.is_null(value)) {
        out += "NULL";
        return;
    }
    const std::size_t start = out.size();
    type.literal(value, out);
    if (!needs_quotes(std::string_view{out}.substr(start)))
        return;
    const std::string plain = out.substr(start);
    out.resize(start);
    out.push_back('"');
    for (const char c : plain) {
        if (c == '"' || c == '\\')
            out.push_back('\\');
        out.push_back(c);
    }
    out.push_back('"');
}

void write_level(const ArrayLevel& level, const void* array, std::string& out) {
    out.push_back('{');
    const std::size_t size = level.size(array);
    for (std::size_t i = 0; i < size; ++i) {
        if (i != 0)
            out.push_back(',');
        if (level.inner != nullptr)
            write_level(*level.inner, level.at(array, i), out);
        else
            write_element(*level.element, level.at(array, i), out);
    }
    out.push_back('}');
}

} // namespace

// Layout: see array_recv in src/backend/utils/adt/arrayfuncs.c.
void encode_array(const ArrayLevel& level, const void* array, std::string& out) {
    const Shape shape = shape_of(level, array);
    const ValueType& type = *level.element;
    put_int32(out, static_cast<std::int32_t>(shape.count));
    const std::size_t flag_at = out.size();
    put_int32(out, 0);
    put_big_endian(out, type.oid);
    for (std::size_t i = 0; i < shape.count; ++i) {
        put_int32(out, static_cast<std::int32_t>(shape.sizes[i]));
        put_int32(out, 1);
    }
    if (shape.count == 0)
        return;
    for_each_element(level, array, [&](const void* value) {
        const std::size_t length_at = out.size();
        put_int32(out, -1);
        if (type.is_null(value)) {
            patch_int32(out, flag_at, 1);
            return;
        }
        type.encode(value, out);
        const std::size_t length = out.size() - length_at - 4;
        if (length > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
            throw ConversionError("an array element of " + std::to_string(length) + " bytes is too large");
        patch_int32(out, length_at, static_cast<std::int32_t>(length));
    });
}

void decode_array(const ArrayLevel& level, const FieldView& field, void* array) {
    Oid expected_element = element_of(field.oid);
    // A codec of the user's own may be for any type of PostgreSQL.
    if (expected_element == 0 && field.oid != 0 && field.oid == level.element->array_oid)
        expected_element = level.element->oid;
    if (expected_element == 0 && field.oid < oids::first_user_oid)
        throw_unreadable(field, "std::vector");
    if (field.format == Format::text)
        throw_text_format("array");
    Reader reader{field.bytes()};
    const std::int32_t dimensions = reader.take_int32();
    const std::int32_t has_null = reader.take_int32();
    const auto element = static_cast<Oid>(reader.take_int32());
    if (dimensions < 0 || dimensions > static_cast<std::int32_t>(most_dimensions) || (has_null != 0 && has_null != 1))
        throw_malformed("array");
    if (expected_element != 0 && element != expected_element)
        throw_malformed("array");
    if (dimensions != 0 && dimensions != level.depth)
        throw ConversionError("an array of " + std::to_string(dimensions) +
                              " dimensions cannot be read into std::vector nested to depth " +
                              std::to_string(level.depth));
    const Shape shape = read_shape(reader, static_cast<std::size_t>(dimensions));
    if (shape.count == 0)
        level.resize(array, 0);
    else
        fill(level, array, shape, 0, element, reader);
    if (reader.size() != 0)
        throw_malformed("array");
}

void write_array(const ArrayLevel& level, const void* array, std::string& out) {
    static_cast<void>(shape_of(level, array));
    write_level(level, array, out);
}

bool same_array(const ArrayLevel& level, const void* left, const void* right) {
    const std::size_t size = level.size(left);
    if (size != level.size(right))
        return false;
    for (std::size_t i = 0; i < size; ++i) {
        const void* one = level.at(left, i);
        const void* other = level.at(right, i);
        if (level.inner != nullptr ? !same_array(*level.inner, one, other) : !level.element->same(one, other))
            return false;
    }
    return true;
}

} // namespace corm::types::detail

#include <corm/type/array.hpp>

#include "type/array_reader.hpp"
#include "type/array_text.hpp"
#include "type/refuse.hpp"
#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/oid.hpp>

#include <limits>

namespace corm::types::detail {
namespace {

using Shape = ArrayShape;

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

template <class Reader>
void fill(const ArrayLevel& level, void* array, std::size_t dimension, Reader& reader) {
    const std::size_t size = reader.shape().sizes[dimension];
    level.resize(array, size);
    for (std::size_t i = 0; i < size; ++i) {
        if (level.inner != nullptr)
            fill(*level.inner, level.inner_at(array, i), dimension + 1, reader);
        else
            level.decode_at(array, i, reader.next());
    }
}

// array_in takes an element as it stands unless it is empty, reads as NULL, or holds one of these.
bool needs_quotes(std::string_view element) noexcept {
    return element.empty() || element.find_first_of("{}\",\\ \t\n\r\v\f") != std::string_view::npos ||
           is_null_word(element);
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

template <class Reader>
void fill_all(const ArrayLevel& level, void* array, Reader& reader) {
    const std::size_t dimensions = reader.shape().count;
    if (dimensions != 0 && dimensions != static_cast<std::size_t>(level.depth))
        throw ConversionError("an array of " + std::to_string(dimensions) +
                              " dimensions cannot be read into std::vector nested to depth " +
                              std::to_string(level.depth));
    if (dimensions == 0)
        level.resize(array, 0);
    else
        fill(level, array, 0, reader);
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
    const bool literal = field.format == Format::text;
    if (expected_element == 0 && field.oid < oids::first_user_oid && !(literal && field.oid == oids::text))
        throw_unreadable(field, "std::vector");
    if (literal) {
        ArrayTextReader reader{field.bytes(), expected_element != 0 ? expected_element : level.element->oid};
        fill_all(level, array, reader);
        return;
    }
    ArrayReader reader{field.bytes()};
    if (expected_element != 0 && reader.element() != expected_element)
        throw_malformed("array");
    fill_all(level, array, reader);
    reader.finish();
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

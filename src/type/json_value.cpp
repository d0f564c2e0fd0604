#include "type/json_value.hpp"

#include "type/array_reader.hpp"
#include "type/array_text.hpp"
#include <corm/type/detail/json_column.hpp>
#include <corm/type/oid.hpp>
#include <corm/type/scalar.hpp>
#include <corm/type/text.hpp>

#include <chrono>
#include <cstdint>

namespace corm::types::detail {
namespace {

template <class T>
void write_as(const FieldView& field, std::string& out, const JsonPath& path) {
    T value{};
    try {
        Codec<T>::decode(field, value);
    } catch (...) {
        refuse_as_caught(path);
    }
    write_json_column(value, out, path);
}

using Writer = void (*)(const FieldView& field, std::string& out, const JsonPath& path);

/// Null for types that corm has no C++ type for.
Writer writer_of(Oid oid) noexcept {
    switch (oid) {
    case oids::boolean: return &write_as<bool>;
    case oids::int2: return &write_as<std::int16_t>;
    case oids::int4: return &write_as<std::int32_t>;
    case oids::int8: return &write_as<std::int64_t>;
    case oids::float4: return &write_as<float>;
    case oids::float8: return &write_as<double>;
    case oids::numeric: return &write_as<Numeric>;
    case oids::text: return &write_as<std::string>;
    case oids::bytea: return &write_as<Bytes>;
    case oids::uuid: return &write_as<Uuid>;
    case oids::date: return &write_as<std::chrono::local_days>;
    case oids::timestamp: return &write_as<LocalTimestamp>;
    case oids::timestamptz: return &write_as<Timestamp>;
    case oids::time: return &write_as<TimeOfDay>;
    case oids::interval: return &write_as<Interval>;
    case oids::json:
    case oids::jsonb: return &write_as<JsonText>;
    default: return nullptr;
    }
}

void write_text(const FieldView& field, std::string& out, const JsonPath& path) {
    write_json(field.bytes(), out, path);
}

template <class Reader>
void write_dimension(Reader& reader, std::size_t dimension, Writer writer, std::string& out, const JsonPath& path) {
    path.check_depth();
    out.push_back('[');
    for (std::size_t i = 0; i < reader.shape().sizes[dimension]; ++i) {
        if (i != 0)
            out.push_back(',');
        const JsonPath inner{path, i};
        if (dimension + 1 < reader.shape().count)
            write_dimension(reader, dimension + 1, writer, out, inner);
        else if (const FieldView element = reader.next(); element.is_null())
            out += "null";
        else
            writer(element, out, inner);
    }
    out.push_back(']');
}

template <class Reader>
void write_array(Reader reader, Writer writer, std::string& out, const JsonPath& path) {
    if (reader.shape().count == 0)
        out += "[]";
    else
        write_dimension(reader, 0, writer, out, path);
}

} // namespace

void write_json_value(const ValueType& type, const void* value, std::string& out, const JsonPath& path) {
    if (type.is_null(value)) {
        out += "null";
        return;
    }
    const Oid element = element_of(type.oid);
    const Writer writer = writer_of(element != 0 ? element : type.oid);
    std::string bytes;
    try {
        if (writer != nullptr)
            type.encode(value, bytes);
        else
            type.literal(value, bytes);
    } catch (...) {
        refuse_as_caught(path);
    }
    if (writer == nullptr && type.element != nullptr) {
        write_array(ArrayTextReader{bytes, 0}, &write_text, out, path);
    } else if (writer == nullptr) {
        write_json(std::string_view{bytes}, out, path);
    } else if (element != 0) {
        write_array(ArrayReader{bytes}, writer, out, path);
    } else {
        FieldView field;
        field.data = bytes.data();
        field.size = static_cast<std::int32_t>(bytes.size());
        field.oid = type.oid;
        field.format = type.format;
        writer(field, out, path);
    }
}

} // namespace corm::types::detail

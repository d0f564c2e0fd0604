// How the value of a column is written as JSON, by its C++ type.
#pragma once

#include <corm/type/array.hpp>
#include <corm/type/detail/json_access.hpp>
#include <corm/type/interval.hpp>
#include <corm/type/json.hpp>
#include <corm/type/json_struct.hpp>
#include <corm/type/numeric.hpp>
#include <corm/type/optional.hpp>
#include <corm/type/temporal.hpp>
#include <corm/type/time_of_day.hpp>
#include <corm/type/uuid.hpp>

#include <boost/json/conversion.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace corm::types::detail {

/// Types of corm and of <chrono> that are strings in JSON, in the form of their codec's `literal`. Those of headers
/// that this one does not include say so in their codec.
template <class T>
inline constexpr bool written_as_literal = requires { Codec<T>::written_as_literal; };
template <>
inline constexpr bool written_as_literal<Bytes> = true;
template <>
inline constexpr bool written_as_literal<Uuid> = true;
template <>
inline constexpr bool written_as_literal<Numeric> = true;
template <>
inline constexpr bool written_as_literal<TimeOfDay> = true;
template <>
inline constexpr bool written_as_literal<Interval> = true;
template <>
inline constexpr bool written_as_literal<std::chrono::year_month_day> = true;
template <class Rep, class Period>
inline constexpr bool written_as_literal<std::chrono::duration<Rep, Period>> = true;
template <class Duration>
inline constexpr bool written_as_literal<std::chrono::sys_time<Duration>> = true;
template <class Duration>
inline constexpr bool written_as_literal<std::chrono::local_time<Duration>> = true;

/// A type of the user's own that says how Boost.JSON converts it.
template <class T>
concept OwnJson = (std::is_class_v<T> || std::is_enum_v<T>) &&
                  requires(const boost::json::value_from_tag& tag, boost::json::value& to, const T& from) {
                      tag_invoke(tag, to, from);
                  };

/// The text between quotes. `literal` is a timestamp as the server writes it where `moment` is true: ISO 8601 wants a
/// T between date and time, and clients want Z for UTC.
void write_json_literal(std::string literal, bool moment, std::string& out, const JsonPath& path);
/// "NaN", "Infinity" or "-Infinity": JSON has no such numbers.
void write_json_special(double value, std::string& out);
/// The document in a json column, byte for byte. Throws `ConversionError` unless it is one.
void write_json_document(const JsonText& document, std::string& out, const JsonPath& path);

template <class T>
void write_json_column(const T& value, std::string& out, const JsonPath& path) {
    constexpr JsonKind kind = json_kind<T>();
    if constexpr (Nullable<T>::value) {
        if (Nullable<T>::has_value(value))
            write_json_column(Nullable<T>::get(value), out, path);
        else
            out += "null";
    } else if constexpr (OwnJson<T>) {
        boost::json::value own;
        tag_invoke(boost::json::value_from_tag{}, own, value);
        write_json(own, out, path);
    } else if constexpr (written_as_literal<T>) {
        using Duration = std::chrono::days;
        constexpr bool date =
            std::is_same_v<T, std::chrono::sys_time<Duration>> || std::is_same_v<T, std::chrono::local_time<Duration>>;
        constexpr bool moment = !date && requires { typename T::clock; };
        std::string text;
        try {
            Codec<T>::literal(value, text);
        } catch (...) {
            refuse_as_caught(path);
        }
        write_json_literal(std::move(text), moment, out, path);
    } else if constexpr (requires { Codec<T>::write_json(value, out, path); }) {
        Codec<T>::write_json(value, out, path);
    } else if constexpr (std::is_same_v<T, JsonText>) {
        write_json_document(value, out, path);
    } else if constexpr (kind == JsonKind::floating) {
        if (std::isfinite(value))
            JsonAccess<T>::write(value, out, path);
        else
            write_json_special(static_cast<double>(value), out);
    } else if constexpr (kind == JsonKind::array) {
        path.check_depth();
        out.push_back('[');
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (i != 0)
                out.push_back(',');
            const typename T::value_type& element = value[i]; // a copy of the bit, for bool
            write_json_column(element, out, JsonPath{path, i});
        }
        out.push_back(']');
    } else if constexpr (kind == JsonKind::boolean || kind == JsonKind::integer || kind == JsonKind::text ||
                         kind == JsonKind::json || (kind == JsonKind::enumeration && MappedEnum<T>) || JsonMapped<T>) {
        JsonAccess<T>::write(value, out, path);
    } else {
        static_assert(!sizeof(T),
                      "corm: a member is of a type that corm does not write as JSON; beside the type, write void "
                      "tag_invoke(const boost::json::value_from_tag&, boost::json::value&, const Type&), or leave the "
                      "member out: constexpr auto corm_json(corm::type<Struct>) { return "
                      "corm::json_without<&Struct::member>; }");
    }
}

} // namespace corm::types::detail

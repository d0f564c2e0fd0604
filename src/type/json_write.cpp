// boost::json::value to the JSON text of a jsonb parameter.
#include <corm/type/json.hpp>

#include "type/hex.hpp"
#include "type/json_format.hpp"
#include <corm/base/error.hpp>
#include <corm/type/numeric.hpp>
#include <corm/type/scalar.hpp>
#include <corm/type/text.hpp>

#include <boost/json/value.hpp>

#include <charconv>
#include <cmath>

namespace corm::types {
namespace {

namespace json = boost::json;

bool is_number(const json::value& value) noexcept {
    return value.is_int64() || value.is_uint64() || value.is_double();
}

// NaN cannot be stored, but may stand in memory: it is the same as itself.
bool same_number(const json::value& left, const json::value& right) {
    if (left.is_double() && right.is_double())
        return left.get_double() == right.get_double() ||
               (std::isnan(left.get_double()) && std::isnan(right.get_double()));
    if (!left.is_double() && !right.is_double())
        return left == right;
    const auto exact = [](const json::value& value) {
        if (value.is_double())
            return Numeric::from_double(value.get_double());
        return value.is_int64() ? Numeric{value.get_int64()} : Numeric{value.get_uint64()};
    };
    return exact(left) == exact(right);
}

} // namespace

void write_json_string(std::string_view text, std::string& out) {
    check_text(text);
    out.push_back('"');
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += "\\u00";
            put_hex(out, static_cast<unsigned char>(c));
        } else {
            out.push_back(c);
        }
    }
    out.push_back('"');
}

// The server keeps the digits it gets: with a point, a double comes back as a double.
void write_json_double(double value, std::string& out) {
    if (!std::isfinite(value))
        throw ConversionError("JSON has no NaN and no infinity; use null");
    const double magnitude = std::abs(value);
    // Here the plain form is as short as any, and integral ones are exact.
    const bool plain = magnitude == 0 || (magnitude >= 1e-5 && magnitude < 1e20);
    char digits[64];
    const auto [end, problem] = std::to_chars(digits, digits + sizeof digits, value,
                                              plain ? std::chars_format::fixed : std::chars_format::scientific);
    static_cast<void>(problem); // 64 characters hold either form
    const std::string_view text{digits, end};
    out += text;
    if (plain && text.find('.') == std::string_view::npos)
        out += ".0";
}

void write_json_value(const json::value& value, std::string& out, int depth) {
    if ((value.is_array() || value.is_object()) && depth >= json_depth_limit)
        throw ConversionError("JSON value nested deeper than " + std::to_string(json_depth_limit) + " levels");
    switch (value.kind()) {
    case json::kind::null: out += "null"; break;
    case json::kind::bool_: out += value.get_bool() ? "true" : "false"; break;
    case json::kind::int64: detail::write_integer(value.get_int64(), out); break;
    case json::kind::uint64: out += std::to_string(value.get_uint64()); break;
    case json::kind::double_: write_json_double(value.get_double(), out); break;
    case json::kind::string: write_json_string(value.get_string(), out); break;
    case json::kind::array: {
        char separator = '[';
        for (const json::value& element : value.get_array()) {
            out.push_back(separator);
            write_json_value(element, out, depth + 1);
            separator = ',';
        }
        out += separator == '[' ? "[]" : "]";
        break;
    }
    case json::kind::object: {
        char separator = '{';
        for (const json::key_value_pair& member : value.get_object()) {
            out.push_back(separator);
            write_json_string(member.key(), out);
            out.push_back(':');
            write_json_value(member.value(), out, depth + 1);
            separator = ',';
        }
        out += separator == '{' ? "{}" : "}";
        break;
    }
    }
}

void Codec<boost::json::value>::encode(const boost::json::value& value, std::string& out) {
    out.push_back('\1'); // the version of jsonb's binary form
    write_json_value(value, out, 0);
}

void Codec<boost::json::value>::literal(const boost::json::value& value, std::string& out) {
    write_json_value(value, out, 0);
}

bool Codec<boost::json::value>::same(const boost::json::value& left, const boost::json::value& right) {
    if (is_number(left) && is_number(right))
        return same_number(left, right);
    if (left.kind() != right.kind())
        return false;
    if (left.is_array()) {
        const json::array& one = left.get_array();
        const json::array& other = right.get_array();
        if (one.size() != other.size())
            return false;
        for (std::size_t i = 0; i < one.size(); ++i) {
            if (!same(one[i], other[i]))
                return false;
        }
        return true;
    }
    if (left.is_object()) {
        const json::object& other = right.get_object();
        if (left.get_object().size() != other.size())
            return false;
        for (const json::key_value_pair& member : left.get_object()) {
            const json::value* counterpart = other.if_contains(member.key());
            if (counterpart == nullptr || !same(member.value(), *counterpart))
                return false;
        }
        return true;
    }
    return left == right;
}

void Codec<JsonText>::encode(const JsonText& value, std::string& out) {
    check_text(value.text);
    out += value.text;
}

} // namespace corm::types

// The compiled part of structs kept as JSON.
#include <corm/type/detail/json_table.hpp>

#include "type/json_format.hpp"
#include <corm/base/error.hpp>
#include <corm/type/json.hpp>
#include <corm/type/scalar.hpp>

#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace corm::types::detail {
namespace {

namespace json = boost::json;

// A name that the document brought is told when it looks like the name of a member: anything else is data.
bool is_name(std::string_view key) noexcept {
    constexpr std::size_t longest = 63;
    return !key.empty() && key.size() <= longest && std::ranges::all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

[[noreturn]] void refuse_unknown(const JsonTable& table, const json::object& object, const JsonPath& path) {
    for (const json::key_value_pair& member : object) {
        const auto is_known = [&](const JsonMember& known) { return known.name == std::string_view{member.key()}; };
        if (std::any_of(table.members, table.members + table.count, is_known))
            continue;
        if (is_name(member.key()))
            JsonPath{path, std::string_view{member.key()}}.refuse(
                "is unknown to the struct, which would lose it; add a member of that name");
        path.refuse("has a member that the struct does not have, and would lose; add one of that name");
    }
    path.refuse("holds a member twice");
}

[[noreturn]] void refuse_kind(const json::value& from, const JsonPath& path, std::string_view problem) {
    path.refuse(from.is_null() ? "is null; make it a std::optional if it may be" : problem);
}

template <class F>
void with_path(const JsonPath& path, const F& action) {
    try {
        action();
    } catch (const ConversionError& error) {
        path.refuse(": " + error.problem());
    }
}

} // namespace

void JsonPath::append_to(std::string& out) const {
    if (parent_ == nullptr)
        return;
    parent_->append_to(out);
    if (member_.empty()) {
        out += '[' + std::to_string(index_) + ']';
        return;
    }
    if (!out.empty())
        out.push_back('.');
    out += member_;
}

void JsonPath::refuse(std::string_view problem) const {
    std::string path;
    append_to(path);
    std::string text = path.empty() ? std::string{"the JSON document"} : "JSON member '" + path + "'";
    if (!problem.starts_with(':'))
        text.push_back(' ');
    text += problem;
    throw ConversionError(text);
}

void JsonPath::check_depth() const {
    if (depth_ >= json_depth_limit)
        throw ConversionError("JSON value nested deeper than " + std::to_string(json_depth_limit) + " levels");
}

void refuse_as_caught(const JsonPath& path) {
    with_path(path, [] { throw; });
    throw; // anything else than a ConversionError
}

void write_json_object(const JsonTable& table, const void* object, std::string& out, const JsonPath& path) {
    path.check_depth();
    char separator = '{';
    for (std::size_t i = 0; i < table.count; ++i) {
        const JsonMember& member = table.members[i];
        out.push_back(separator);
        out.push_back('"');
        out += member.name; // an identifier of C++: nothing in it needs an escape
        out += "\":";
        member.write(object, out, JsonPath{path, member.name});
        separator = ',';
    }
    out += separator == '{' ? "{}" : "}";
}

void read_json_object(const JsonTable& table, const json::value& from, void* object, const JsonPath& path) {
    const json::object* members = from.if_object();
    if (members == nullptr)
        refuse_kind(from, path, "is no object");
    std::size_t found = 0;
    for (std::size_t i = 0; i < table.count; ++i) {
        const JsonMember& member = table.members[i];
        const JsonPath inner{path, member.name};
        const json::value* value = members->if_contains(member.name);
        if (value == nullptr && !member.optional)
            inner.refuse("is missing; make it a std::optional if documents may leave it out");
        found += value != nullptr ? 1 : 0;
        member.read(value, object, inner);
    }
    if (found != members->size())
        refuse_unknown(table, *members, path);
}

bool same_json_object(const JsonTable& table, const void* left, const void* right) {
    return std::all_of(table.members, table.members + table.count,
                       [&](const JsonMember& member) { return member.same(left, right); });
}

void write_json_document(const JsonTable& table, const void* object, bool with_version, std::string& out) {
    if (with_version)
        out.push_back('\1');
    write_json_object(table, object, out, JsonPath{});
}

void read_json_document(const JsonTable& table, const FieldView& field, void* object) {
    const json::value document = parse_json(field, "a struct kept as JSON", {});
    read_json_object(table, document, object, JsonPath{});
}

void write_json(bool value, std::string& out, const JsonPath&) {
    out += value ? "true" : "false";
}

void write_json(std::int64_t value, std::string& out, const JsonPath&) {
    write_integer(value, out);
}

void write_json(std::uint64_t value, std::string& out, const JsonPath&) {
    out += std::to_string(value);
}

void write_json(float value, std::string& out, const JsonPath& path) {
    // The shortest form of the float, unless reading it as a double first would lead to another float: that of the
    // greatest float is greater than itself.
    char digits[32];
    const auto [end, problem] = std::to_chars(digits, digits + sizeof digits, value);
    double shortest = 0;
    std::from_chars(digits, end, shortest);
    static_cast<void>(problem); // 32 characters hold every float
    constexpr auto greatest = static_cast<double>(std::numeric_limits<float>::max());
    const bool survives = std::abs(shortest) <= greatest && static_cast<float>(shortest) == value;
    write_json(survives ? shortest : static_cast<double>(value), out, path);
}

void write_json(double value, std::string& out, const JsonPath& path) {
    with_path(path, [&] { write_json_double(value, out); });
}

void write_json(std::string_view value, std::string& out, const JsonPath& path) {
    with_path(path, [&] { write_json_string(value, out); });
}

void write_json(const json::value& value, std::string& out, const JsonPath& path) {
    with_path(path, [&] { write_json_value(value, out, path.depth()); });
}

void read_json(const json::value& from, bool& target, const JsonPath& path) {
    if (!from.is_bool())
        refuse_kind(from, path, "is neither true nor false");
    target = from.get_bool();
}

void read_json(const json::value& from, double& target, const JsonPath& path) {
    if (from.is_double()) {
        target = from.get_double();
        return;
    }
    if (!from.is_number())
        refuse_kind(from, path, "is no number");
    constexpr double end = 18446744073709551616.0; // 2^64, to which the greatest integers round
    if (from.is_int64()) {
        const std::int64_t value = from.get_int64();
        target = static_cast<double>(value);
        if (target < end / 2 && static_cast<std::int64_t>(target) == value)
            return;
    } else {
        const std::uint64_t value = from.get_uint64();
        target = static_cast<double>(value);
        if (target < end && static_cast<std::uint64_t>(target) == value)
            return;
    }
    path.refuse("is an integer that its floating-point type does not hold exactly");
}

void read_json(const json::value& from, float& target, const JsonPath& path) {
    double wide = 0;
    read_json(from, wide, path);
    if (std::abs(wide) > static_cast<double>(std::numeric_limits<float>::max()))
        path.refuse("is beyond the range of float");
    target = static_cast<float>(wide);
    if (!from.is_double() && static_cast<double>(target) != wide)
        path.refuse("is an integer that its floating-point type does not hold exactly");
}

void read_json(const json::value& from, std::string& target, const JsonPath& path) {
    if (!from.is_string())
        refuse_kind(from, path, "is no string");
    target = std::string_view{from.get_string()};
}

void read_json(const json::value& from, json::value& target, const JsonPath&) {
    target = from;
}

std::int64_t json_integer(const json::value& from, std::int64_t least, std::int64_t most, const JsonPath& path) {
    if (const std::int64_t* value = from.if_int64(); value != nullptr && *value >= least && *value <= most)
        return *value;
    if (from.is_number() && !from.is_double())
        path.refuse("does not fit into its integer type");
    refuse_kind(from, path, "is no integer");
}

std::uint64_t json_unsigned(const json::value& from, std::uint64_t most, const JsonPath& path) {
    if (const std::uint64_t* value = from.if_uint64(); value != nullptr && *value <= most)
        return *value;
    const auto signed_most = static_cast<std::int64_t>(
        std::min<std::uint64_t>(most, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
    return static_cast<std::uint64_t>(json_integer(from, 0, signed_most, path));
}

std::string json_coded_text(const json::value& from, const JsonPath& path) {
    std::string text;
    if (from.is_int64())
        write_integer(from.get_int64(), text);
    else if (from.is_uint64())
        text = std::to_string(from.get_uint64());
    else
        read_json(from, text, path);
    return text;
}

bool json_is_null(const json::value& value) noexcept {
    return value.is_null();
}

std::size_t json_array_size(const json::value& array, const JsonPath& path) {
    if (!array.is_array())
        refuse_kind(array, path, "is no array");
    return array.get_array().size();
}

const json::value& json_element(const json::value& array, std::size_t index) noexcept {
    return array.get_array()[index];
}

bool same_json(const json::value& left, const json::value& right) {
    return Codec<json::value>::same(left, right);
}

} // namespace corm::types::detail

// How the members of a struct that is kept as JSON are written and read, by their C++ type.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/detail/json_table.hpp>
#include <corm/type/enumeration.hpp>
#include <corm/type/oid.hpp>
#include <corm/type/text.hpp>

#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::types::detail {

template <class T>
concept JsonObject = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

enum class JsonKind { boolean, integer, floating, text, enumeration, optional, array, object, json, coded, none };

template <class T>
inline constexpr bool is_character =
    std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
    std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
consteval JsonKind json_kind() {
    if constexpr (std::is_same_v<T, bool>)
        return JsonKind::boolean;
    else if constexpr (std::is_integral_v<T> && !is_character<T> && sizeof(T) <= sizeof(std::int64_t))
        return JsonKind::integer;
    else if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>)
        return JsonKind::floating;
    else if constexpr (std::is_same_v<T, std::string>)
        return JsonKind::text;
    else if constexpr (std::is_same_v<T, boost::json::value>)
        return JsonKind::json;
    else if constexpr (IsOptional<T>::value)
        return JsonKind::optional;
    else if constexpr (IsVector<T>::value && !std::is_same_v<T, Bytes>)
        return JsonKind::array;
    else if constexpr (std::is_enum_v<T>)
        return DescribedEnum<T> ? JsonKind::enumeration : JsonKind::none;
    else if constexpr (JsonObject<T>)
        return JsonKind::object;
    else if constexpr (Codable<T>)
        return JsonKind::coded;
    else
        return JsonKind::none;
}

template <class T, JsonKind kind = json_kind<T>()>
struct JsonAccess {
    static_assert(kind != JsonKind::none,
                  "corm: a struct kept as JSON has a member of a type that is not written as JSON; use numbers, bool, "
                  "std::string, described enums and structs, std::optional and std::vector of them, "
                  "boost::json::value, or a type with a codec");
    static void write(const T&, std::string&, const JsonPath&) {}
    static void read(const boost::json::value&, T&, const JsonPath&) {}
    static bool same(const T&, const T&) { return true; }
};

template <class T>
struct JsonAccess<T, JsonKind::boolean> {
    static void write(const T& value, std::string& out, const JsonPath& path) { write_json(value, out, path); }
    static void read(const boost::json::value& from, T& target, const JsonPath& path) { read_json(from, target, path); }
    static bool same(const T& left, const T& right) { return left == right; }
};
template <class T>
struct JsonAccess<T, JsonKind::text> : JsonAccess<T, JsonKind::boolean> {};

template <class T>
struct JsonAccess<T, JsonKind::floating> : JsonAccess<T, JsonKind::boolean> {
    // NaN cannot be stored, but may stand in memory; the document knows no negative zero.
    static bool same(const T& left, const T& right) { return left == right || (left != left && right != right); }
};

template <class T>
struct JsonAccess<T, JsonKind::json> : JsonAccess<T, JsonKind::boolean> {
    static bool same(const T& left, const T& right) { return same_json(left, right); }
};

template <class T>
struct JsonAccess<T, JsonKind::integer> {
    using Limits = std::numeric_limits<T>;
    using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;

    static void write(const T& value, std::string& out, const JsonPath& path) {
        write_json(static_cast<Wide>(value), out, path);
    }
    static void read(const boost::json::value& from, T& target, const JsonPath& path) {
        if constexpr (std::is_signed_v<T>)
            target = static_cast<T>(json_integer(from, Limits::min(), Limits::max(), path));
        else
            target = static_cast<T>(json_unsigned(from, Limits::max(), path));
    }
    static bool same(const T& left, const T& right) { return left == right; }
};

template <class E>
struct JsonAccess<E, JsonKind::enumeration> {
    static void write(const E& value, std::string& out, const JsonPath& path) {
        for (const EnumLabel& label : labels) {
            if (label.value == static_cast<std::int64_t>(value)) {
                write_json(label.label, out, path);
                return;
            }
        }
        path.refuse("is none of the enumerators of its enum");
    }
    static void read(const boost::json::value& from, E& target, const JsonPath& path) {
        std::string text;
        read_json(from, text, path);
        for (const EnumLabel& label : labels) {
            if (label.label == text) {
                target = static_cast<E>(label.value);
                return;
            }
        }
        path.refuse("is none of the enumerators of its enum; add it to the enum and its BOOST_DESCRIBE_ENUM");
    }
    static bool same(const E& left, const E& right) { return left == right; }

private:
    static constexpr auto labels = enum_labels(boost::describe::describe_enumerators<E>{});
};

template <class T>
struct JsonAccess<std::optional<T>, JsonKind::optional> {
    static_assert(!IsOptional<T>::value, "corm: JSON has one null: a struct kept as JSON cannot hold a std::optional "
                                         "of a std::optional");

    static void write(const std::optional<T>& value, std::string& out, const JsonPath& path) {
        if (value)
            JsonAccess<T>::write(*value, out, path);
        else
            out += "null";
    }
    static void read(const boost::json::value& from, std::optional<T>& target, const JsonPath& path) {
        if (json_is_null(from))
            target.reset();
        else
            JsonAccess<T>::read(from, target ? *target : target.emplace(), path);
    }
    static bool same(const std::optional<T>& left, const std::optional<T>& right) {
        return left && right ? JsonAccess<T>::same(*left, *right) : left.has_value() == right.has_value();
    }
};

template <class T>
struct JsonAccess<std::vector<T>, JsonKind::array> {
    using Array = std::vector<T>;

    static void write(const Array& values, std::string& out, const JsonPath& path) {
        path.check_depth();
        out.push_back('[');
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i != 0)
                out.push_back(',');
            const T& value = values[i]; // a copy of the bit, for bool
            JsonAccess<T>::write(value, out, JsonPath{path, i});
        }
        out.push_back(']');
    }
    static void read(const boost::json::value& from, Array& target, const JsonPath& path) {
        const std::size_t size = json_array_size(from, path);
        target.clear();
        target.reserve(size);
        for (std::size_t i = 0; i < size; ++i) {
            T value{};
            JsonAccess<T>::read(json_element(from, i), value, JsonPath{path, i});
            target.push_back(std::move(value));
        }
    }
    static bool same(const Array& left, const Array& right) {
        if (left.size() != right.size())
            return false;
        for (std::size_t i = 0; i < left.size(); ++i) {
            const T& one = left[i];
            const T& other = right[i];
            if (!JsonAccess<T>::same(one, other))
                return false;
        }
        return true;
    }
};

template <class T>
struct JsonAccess<T, JsonKind::coded> {
    static void write(const T& value, std::string& out, const JsonPath& path) {
        std::string text;
        try {
            Codec<T>::literal(value, text);
        } catch (...) {
            refuse_as_caught(path);
        }
        write_json(std::string_view{text}, out, path);
    }
    static void read(const boost::json::value& from, T& target, const JsonPath& path) {
        const std::string text = json_coded_text(from, path);
        constexpr Oid oid = Codec<T>::oid != 0 ? Codec<T>::oid : oids::unknown;
        try {
            Codec<T>::decode(FieldView{text.c_str(), static_cast<std::int32_t>(text.size()), oid, Format::text},
                             target);
        } catch (...) {
            refuse_as_caught(path);
        }
    }
    static bool same(const T& left, const T& right) { return Codec<T>::same(left, right); }
};

template <class T, class Descriptor>
struct JsonMemberAccess {
    using Value = std::remove_cvref_t<decltype(std::declval<T&>().*Descriptor::pointer)>;
    static_assert(!std::is_const_v<std::remove_reference_t<decltype(std::declval<T&>().*Descriptor::pointer)>>,
                  "corm: a member of a struct kept as JSON must not be const; corm writes it when a row is loaded");

    static const Value& of(const void* object) { return static_cast<const T*>(object)->*Descriptor::pointer; }

    static void write(const void* object, std::string& out, const JsonPath& path) {
        JsonAccess<Value>::write(of(object), out, path);
    }
    static void read(const boost::json::value* from, void* object, const JsonPath& path) {
        Value& target = static_cast<T*>(object)->*Descriptor::pointer;
        if constexpr (IsOptional<Value>::value) {
            if (from == nullptr) {
                target.reset();
                return;
            }
        }
        JsonAccess<Value>::read(*from, target, path);
    }
    static bool same(const void* left, const void* right) { return JsonAccess<Value>::same(of(left), of(right)); }
    static constexpr JsonMember member{Descriptor::name, IsOptional<Value>::value, &write, &read, &same};
};

template <class T, template <class...> class List, class... Descriptors>
constexpr auto json_members(List<Descriptors...>*) {
    return std::array<JsonMember, sizeof...(Descriptors)>{JsonMemberAccess<T, Descriptors>::member...};
}

/// The table of a described struct. A function, because a struct may contain vectors of itself.
template <JsonObject T>
const JsonTable& json_table() {
    using namespace boost::describe;
    using Hidden = describe_members<T, mod_private | mod_protected | mod_inherited>;
    static_assert(std::tuple_size_v<decltype(json_members<T>(static_cast<Hidden*>(nullptr)))> == 0,
                  "corm: a struct kept as JSON must have no described private or protected members");
    static constexpr auto members =
        json_members<T>(static_cast<describe_members<T, mod_public | mod_inherited>*>(nullptr));
    static constexpr JsonTable table{members.data(), members.size()};
    return table;
}

template <class T>
struct JsonAccess<T, JsonKind::object> {
    static void write(const T& value, std::string& out, const JsonPath& path) {
        write_json_object(json_table<T>(), &value, out, path);
    }
    static void read(const boost::json::value& from, T& target, const JsonPath& path) {
        read_json_object(json_table<T>(), from, &target, path);
    }
    static bool same(const T& left, const T& right) { return same_json_object(json_table<T>(), &left, &right); }
};

} // namespace corm::types::detail

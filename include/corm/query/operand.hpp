// Which C++ values a column can be compared with, and how they travel.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/optional.hpp>
#include <corm/type/scalar.hpp>
#include <corm/type/text.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace corm::types {
class Numeric;
}

namespace corm::query::detail {

template <class T>
inline constexpr bool is_character =
    std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
    std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

/// Numbers: bool and characters are none.
template <class T>
inline constexpr bool is_integer = std::is_integral_v<T> && !std::is_same_v<T, bool> && !is_character<T>;
template <class T>
inline constexpr bool is_number = is_integer<T> || std::is_floating_point_v<T>;

template <class T>
inline constexpr bool is_text = std::is_convertible_v<const T&, std::string_view> && !std::is_null_pointer_v<T>;

template <class T>
inline constexpr bool is_nullopt = std::is_same_v<T, std::nullopt_t>;

template <class T>
inline constexpr bool is_numeric = std::is_same_v<T, types::Numeric>;
template <class T>
inline constexpr bool is_any_number = is_number<T> || is_numeric<T>;

/// Two types of SQL values that the server compares with each other as what they are.
template <class A, class B>
inline constexpr bool comparable_types = std::is_same_v<A, B> || (is_any_number<A> && is_any_number<B>);

template <class To, class From>
consteval bool holds_every() {
    if constexpr (is_number<From>)
        return std::numeric_limits<From>::digits <= std::numeric_limits<To>::digits &&
               (std::is_signed_v<To> || std::is_unsigned_v<From>);
    else
        return false;
}
/// `From` is a number type each value of which is a `To`, exactly.
template <class To, class From>
inline constexpr bool fits = holds_every<To, From>();

/// A column of type `Value` can be compared with a `Given` without losing anything of either. PostgreSQL compares
/// integers of different widths as they are, and uses indexes doing so; hence any integer up to 64 bits signed will do.
template <class Value, class Given>
consteval bool comparable() {
    if constexpr (std::is_same_v<Value, Given>)
        return true;
    else if constexpr (is_integer<Value>)
        return is_integer<Given> && fits<std::int64_t, Given>;
    else if constexpr (std::is_floating_point_v<Value>)
        return is_number<Given> && fits<Value, Given>;
    else if constexpr (std::is_same_v<Value, std::string>)
        return is_text<Given>;
    else if constexpr (std::is_class_v<Value> && !std::is_floating_point_v<Given> && !std::is_same_v<Given, bool>)
        return std::is_convertible_v<const Given&, Value>;
    else
        return false;
}

/// The integer type that holds any `Given`.
template <class Given>
using Integer = std::conditional_t<fits<std::int32_t, Given>, std::int32_t, std::int64_t>;

template <class Value, class Given>
consteval auto sent_type() {
    if constexpr (is_integer<Value> && is_integer<Given>) {
        if constexpr (!fits<Value, Given>)
            return std::type_identity<Integer<Given>>{};
        else
            return std::type_identity<Value>{};
    } else {
        return std::type_identity<Value>{};
    }
}

[[nodiscard]] inline std::string_view text_of(std::string_view text) noexcept {
    return text;
}
/// Throws `ConversionError` for a null pointer.
[[nodiscard]] std::string_view text_of(const char* text);

/// A value on its way to be encoded, converted to the type that travels.
template <class Value, class Given>
class Operand {
public:
    using Sent = typename decltype(sent_type<Value, Given>())::type;

    explicit Operand(const Given& given) : sent_(convert(given)) {}

    [[nodiscard]] static const types::ValueType& type() noexcept { return types::value_type<Sent>; }
    [[nodiscard]] const void* address() const noexcept { return &sent_; }

private:
    static Sent convert(const Given& given) {
        if constexpr (std::is_same_v<Sent, std::string> && !std::is_same_v<Given, std::string>)
            return Sent{text_of(given)};
        else if constexpr (is_number<Given> && is_number<Sent>)
            return static_cast<Sent>(given);
        else
            return given;
    }

    Sent sent_;
};

template <class T>
using value_of = typename types::Nullable<T>::Value;

/// The type by which a value is bound that goes with no column of a known type: text for anything like text, the next
/// wider integer where there is no codec. `void` for what cannot be bound.
template <class Given>
consteval auto natural_type() {
    if constexpr (types::Codable<Given>)
        return std::type_identity<Given>{};
    else if constexpr (is_text<Given>)
        return std::type_identity<std::string>{};
    else if constexpr (is_integer<Given> && fits<std::int64_t, Given>)
        return std::type_identity<Integer<Given>>{};
    else
        return std::type_identity<void>{};
}
template <class Given>
using natural_t = typename decltype(natural_type<Given>())::type;

} // namespace corm::query::detail

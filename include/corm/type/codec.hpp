// How a C++ type travels: Codec<T>, and its erased form ValueType.
#pragma once

#include <corm/type/field_view.hpp>

#include <concepts>
#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace corm::types {

/// The conversion between `T` and a PostgreSQL type. Specialise it for a type of your own:
///
/// ```cpp
/// template <>
/// struct corm::types::Codec<Colour> {
///     static constexpr Oid oid = 23;               // parameter type; 0 lets the server infer it
///     static constexpr Oid array_oid = 1007;       // 0: bulk statements send text literals and cast them;
///                                                  // otherwise `encode` must write the binary format
///     static constexpr Format format = Format::binary;
///     static std::string_view sql_type() { return "int4"; }            // for casts; may be quoted and qualified
///     static void encode(const Colour&, std::string& out);             // appends the bytes in `format`
///     static void decode(const FieldView&, Colour&);                   // never sees NULL; throws ConversionError
///     static void literal(const Colour&, std::string& out);            // appends the text form, unquoted
///     static bool same(const Colour&, const Colour&);                  // equal for the database, not for C++
/// };
/// ```
template <class T>
struct Codec;

/// Types with a codec of their own.
template <class T>
concept Codable = requires(const T& value, T& target, const FieldView& field, std::string& out) {
    { Codec<T>::oid } -> std::convertible_to<Oid>;
    { Codec<T>::array_oid } -> std::convertible_to<Oid>;
    { Codec<T>::format } -> std::convertible_to<Format>;
    { Codec<T>::sql_type() } -> std::convertible_to<std::string_view>;
    Codec<T>::encode(value, out);
    Codec<T>::decode(field, target);
    Codec<T>::literal(value, out);
    { Codec<T>::same(value, value) } -> std::convertible_to<bool>;
};

namespace detail {

struct EnumTable;
struct CompositeTable;

template <class ValueCodec>
consteval const EnumTable* labels_of() {
    if constexpr (requires { ValueCodec::label_table(); })
        return ValueCodec::label_table();
    else
        return nullptr;
}

template <class ValueCodec>
consteval const CompositeTable* fields_of() {
    if constexpr (requires { ValueCodec::field_table(); })
        return ValueCodec::field_table();
    else
        return nullptr;
}

template <class ValueCodec>
consteval auto element_of() {
    if constexpr (requires { ValueCodec::array_element(); })
        return ValueCodec::array_element();
    else
        return nullptr;
}

template <class ValueCodec>
concept ReadAsText = ValueCodec::read_as_text;
template <class ValueCodec>
inline constexpr bool read_as_text = ReadAsText<ValueCodec>;

} // namespace detail

/// The erased form: one constant table per type, shared by everything that handles values at run time.
struct ValueType {
    std::size_t size;
    std::size_t align;
    Oid oid;       ///< parameter type, 0 when the server infers it
    Oid array_oid; ///< 0: elements of a bulk parameter travel as text literals
    Format format;
    bool nullable;                        ///< the C++ type can hold SQL NULL
    bool integer;                         ///< int2, int4 or int8: a key of this type may come from a sequence
    bool as_text;                         ///< queries cast columns of it to text
    const detail::EnumTable* labels;      ///< of an enum; null for everything else
    const detail::CompositeTable* fields; ///< of a composite; null for everything else
    const ValueType* element;             ///< of an array of any dimensions: what it holds; null for everything else
    std::string_view (*sql_type)();

    void (*construct)(void* at);
    void (*copy_construct)(void* at, const void* from);
    void (*copy_assign)(void* to, const void* from);
    void (*destroy)(void* at) noexcept;

    bool (*is_null)(const void* value) noexcept;
    void (*set_null)(void* value);                        ///< throws ConversionError unless nullable
    void (*encode)(const void* value, std::string& out);  ///< never called for NULL
    void (*decode)(const FieldView& field, void* target); ///< handles NULL; throws ConversionError
    void (*literal)(const void* value, std::string& out); ///< never called for NULL
    bool (*same)(const void* left, const void* right);
};

/// Optional-like types say so by specialising this: how to reach the value inside.
template <class T>
struct Nullable : std::false_type {
    using Value = T;
};

/// Throws `ConversionError`: NULL arrived for a type that cannot hold it.
[[noreturn]] void throw_unexpected_null(std::string_view sql_type);

namespace detail {

template <class T>
struct ErasedCodec {
    using Traits = Nullable<T>;
    using Value = typename Traits::Value;

    static const T& at(const void* value) noexcept { return *static_cast<const T*>(value); }
    static T& at(void* value) noexcept { return *static_cast<T*>(value); }

    static void construct(void* place) { ::new (place) T(); }
    static void copy_construct(void* place, const void* from) { ::new (place) T(at(from)); }
    static void copy_assign(void* to, const void* from) { at(to) = at(from); }
    static void destroy(void* place) noexcept { at(place).~T(); }

    static bool is_null([[maybe_unused]] const void* value) noexcept {
        if constexpr (Traits::value)
            return !Traits::has_value(at(value));
        else
            return false;
    }
    static void set_null(void* value) {
        if constexpr (Traits::value)
            Traits::reset(at(value));
        else
            throw_unexpected_null(Codec<Value>::sql_type());
    }
    static void encode(const void* value, std::string& out) {
        if constexpr (Traits::value)
            Codec<Value>::encode(Traits::get(at(value)), out);
        else
            Codec<Value>::encode(at(value), out);
    }
    static void decode(const FieldView& field, void* target) {
        if (field.is_null())
            set_null(target);
        else if constexpr (Traits::value)
            Codec<Value>::decode(field, Traits::emplace(at(target)));
        else
            Codec<Value>::decode(field, at(target));
    }
    static void literal(const void* value, std::string& out) {
        if constexpr (Traits::value)
            Codec<Value>::literal(Traits::get(at(value)), out);
        else
            Codec<Value>::literal(at(value), out);
    }
    static bool same(const void* left, const void* right) {
        if constexpr (Traits::value) {
            if (is_null(left) || is_null(right))
                return is_null(left) == is_null(right);
            return Codec<Value>::same(Traits::get(at(left)), Traits::get(at(right)));
        } else {
            return Codec<Value>::same(at(left), at(right));
        }
    }
};

} // namespace detail

/// Types that can be a column: a codec of their own, or optional-like around one.
template <class T>
concept ColumnValue = Codable<typename Nullable<T>::Value> && std::copyable<T> && std::default_initializable<T>;

/// The table of `T`; one object per type in the program.
template <ColumnValue T>
inline constexpr ValueType value_type{
    .size = sizeof(T),
    .align = alignof(T),
    .oid = Codec<typename Nullable<T>::Value>::oid,
    .array_oid = Codec<typename Nullable<T>::Value>::array_oid,
    .format = Codec<typename Nullable<T>::Value>::format,
    .nullable = Nullable<T>::value,
    .integer = std::integral<typename Nullable<T>::Value> && !std::same_as<typename Nullable<T>::Value, bool>,
    .as_text = detail::read_as_text<Codec<typename Nullable<T>::Value>>,
    .labels = detail::labels_of<Codec<typename Nullable<T>::Value>>(),
    .fields = detail::fields_of<Codec<typename Nullable<T>::Value>>(),
    .element = detail::element_of<Codec<typename Nullable<T>::Value>>(),
    .sql_type = [] { return std::string_view{Codec<typename Nullable<T>::Value>::sql_type()}; },
    .construct = &detail::ErasedCodec<T>::construct,
    .copy_construct = &detail::ErasedCodec<T>::copy_construct,
    .copy_assign = &detail::ErasedCodec<T>::copy_assign,
    .destroy = &detail::ErasedCodec<T>::destroy,
    .is_null = &detail::ErasedCodec<T>::is_null,
    .set_null = &detail::ErasedCodec<T>::set_null,
    .encode = &detail::ErasedCodec<T>::encode,
    .decode = &detail::ErasedCodec<T>::decode,
    .literal = &detail::ErasedCodec<T>::literal,
    .same = &detail::ErasedCodec<T>::same,
};

} // namespace corm::types

// std::vector is a PostgreSQL array; vectors of vectors are its dimensions.
#pragma once

#include <corm/type/codec.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::types {

namespace detail {

/// One dimension of an array type, seen by the compiled part; static data, one per vector type.
struct ArrayLevel {
    const ArrayLevel* inner;  ///< the next dimension; null when the elements are values
    const ValueType* element; ///< the innermost elements
    int depth;                ///< dimensions from here on
    std::size_t (*size)(const void* array);
    void (*resize)(void* array, std::size_t size);
    const void* (*at)(const void* array, std::size_t index);                   ///< an inner array, or an element
    void* (*inner_at)(void* array, std::size_t index);                         ///< only where `inner` is not null
    void (*decode_at)(void* array, std::size_t index, const FieldView& field); ///< only where `inner` is null
};

void encode_array(const ArrayLevel& level, const void* array, std::string& out);
void decode_array(const ArrayLevel& level, const FieldView& field, void* array);
void write_array(const ArrayLevel& level, const void* array, std::string& out);
[[nodiscard]] bool same_array(const ArrayLevel& level, const void* left, const void* right);

template <class T>
struct ArrayAccess {
    using Array = std::vector<T>;

    static std::size_t size(const void* array) { return static_cast<const Array*>(array)->size(); }
    static void resize(void* array, std::size_t size) { static_cast<Array*>(array)->resize(size); }
    static const void* at(const void* array, std::size_t index) {
        const Array& values = *static_cast<const Array*>(array);
        if constexpr (std::is_same_v<T, bool>) {
            static constexpr bool bits[] = {false, true}; // vector<bool> holds no bool to point at
            return &bits[values[index] ? 1 : 0];
        } else {
            return &values[index];
        }
    }
    static void* inner_at(void* array, std::size_t index) {
        if constexpr (std::is_same_v<T, bool>)
            return nullptr;
        else
            return &(*static_cast<Array*>(array))[index];
    }
    static void decode_at(void* array, std::size_t index, const FieldView& field) {
        Array& values = *static_cast<Array*>(array);
        if constexpr (std::is_same_v<T, bool>) {
            bool value = false;
            ErasedCodec<T>::decode(field, &value);
            values[index] = value;
        } else {
            ErasedCodec<T>::decode(field, &values[index]);
        }
    }
};

/// Vectors whose codec is the one below: not `Bytes`, nor a vector with a codec of the user's own.
template <class T>
concept ArrayValue = requires { Codec<T>::level; };

/// The table of `std::vector<T>`.
template <class T>
struct ArrayTable {
    static constexpr ArrayLevel level{nullptr,
                                      &value_type<T>,
                                      1,
                                      &ArrayAccess<T>::size,
                                      &ArrayAccess<T>::resize,
                                      &ArrayAccess<T>::at,
                                      nullptr,
                                      &ArrayAccess<T>::decode_at};
    using Element = T;
};
template <class T>
    requires ArrayValue<std::vector<T>>
struct ArrayTable<std::vector<T>> {
    using Inner = ArrayTable<T>;
    using Element = typename Inner::Element;
    static constexpr ArrayLevel level{&Inner::level,
                                      &value_type<Element>,
                                      Inner::level.depth + 1,
                                      &ArrayAccess<std::vector<T>>::size,
                                      &ArrayAccess<std::vector<T>>::resize,
                                      &ArrayAccess<std::vector<T>>::at,
                                      &ArrayAccess<std::vector<T>>::inner_at,
                                      nullptr};
};

} // namespace detail

/// An array of any column type. NULL elements need `std::optional`. Nested vectors are dimensions and must be
/// rectangular, with no empty ones inside (the server keeps no dimensions of an empty array); at most six.
/// Lower bounds are ignored on reading. Elements without a fixed OID (enums) make the parameter a text literal whose
/// type the server infers.
template <ColumnValue T>
struct Codec<std::vector<T>> {
    static constexpr const detail::ArrayLevel& level = detail::ArrayTable<T>::level;
    static_assert(level.depth <= 6, "corm: a PostgreSQL array has at most six dimensions");
    static_assert(!Nullable<T>::value || !detail::ArrayValue<typename Nullable<T>::Value>,
                  "corm: only the elements of a PostgreSQL array can be NULL, not its dimensions: take std::optional "
                  "around the outermost vector or around the innermost elements");

    static constexpr Oid oid = level.element->array_oid;
    static constexpr Oid array_oid = 0; // there is no array of arrays: bulk statements send literals
    static constexpr Format format = oid != 0 ? Format::binary : Format::text;
    static std::string_view sql_type() {
        static const std::string text = std::string{level.element->sql_type()} + "[]";
        return text;
    }
    static void encode(const std::vector<T>& value, std::string& out) {
        if constexpr (oid != 0)
            detail::encode_array(level, &value, out);
        else
            detail::write_array(level, &value, out);
    }
    /// After a `ConversionError` the target is valid, but what it holds is unspecified.
    static void decode(const FieldView& field, std::vector<T>& target) { detail::decode_array(level, field, &target); }
    static void literal(const std::vector<T>& value, std::string& out) { detail::write_array(level, &value, out); }
    static bool same(const std::vector<T>& left, const std::vector<T>& right) {
        return detail::same_array(level, &left, &right);
    }
    static constexpr const ValueType* array_element() noexcept { return level.element; }
};

} // namespace corm::types

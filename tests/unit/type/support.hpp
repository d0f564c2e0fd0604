// What the tests of the codecs share.
#pragma once

#include <corm/base/error.hpp>
#include <corm/type/codec.hpp>

#include <catch2/catch_test_macros.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace corm::test {

using types::Codec;
using types::FieldView;
using types::Format;
using types::Oid;

/// A field over `bytes`, which must outlive it.
inline FieldView field(std::string_view bytes, Oid oid, Format format = Format::binary) {
    static const char nothing = 0; // a null pointer would be SQL NULL
    return {bytes.empty() ? &nothing : bytes.data(), static_cast<std::int32_t>(bytes.size()), oid, format};
}

inline std::string bytes(std::initializer_list<int> values) {
    std::string out;
    for (const int value : values)
        out.push_back(static_cast<char>(value));
    return out;
}

template <class T>
std::string encoded(const T& value) {
    std::string out;
    Codec<T>::encode(value, out);
    return out;
}

template <class T>
std::string literal(const T& value) {
    std::string out;
    Codec<T>::literal(value, out);
    return out;
}

template <class T>
T decoded(std::string_view from, Oid oid, Format format = Format::binary) {
    T value{};
    Codec<T>::decode(field(from, oid, format), value);
    return value;
}

/// Through bytes and back, by the codec's own notion of equality.
template <class T>
bool survives(const T& value, Oid oid = Codec<T>::oid) {
    return Codec<T>::same(decoded<T>(encoded(value), oid), value);
}

/// The text of the ConversionError that `action` throws; empty when it throws none.
template <class F>
std::string problem_of(F&& action) {
    try {
        action();
    } catch (const ConversionError& error) {
        return error.problem();
    }
    return {};
}

template <class T>
std::string decode_problem(std::string_view from, Oid oid, Format format = Format::binary) {
    return problem_of([&] { static_cast<void>(decoded<T>(from, oid, format)); });
}

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

} // namespace corm::test

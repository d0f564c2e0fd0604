// Mapped types that are hard to hold: members that count their copies, and much alignment.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace instance_test {

/// Counts its objects, and fails to be copied on request.
struct alignas(64) Payload {
    std::string text;
    static inline int alive = 0;
    static inline int copies_left = -1; ///< negative: as many as wanted

    Payload() { ++alive; }
    Payload(const Payload& other) : text((require_copy(), other.text)) { ++alive; }
    Payload(Payload&& other) noexcept : text(std::move(other.text)) { ++alive; }
    Payload& operator=(const Payload& other) {
        require_copy();
        text = other.text;
        return *this;
    }
    Payload& operator=(Payload&&) noexcept = default;
    ~Payload() { --alive; }

    static void require_copy() {
        if (copies_left == 0)
            throw std::runtime_error("no more copies");
        if (copies_left > 0)
            --copies_left;
    }
};

} // namespace instance_test

template <>
struct corm::types::Codec<instance_test::Payload> : corm::types::Codec<std::string> {
    using Payload = instance_test::Payload;
    static void encode(const Payload& value, std::string& out) { out += value.text; }
    static void decode(const FieldView& field, Payload& value) { value.text = field.bytes(); }
    static void literal(const Payload& value, std::string& out) { out += value.text; }
    static bool same(const Payload& left, const Payload& right) { return left.text == right.text; }
};

namespace instance_test {

struct Parcel {
    std::int64_t id = 0;
    Payload first;
    Payload second;
};
BOOST_DESCRIBE_STRUCT(Parcel, (), (id, first, second))
constexpr auto corm_mapping(corm::type<Parcel>) {
    return corm::mapping::table<Parcel>("parcels").primary_key<&Parcel::id>();
}

struct Huge {
    std::int64_t id = 0;
    alignas(256) std::int64_t line = 0;
    std::array<char, 65'536> padding{};
};
BOOST_DESCRIBE_STRUCT(Huge, (), (id, line, padding))
constexpr auto corm_mapping(corm::type<Huge>) {
    return corm::mapping::table<Huge>("huge").primary_key<&Huge::id>().unmapped<&Huge::padding>();
}

} // namespace instance_test

// What the json_*.cpp cases start from.
#pragma once

#include <corm/json.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <string>

struct Colour {
    std::int32_t rgb = 0;
};
template <>
struct corm::types::Codec<Colour> {
    static constexpr Oid oid = oids::int4;
    static constexpr Oid array_oid = oids::int4_array;
    static constexpr Format format = Format::binary;
    static std::string_view sql_type() { return "int4"; }
    static void encode(const Colour&, std::string&) {}
    static void decode(const FieldView&, Colour&) {}
    static void literal(const Colour&, std::string&) {}
    static bool same(const Colour&, const Colour&) { return true; }
};

struct Car {
    std::int64_t id = 0;
    std::string plate{};
    Colour colour{};
};
BOOST_DESCRIBE_STRUCT(Car, (), (id, plate, colour))
constexpr auto corm_mapping(corm::type<Car>) {
    return corm::mapping::table<Car>("cars").primary_key<&Car::id>();
}

struct Other {
    std::int64_t id = 0;
};

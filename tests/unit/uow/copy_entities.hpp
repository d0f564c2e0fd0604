// The mapped types of the tests of COPY.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace copy_test {

struct Point {
    std::int32_t id = 0;
    std::string label{};
    std::optional<std::int16_t> height{};
};
BOOST_DESCRIBE_STRUCT(Point, (), (id, label, height))
constexpr auto corm_mapping(corm::type<Point>) {
    return corm::mapping::table<Point>("points").schema("app").primary_key<&Point::id>().bulk_copy(2);
}

enum class Kind { cat, dog };
BOOST_DESCRIBE_ENUM(Kind, cat, dog)
constexpr auto corm_enum(corm::type<Kind>) {
    return corm::types::pg_enum("kind");
}
struct Pet {
    std::int64_t id = 0;
    Kind kind = Kind::cat;
    std::optional<std::string> name{};
};
BOOST_DESCRIBE_STRUCT(Pet, (), (id, kind, name))
constexpr auto corm_mapping(corm::type<Pet>) {
    return corm::mapping::table<Pet>("pets").primary_key<&Pet::id>().bulk_copy(1);
}

struct Ticket {
    std::int32_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Ticket, (), (id))
constexpr auto corm_mapping(corm::type<Ticket>) {
    return corm::mapping::table<Ticket>("tickets")
        .schema("app")
        .primary_key<&Ticket::id>()
        .sequence<&Ticket::id>("a.\"b")
        .bulk_copy(1);
}

} // namespace copy_test

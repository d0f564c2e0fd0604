// The tables of the TechEmpower benchmarks.
#pragma once

#include <corm/corm.hpp>

#include <boost/describe.hpp>

#include <cstdint>
#include <string>

namespace techempower {

struct World {
    std::int32_t id = 0;
    std::int32_t randomNumber = 0; // the name that the specification gives it in JSON
};
BOOST_DESCRIBE_STRUCT(World, (), (id, randomNumber))

constexpr auto corm_mapping(corm::type<World>) {
    return corm::table<World>("world").primary_key<&World::id>().column<&World::randomNumber>("randomnumber");
}

struct Fortune {
    std::int32_t id = 0;
    std::string message;
};
BOOST_DESCRIBE_STRUCT(Fortune, (), (id, message))

constexpr auto corm_mapping(corm::type<Fortune>) {
    return corm::table<Fortune>("fortune").primary_key<&Fortune::id>();
}

} // namespace techempower

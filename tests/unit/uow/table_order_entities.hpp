// Mapped types whose tables refer to each other.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <string>

namespace table_order_test {

struct Country {
    std::string code;
};
BOOST_DESCRIBE_STRUCT(Country, (), (code))
constexpr auto corm_mapping(corm::type<Country>) {
    return corm::mapping::table<Country>("z_countries").primary_key<&Country::code>();
}

struct Region {
    std::string code;
    std::string country;
};
BOOST_DESCRIBE_STRUCT(Region, (), (code, country))
constexpr auto corm_mapping(corm::type<Region>) {
    return corm::mapping::table<Region>("m_regions").primary_key<&Region::code>().references<Country>();
}

struct City {
    std::string name;
    std::string region;
};
BOOST_DESCRIBE_STRUCT(City, (), (name, region))
constexpr auto corm_mapping(corm::type<City>) {
    return corm::mapping::table<City>("a_cities").primary_key<&City::name>().references<Region>().references<Country>();
}

struct Egg;
struct Hen {
    std::int32_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Hen, (), (id))
struct Egg {
    std::int32_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Egg, (), (id))
constexpr auto corm_mapping(corm::type<Hen>) {
    return corm::mapping::table<Hen>("hens").primary_key<&Hen::id>().references<Egg>();
}
constexpr auto corm_mapping(corm::type<Egg>) {
    return corm::mapping::table<Egg>("eggs").primary_key<&Egg::id>().references<Hen>();
}

} // namespace table_order_test

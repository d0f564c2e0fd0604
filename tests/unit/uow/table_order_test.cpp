// Tables in the order of their foreign keys.
#include "uow/table_order.hpp"

#include <corm/mapping/describe.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

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

template <class... Entities>
std::vector<std::string> order() {
    std::vector<std::string> names;
    for (const corm::mapping::Mapper* mapper : corm::uow::order_tables({corm::mapping::mapper_of<Entities>().get()...}))
        names.push_back(mapper->table());
    return names;
}

using Names = std::vector<std::string>;

TEST_CASE("a declared reference orders tables against their names", "[uow][unit]") {
    CHECK(order<City, Region, Country>() == Names{"z_countries", "m_regions", "a_cities"});
    CHECK(order<Country, City>() == Names{"z_countries", "a_cities"});
    CHECK(order<City>() == Names{"a_cities"});
}

TEST_CASE("tables that refer to each other keep the order by name", "[uow][unit]") {
    CHECK(order<Hen, Egg>() == Names{"eggs", "hens"});
    CHECK(order<Egg, Hen>() == Names{"eggs", "hens"});
}

} // namespace table_order_test

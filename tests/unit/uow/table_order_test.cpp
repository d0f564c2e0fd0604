// Tables in the order of their foreign keys.
#include "uow/table_order.hpp"

#include "table_order_entities.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

namespace table_order_test {

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

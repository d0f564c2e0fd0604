// The mapped types of the guard's tests.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace guard_test {

/// A number that may be -1 for a time, and no version.
struct Seat {
    std::int32_t id = 0;
    std::int32_t number = 0;
    std::int32_t note = 0;
};
BOOST_DESCRIBE_STRUCT(Seat, (), (id, number, note))
constexpr auto corm_mapping(corm::type<Seat>) {
    return corm::mapping::table<Seat>("seats").primary_key<&Seat::id>().unique<&Seat::number>(
        corm::mapping::temporary(-1));
}

/// Values of all the kinds that compare in their own way.
struct Thing {
    std::int32_t id = 0;
    double weight = 0;
    corm::types::Numeric price{};
    std::optional<std::string> label{};
    boost::json::value data{};
    corm::types::JsonText text{};
    std::vector<std::int32_t> tags{};
};
BOOST_DESCRIBE_STRUCT(Thing, (), (id, weight, price, label, data, text, tags))
constexpr auto corm_mapping(corm::type<Thing>) {
    return corm::mapping::table<Thing>("things").primary_key<&Thing::id>();
}

} // namespace guard_test

// The mapped types of the composed_*.cpp cases.
#pragma once

#include <corm/query.hpp>

#include <boost/describe/class.hpp>

struct Item {
    std::int64_t id = 0;
    std::string name;
    std::optional<std::string> note;
    std::int32_t amount = 0;
    std::optional<std::int32_t> rest;
};
BOOST_DESCRIBE_STRUCT(Item, (), (id, name, note, amount, rest))
constexpr auto corm_mapping(corm::type<Item>) {
    return corm::table<Item>("items").primary_key<&Item::id>();
}

struct Undescribed {
    int value = 0;
};

using corm::col;
using corm::select;

// The mapped types of the budget of a flush.
#pragma once

#include <corm/corm.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace budget {

struct Child;
struct Parent {
    std::int64_t id = 0;
    std::string name{};
    corm::Many<Child> children{};
};
BOOST_DESCRIBE_STRUCT(Parent, (), (id, name, children))
struct Child {
    std::int64_t id = 0;
    std::optional<std::int64_t> parent_id{};
    std::string name{};
    corm::One<Parent> parent{};
};
BOOST_DESCRIBE_STRUCT(Child, (), (id, parent_id, name, parent))
constexpr auto corm_mapping(corm::type<Parent>) {
    return corm::table<Parent>("parents")
        .primary_key<&Parent::id>(corm::assigned)
        .one_to_many<&Parent::children, &Child::parent_id>();
}
constexpr auto corm_mapping(corm::type<Child>) {
    return corm::table<Child>("children")
        .primary_key<&Child::id>(corm::assigned)
        .many_to_one<&Child::parent, &Child::parent_id>();
}

/// Five columns, a version among them, as in the benchmarks.
struct Item {
    std::int64_t id = 0;
    std::string name{};
    std::optional<std::string> note{};
    std::int32_t amount = 0;
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Item, (), (id, name, note, amount, version))
constexpr auto corm_mapping(corm::type<Item>) {
    return corm::table<Item>("items").primary_key<&Item::id>().version<&Item::version>();
}

} // namespace budget

// Mapped types that are related to one another.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/orm/ref.hpp> // for relation members; nothing of it is called
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>

namespace joined_test {

using corm::mapping::One;

struct Badge;
struct Person {
    std::int64_t id = 0;
    std::optional<std::int64_t> boss_id{};
    One<Person> boss{};
    One<Badge> badge{};
};
BOOST_DESCRIBE_STRUCT(Person, (), (id, boss_id, boss, badge))
struct Badge {
    std::int64_t id = 0;
    std::int64_t person_id = 0;
    One<Person> person{};
};
BOOST_DESCRIBE_STRUCT(Badge, (), (id, person_id, person))

/// A key of two parts, and names that need quotes.
struct Order {
    std::int32_t year = 0;
    std::int32_t number = 0;
    std::int64_t person_id = 0;
    One<Person> person{};
};
BOOST_DESCRIBE_STRUCT(Order, (), (year, number, person_id, person))
struct Line {
    std::int64_t id = 0;
    std::int32_t order_year = 0;
    std::int32_t order_number = 0;
    One<Order> order{};
};
BOOST_DESCRIBE_STRUCT(Line, (), (id, order_year, order_number, order))

constexpr auto corm_mapping(corm::type<Person>) {
    return corm::mapping::table<Person>("persons")
        .primary_key<&Person::id>()
        .many_to_one<&Person::boss, &Person::boss_id>()
        .one_to_one_inverse<&Person::badge, &Badge::person_id>();
}
constexpr auto corm_mapping(corm::type<Badge>) {
    return corm::mapping::table<Badge>("badges")
        .primary_key<&Badge::id>()
        .one_to_one<&Badge::person, &Badge::person_id>();
}
constexpr auto corm_mapping(corm::type<Order>) {
    return corm::mapping::table<Order>("orders")
        .schema("app")
        .primary_key<&Order::year, &Order::number>()
        .column<&Order::number>("no \"x\"")
        .many_to_one<&Order::person, &Order::person_id>();
}
constexpr auto corm_mapping(corm::type<Line>) {
    return corm::mapping::table<Line>("lines")
        .primary_key<&Line::id>()
        .many_to_one<&Line::order, &Line::order_year, &Line::order_number>();
}

} // namespace joined_test

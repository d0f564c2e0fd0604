// The mapped types of the unit of work's tests.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/mapping/record.hpp>
#include <corm/mapping/record_definition.hpp>
#include <corm/orm/ref.hpp> // for relation members; nothing of it is called
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace uow_test {

struct Order;

struct User {
    std::int64_t id = 0;
    std::string name{};
    std::optional<std::string> email{};
    std::int32_t age = 0;
    std::int32_t version = 0;
    corm::mapping::Many<Order> orders{};
};
BOOST_DESCRIBE_STRUCT(User, (), (id, name, email, age, version, orders))

struct Order {
    std::int64_t id = 0;
    std::int64_t user_id = 0;
    std::vector<std::int32_t> tags{};
    corm::mapping::One<User> user{};
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, user_id, tags, user))

constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users")
        .schema("app")
        .primary_key<&User::id>()
        .unique<&User::email>()
        .version<&User::version>()
        .one_to_many<&User::orders, &Order::user_id>();
}
constexpr auto corm_mapping(corm::type<Order>) {
    return corm::mapping::table<Order>("orders").primary_key<&Order::id>().many_to_one<&Order::user, &Order::user_id>();
}

/// The server fills in a default, a counter of updates and a computed column. The key is assigned.
struct Stamped {
    std::int32_t id = 0;
    std::string kind{};
    std::int32_t revision = 0;
    std::string shout{};
};
BOOST_DESCRIBE_STRUCT(Stamped, (), (id, kind, revision, shout))
constexpr auto corm_mapping(corm::type<Stamped>) {
    return corm::mapping::table<Stamped>("stamped")
        .primary_key<&Stamped::id>(corm::mapping::assigned)
        .server_default<&Stamped::kind>()
        .server_onupdate<&Stamped::revision>()
        .generated<&Stamped::shout>();
}

/// A composite, natural key; no version.
struct Line {
    std::int32_t order_no = 0;
    std::int16_t line_no = 0;
    std::string article;
    std::int32_t quantity = 0;
};
BOOST_DESCRIBE_STRUCT(Line, (), (order_no, line_no, article, quantity))
constexpr auto corm_mapping(corm::type<Line>) {
    return corm::mapping::table<Line>("lines").primary_key<&Line::order_no, &Line::line_no>();
}

struct Token {
    corm::types::Uuid id;
    std::string label;
};
BOOST_DESCRIBE_STRUCT(Token, (), (id, label))
constexpr auto corm_mapping(corm::type<Token>) {
    return corm::mapping::table<Token>("tokens").primary_key<&Token::id>();
}

/// Nothing but a generated key.
struct Tick {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Tick, (), (id))
constexpr auto corm_mapping(corm::type<Tick>) {
    return corm::mapping::table<Tick>("ticks").primary_key<&Tick::id>();
}

/// A key that 0 does not leave to the server.
struct Slot {
    std::int32_t number = 0;
    std::int32_t taken = 0;
};
BOOST_DESCRIBE_STRUCT(Slot, (), (number, taken))
constexpr auto corm_mapping(corm::type<Slot>) {
    return corm::mapping::table<Slot>("slots").primary_key<&Slot::number>(corm::mapping::assigned);
}

/// Rows that may be gone, or kept away, without an error: alone, with a computed column, with a version.
struct Guest {
    std::int64_t id = 0;
    std::string name{};
};
BOOST_DESCRIBE_STRUCT(Guest, (), (id, name))
constexpr auto corm_mapping(corm::type<Guest>) {
    return corm::mapping::table<Guest>("guests").primary_key<&Guest::id>().confirm_rows(false);
}
struct Visit {
    std::int32_t id = 0;
    std::string note{};
    std::string seen{};
};
BOOST_DESCRIBE_STRUCT(Visit, (), (id, note, seen))
constexpr auto corm_mapping(corm::type<Visit>) {
    return corm::mapping::table<Visit>("visits")
        .primary_key<&Visit::id>(corm::mapping::assigned)
        .generated<&Visit::seen>()
        .confirm_rows(false);
}
struct Ticket {
    std::int32_t id = 0;
    std::string note{};
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Ticket, (), (id, note, version))
constexpr auto corm_mapping(corm::type<Ticket>) {
    return corm::mapping::table<Ticket>("tickets").primary_key<&Ticket::id>().version<&Ticket::version>().confirm_rows(
        false);
}

/// A version that the program counts.
struct Page {
    std::int32_t id = 0;
    std::string text{};
    std::int32_t version = 1;
};
BOOST_DESCRIBE_STRUCT(Page, (), (id, text, version))
constexpr auto corm_mapping(corm::type<Page>) {
    return corm::mapping::table<Page>("pages").primary_key<&Page::id>().version<&Page::version>(
        corm::mapping::assigned);
}

/// A key that the server compares in its own way: 1.5 and 1.50 are one.
struct Price {
    corm::types::Numeric amount{};
    std::string label{};
};
BOOST_DESCRIBE_STRUCT(Price, (), (amount, label))
constexpr auto corm_mapping(corm::type<Price>) {
    return corm::mapping::table<Price>("prices").primary_key<&Price::amount>();
}

/// A key of text, which may be empty.
struct Word {
    std::string name{};
    std::int32_t uses = 0;
};
BOOST_DESCRIBE_STRUCT(Word, (), (name, uses))
constexpr auto corm_mapping(corm::type<Word>) {
    return corm::mapping::table<Word>("words").primary_key<&Word::name>();
}

/// Two tables that refer to each other.
struct Right;
struct Left {
    std::int64_t id = 0;
    std::int64_t right_id = 0;
    corm::mapping::One<Right> right{};
};
BOOST_DESCRIBE_STRUCT(Left, (), (id, right_id, right))
struct Right {
    std::int64_t id = 0;
    std::int64_t left_id = 0;
    corm::mapping::One<Left> left{};
};
BOOST_DESCRIBE_STRUCT(Right, (), (id, left_id, left))
constexpr auto corm_mapping(corm::type<Left>) {
    return corm::mapping::table<Left>("left").primary_key<&Left::id>().many_to_one<&Left::right, &Left::right_id>();
}
constexpr auto corm_mapping(corm::type<Right>) {
    return corm::mapping::table<Right>("right").primary_key<&Right::id>().many_to_one<&Right::left, &Right::left_id>();
}

} // namespace uow_test

// Structs that are kept as JSON.
#pragma once

#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace json_types {

enum class Kind { home, work };
BOOST_DESCRIBE_ENUM(Kind, home, work)

struct Point {
    double x = 0;
    float y = 0;
};
BOOST_DESCRIBE_STRUCT(Point, (), (x, y))

struct Address {
    std::string street{};
    std::optional<std::string> zip{};
    Kind kind = Kind::home;
    std::vector<Point> points{};
    std::int16_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Address, (), (street, zip, kind, points, number))
constexpr auto corm_json(corm::type<Address>) {
    return corm::types::as_jsonb;
}

struct Contact {
    std::int64_t id = 0;
    std::uint64_t code = 0;
    corm::types::Numeric balance{};
    corm::types::Timestamp since{};
    std::chrono::seconds wait{};
    corm::types::Uuid token{};
    boost::json::value extra{};
    std::vector<Address> addresses{};
    std::optional<Address> main{};
};
BOOST_DESCRIBE_STRUCT(Contact, (), (id, code, balance, since, wait, token, extra, addresses, main))
constexpr auto corm_json(corm::type<Contact>) {
    return corm::types::as_json;
}

} // namespace json_types

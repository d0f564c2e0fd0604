// The mapped types of the query tests.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/mapping/record.hpp>
#include <corm/mapping/record_definition.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace query_test {

enum class Mood { sad, happy };
BOOST_DESCRIBE_ENUM(Mood, sad, happy)
constexpr auto corm_enum(corm::type<Mood>) {
    return corm::types::pg_enum("mood");
}

struct Dated {
    std::int64_t created = 0;
};
BOOST_DESCRIBE_STRUCT(Dated, (), (created))

struct User : Dated {
    std::int64_t id = 0;
    std::string name;
    std::optional<std::string> email;
    std::int32_t age = 0;
    std::int16_t floor = 0;
    std::optional<std::int64_t> boss;
    double score = 0;
    bool active = false;
    Mood mood = Mood::sad;
    std::vector<std::int32_t> tags;
    corm::types::Uuid token;
    corm::types::Numeric balance;
    std::string secret;
};
BOOST_DESCRIBE_STRUCT(User, (Dated),
                      (id, name, email, age, floor, boss, score, active, mood, tags, token, balance, secret))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users")
        .schema("app")
        .primary_key<&User::id>()
        .column<&User::name>("user name")
        .unmapped<&User::secret>();
}

struct Order {
    std::int64_t id = 0;
    std::int64_t user_id = 0;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, user_id))
constexpr auto corm_mapping(corm::type<Order>) {
    return corm::mapping::table<Order>("orders").primary_key<&Order::id>();
}

/// The server fills in a default.
struct Stamped {
    std::int64_t id = 0;
    std::string name;
    std::string kind;
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Stamped, (), (id, name, kind, version))
constexpr auto corm_mapping(corm::type<Stamped>) {
    return corm::mapping::table<Stamped>("stamped")
        .primary_key<&Stamped::id>()
        .server_default<&Stamped::kind>()
        .version<&Stamped::version>();
}

inline std::shared_ptr<const corm::mapping::Mapper> people() {
    return corm::mapping::define("people")
        .column<std::int32_t>("id")
        .column<std::string>("name")
        .column<std::optional<std::int64_t>>("age")
        .column<Mood>("mood")
        .column<double>("score")
        .primary_key({"id"})
        .build();
}

} // namespace query_test

// The mapped types of the query_*.cpp cases.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/query/options.hpp>
#include <corm/query/raw.hpp>
#include <corm/query/record_column.hpp>
#include <corm/query/rows.hpp>
#include <corm/query/select.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

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
    std::int32_t age = 0;
    std::string name;
    std::optional<std::string> email;
    bool active = false;
    Mood mood = Mood::sad;
};
BOOST_DESCRIBE_STRUCT(User, (Dated), (id, age, name, email, active, mood))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>();
}

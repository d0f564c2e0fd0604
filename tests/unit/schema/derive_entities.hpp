// Mapped types whose table is a schema's, with an enum of the same.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace derive_test {

enum class Mood { sad, ok };
BOOST_DESCRIBE_ENUM(Mood, sad, ok)
constexpr auto corm_enum(corm::type<Mood>) {
    return corm::types::pg_enum("mood", "app");
}

struct Person {
    std::int32_t id = 0;
    std::string name{};
    std::optional<Mood> mood{};
    std::vector<double> marks{};
    std::int32_t version = 0;
    corm::types::Timestamp created{};
};
BOOST_DESCRIBE_STRUCT(Person, (), (id, name, mood, marks, version, created))
constexpr auto corm_mapping(corm::type<Person>) {
    return corm::mapping::table<Person>("people")
        .schema("app")
        .primary_key<&Person::id>()
        .unique<&Person::name>(corm::mapping::deferrable)
        .version<&Person::version>()
        .server_default<&Person::created>();
}

/// A part of the same table.
struct PersonName {
    std::int32_t id = 0;
    std::string name{};
    std::optional<std::string> nick{};
};
BOOST_DESCRIBE_STRUCT(PersonName, (), (id, name, nick))
constexpr auto corm_mapping(corm::type<PersonName>) {
    return corm::mapping::table<PersonName>("people").schema("app").primary_key<&PersonName::id>();
}

} // namespace derive_test

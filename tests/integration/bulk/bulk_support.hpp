// What the tests of bulk operations share.
#pragma once

#include "integration/orm/expect_well.hpp"
#include "integration/orm/fixture.hpp"
#include "support/caught.hpp"

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace corm::test {

/// A row of a table that need not be mapped.
struct Reading {
    std::int32_t sensor = 0;
    double value = 0;
    std::optional<std::string> remark{};
    friend bool operator==(const Reading&, const Reading&) = default;
};
BOOST_DESCRIBE_STRUCT(Reading, (), (sensor, value, remark))

inline constexpr const char* readings =
    "create table readings (remark text, value float8 not null, sensor int not null);";

inline std::vector<Reading> make_readings(int count) {
    std::vector<Reading> made;
    for (int i = 1; i <= count; ++i)
        made.push_back({i, i / 2.0, i % 3 == 0 ? std::optional<std::string>{} : "r\t" + std::to_string(i)});
    return made;
}

/// New users "user 1" and so on, the age of each its number.
inline std::vector<User> make_users(int count) {
    std::vector<User> made;
    for (int i = 1; i <= count; ++i) {
        User& user = made.emplace_back();
        user.name = "user " + std::to_string(i);
        user.age = i;
        if (i % 2 == 0)
            user.email = std::to_string(i) + "@example.org";
    }
    return made;
}

/// What an operation throws, in words.
template <class E = Error>
[[nodiscard]] std::string message_of(const std::exception_ptr& error) {
    return caught<E>(error).what();
}

inline Task<std::int64_t> count(const AsyncSession& session, std::string table) {
    return session.one<std::int64_t>(unsafe_sql("select count(*) from " + table));
}

} // namespace corm::test

// What the tests of COPY share.
#pragma once

#include "fixture.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace corm::test {

/// Inserted by COPY from three objects on.
struct Point {
    std::int64_t id = 0;
    std::string label;
    std::optional<std::int32_t> height{};
};
BOOST_DESCRIBE_STRUCT(Point, (), (id, label, height))

constexpr auto corm_mapping(corm::type<Point>) {
    return corm::table<Point>("points").primary_key<&Point::id>().bulk_copy(3);
}

inline constexpr const char* points = "create table points (id bigint generated always as identity primary key, "
                                      "label text not null unique, height int);";

/// The labels "p1", "p2" and so on.
inline std::vector<Point> make_points(int count, const std::string& prefix = "p") {
    std::vector<Point> made;
    for (int i = 1; i <= count; ++i) {
        Point& point = made.emplace_back();
        point.label = prefix + std::to_string(i);
        if (i % 2 == 0)
            point.height = i;
    }
    return made;
}

} // namespace corm::test

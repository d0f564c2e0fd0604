// What the mapping_*.cpp cases start from.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/mapping/key.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <string>

struct Line {
    std::int64_t order_no = 0;
    std::int32_t line_no = 0;
    std::string article;
};
BOOST_DESCRIBE_STRUCT(Line, (), (order_no, line_no, article))
constexpr auto corm_mapping(corm::type<Line>) {
    return corm::mapping::table<Line>("lines").primary_key<&Line::order_no, &Line::line_no>();
}

struct Country {
    std::string code;
    std::int32_t area = 0;
};
BOOST_DESCRIBE_STRUCT(Country, (), (code, area))
constexpr auto corm_mapping(corm::type<Country>) {
    return corm::mapping::table<Country>("countries").primary_key<&Country::code>();
}

// The mapped types of the mapping tests.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/mapping/key.hpp>
#include <corm/mapping/record.hpp>
#include <corm/mapping/record_definition.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace mapping_test {

struct Identified {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Identified, (), (id))

struct Dated {
    std::int64_t created_at = 0;
};
BOOST_DESCRIBE_STRUCT(Dated, (), (created_at))

/// Members of two bases and its own; some are renamed, one is no column.
struct HttpAccessLog : Identified, Dated {
    std::string path;
    std::optional<std::int32_t> status;
    std::string cache;
    std::int16_t revision = 0;
};
BOOST_DESCRIBE_STRUCT(HttpAccessLog, (Identified, Dated), (path, status, cache, revision))
constexpr auto corm_mapping(corm::type<HttpAccessLog>) {
    return corm::mapping::table<HttpAccessLog>()
        .schema("web")
        .primary_key<&Identified::id>()
        .version<&HttpAccessLog::revision>()
        .unique<&HttpAccessLog::path, &HttpAccessLog::status>()
        .column<&HttpAccessLog::path>("Path of \"file\"")
        .unmapped<&HttpAccessLog::cache>();
}

struct Line {
    std::string article;
    std::int32_t order_no = 0;
    std::int16_t line_no = 0;
};
BOOST_DESCRIBE_STRUCT(Line, (), (article, order_no, line_no))
constexpr auto corm_mapping(corm::type<Line>) {
    return corm::mapping::table<Line>("lines").primary_key<&Line::line_no, &Line::order_no>();
}

struct Country {
    std::string code;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Country, (), (code, name))
constexpr auto corm_mapping(corm::type<Country>) {
    return corm::mapping::table<Country>("countries").primary_key<&Country::code>();
}

struct Token {
    corm::types::Uuid id;
};
BOOST_DESCRIBE_STRUCT(Token, (), (id))
constexpr auto corm_mapping(corm::type<Token>) {
    return corm::mapping::table<Token>("tokens").primary_key<&Token::id>();
}

struct Slot {
    std::int32_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Slot, (), (number))
constexpr auto corm_mapping(corm::type<Slot>) {
    return corm::mapping::table<Slot>("slots").primary_key<&Slot::number>(corm::mapping::assigned);
}

struct Loose {
    std::optional<std::int32_t> number;
};
BOOST_DESCRIBE_STRUCT(Loose, (), (number))
constexpr auto corm_mapping(corm::type<Loose>) {
    return corm::mapping::table<Loose>("loose").primary_key<&Loose::number>();
}

/// What may be exchanged, in each of the ways.
struct Seat {
    std::int32_t row = 0;
    std::string hall;
    std::string label;
    std::optional<std::int32_t> order;
};
BOOST_DESCRIBE_STRUCT(Seat, (), (row, hall, label, order))
constexpr auto corm_mapping(corm::type<Seat>) {
    return corm::mapping::table<Seat>("seats")
        .unique<&Seat::label>(corm::mapping::temporary("-"))
        .unique<&Seat::hall, &Seat::row>(corm::mapping::deferrable)
        .unique<&Seat::hall, &Seat::order>(corm::mapping::temporary(std::nullopt))
        .primary_key<&Seat::row, &Seat::hall>()
        .confirm_rows(false);
}

/// A type that the program knows as text alone.
struct Host {
    std::int64_t id = 0;
    corm::types::TextForm address;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Host, (), (id, address, name))
constexpr auto corm_mapping(corm::type<Host>) {
    return corm::mapping::table<Host>("hosts").primary_key<&Host::id>().sql_type<&Host::address>("inet");
}

struct Clash {
    std::int32_t id = 0;
    std::int32_t ident = 0;
};
BOOST_DESCRIBE_STRUCT(Clash, (), (id, ident))
constexpr auto corm_mapping(corm::type<Clash>) {
    return corm::mapping::table<Clash>("clash").primary_key<&Clash::id>().column<&Clash::ident>("id");
}

struct UnmappedKey {
    std::int32_t id = 0;
    std::int32_t n = 0;
};
BOOST_DESCRIBE_STRUCT(UnmappedKey, (), (id, n))
constexpr auto corm_mapping(corm::type<UnmappedKey>) {
    return corm::mapping::table<UnmappedKey>("bad").primary_key<&UnmappedKey::id>().unmapped<&UnmappedKey::id>();
}

struct TextVersion {
    std::int32_t id = 0;
    std::string version;
};
BOOST_DESCRIBE_STRUCT(TextVersion, (), (id, version))
constexpr auto corm_mapping(corm::type<TextVersion>) {
    return corm::mapping::table<TextVersion>("bad").primary_key<&TextVersion::id>().version<&TextVersion::version>();
}

} // namespace mapping_test

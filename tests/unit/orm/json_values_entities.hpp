// Mapped types with columns of each type that has a form in JSON.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace json_values_test {

using namespace std::chrono_literals;
namespace types = corm::types;

enum class Mood { sad, happy };
BOOST_DESCRIBE_ENUM(Mood, sad, happy)
constexpr auto corm_enum(corm::type<Mood>) {
    return types::pg_enum("mood");
}

struct Address {
    std::string street{};
    std::optional<std::string> zip{};
    std::vector<Mood> moods{};
};
BOOST_DESCRIBE_STRUCT(Address, (), (street, zip, moods))
constexpr auto corm_json(corm::type<Address>) {
    return types::as_jsonb;
}

/// A type of the program's own: its codec says nothing about JSON.
struct Money {
    std::int64_t cents = 0;
};
inline void tag_invoke(const boost::json::value_from_tag&, boost::json::value& to, const Money& from) {
    to = {{"cents", from.cents}};
}

} // namespace json_values_test

template <>
struct corm::types::Codec<json_values_test::Money> {
    using Money = json_values_test::Money;
    static constexpr Oid oid = oids::int8;
    static constexpr Oid array_oid = oids::int8_array;
    static constexpr Format format = Format::binary;
    static std::string_view sql_type() { return "int8"; }
    static void encode(const Money& value, std::string& out) { Codec<std::int64_t>::encode(value.cents, out); }
    static void decode(const FieldView& field, Money& to) { Codec<std::int64_t>::decode(field, to.cents); }
    static void literal(const Money& value, std::string& out) { Codec<std::int64_t>::literal(value.cents, out); }
    static bool same(const Money& left, const Money& right) { return left.cents == right.cents; }
};

namespace json_values_test {

struct Everything {
    std::int32_t id = 1;
    bool flag = true;
    std::int16_t small = -7;
    std::int32_t number = 8;
    std::int64_t large = 9'007'199'254'740'993; // 2^53 + 1
    float ratio = 0.1F;
    double wide = 2.0;
    std::string text = "a \"b\"\n\xC3\xA9";
    types::Bytes bytes{std::byte{0}, std::byte{0xff}};
    types::Uuid uuid = types::Uuid::from_string("00112233-4455-6677-8899-aabbccddeeff");
    types::Numeric price = types::Numeric::from_string("12345678901234567890.10");
    std::chrono::sys_days day{std::chrono::year{2024} / 2 / 29};
    std::chrono::local_days local_day{std::chrono::year{2024} / 2 / 29};
    std::chrono::year_month_day date = std::chrono::year{2024} / 2 / 29;
    types::Timestamp at{std::chrono::sys_days{std::chrono::year{2024} / 2 / 29} + 13h + 4min + 5s + 600us};
    types::LocalTimestamp local{std::chrono::local_days{std::chrono::year{2024} / 2 / 29} + 1h};
    std::chrono::sys_seconds coarse{std::chrono::sys_days{std::chrono::year{1999} / 12 / 31}};
    types::TimeOfDay clock{8h + 30min};
    types::Interval span{.months = 1, .days = 2, .time = 3h};
    std::chrono::minutes length = 90min;
    Mood mood = Mood::happy;
    boost::json::value document{{"k", {1, nullptr, 2.5}}};
    types::JsonText kept{R"( { "b" : 1,  "a" : [ ] } )"};
    Address address{.street = "Main", .moods = {Mood::sad}};
    Money money{.cents = 250};
};
BOOST_DESCRIBE_STRUCT(Everything, (),
                      (id, flag, small, number, large, ratio, wide, text, bytes, uuid, price, day, local_day, date, at,
                       local, coarse, clock, span, length, mood, document, kept, address, money))
constexpr auto corm_mapping(corm::type<Everything>) {
    return corm::mapping::table<Everything>("everything").primary_key<&Everything::id>();
}

struct Arrays {
    std::int32_t id = 0;
    std::optional<std::int32_t> none{};
    std::optional<types::Numeric> some = types::Numeric{3};
    std::vector<std::int32_t> empty{};
    std::vector<std::vector<std::int16_t>> grid{{1, 2}, {3, 4}};
    std::vector<std::optional<std::string>> holes{"a", std::nullopt};
    std::vector<bool> bits{true, false};
    std::vector<Mood> moods{Mood::sad};
    std::vector<Address> addresses{Address{}};
    std::vector<types::Uuid> uuids{types::Uuid{}};
    std::optional<std::vector<double>> maybe{};
};
BOOST_DESCRIBE_STRUCT(Arrays, (), (id, none, some, empty, grid, holes, bits, moods, addresses, uuids, maybe))
constexpr auto corm_mapping(corm::type<Arrays>) {
    return corm::mapping::table<Arrays>("arrays").primary_key<&Arrays::id>();
}

struct Reading {
    std::int32_t id = 0;
    double value = 0;
    float narrow = 0;
    std::vector<double> series{};
    types::Numeric exact{};
};
BOOST_DESCRIBE_STRUCT(Reading, (), (id, value, narrow, series, exact))
constexpr auto corm_mapping(corm::type<Reading>) {
    return corm::mapping::table<Reading>("readings").primary_key<&Reading::id>();
}

struct Note {
    std::int32_t id = 0;
    std::vector<std::string> lines{};
    types::JsonText kept{};
    Mood mood{};
    types::Timestamp at{};
};
BOOST_DESCRIBE_STRUCT(Note, (), (id, lines, kept, mood, at))
constexpr auto corm_mapping(corm::type<Note>) {
    return corm::mapping::table<Note>("notes").primary_key<&Note::id>();
}

} // namespace json_values_test

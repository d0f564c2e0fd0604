#include <corm/type/interval.hpp>

#include <corm/type/bytes.hpp>

#include "unit/type/support.hpp"

#include <cstdint>
#include <limits>

using namespace corm;
using namespace corm::types;
using namespace corm::test;
using namespace std::chrono;

namespace {

constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max(),
                       least = std::numeric_limits<std::int32_t>::min();

std::string raw(std::int64_t time, std::int32_t day_part, std::int32_t month_part) {
    std::string out;
    put_big_endian(out, time);
    put_int32(out, day_part);
    put_int32(out, month_part);
    return out;
}

template <class D>
D read_as(const Interval& value) {
    return decoded<D>(encoded(value), oids::interval);
}

template <class D>
std::string read_problem(const Interval& value) {
    return decode_problem<D>(encoded(value), oids::interval);
}

} // namespace

TEST_CASE("intervals keep their three parts", "[type][unit]") {
    struct Case {
        Interval interval;
        std::string_view text;
    };
    for (const Case& c :
         {Case{{}, "+0 mons +0 days +00:00:00.000000"},
          Case{{14, -3, 4h + 5min + 6s + 789us}, "+14 mons -3 days +04:05:06.000789"},
          Case{{-1, 0, -1us}, "-1 mons +0 days -00:00:00.000001"},
          Case{{most, least, microseconds::max()}, "+2147483647 mons -2147483648 days +2562047788:00:54.775807"},
          Case{{0, 0, microseconds::min()}, "+0 mons +0 days -9223372036854775808 microseconds"}}) {
        CAPTURE(c.text);
        CHECK(survives(c.interval));
        CHECK(literal(c.interval) == c.text);
        CHECK(decoded<Interval>(c.text, oids::interval, Format::text) == c.interval);
        CHECK(encoded(c.interval) == raw(c.interval.time.count(), c.interval.days, c.interval.months));
    }
}

TEST_CASE("intervals are equal when their parts are", "[type][unit]") {
    STATIC_CHECK(Interval{.days = 1} == Interval{.days = 1});
    STATIC_CHECK(Interval{.days = 1} != Interval{.time = 24h});
    STATIC_CHECK(Interval{.months = 1} != Interval{.days = 30});
    STATIC_CHECK_FALSE(std::totally_ordered<Interval>);
}

TEST_CASE("durations become intervals and come back where that is exact", "[type][unit]") {
    CHECK(Interval::from(years{2}) == Interval{.months = 24});
    CHECK(Interval::from(months{-3}) == Interval{.months = -3});
    CHECK(Interval::from(weeks{2}) == Interval{.days = 14});
    CHECK(Interval::from(days{5}) == Interval{.days = 5});
    CHECK(Interval::from(36h) == Interval{.time = 36h});
    CHECK(Interval::from(-7us) == Interval{.time = -7us});
    CHECK(contains(problem_of([] { static_cast<void>(Interval::from(years{most})); }), "does not fit into interval"));
    CHECK(contains(problem_of([] { static_cast<void>(Interval::from(weeks{least})); }), "does not fit into interval"));
    CHECK(contains(
        problem_of([] { static_cast<void>(Interval::from(hours{std::numeric_limits<std::int64_t>::max() / 1000})); }),
        "does not fit into interval"));
    CHECK(Interval{.time = 90min}.to_duration() == 90min);
    CHECK(contains(problem_of([] { static_cast<void>(Interval{.days = 1}.to_duration()); }), "no fixed length"));
    CHECK(contains(problem_of([] { static_cast<void>(Interval{.months = 1}.to_duration()); }), "no fixed length"));
}

TEST_CASE("a duration is a column of intervals", "[type][unit]") {
    CHECK(survives(1h));
    CHECK(survives(-90min));
    CHECK(survives(15s));
    CHECK(survives(250ms));
    CHECK(survives(microseconds::min()));
    CHECK(encoded(2h) == encoded(Interval{.time = 2h}));
    CHECK(literal(1500ms) == "+0 mons +0 days +00:00:01.500000");
    CHECK(Codec<seconds>::sql_type() == "interval");
    CHECK(read_as<minutes>({.time = 2h}) == 120min);
    CHECK(contains(read_problem<minutes>({.time = 1s}), "not a whole number of the unit"));
    CHECK(contains(read_problem<seconds>({.days = 1}), "no fixed length"));
    using ShortMinutes = duration<std::int16_t, std::ratio<60>>;
    CHECK(read_as<ShortMinutes>({.time = 32767min}) == ShortMinutes{32767});
    CHECK(contains(read_problem<ShortMinutes>({.time = 32768min}), "beyond its range"));
    CHECK(contains(problem_of([] { encoded(hours::max()); }), "does not fit into interval"));
    CHECK(contains(problem_of([] { literal(seconds::min()); }), "does not fit into interval"));
}

TEST_CASE("infinite and malformed intervals are refused", "[type][unit]") {
    for (const Interval& infinite :
         {Interval{most, most, microseconds::max()}, Interval{least, least, microseconds::min()}}) {
        CHECK(contains(problem_of([&] { encoded(infinite); }), "stand for infinity"));
        CHECK(contains(problem_of([&] { literal(infinite); }), "stand for infinity"));
        const std::string bytes = raw(infinite.time.count(), infinite.days, infinite.months);
        CHECK(contains(decode_problem<Interval>(bytes, oids::interval), "an infinite interval cannot be read"));
    }
    CHECK(survives(Interval{most, most, microseconds::max() - 1us}));
    CHECK(contains(decode_problem<Interval>("12345678", oids::interval), "malformed interval"));
    CHECK(contains(decode_problem<Interval>(raw(0, 0, 0), oids::uuid), "OID 2950"));
}

TEST_CASE("intervals are read from text of the style postgres", "[type][unit]") {
    const auto read = [](std::string_view text) { return decoded<Interval>(text, oids::interval, Format::text); };
    CHECK(read("1 year 2 mons -3 days +04:05:06.789") == Interval{14, -3, 4h + 5min + 6s + 789ms});
    CHECK(read("-1 years -2 mons") == Interval{.months = -14});
    CHECK(read("1 mon") == Interval{.months = 1});
    CHECK(read("1 day") == Interval{.days = 1});
    CHECK(read("00:00:00") == Interval{});
    CHECK(read("-00:00:00.5") == Interval{.time = -500ms});
    for (const std::string_view text :
         {"", " ", "1", "1 day ", "P1D", "@ 1 day", "1-2", "1 week", "infinity", "04:05", "1 day 04:05:06 2 days",
          "2562047788:00:54.775808", "9999999999:00:00", "+9223372036854775808 microseconds"}) {
        CAPTURE(text);
        CHECK(
            contains(decode_problem<Interval>(text, oids::interval, Format::text), "not of the form that corm reads"));
    }
    CHECK(contains(decode_problem<Interval>("2147483648 days", oids::interval, Format::text), "does not fit into"));
    CHECK(contains(decode_problem<Interval>("178956971 years", oids::interval, Format::text), "does not fit into"));
}

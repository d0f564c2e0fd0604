#include <corm/type/temporal.hpp>

#include <corm/type/bytes.hpp>

#include "unit/type/support.hpp"

#include <limits>
#include <random>

using namespace corm;
using namespace corm::types;
using namespace corm::test;
using namespace std::chrono;

namespace {

std::string raw32(std::int32_t value) {
    std::string out;
    put_int32(out, value);
    return out;
}

std::string raw64(std::int64_t value) {
    std::string out;
    put_big_endian(out, value);
    return out;
}

constexpr year_month_day ymd(int y, unsigned m, unsigned d) {
    return year_month_day{year{y}, month{m}, day{d}};
}

constexpr Timestamp at(year_month_day date, microseconds time) {
    return sys_days{date} + time;
}

// The first and last values that the server keeps.
constexpr std::int32_t first_date = -2451545, last_date = 2145031948;
constexpr std::int64_t first_timestamp = -211813488000000000;
constexpr std::int64_t from_1970 = 946684800000000;

} // namespace

TEST_CASE("dates survive and are written as the server writes them", "[type][unit]") {
    struct Case {
        year_month_day date;
        std::string_view text;
        std::int32_t days;
    };
    for (const Case& c :
         {Case{ymd(2000, 1, 1), "2000-01-01", 0}, Case{ymd(1970, 1, 1), "1970-01-01", -10957},
          Case{ymd(2024, 2, 29), "2024-02-29", 8825}, Case{ymd(1, 1, 1), "0001-01-01", -730119},
          Case{ymd(0, 12, 31), "0001-12-31 BC", -730120}, Case{ymd(-4713, 11, 24), "4714-11-24 BC", first_date},
          Case{ymd(32767, 12, 31), "32767-12-31", 11237780}}) {
        CAPTURE(c.text);
        CHECK(survives(c.date));
        CHECK(survives(sys_days{c.date}));
        CHECK(literal(c.date) == c.text);
        CHECK(literal(sys_days{c.date}) == c.text);
        CHECK(encoded(c.date) == raw32(c.days));
    }
}

TEST_CASE("calendar dates agree with <chrono> day by day", "[type][unit]") {
    // Two eras of 400 years around zero, then single days far away.
    for (sys_days date{ymd(-401, 1, 1)}; date < sys_days{ymd(401, 1, 1)}; date += days{1}) {
        if (decoded<year_month_day>(encoded(date), oids::date) != year_month_day{date})
            FAIL("days " << date.time_since_epoch().count());
    }
    std::mt19937 random{3};
    std::uniform_int_distribution<int> pick{sys_days{ymd(-4713, 11, 24)}.time_since_epoch().count(),
                                            sys_days{ymd(32767, 12, 31)}.time_since_epoch().count()};
    for (int i = 0; i < 20'000; ++i) {
        const sys_days date{days{pick(random)}};
        REQUIRE(decoded<year_month_day>(encoded(date), oids::date) == year_month_day{date});
    }
}

TEST_CASE("dates that one side does not hold are refused", "[type][unit]") {
    const sys_days last = decoded<sys_days>(raw32(last_date), oids::date);
    CHECK(literal(last) == "5874897-12-31");
    CHECK(encoded(last) == raw32(last_date));
    CHECK(contains(problem_of([&] { encoded(last + days{1}); }), "does not fit into date"));
    CHECK(contains(problem_of([&] { literal(last + days{1}); }), "does not fit into date"));
    CHECK(contains(problem_of([&] { encoded(sys_days{ymd(-4713, 11, 23)}); }), "does not fit into date"));
    CHECK(contains(problem_of([&] { encoded(sys_days::min()); }), "does not fit into date"));
    CHECK(contains(problem_of([&] { encoded(sys_days::max()); }), "does not fit into date"));
    CHECK(problem_of([&] { encoded(ymd(2023, 2, 29)); }) ==
          "a std::chrono::year_month_day that is not ok() is no date");
    CHECK(contains(problem_of([&] { literal(year_month_day{}); }), "not ok()"));
    CHECK(contains(decode_problem<year_month_day>(raw32(last_date), oids::date), "does not fit"));
    CHECK(contains(decode_problem<sys_days>(raw32(last_date + 1), oids::date), "malformed date"));
    CHECK(contains(decode_problem<sys_days>(raw32(first_date - 1), oids::date), "malformed date"));
}

TEST_CASE("infinite dates are refused", "[type][unit]") {
    for (const std::int32_t infinite :
         {std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min()}) {
        CHECK(decode_problem<sys_days>(raw32(infinite), oids::date) ==
              "an infinite date cannot be read into std::chrono::sys_days; filter with isfinite() in the query");
        CHECK(contains(decode_problem<year_month_day>(raw32(infinite), oids::date), "infinite date"));
    }
}

TEST_CASE("moments survive to the microsecond", "[type][unit]") {
    struct Case {
        Timestamp moment;
        std::string_view text;
    };
    for (const Case& c : {Case{at(ymd(2000, 1, 1), 0us), "2000-01-01 00:00:00.000000+00"},
                          Case{at(ymd(1999, 12, 31), 86'399'999'999us), "1999-12-31 23:59:59.999999+00"},
                          Case{at(ymd(1970, 1, 1), -1us), "1969-12-31 23:59:59.999999+00"},
                          Case{at(ymd(2024, 2, 29), 1h + 2min + 3s + 40ms), "2024-02-29 01:02:03.040000+00"},
                          Case{at(ymd(0, 3, 1), 1us), "0001-03-01 00:00:00.000001+00 BC"},
                          Case{at(ymd(-4713, 11, 24), 0us), "4714-11-24 00:00:00.000000+00 BC"},
                          Case{Timestamp::max(), "294247-01-10 04:00:54.775807+00"}}) {
        CAPTURE(c.text);
        CHECK(literal(c.moment) == c.text);
        const LocalTimestamp local{c.moment.time_since_epoch()};
        const bool before_christ = c.text.ends_with("BC");
        CHECK(literal(local) == std::string{c.text.substr(0, c.text.find('+'))} + (before_christ ? " BC" : ""));
        if (c.moment != Timestamp::max()) {
            CHECK(survives(c.moment));
            CHECK(survives(local));
        }
    }
    CHECK(encoded(at(ymd(2000, 1, 1), 1us)) == raw64(1));
}

TEST_CASE("random moments survive", "[type][unit]") {
    std::mt19937_64 random{4};
    std::uniform_int_distribution<std::int64_t> pick{first_timestamp + from_1970,
                                                     std::numeric_limits<std::int64_t>::max()};
    for (int i = 0; i < 5000; ++i) {
        const Timestamp moment{microseconds{pick(random)}};
        REQUIRE(survives(moment));
        REQUIRE(survives(LocalTimestamp{moment.time_since_epoch()}));
    }
}

TEST_CASE("moments that one side does not hold are refused", "[type][unit]") {
    constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
    CHECK(decoded<Timestamp>(raw64(largest - from_1970), oids::timestamptz) == Timestamp::max());
    CHECK(contains(decode_problem<Timestamp>(raw64(largest - from_1970 + 1), oids::timestamptz), "does not fit into"));
    CHECK(contains(decode_problem<Timestamp>(raw64(first_timestamp - 1), oids::timestamptz), "malformed timestamptz"));
    CHECK(contains(decode_problem<LocalTimestamp>(raw64(9223371331200000000), oids::timestamp), "malformed timestamp"));
    const Timestamp first = decoded<Timestamp>(raw64(first_timestamp), oids::timestamptz);
    CHECK(survives(first));
    CHECK(contains(problem_of([&] { encoded(first - 1us); }), "does not fit into timestamptz"));
    CHECK(contains(problem_of([&] { literal(first - 1us); }), "does not fit into timestamptz"));
    CHECK(contains(problem_of([&] { encoded(LocalTimestamp::min()); }), "does not fit into timestamp"));
    for (const std::int64_t infinite : {largest, std::numeric_limits<std::int64_t>::min()}) {
        CHECK(contains(decode_problem<Timestamp>(raw64(infinite), oids::timestamptz), "an infinite timestamptz"));
        CHECK(contains(decode_problem<LocalTimestamp>(raw64(infinite), oids::timestamp), "an infinite timestamp "));
    }
}

TEST_CASE("date, timestamp and timestamptz do not mix", "[type][unit]") {
    CHECK(contains(decode_problem<Timestamp>(raw64(0), oids::timestamp), "OID 1114"));
    CHECK(contains(decode_problem<LocalTimestamp>(raw64(0), oids::timestamptz), "OID 1184"));
    CHECK(contains(decode_problem<sys_days>(raw64(0), oids::timestamp), "OID 1114"));
    CHECK(contains(decode_problem<Timestamp>(raw32(0), oids::date), "OID 1082"));
    CHECK(contains(decode_problem<sys_days>(raw64(0), oids::date), "malformed date"));
    CHECK(contains(decode_problem<Timestamp>(raw32(0), oids::timestamptz), "malformed timestamptz"));
}

TEST_CASE("coarser time points are read when that is exact", "[type][unit]") {
    const sys_seconds second = sys_days{ymd(2024, 2, 29)} + 1h + 2min + 3s;
    CHECK(survives(second));
    CHECK(survives(local_seconds{second.time_since_epoch()}));
    CHECK(survives(sys_time<milliseconds>{-1ms}));
    CHECK(survives(sys_time<hours>{-1h}));
    CHECK(encoded(second) == encoded(Timestamp{second}));
    CHECK(literal(second) == "2024-02-29 01:02:03.000000+00");
    CHECK(Codec<sys_seconds>::oid == oids::timestamptz);
    CHECK(Codec<local_seconds>::array_oid == oids::timestamp_array);
    CHECK(Codec<local_seconds>::sql_type() == "timestamp");
    CHECK(decode_problem<sys_seconds>(encoded(Timestamp{1us}), oids::timestamptz) ==
          "the value is not a whole number of the unit of the std::chrono type, or beyond its range; read it into one "
          "of microseconds");
    CHECK(contains(problem_of([] { encoded(sys_seconds::max()); }), "does not fit into timestamptz"));
    CHECK(contains(problem_of([] { encoded(local_seconds::min()); }), "does not fit into timestamp"));
    using ShortSeconds = sys_time<duration<std::int32_t>>;
    CHECK(survives(ShortSeconds::max()));
    CHECK(contains(decode_problem<ShortSeconds>(encoded(Timestamp{ShortSeconds::max()} + 1s), oids::timestamptz),
                   "beyond its range"));
}

TEST_CASE("a date has no zone: it is days of either clock", "[type][unit]") {
    const local_days date{ymd(0, 2, 29)};
    CHECK(survives(date));
    CHECK(literal(date) == "0001-02-29 BC");
    CHECK(encoded(date) == encoded(sys_days{ymd(0, 2, 29)}));
    CHECK(contains(problem_of([] { encoded(local_days::max()); }), "does not fit into date"));
    CHECK(contains(decode_problem<local_days>(raw32(std::numeric_limits<std::int32_t>::max()), oids::date),
                   "an infinite date cannot be read into std::chrono::local_days"));
}

TEST_CASE("dates and moments are read from text of the ISO style", "[type][unit]") {
    const auto moment = [](std::string_view text) { return decoded<Timestamp>(text, oids::timestamptz, Format::text); };
    std::mt19937_64 random{5};
    std::uniform_int_distribution<std::int64_t> pick{first_timestamp + from_1970,
                                                     std::numeric_limits<std::int64_t>::max()};
    for (int i = 0; i < 5000; ++i) {
        const Timestamp value{microseconds{pick(random)}};
        REQUIRE(moment(literal(value)) == value);
        const LocalTimestamp local{value.time_since_epoch()};
        REQUIRE(decoded<LocalTimestamp>(literal(local), oids::timestamp, Format::text) == local);
        const sys_days date = floor<days>(value);
        REQUIRE(decoded<sys_days>(literal(date), oids::date, Format::text) == date);
    }
    CHECK(decoded<sys_days>("5874897-12-31", oids::date, Format::text) ==
          decoded<sys_days>(raw32(last_date), oids::date));
    CHECK(moment(literal(Timestamp::max())) == Timestamp::max());
    const Timestamp expected = at(ymd(2024, 2, 29), 1h + 2min + 3s + 400ms);
    for (const std::string_view text :
         {"2024-02-29T01:02:03.4Z", "2024-02-29 01:02:03.4+00", "2024-02-29T04:32:03.400000+03:30",
          "2024-02-28 22:02:03.4-03", "2024-02-29 06:55:31.4+05:53:28"}) {
        CAPTURE(text);
        CHECK(moment(text) == expected);
    }
}

TEST_CASE("text of other styles is refused, never guessed", "[type][unit]") {
    constexpr std::string_view refused = "the text is not of the form that corm reads";
    for (const std::string_view text :
         {"", "infinity", "-infinity", "2023-02-29", "2023-13-01", "2023-00-10", "2023-01-00", "0000-01-01",
          "01/02/2000", "01.02.2000", "2000-1-1", "2000-01-01 AD", "99-01-01", "2000-01-01 ", " 2000-01-01",
          "2000-01-01BC", "-2000-01-01"}) {
        CAPTURE(text);
        CHECK(contains(decode_problem<sys_days>(text, oids::date, Format::text), refused));
    }
    for (const std::string_view text :
         {"infinity", "2000-01-01", "2000-01-01 24:00:00+00", "2000-01-01 00:60:00+00", "2000-01-01 00:00:60+00",
          "2000-01-01 00:00:00", "2000-01-01 00:00:00 CET", "2000-01-01 00:00:00.+00", "2000-01-01 00:00:00.1234567+00",
          "2000-01-01 00:00+00", "2000-01-01 00:00:00+24", "2000-01-01 00:00:00+1", "now"}) {
        CAPTURE(text);
        CHECK(contains(decode_problem<Timestamp>(text, oids::timestamptz, Format::text), refused));
    }
    CHECK(contains(decode_problem<LocalTimestamp>("2000-01-01 00:00:00+00", oids::timestamp, Format::text), refused));
    CHECK(contains(decode_problem<sys_days>("9999999-01-01", oids::date, Format::text), "malformed date"));
    CHECK(contains(decode_problem<Timestamp>("294247-01-10 04:00:54.775808Z", oids::timestamptz, Format::text),
                   "does not fit into"));
    CHECK(contains(decode_problem<Timestamp>("4800-01-01 00:00:00Z BC", oids::timestamptz, Format::text),
                   "malformed timestamptz"));
}

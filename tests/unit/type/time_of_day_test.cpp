#include <corm/type/array.hpp>
#include <corm/type/scalar.hpp>
#include <corm/type/text.hpp>
#include <corm/type/time_of_day.hpp>

#include <corm/type/bytes.hpp>

#include "unit/type/support.hpp"

using namespace corm;
using namespace corm::types;
using namespace corm::test;
using namespace std::chrono;

namespace {

std::string raw64(std::int64_t value) {
    std::string out;
    put_big_endian(out, value);
    return out;
}

constexpr Oid timetz = oids::timetz, timetz_array = oids::timetz_array;

} // namespace

TEST_CASE("times of day survive and are written as the server reads them", "[type][unit]") {
    struct Case {
        TimeOfDay time;
        std::string_view text;
        std::int64_t microseconds;
    };
    for (const Case& c : {Case{TimeOfDay{}, "00:00:00.000000", 0}, Case{TimeOfDay{1us}, "00:00:00.000001", 1},
                          Case{TimeOfDay{8h + 30min + 15s}, "08:30:15.000000", 30'615'000'000},
                          Case{TimeOfDay{24h - 1us}, "23:59:59.999999", 86'399'999'999},
                          Case{TimeOfDay{24h}, "24:00:00.000000", 86'400'000'000}}) {
        CAPTURE(c.text);
        CHECK(survives(c.time));
        CHECK(literal(c.time) == c.text);
        CHECK(encoded(c.time) == raw64(c.microseconds));
        CHECK(decoded<TimeOfDay>(c.text, oids::time, Format::text) == c.time);
    }
    for (const std::string_view text :
         {"", "8:30:00", "08:30", "24:00:00.1", "25:00:00", "08:30:00+01", "08:30:00 PM"}) {
        CAPTURE(text);
        CHECK(contains(decode_problem<TimeOfDay>(text, oids::time, Format::text), "not of the form that corm reads"));
    }
}

TEST_CASE("times of day are made of durations and split by <chrono>", "[type][unit]") {
    constexpr TimeOfDay noon{12h};
    STATIC_CHECK(noon.since_midnight() == 12h);
    STATIC_CHECK(noon < TimeOfDay{12h + 1us});
    STATIC_CHECK(noon == TimeOfDay{720min});
    const hh_mm_ss split{TimeOfDay{13h + 5min + 7s + 9us}.since_midnight()};
    CHECK(split.hours() == 13h);
    CHECK(split.minutes() == 5min);
    CHECK(split.seconds() == 7s);
    CHECK(split.subseconds() == 9us);
    CHECK(TimeOfDay{split} == TimeOfDay{13h + 5min + 7s + 9us});
    // Nothing is cut off: nanoseconds do not convert.
    STATIC_CHECK_FALSE(std::constructible_from<TimeOfDay, nanoseconds>);
    STATIC_CHECK_FALSE(std::convertible_to<hours, TimeOfDay>);
}

TEST_CASE("what is no time of day is refused", "[type][unit]") {
    constexpr std::string_view text =
        "a time of day is from 00:00 to 24:00; keep longer spans in corm::types::Interval";
    CHECK(problem_of([] { TimeOfDay{-1us}; }) == text);
    CHECK(problem_of([] { TimeOfDay{24h + 1us}; }) == text);
    CHECK(problem_of([] { TimeOfDay{hours::max()}; }) == text);
    CHECK(problem_of([] { TimeOfDay{minutes::min()}; }) == text);
    CHECK(problem_of([] { TimeOfDay{hh_mm_ss{-5s}}; }) == text);
    CHECK(contains(decode_problem<TimeOfDay>(raw64(-1), oids::time), "malformed time"));
    CHECK(contains(decode_problem<TimeOfDay>(raw64(86'400'000'001), oids::time), "malformed time"));
    CHECK(contains(decode_problem<TimeOfDay>("1234", oids::time), "malformed time"));
    CHECK(contains(decode_problem<TimeOfDay>(raw64(0), oids::timestamp), "OID 1114"));
}

TEST_CASE("timetz is refused with the reason, whatever it is read into", "[type][unit]") {
    constexpr std::string_view text =
        "timetz is not read: a time with a zone offset but no date names no moment; use timestamptz, or time with the "
        "zone in a column of its own, or cast it in the query";
    const std::string value = raw64(0) + bytes({0, 0, 0, 0});
    CHECK(decode_problem<TimeOfDay>(value, timetz) == text);
    CHECK(decode_problem<std::string>(value, timetz) == text);
    CHECK(decode_problem<std::int64_t>(value, timetz) == text);
    CHECK(decode_problem<std::vector<TimeOfDay>>(bytes({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 242}), timetz_array) == text);
}

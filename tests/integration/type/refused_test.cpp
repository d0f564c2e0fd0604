// What a real server can send and C++ cannot hold: a ConversionError, never another value.
#include "round_trip.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <stdexcept>

using namespace corm::test;
using namespace corm::types;
using namespace std::chrono;

namespace {

template <class T>
std::string problem(Client& client, const std::string& expression) {
    try {
        static_cast<void>(client.ask("select " + expression).value<T>());
    } catch (const corm::ConversionError& error) {
        return error.problem();
    }
    return "nothing was thrown";
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("F69: infinite dates and moments are refused", "[type][integration][F69]") {
    const Database database;
    Client client{database.url()};
    for (const std::string sign : {"", "-"}) {
        const std::string value = "'" + sign + "infinity'::";
        CHECK(contains(problem<sys_days>(client, value + "date"), "an infinite date cannot be read"));
        CHECK(contains(problem<local_days>(client, value + "date"), "an infinite date cannot be read"));
        CHECK(contains(problem<year_month_day>(client, value + "date"), "an infinite date cannot be read"));
        CHECK(contains(problem<Timestamp>(client, value + "timestamptz"), "an infinite timestamptz cannot be read"));
        CHECK(contains(problem<sys_seconds>(client, value + "timestamptz"), "an infinite timestamptz"));
        CHECK(contains(problem<LocalTimestamp>(client, value + "timestamp"), "an infinite timestamp cannot be read"));
        CHECK(contains(problem<std::vector<Timestamp>>(client, "array[" + value + "timestamptz]"), "an infinite"));
        CHECK(contains(problem<std::optional<Timestamp>>(client, value + "timestamptz"), "an infinite"));
    }
    const bool has_infinite_intervals =
        client.ask("select current_setting('server_version_num')::int >= 170000").value<bool>();
    if (has_infinite_intervals)
        CHECK(contains(problem<Interval>(client, "'infinity'::interval"), "an infinite interval cannot be read"));
}

TEST_CASE("F69: moments beyond the range of C++ are refused, those within are not", "[type][integration][F69]") {
    const Database database;
    Client client{database.url()};
    CHECK(client.ask("select '294247-01-10 04:00:54.775807+00'::timestamptz").value<Timestamp>() == Timestamp::max());
    CHECK(contains(problem<Timestamp>(client, "'294247-01-10 04:00:54.775808+00'::timestamptz"), "does not fit into"));
    CHECK(contains(problem<Timestamp>(client, "'294276-12-31 23:59:59.999999+00'::timestamptz"), "does not fit into"));
    CHECK(contains(problem<LocalTimestamp>(client, "'294276-12-31'::timestamp"), "does not fit into"));
    CHECK(contains(problem<year_month_day>(client, "'32768-01-01'::date"), "does not fit into"));
    CHECK(contains(problem<year_month_day>(client, "'5874897-12-31'::date"), "does not fit into"));
    CHECK(contains(problem<sys_seconds>(client, "'2000-01-01 00:00:00.5+00'::timestamptz"), "not a whole number"));
    CHECK(contains(problem<seconds>(client, "'1 day'::interval"), "no fixed length"));
    CHECK(contains(problem<seconds>(client, "'0.5 s'::interval"), "not a whole number"));
    // The server normalises these before anyone sees them.
    CHECK(client.ask("select '23:59:60'::time").value<TimeOfDay>() == TimeOfDay{24h});
    CHECK(client.ask("select '2016-12-31 23:59:60+00'::timestamptz").value<Timestamp>() == sys_days{2017y / 1 / 1});
    CHECK(client.ask("select '2000-01-01 24:00'::timestamp").value<LocalTimestamp>() == local_days{2000y / 1 / 2});
    CHECK(client.ask("select '0044-03-15 BC'::date").value<year_month_day>() == year{-43} / 3 / 15);
    CHECK(client.ask("select '4714-11-24 00:00:00+00 BC'::timestamptz").value<Timestamp>() ==
          sys_days{year{-4713} / 11 / 24});
}

TEST_CASE("what the server would not take is refused before it is sent", "[type][integration]") {
    Parameters parameters;
    CHECK_THROWS_AS(parameters.add(Timestamp::min()), corm::ConversionError);
    CHECK_THROWS_AS(parameters.add(sys_days{year{-4713} / 11 / 23}), corm::ConversionError);
    CHECK_THROWS_AS(parameters.add(year_month_day{2023y / 2 / 29}), corm::ConversionError);
    CHECK_THROWS_AS(parameters.add(sys_seconds::max()), corm::ConversionError);
    CHECK_THROWS_AS(parameters.add(hours::max()), corm::ConversionError);
    CHECK(parameters.empty());
    // The limits are the server's own.
    const Database database;
    Client client{database.url()};
    CHECK_THROWS_AS(client.ask("select '4714-11-23 BC'::date"), std::runtime_error);
    CHECK_THROWS_AS(client.ask("select '5874898-01-01'::date"), std::runtime_error);
    CHECK_THROWS_AS(client.ask("select '24:00:00.000001'::time"), std::runtime_error);
}

TEST_CASE("timetz is refused with the reason", "[type][integration]") {
    const Database database;
    Client client{database.url()};
    CHECK(contains(problem<TimeOfDay>(client, "'08:00+02'::timetz"), "timetz is not read: a time with a zone offset"));
    CHECK(contains(problem<std::string>(client, "'08:00+02'::timetz"), "use timestamptz, or time"));
    CHECK(contains(problem<std::vector<TimeOfDay>>(client, "array['08:00+02'::timetz]"), "timetz is not read"));
    CHECK(client.ask("select '08:00+02'::timetz::time").value<TimeOfDay>() == TimeOfDay{8h});
}

TEST_CASE("types do not mix", "[type][integration]") {
    const Database database;
    Client client{database.url()};
    CHECK(contains(problem<Timestamp>(client, "now()::timestamp"), "OID 1114"));
    CHECK(contains(problem<LocalTimestamp>(client, "now()"), "OID 1184"));
    CHECK(contains(problem<TimeOfDay>(client, "'1 hour'::interval"), "OID 1186"));
    CHECK(contains(problem<Interval>(client, "'01:00'::time"), "OID 1083"));
    CHECK(contains(problem<sys_days>(client, "now()"), "OID 1184"));
    CHECK(contains(problem<std::vector<std::int32_t>>(client, "array[1, null]"), "NULL"));
    CHECK(contains(problem<std::vector<std::int32_t>>(client, "array[[1]]"), "2 dimensions"));
}

// Dates, times, moments and intervals, against the server's own text.
#include "round_trip.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <limits>

using namespace corm::test;
using namespace corm::types;
using namespace std::chrono;

namespace {

constexpr sys_days first_day{year{-4713} / 11 / 24}, last_day{days{2145042905}}; // 5874897-12-31
constexpr Timestamp first_moment{first_day};

std::int64_t between(Random& random, std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>{least, most}(random);
}

// Half of them in the years that people use.
Timestamp random_moment(Random& random) {
    if (random() % 2 == 0)
        return Timestamp{microseconds{between(random, -4'000'000'000'000'000, 4'000'000'000'000'000)}};
    return Timestamp{microseconds{
        between(random, first_moment.time_since_epoch().count(), std::numeric_limits<std::int64_t>::max())}};
}

template <class T>
std::string literal_of(const T& value) {
    std::string text;
    Codec<T>::literal(value, text);
    return text;
}

// The server leaves out zeros at the end of the fraction.
std::string without_zeros(std::string text) {
    const std::size_t point = text.find('.');
    std::size_t end = text.find_first_not_of("0123456789", point + 1);
    end = end == std::string::npos ? text.size() : end;
    std::size_t keep = end;
    while (text[keep - 1] == '0')
        --keep;
    if (keep - 1 == point)
        keep = point;
    return text.erase(keep, end - keep);
}

template <class T>
bool is_written_alike(const T& value, std::string_view text) {
    return text == without_zeros(literal_of(value));
}

// As the documentation describes the output style "postgres".
std::string interval_text(const Interval& value) {
    std::string text;
    bool before = false;
    const auto part = [&](std::int64_t count, const char* unit) {
        if (count == 0)
            return;
        text += std::string{text.empty() ? "" : " "} + (before && count > 0 ? "+" : "") + std::to_string(count) + " " +
                unit + (count == 1 ? "" : "s");
        before = count < 0;
    };
    part(value.months / 12, "year");
    part(value.months % 12, "mon");
    part(value.days, "day");
    const std::int64_t time = value.time.count();
    if (time != 0 || text.empty()) {
        text += std::string{text.empty() ? "" : " "} + (time < 0 ? "-" : before ? "+" : "");
        const std::uint64_t size = time < 0 ? 0 - static_cast<std::uint64_t>(time) : static_cast<std::uint64_t>(time);
        char clock[64];
        std::snprintf(
            clock, sizeof clock, "%02llu:%02llu:%02llu.%06llu", static_cast<unsigned long long>(size / 3600000000),
            static_cast<unsigned long long>(size / 60000000 % 60), static_cast<unsigned long long>(size / 1000000 % 60),
            static_cast<unsigned long long>(size % 1000000));
        text += without_zeros(clock);
    }
    return text;
}

Interval random_interval(Random& random) {
    Interval value;
    if (random() % 4 != 0)
        value.months = random_integer<std::int32_t>(random);
    if (random() % 4 != 0)
        value.days = random_integer<std::int32_t>(random);
    if (random() % 4 != 0)
        value.time = microseconds{random_integer<std::int64_t>(random)};
    return value;
}

} // namespace

TEST_CASE("dates against the server's text", "[type][integration]") {
    const std::vector<sys_days> edges{first_day,
                                      first_day + days{1},
                                      sys_days{year{0} / 12 / 31},
                                      sys_days{year{1} / 1 / 1},
                                      sys_days{year{0} / 2 / 29},
                                      sys_days{year{-43} / 3 / 15},
                                      sys_days{year{1582} / 10 / 10},
                                      sys_days{year{1900} / 2 / 28},
                                      sys_days{},
                                      sys_days{year{2000} / 1 / 1},
                                      sys_days{year{2024} / 2 / 29},
                                      sys_days{year{9999} / 12 / 31},
                                      sys_days{year{10000} / 1 / 1},
                                      last_day - days{1},
                                      last_day};
    const auto random_day = [](Random& random) {
        return random() % 2 == 0 ? floor<days>(random_moment(random))
                                 : sys_days{days{between(random, first_day.time_since_epoch().count(),
                                                         last_day.time_since_epoch().count())}};
    };
    round_trip<sys_days>("date (sys_days)", edges, random_day,
                         [](const sys_days& value, std::string_view text) { return text == literal_of(value); });
    std::vector<local_days> local;
    for (const sys_days& date : edges)
        local.emplace_back(date.time_since_epoch());
    round_trip<local_days>("date (local_days)", std::move(local),
                           [&](Random& random) { return local_days{random_day(random).time_since_epoch()}; });
    std::vector<year_month_day> calendar;
    for (const sys_days& date : edges) {
        if (date <= sys_days{year::max() / 12 / 31})
            calendar.emplace_back(date);
    }
    calendar.push_back(year::max() / 12 / 31);
    round_trip<year_month_day>("date (year_month_day)", std::move(calendar), [](Random& random) {
        return year_month_day{sys_days{days{between(random, first_day.time_since_epoch().count(),
                                                    sys_days{year::max() / 12 / 31}.time_since_epoch().count())}}};
    });
}

TEST_CASE("times of day against the server's text", "[type][integration]") {
    round_trip<TimeOfDay>(
        "time", {TimeOfDay{}, TimeOfDay{1us}, TimeOfDay{12h}, TimeOfDay{24h - 1us}, TimeOfDay{24h}, TimeOfDay{100ms}},
        [](Random& random) { return TimeOfDay{microseconds{between(random, 0, 86'400'000'000)}}; },
        is_written_alike<TimeOfDay>);
}

TEST_CASE("moments against the server's text", "[type][integration]") {
    const std::vector<Timestamp> edges{first_moment,
                                       first_moment + 1us,
                                       sys_days{year{0} / 12 / 31} + 24h - 1us,
                                       sys_days{year{1} / 1 / 1},
                                       sys_days{year{1969} / 12 / 31} + 24h - 1us,
                                       Timestamp{},
                                       sys_days{year{2000} / 1 / 1} - 1us,
                                       sys_days{year{2000} / 1 / 1},
                                       sys_days{year{2016} / 12 / 31} + 24h - 1us,
                                       sys_days{year{2024} / 3 / 31} + 1h,
                                       sys_days{year{2024} / 2 / 29} + 100ms,
                                       Timestamp::max() - 48h};
    round_trip<Timestamp>(
        "timestamptz", edges,
        [](Random& random) {
            return std::min(random_moment(random), Timestamp::max() - 48h); // a zone to the east has another year
        },
        is_written_alike<Timestamp>);
    std::vector<LocalTimestamp> local;
    for (const Timestamp& moment : edges)
        local.emplace_back(moment.time_since_epoch());
    local.push_back(LocalTimestamp::max());
    round_trip<LocalTimestamp>(
        "timestamp", std::move(local),
        [](Random& random) { return LocalTimestamp{random_moment(random).time_since_epoch()}; },
        is_written_alike<LocalTimestamp>);
    round_trip<sys_seconds>("timestamptz (sys_seconds)", {sys_seconds{}, sys_seconds{floor<seconds>(first_moment)}},
                            [](Random& random) { return floor<seconds>(random_moment(random)); });
    round_trip<local_time<milliseconds>>(
        "timestamp (local_time of milliseconds)", {local_time<milliseconds>{}}, [](Random& random) {
            return local_time<milliseconds>{floor<milliseconds>(random_moment(random)).time_since_epoch()};
        });
}

TEST_CASE("intervals against the server's text", "[type][integration]") {
    constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max(),
                           least = std::numeric_limits<std::int32_t>::min();
    round_trip<Interval>("interval",
                         {{},
                          {1, 1, 1us},
                          {-1, -1, -1us},
                          {12, 0, {}},
                          {-13, 30, -1h},
                          {1, -1, {}},
                          {0, -1, 1us},
                          {-1, 0, 1h},
                          {0, 1, -1us},
                          {most, most, microseconds::max() - 1us},
                          {least, least, microseconds::min() + 1us},
                          {0, 0, microseconds::max()},
                          {0, 0, microseconds::min()},
                          {most, least, {}}},
                         random_interval,
                         [](const Interval& value, std::string_view text) { return text == interval_text(value); });
    round_trip<microseconds>("interval (microseconds)", {0us, 1us, -1us, microseconds::max(), microseconds::min()},
                             [](Random& random) { return microseconds{random_integer<std::int64_t>(random)}; });
    round_trip<seconds>("interval (seconds)", {0s, 1s, -1s, 48h},
                        [](Random& random) { return seconds{random_integer<std::int64_t>(random) / 1'000'000}; });
}

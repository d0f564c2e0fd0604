// Ranges and multiranges, against the server's own text.
#include "round_trip.hpp"

#include <corm/base/error.hpp>
#include <corm/type/multirange.hpp>

#include <catch2/catch_test_macros.hpp>

#include <limits>

using namespace corm::test;
using namespace std::chrono;
using corm::MultiRange;
using corm::Range;
using corm::RangeBounds;
using corm::types::LocalTimestamp;
using corm::types::Numeric;
using corm::types::Timestamp;

// A range type of the database's own.
template <>
struct corm::types::RangeType<double> : corm::types::RangeTypeOf<"floatrange", "floatmultirange", 0, 0, 0, 0> {};

namespace {

constexpr std::nullopt_t none = std::nullopt;

template <class T>
using Any = T (*)(Random& random);

/// Any range over the bounds that `any` gives, missing ones and empty ranges among them.
template <class T>
Range<T> random_range(Random& random, Any<T> any) {
    std::optional<T> low, high;
    if (random() % 5 != 0)
        low = any(random);
    if (random() % 5 != 0)
        high = random() % 8 == 0 && low ? *low : any(random);
    if (low && high && *high < *low)
        std::swap(low, high);
    return {low, high, static_cast<RangeBounds>(random() % 4)};
}

template <class T>
bool is_written_alike(const T& value, std::string_view text) {
    std::string own;
    corm::types::Codec<T>::literal(value, own);
    return own == text;
}

/// For those whose bounds the server writes shorter than their literals are.
template <class T>
bool is_read_alike(const T& value, std::string_view text) {
    T read;
    corm::types::Codec<T>::decode(
        {text.data(), static_cast<std::int32_t>(text.size()), corm::types::Codec<T>::oid, corm::types::Format::text},
        read);
    return read == value;
}

template <class T, class Bound>
bool agrees(const T& value, std::string_view text) {
    constexpr bool shorter = requires { typename Bound::clock; } && !corm::types::detail::is_discrete<Bound>;
    return shorter ? is_read_alike(value, text) : is_written_alike(value, text);
}

/// Ranges of `T`, and several of them.
template <class T>
void ranges(std::string_view name, std::vector<Range<T>> values, Any<T> any, const std::string& setup = {}) {
    values.insert(values.end(), {Range<T>{}, Range<T>::all()});
    std::vector<MultiRange<T>> several{
        {}, MultiRange<T>{Range<T>{}}, MultiRange<T>{Range<T>::all()}, MultiRange<T>{values}};
    round_trip<Range<T>>(
        name, values, [any](Random& random) { return random_range(random, any); }, agrees<Range<T>, T>, setup);
    round_trip<MultiRange<T>>(
        std::string{name} + ", several", std::move(several),
        [any](Random& random) {
            std::vector<Range<T>> made;
            for (std::size_t left = random() % 6; left > 0; --left)
                made.push_back(random_range(random, any));
            return MultiRange<T>{std::move(made)};
        },
        agrees<MultiRange<T>, T>, setup);
}

template <class I>
I random_below_last(Random& random) {
    return static_cast<I>(random_integer<I>(random) / 2);
}

Numeric random_number(Random& random) {
    return Numeric::from_string(std::to_string(static_cast<std::int32_t>(random())) +
                                (random() % 2 == 0 ? "" : "." + std::to_string(random() % 1000)));
}

constexpr std::int64_t longest = 100'000'000'000'000'000; // microseconds

} // namespace

TEST_CASE("ranges of whole numbers against the server's text", "[type][integration]") {
    using Int4 = std::numeric_limits<std::int32_t>;
    using Int8 = std::numeric_limits<std::int64_t>;
    ranges<std::int32_t>("int4range",
                         {{1, 5}, {1, 5, RangeBounds::closed}, {Int4::min(), Int4::max()}, {3, 3}, {none, 0}},
                         random_below_last<std::int32_t>);
    ranges<std::int64_t>("int8range", {{1, 5}, {Int8::min(), Int8::max()}, {3, none, RangeBounds::open}},
                         random_below_last<std::int64_t>);
}

TEST_CASE("ranges of numerics and floats against the server's text", "[type][integration]") {
    ranges<Numeric>("numrange",
                    {{Numeric{"1.50"}, Numeric{"1.5000"}, RangeBounds::closed},
                     {-Numeric::infinity(), Numeric::nan(), RangeBounds::closed},
                     {Numeric::nan(), Numeric::nan(), RangeBounds::closed}},
                    random_number);
    ranges<double>(
        "a range type of the database's own", {{0.5, 1e300, RangeBounds::closed}},
        [](Random& random) { return static_cast<double>(random_integer<std::int32_t>(random)) / 8; },
        "create type floatrange as range (subtype = float8)");
}

TEST_CASE("ranges of dates and moments against the server's text", "[type][integration]") {
    ranges<sys_days>("daterange",
                     {{sys_days{2024y / 2 / 29}, sys_days{2024y / 2 / 29}, RangeBounds::closed},
                      {sys_days{days{-2440588}}, sys_days{days{2145031948}}}}, // the first and the last
                     [](Random& random) { return sys_days{days{random_integer<std::int16_t>(random)}}; });
    ranges<LocalTimestamp>("tsrange", {}, [](Random& random) {
        return LocalTimestamp{microseconds{random_integer<std::int64_t>(random) % longest}};
    });
    ranges<Timestamp>("tstzrange", {{Timestamp{-1us}, Timestamp{1us}, RangeBounds::open}}, [](Random& random) {
        return Timestamp{microseconds{random_integer<std::int64_t>(random) % longest}};
    });
}

TEST_CASE("the other types of dates are ranges as well", "[type][integration]") {
    const Database database;
    Client client{database.url()};
    const Range<year_month_day> year{2024y / 1 / 1, 2024y / 12 / 31, RangeBounds::closed};
    const BinaryResult result = client.ask("select $1, $1::text, $2, $2::text", year, Range<sys_seconds>::from({}));
    CHECK(result.value<Range<year_month_day>>() == year);
    CHECK(result.value<Range<local_days>>() == Range<local_days>{local_days{2024y / 1 / 1}, local_days{2025y / 1 / 1}});
    CHECK(result.text(0, 1) == "[2024-01-01,2025-01-01)");
    CHECK(result.value<Range<sys_seconds>>(0, 2) == Range<sys_seconds>::from({}));
    CHECK(result.text(0, 3) == "[\"1970-01-01 00:00:00+00\",)");
    CHECK_THROWS_AS(client.ask("select '[2024-01-01 00:00:00.5,)'::tstzrange").value<Range<sys_seconds>>(),
                    corm::ConversionError);
    CHECK_THROWS_AS(client.ask("select '[2024-01-01,)'::tsrange").value<Range<Timestamp>>(), corm::ConversionError);
}

TEST_CASE("contains and overlaps say what the server says", "[type][integration]") {
    const Database database;
    Client client{database.url()};
    const std::uint64_t from = seed();
    INFO("CORM_TEST_SEED=" << from);
    Random random{from};
    const Any<Numeric> any = [](Random& some) { return Numeric{static_cast<int>(some() % 6)}; };
    for (int i = random_values() / 5; i > 0; --i) {
        const Range<Numeric> left = random_range(random, any), right = random_range(random, any);
        const MultiRange<Numeric> both{left, random_range(random, any)};
        const Numeric value = any(random);
        const BinaryResult result =
            client.ask("select $1 @> $2, $1 && $2, $1 @> $3, $1 = $2, $4 @> $2, $4 && $2, $4 @> $3, "
                       "isempty($1), lower_inc($1), upper_inc($1)",
                       left, right, value, both);
        CAPTURE(result.row_count(), left.is_empty(), right.is_empty());
        REQUIRE(result.value<bool>(0, 0) == left.contains(right));
        REQUIRE(result.value<bool>(0, 1) == left.overlaps(right));
        REQUIRE(result.value<bool>(0, 2) == left.contains(value));
        REQUIRE(result.value<bool>(0, 3) == (left == right));
        REQUIRE(result.value<bool>(0, 4) == both.contains(right));
        REQUIRE(result.value<bool>(0, 5) == both.overlaps(right));
        REQUIRE(result.value<bool>(0, 6) == both.contains(value));
        REQUIRE(result.value<bool>(0, 7) == left.is_empty());
        REQUIRE(result.value<bool>(0, 8) == left.is_lower_inclusive());
        REQUIRE(result.value<bool>(0, 9) == left.is_upper_inclusive());
    }
}

TEST_CASE("F69: a range to infinity is none of <chrono>", "[type][integration][F69]") {
    const Database database;
    Client client{database.url()};
    for (const char* sql :
         {"select daterange(current_date, 'infinity')", "select daterange('-infinity', current_date)"}) {
        const BinaryResult result = client.ask(sql);
        CHECK_THROWS_AS(result.value<Range<sys_days>>(), corm::ConversionError);
    }
    CHECK_THROWS_AS(client.ask("select tstzrange(now(), 'infinity')").value<Range<Timestamp>>(), corm::ConversionError);
    CHECK(client.ask("select daterange('2024-01-01', null)").value<Range<sys_days>>() ==
          Range<sys_days>::from(sys_days{2024y / 1 / 1}));
    // The last date that the server has is beyond that of year_month_day.
    const BinaryResult last = client.ask("select daterange('5874897-12-30', '5874897-12-31')");
    CHECK_FALSE(last.value<Range<sys_days>>().is_empty());
    CHECK_THROWS_AS(last.value<Range<year_month_day>>(), corm::ConversionError);
}

#include <corm/type/multirange.hpp>

#include "unit/type/support.hpp"

#include <corm/type/types.hpp>

#include <limits>
#include <random>
#include <vector>

using namespace corm;
using namespace corm::types;
using namespace corm::test;
using namespace std::chrono;

namespace {

using Ints = Range<std::int32_t>;
using Nums = Range<Numeric>;
using enum RangeBounds;
constexpr std::nullopt_t none = std::nullopt;
constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max(),
                       least = std::numeric_limits<std::int32_t>::min();

} // namespace

TEST_CASE("a range of whole numbers is kept as [a,b)", "[type][unit]") {
    CHECK(literal(Ints{1, 5}) == "[1,5)");
    CHECK(literal(Ints{1, 5, closed}) == "[1,6)");
    CHECK(literal(Ints{1, 5, open}) == "[2,5)");
    CHECK(literal(Ints{1, 5, open_closed}) == "[2,6)");
    CHECK(Ints{1, 4, closed} == Ints{0, 5, open});
    CHECK(literal(Ints::all()) == "(,)");
    CHECK(literal(Ints::from(3)) == "[3,)");
    CHECK(literal(Ints::until(3)) == "(,3)");
    CHECK(literal(Ints{none, 3, closed}) == "(,4)");
    CHECK(literal(Ints{3, none, open}) == "[4,)");
    CHECK(literal(Ints{}) == "empty");
    CHECK(Ints{3, 3}.is_empty());
    CHECK(Ints{3, 4, open}.is_empty());
    CHECK(Ints{3, 3, open_closed}.is_empty());
    CHECK(literal(Ints{3, 3, closed}) == "[3,4)");
    CHECK(Ints{most, most}.is_empty());
    CHECK(Ints{most, most, open}.is_empty());
    CHECK(literal(Ints{least, most}) == "[-2147483648,2147483647)");
}

TEST_CASE("bounds that no range has are refused", "[type][unit]") {
    CHECK(contains(problem_of([] { Ints{2, 1}; }), "lower bound of a range is greater"));
    CHECK(contains(problem_of([] { Nums{Numeric{"1.5"}, Numeric{"1.4"}, closed}; }), "lower bound"));
    CHECK(contains(problem_of([] { Ints{1, most, closed}; }), "there is no b + 1"));
    CHECK(contains(problem_of([] { Ints{most, none, open}; }), "there is no b + 1"));
    CHECK(contains(problem_of([] { Range<std::int64_t>{0, std::numeric_limits<std::int64_t>::max(), closed}; }),
                   "there is no b + 1"));
    CHECK(contains(problem_of([] { Range<year_month_day>{none, year_month_day{32767y / 12 / 31}, closed}; }),
                   "there is no b + 1"));
}

TEST_CASE("a range of other values keeps which bounds belong to it", "[type][unit]") {
    const Nums closed_range{1, 2, closed};
    CHECK(literal(closed_range) == "[1,2]");
    CHECK(literal(Nums{1, 2, open}) == "(1,2)");
    CHECK_FALSE(closed_range == Nums{1, 2});
    CHECK(closed_range == Nums{Numeric{"1.0"}, Numeric{"2.00"}, closed});
    CHECK_FALSE(Codec<Nums>::same(closed_range, Nums{Numeric{"1.0"}, 2, closed})); // another scale is written
    CHECK(Nums{1, 1}.is_empty());
    CHECK_FALSE(Nums{1, 1, closed}.is_empty());
    CHECK(Nums{1, none, closed}.is_lower_inclusive());
    CHECK_FALSE(Nums{1, none, closed}.is_upper_inclusive());
    CHECK(literal(Range<sys_days>{sys_days{2024y / 2 / 28}, sys_days{2024y / 2 / 29}, closed}) ==
          "[2024-02-28,2024-03-01)");
    CHECK(literal(Range<LocalTimestamp>::from(LocalTimestamp{})) == "[\"1970-01-01 00:00:00.000000\",)");
}

TEST_CASE("ranges tell what they contain and overlap", "[type][unit]") {
    const Ints range{1, 5};
    CHECK(range.contains(1));
    CHECK(range.contains(4));
    CHECK_FALSE(range.contains(5));
    CHECK_FALSE(range.contains(0));
    CHECK_FALSE(Ints{}.contains(0));
    CHECK(Ints::all().contains(least));
    CHECK(range.contains(Ints{}));
    CHECK(range.contains(Ints{2, 5}));
    CHECK_FALSE(range.contains(Ints{2, 6}));
    CHECK_FALSE(range.contains(Ints::from(2)));
    CHECK_FALSE(range.contains(Ints::until(2)));
    CHECK(Ints::from(1).contains(Ints::from(1)));
    CHECK_FALSE(Ints{}.contains(range));
    CHECK(range.overlaps(Ints{4, 9}));
    CHECK_FALSE(range.overlaps(Ints{5, 9}));
    CHECK_FALSE(range.overlaps(Ints{}));
    CHECK(range.overlaps(Ints::all()));
    CHECK(Nums{1, 2, closed}.overlaps(Nums{2, 3}));
    CHECK_FALSE(Nums{1, 2}.overlaps(Nums{2, 3}));
    CHECK_FALSE(Nums{1, 2, closed}.overlaps(Nums{2, 3, open}));
    CHECK_FALSE(Nums{1, 2, open}.contains(Nums{1, 2, closed}));
    CHECK(Nums{1, 2, closed}.contains(Nums{1, 2, open}));
}

TEST_CASE("contains and overlaps agree with the values in the ranges", "[type][unit]") {
    std::mt19937 random{7};
    const auto any = [&random] {
        const auto bound = [&random]() -> std::optional<std::int32_t> {
            const auto value = static_cast<std::int32_t>(random() % 9);
            return value == 8 ? std::optional<std::int32_t>{} : value;
        };
        std::optional<std::int32_t> low = bound(), high = bound();
        if (low && high && *high < *low)
            std::swap(low, high);
        return Ints{low, high, static_cast<RangeBounds>(random() % 4)};
    };
    for (int round = 0; round < 5000; ++round) {
        const Ints left = any(), right = any();
        bool overlap = false, inside = true;
        for (std::int32_t value = -3; value < 12; ++value) {
            overlap = overlap || (left.contains(value) && right.contains(value));
            inside = inside && (left.contains(value) || !right.contains(value));
        }
        CAPTURE(literal(left), literal(right));
        REQUIRE(left.overlaps(right) == overlap);
        REQUIRE(right.overlaps(left) == overlap);
        REQUIRE(left.contains(right) == inside);
        const MultiRange<std::int32_t> both{left, right};
        for (std::int32_t value = -3; value < 12; ++value)
            REQUIRE(both.contains(value) == (left.contains(value) || right.contains(value)));
        REQUIRE(both.size() <= 2);
        REQUIRE(both == MultiRange<std::int32_t>{right, left});
    }
}

TEST_CASE("ranges travel as flags and bounds", "[type][unit]") {
    CHECK(encoded(Ints{}) == bytes({1}));
    CHECK(encoded(Ints{1, 5}) == bytes({2, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 5}));
    CHECK(encoded(Ints::all()) == bytes({0x18}));
    CHECK(encoded(Ints::from(7)) == bytes({0x12, 0, 0, 0, 4, 0, 0, 0, 7}));
    for (const Ints& range : {Ints{}, Ints{1, 5}, Ints::all(), Ints::from(7), Ints::until(-7)})
        CHECK(survives(range));
    CHECK(survives(Nums{Numeric{"1.50"}, Numeric::infinity(), closed}));
    CHECK(survives(Nums{none, Numeric::nan(), open_closed}));
    CHECK(survives(Range<Timestamp>{Timestamp{1us}, Timestamp{2us}, open}));
    CHECK(Codec<Range<sys_seconds>>::oid == oids::timestamptz_range);
    CHECK(Codec<Range<local_days>>::oid == oids::date_range);
}

TEST_CASE("what is no range is refused", "[type][unit]") {
    const Oid oid = oids::int4_range;
    const std::string good = encoded(Ints{1, 5});
    CHECK(contains(decode_problem<Ints>("", oid), "malformed int4range"));
    CHECK(contains(decode_problem<Ints>(good + "x", oid), "malformed int4range"));
    CHECK(contains(decode_problem<Ints>(bytes({0x20}), oid), "malformed int4range"));
    CHECK(contains(decode_problem<Ints>(bytes({2, 0x7f, 0xff, 0xff, 0xff}), oid), "malformed int4range"));
    CHECK(contains(decode_problem<Ints>(bytes({2, 0xff, 0xff, 0xff, 0xff}), oid), "malformed int4range"));
    CHECK(contains(decode_problem<Ints>(bytes({2, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 1}), oid),
                   "lower bound of a range is greater"));
    CHECK(contains(decode_problem<Ints>(good, oids::int8_range), "OID 3926"));
    CHECK(contains(decode_problem<Ints>(good, oids::first_user_oid), "OID 16384"));
    // The date infinity is a value of PostgreSQL, and none of <chrono>.
    CHECK(contains(decode_problem<Range<sys_days>>(bytes({0x12, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff}), oids::date_range),
                   "infinit"));
}

TEST_CASE("ranges are read from text", "[type][unit]") {
    const auto read = [](std::string_view text) { return decoded<Ints>(text, oids::int4_range, Format::text); };
    CHECK(read("[1,5)") == Ints{1, 5});
    CHECK(read(" (0,4] ") == Ints{1, 5});
    CHECK(read("(,)") == Ints::all());
    CHECK(read("EMPTY") == Ints{});
    CHECK(read("[\"1\",\\5)") == Ints{1, 5});
    CHECK(decoded<Range<LocalTimestamp>>("[\"1970-01-01 00:00:00\",)", oids::timestamp_range, Format::text) ==
          Range<LocalTimestamp>::from({}));
    for (const char* bad : {"", "[", "[1", "[1,", "[1,5", "[1,5}", "1,5)", "[1,5)x", "emptyx", "[\"1,5)", "[1,5,6)",
                            "[,\\", "[5,1)", "[a,b)", "[1,\"\")"}) {
        CAPTURE(bad);
        CHECK(decode_problem<Ints>(bad, oids::int4_range, Format::text) != "");
    }
}

TEST_CASE("multiranges join what meets", "[type][unit]") {
    using Multi = MultiRange<std::int32_t>;
    CHECK(literal(Multi{}) == "{}");
    CHECK(literal(Multi{Ints{}}) == "{}");
    CHECK(literal(Multi{{5, 7}, {1, 3}}) == "{[1,3),[5,7)}");
    CHECK(literal(Multi{{1, 3}, {3, 5}}) == "{[1,5)}");
    CHECK(literal(Multi{{1, 9}, {3, 5}, {8, 12}}) == "{[1,12)}");
    CHECK(literal(Multi{Ints::from(4), Ints::until(2), {1, 3}}) == "{(,3),[4,)}");
    CHECK(literal(MultiRange<Numeric>{{1, 2}, {2, 3, open}}) == "{[1,2),(2,3)}");
    CHECK(literal(MultiRange<Numeric>{{1, 2, closed}, {2, 3, open}}) == "{[1,3)}");
    const Multi two{{1, 3}, {5, 7}};
    CHECK(two.contains(6));
    CHECK_FALSE(two.contains(4));
    CHECK(two.contains(Ints{5, 6}));
    CHECK(two.contains(Ints{}));
    CHECK_FALSE(two.contains(Ints{2, 6}));
    CHECK(two.overlaps(Ints{2, 4}));
    CHECK_FALSE(two.overlaps(Ints{3, 5}));
    CHECK(two[1] == Ints{5, 7});
}

TEST_CASE("F70: multiranges travel as their ranges, and counts are not believed", "[type][unit][F70]") {
    using Multi = MultiRange<std::int32_t>;
    const Oid oid = oids::int4_multirange;
    const Multi two{{1, 3}, Ints::from(5)};
    CHECK(encoded(Multi{}) == bytes({0, 0, 0, 0}));
    CHECK(encoded(Multi{Ints::all()}) == bytes({0, 0, 0, 1, 0, 0, 0, 1, 0x18}));
    CHECK(survives(two));
    CHECK(survives(Multi{}));
    CHECK(decoded<Multi>(literal(two), oid, Format::text) == two);
    CHECK(decoded<Multi>(" { empty , [1,3) } ", oid, Format::text) == Multi{Ints{1, 3}});
    CHECK(decoded<MultiRange<LocalTimestamp>>("{[\"1970-01-01 00:00:00\",\"1970-01-02 00:00:00\"]}",
                                              oids::timestamp_multirange, Format::text)
              .size() == 1);
    // What the header claims is not believed.
    CHECK(contains(decode_problem<Multi>(bytes({0x7f, 0xff, 0xff, 0xff}), oid), "malformed int4multirange"));
    CHECK(contains(decode_problem<Multi>(bytes({0xff, 0xff, 0xff, 0xff}), oid), "malformed int4multirange"));
    CHECK(contains(decode_problem<Multi>(bytes({0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff, 1}), oid), "malformed"));
    CHECK(contains(decode_problem<Multi>(encoded(two) + "x", oid), "malformed int4multirange"));
    CHECK(contains(decode_problem<Multi>(encoded(two), oids::int4_range), "OID 3904"));
    for (const char* bad : {"", "{", "}", "{[1,3)", "{[1,3),}", "{,}", "{[1,3) [4,5)}", "{[1,3)}x", "{1,3}"}) {
        CAPTURE(bad);
        CHECK(decode_problem<Multi>(bad, oid, Format::text) != "");
    }
}

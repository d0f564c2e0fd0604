// The 22 queries, each on the same rows.
#include "warehouse.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace corm::tpch;

namespace {

/// The rows of a query, which are so many, and the same by its SQL and by the query language.
template <int Number>
std::vector<typename Query<Number>::Row> rows_of(std::size_t least, std::size_t most) {
    auto rows = Warehouse::instance().by_sql<Number>();
    INFO("query " << Number);
    CHECK(lines(Warehouse::instance().by_query<Number>()) == lines(rows));
    CHECK(rows.size() >= least);
    REQUIRE(rows.size() <= most);
    REQUIRE_FALSE(rows.empty());
    return rows;
}

/// A column of rows.
template <std::size_t Column, class Row>
auto column(const std::vector<Row>& rows) {
    std::vector<std::tuple_element_t<Column, Row>> values;
    for (const Row& row : rows)
        values.push_back(std::get<Column>(row));
    return values;
}

/// A value without the blanks that char(n) fills it up with.
std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

template <std::size_t Column, class Row>
std::set<std::string> texts(const std::vector<Row>& rows) {
    std::set<std::string> found;
    for (const Row& row : rows)
        found.insert(trimmed(std::get<Column>(row)));
    return found;
}

template <class Values>
bool falls(const Values& values) {
    return std::is_sorted(values.rbegin(), values.rend());
}

constexpr Date day(int year, unsigned month, unsigned of_month) {
    return std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(of_month);
}

using Nations = std::set<std::string>;

const Nations european{"FRANCE", "GERMANY", "ROMANIA", "RUSSIA", "UNITED KINGDOM"};
const Nations asian{"CHINA", "INDIA", "INDONESIA", "JAPAN", "VIETNAM"};

bool among(const Nations& all, const Nations& some) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

} // namespace

TEST_CASE("two rows are told apart by every digit", "[tpch]") {
    const std::vector<std::tuple<std::string, std::optional<Decimal>, Date>> rows{
        {"a ", Decimal{"1.50"}, day(1998, 9, 2)},
        {"b", std::nullopt, day(1992, 1, 1)},
    };
    CHECK(lines(rows) == std::vector<std::string>{"a  | 1.50 | 1998-09-02", "b | null | 1992-01-01"});
}

TEST_CASE("TPC-H 1: pricing summary report", "[tpch][integration]") {
    const auto rows = rows_of<1>(4, 4);
    // Counted once more from what was generated.
    std::map<std::pair<std::string, std::string>, std::tuple<Count, Decimal, Decimal>> groups;
    for (const LineItem& line : Warehouse::instance().rows().lineitems) {
        if (line.shipdate > day(1998, 9, 2))
            continue;
        auto& [count, quantity, charge] = groups[{line.returnflag, line.linestatus}];
        ++count;
        quantity += line.quantity;
        charge += line.extendedprice * (Decimal{1} - line.discount) * (Decimal{1} + line.tax);
    }
    REQUIRE(groups.size() == rows.size());
    for (const auto& row : rows) {
        const auto& [count, quantity, charge] = groups[{std::get<0>(row), std::get<1>(row)}];
        CHECK(std::get<9>(row) == count);
        CHECK((std::get<2>(row) == quantity));
        CHECK((std::get<5>(row) == charge));
    }
}

TEST_CASE("TPC-H 2: minimum cost supplier", "[tpch][integration]") {
    const auto rows = rows_of<2>(1, 20);
    CHECK(among(european, texts<2>(rows)));
    CHECK(falls(column<0>(rows)));
}

TEST_CASE("TPC-H 3: shipping priority", "[tpch][integration]") {
    const auto rows = rows_of<3>(10, 10);
    CHECK(falls(column<1>(rows)));
    for (const Date ordered : column<2>(rows))
        CHECK((ordered < day(1995, 3, 15) && ordered > day(1994, 11, 14)));
}

TEST_CASE("TPC-H 4: order priority checking", "[tpch][integration]") {
    const auto rows = rows_of<4>(5, 5);
    CHECK(texts<0>(rows) == std::set<std::string>{"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"});
    for (const Count count : column<1>(rows)) // 15,000 orders in 79 months, most of them with a late line
        CHECK((count >= 70 && count <= 130));
}

TEST_CASE("TPC-H 5: local supplier volume", "[tpch][integration]") {
    const auto rows = rows_of<5>(4, 5);
    CHECK(among(asian, texts<0>(rows)));
    CHECK(falls(column<1>(rows)));
}

TEST_CASE("TPC-H 6: forecasting revenue change", "[tpch][integration]") {
    const auto rows = rows_of<6>(1, 1);
    Decimal revenue;
    const Decimal least{"0.05"};
    const Decimal most{"0.07"};
    for (const LineItem& line : Warehouse::instance().rows().lineitems) {
        if (line.shipdate >= day(1994, 1, 1) && line.shipdate < day(1995, 1, 1) && line.discount >= least &&
            line.discount <= most && line.quantity < Decimal{24})
            revenue += line.extendedprice * line.discount;
    }
    CHECK((rows.front() == revenue));
    CHECK((revenue > Decimal{500'000}));
}

TEST_CASE("TPC-H 7: volume shipping", "[tpch][integration]") {
    const auto rows = rows_of<7>(4, 4);
    CHECK(texts<0>(rows) == Nations{"FRANCE", "GERMANY"});
    CHECK(column<2>(rows) == std::vector<std::int32_t>{1995, 1996, 1995, 1996});
}

TEST_CASE("TPC-H 8: national market share", "[tpch][integration]") {
    const auto rows = rows_of<8>(2, 2);
    CHECK(column<0>(rows) == std::vector<std::int32_t>{1995, 1996});
    for (const Decimal& share : column<1>(rows))
        CHECK((!share.is_negative() && share < Decimal{1}));
    CHECK_FALSE((std::get<1>(rows[0]).is_zero() && std::get<1>(rows[1]).is_zero()));
}

TEST_CASE("TPC-H 9: product type profit measure", "[tpch][integration]") {
    const auto rows = rows_of<9>(160, 175); // 25 nations, 7 years
    CHECK(texts<0>(rows).size() >= 24);
    const auto years = column<1>(rows);
    CHECK(*std::min_element(years.begin(), years.end()) == 1992);
    CHECK(*std::max_element(years.begin(), years.end()) == 1998);
}

TEST_CASE("TPC-H 10: returned item reporting", "[tpch][integration]") {
    const auto rows = rows_of<10>(20, 20);
    CHECK(falls(column<2>(rows)));
}

TEST_CASE("TPC-H 11: important stock identification", "[tpch][integration]") {
    const auto rows = rows_of<11>(1, 99); // each has more than a hundredth
    CHECK(falls(column<1>(rows)));
}

TEST_CASE("TPC-H 12: shipping modes and order priority", "[tpch][integration]") {
    const auto rows = rows_of<12>(2, 2);
    CHECK(texts<0>(rows) == std::set<std::string>{"MAIL", "SHIP"});
    for (const auto& [mode, high, low] : rows) // two of five priorities are high
        CHECK((high > low / 3 && high < low));
}

TEST_CASE("TPC-H 13: customer distribution", "[tpch][integration]") {
    const auto rows = rows_of<13>(20, 45);
    CHECK(falls(column<1>(rows)));
    CHECK(std::get<0>(rows.front()) == 0); // a third has no order
    Count customers = 0;
    Count orders = 0;
    for (const auto& [count, distribution] : rows) {
        customers += distribution;
        orders += count * distribution;
    }
    CHECK(customers == 1'500);
    CHECK((orders < 15'000 && orders > 14'000)); // some are special requests
}

TEST_CASE("TPC-H 14: promotion effect", "[tpch][integration]") {
    const auto rows = rows_of<14>(1, 1);
    const auto percent = rows.front();
    CHECK((percent > Decimal{10} && percent < Decimal{24})); // a sixth of the types
}

TEST_CASE("TPC-H 15: top supplier", "[tpch][integration]") {
    const auto rows = rows_of<15>(1, 1);
    CHECK((std::get<4>(rows.front()) > Decimal{800'000})); // a hundredth of a quarter of a year
}

TEST_CASE("TPC-H 16: parts/supplier relationship", "[tpch][integration]") {
    const auto rows = rows_of<16>(200, 400);
    CHECK(texts<0>(rows).size() == 24);
    for (const Count suppliers : column<3>(rows))
        CHECK((suppliers >= 1 && suppliers <= 16));
}

TEST_CASE("TPC-H 17: small-quantity-order revenue", "[tpch][integration]") {
    const auto rows = rows_of<17>(1, 1);
    CHECK(rows.front().has_value());
}

TEST_CASE("TPC-H 18: large volume customer", "[tpch][integration]") {
    const auto rows = rows_of<18>(20, 100);
    CHECK(falls(column<4>(rows)));
    for (const Decimal& quantity : column<5>(rows))
        CHECK((quantity > Decimal{250} && quantity <= Decimal{350}));
}

TEST_CASE("TPC-H 19: discounted revenue", "[tpch][integration]") {
    const auto rows = rows_of<19>(1, 1);
    CHECK(rows.front().has_value());
}

TEST_CASE("TPC-H 20: potential part promotion", "[tpch][integration]") {
    const auto rows = rows_of<20>(1, 10);
    CHECK(std::get<0>(rows.front()).starts_with("Supplier#0000000"));
}

TEST_CASE("TPC-H 21: suppliers who kept orders waiting", "[tpch][integration]") {
    const auto rows = rows_of<21>(1, 10);
    CHECK(falls(column<1>(rows)));
}

TEST_CASE("TPC-H 22: global sales opportunity", "[tpch][integration]") {
    const auto rows = rows_of<22>(7, 7);
    CHECK(texts<0>(rows) == std::set<std::string>{"13", "17", "18", "23", "29", "30", "31"});
    for (const auto& [code, count, total] : rows)
        CHECK((total > Decimal{4'000} * Decimal{count})); // each has more than the average of those who have something
}

// The rows themselves: that they are always the same, and what the queries rely on.
#include "warehouse.hpp"

#include "support/fits.hpp"

#include <corm/orm/verification.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

using namespace corm::tpch;

namespace {

/// A number that a statement returns.
double number(const std::string& sql) {
    return std::stod(Warehouse::instance().ask(sql));
}

bool within(double value, double least, double most) {
    UNSCOPED_INFO(value);
    return least <= value && value <= most;
}

} // namespace

TEST_CASE("derived tables fit: mappings of TPC-H", "[verify][integration]") {
    CHECK(corm::test::misfit_of<Region, Nation, Part, Supplier, PartSupp, Customer, Order, LineItem>() == "");
}

TEST_CASE("the structs fit the tables of the specification", "[tpch][integration]") {
    Warehouse& warehouse = Warehouse::instance();
    warehouse.run([&]() -> corm::Task<> {
        const auto found = co_await corm::verify<Region, Nation, Part, Supplier, PartSupp, Customer, Order, LineItem>(
            warehouse.engine());
        CHECK(found.ok());
        // Their char(n) is compared as plain text here, without the blanks that the table fills it up with.
        for (const corm::schema::Finding& finding : found.findings)
            CHECK_THAT(finding.sentence, Catch::Matchers::ContainsSubstring(" is text in the mapping and character("));
    });
}

TEST_CASE("the same rows are generated each time", "[tpch]") {
    const Rows one = generate(1);
    const Rows other = generate(1);
    REQUIRE(one.lineitems.size() == other.lineitems.size());
    CHECK(std::equal(one.lineitems.begin(), one.lineitems.end(), other.lineitems.begin(),
                     [](const LineItem& a, const LineItem& b) {
                         return a.orderkey == b.orderkey && a.partkey == b.partkey && a.shipdate == b.shipdate &&
                                a.extendedprice == b.extendedprice && a.comment == b.comment;
                     }));
    CHECK(one.orders.back().totalprice == other.orders.back().totalprice);
    CHECK(one.customers.back().address == other.customers.back().address);
    CHECK_THROWS_AS(generate(0), std::invalid_argument);
}

TEST_CASE("a part has four suppliers at every scale", "[tpch]") {
    for (const int hundredths : {1, 3}) {
        const Rows rows = generate(hundredths);
        std::set<std::pair<std::int64_t, std::int64_t>> offers;
        for (const PartSupp& offer : rows.partsupps)
            offers.emplace(offer.partkey, offer.suppkey);
        CHECK(offers.size() == 4 * rows.parts.size());
        CHECK(std::all_of(rows.lineitems.begin(), rows.lineitems.end(),
                          [&](const LineItem& line) { return offers.contains({line.partkey, line.suppkey}); }));
    }
}

TEST_CASE("the tables have the rows of scale 0.01", "[tpch][integration]") {
    CHECK(number("select count(*) from region") == 5);
    CHECK(number("select count(*) from nation") == 25);
    CHECK(number("select count(*) from supplier") == 100);
    CHECK(number("select count(*) from part") == 2'000);
    CHECK(number("select count(*) from partsupp") == 8'000);
    CHECK(number("select count(*) from customer") == 1'500);
    CHECK(number("select count(*) from orders") == 15'000);
    CHECK(within(number("select count(*) from lineitem"), 58'500, 61'500));
    CHECK(number("select count(*) from lineitem") ==
          static_cast<double>(Warehouse::instance().rows().lineitems.size()));
    CHECK(within(number("select count(distinct o_custkey) from orders"), 995, 1'000));
    CHECK(number("select max(o_orderkey) from orders") == 60'000 - 24);
    CHECK(number("select count(*) from supplier where s_comment like '%Customer%Complaints%'") == 1);
    CHECK(number("select count(*) from supplier where s_comment like '%Customer%Recommends%'") == 1);
}

TEST_CASE("rows agree with each other as the specification wants it", "[tpch][integration]") {
    const auto wrong = [](const std::string& table, const std::string& condition) {
        INFO(condition);
        CHECK(number("select count(*) from " + table + " where not (" + condition + ")") == 0);
    };
    wrong("customer", "left(c_phone, 2)::int = c_nationkey + 10 and c_phone ~ '^\\d\\d-\\d{3}-\\d{3}-\\d{4} *$'");
    wrong("supplier", "left(s_phone, 2)::int = s_nationkey + 10 and s_acctbal between -999.99 and 9999.99");
    wrong("part", "p_retailprice = (90000 + p_partkey / 10 % 20001 + 100 * (p_partkey % 1000)) / 100.00");
    wrong("part", "substr(p_mfgr, 14, 1) = substr(p_brand, 7, 1) and cardinality(string_to_array(p_name, ' ')) = 5");
    wrong("orders", "o_orderdate between date '1992-01-01' and date '1998-12-31' - 151 and o_custkey % 3 <> 0");
    wrong("lineitem", "l_receiptdate > l_shipdate and l_receiptdate <= date '1998-12-31'");
    wrong("lineitem", "(l_returnflag = 'N') = (l_receiptdate > date '1995-06-17')");
    wrong("lineitem", "(l_linestatus = 'O') = (l_shipdate > date '1995-06-17')");
    wrong("lineitem join orders on l_orderkey = o_orderkey",
          "l_shipdate - o_orderdate between 1 and 121 and l_commitdate - o_orderdate between 30 and 90");
    wrong("lineitem join part on l_partkey = p_partkey", "l_extendedprice = l_quantity * p_retailprice");
    wrong("orders join (select l_orderkey, "
          "                    round(sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), 2) as total, "
          "                    case count(distinct l_linestatus) when 2 then 'P' else min(l_linestatus) end as status, "
          "                    max(l_linenumber) = count(*) as numbered "
          "             from lineitem group by l_orderkey) as lines on l_orderkey = o_orderkey",
          "o_totalprice = total and o_orderstatus = status and numbered");
}

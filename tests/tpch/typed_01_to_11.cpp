#include "schema.hpp"
#include "typed.hpp"

namespace corm::tpch {

using namespace std::chrono;

template <>
Typed<1> typed<1>() {
    const auto disc_price = col<&LineItem::extendedprice> * (1 - col<&LineItem::discount>);
    const auto charge = disc_price * (1 + col<&LineItem::tax>);
    return select(col<&LineItem::returnflag>, col<&LineItem::linestatus>, not_null(sum(col<&LineItem::quantity>)),
                  not_null(sum(col<&LineItem::extendedprice>)), not_null(sum(disc_price)), not_null(sum(charge)),
                  not_null(avg(col<&LineItem::quantity>)), not_null(avg(col<&LineItem::extendedprice>)),
                  not_null(avg(col<&LineItem::discount>)), count())
        .from<LineItem>()
        .where(col<&LineItem::shipdate> <= sys_days{1998y / December / 1} - days{90})
        .group_by(col<&LineItem::returnflag>, col<&LineItem::linestatus>)
        .order_by(col<&LineItem::returnflag>, col<&LineItem::linestatus>);
}

template <>
Typed<2> typed<2>() {
    const Condition european = col<&Part::partkey> == col<&PartSupp::partkey> &&
                               col<&Supplier::suppkey> == col<&PartSupp::suppkey> &&
                               col<&Supplier::nationkey> == col<&Nation::nationkey> &&
                               col<&Nation::regionkey> == col<&Region::regionkey> && col<&Region::name> == "EUROPE";
    const auto least =
        select(min(col<&PartSupp::supplycost>)).from<PartSupp, Supplier, Nation, Region>().where(european);
    return select(col<&Supplier::acctbal>, col<&Supplier::name>, col<&Nation::name>, col<&Part::partkey>,
                  col<&Part::mfgr>, col<&Supplier::address>, col<&Supplier::phone>, col<&Supplier::comment>)
        .from<Part, Supplier, PartSupp, Nation, Region>()
        .where(european)
        .where(col<&Part::size> == 15)
        .where(col<&Part::type>.like("%BRASS"))
        .where(col<&PartSupp::supplycost> == scalar(least))
        .order_by(col<&Supplier::acctbal>.desc(), col<&Nation::name>, col<&Supplier::name>, col<&Part::partkey>)
        .limit(100);
}

template <>
Typed<3> typed<3>() {
    const auto day = 1995y / March / 15;
    const auto revenue = not_null(sum(col<&LineItem::extendedprice> * (1 - col<&LineItem::discount>)));
    return select(col<&LineItem::orderkey>, revenue, col<&Order::orderdate>, col<&Order::shippriority>)
        .from<Customer, Order, LineItem>()
        .where(col<&Customer::mktsegment> == "BUILDING")
        .where(col<&Customer::custkey> == col<&Order::custkey>)
        .where(col<&LineItem::orderkey> == col<&Order::orderkey>)
        .where(col<&Order::orderdate> < day)
        .where(col<&LineItem::shipdate> > day)
        .group_by(col<&LineItem::orderkey>, col<&Order::orderdate>, col<&Order::shippriority>)
        .order_by(revenue.desc(), col<&Order::orderdate>, col<&LineItem::orderkey>)
        .limit(10);
}

template <>
Typed<4> typed<4>() {
    const auto start = 1993y / July / 1;
    const Condition late = exists<LineItem>(col<&LineItem::orderkey> == col<&Order::orderkey> &&
                                            col<&LineItem::commitdate> < col<&LineItem::receiptdate>);
    return select(col<&Order::orderpriority>, count())
        .from<Order>()
        .where(col<&Order::orderdate> >= start)
        .where(col<&Order::orderdate> < start + months{3})
        .where(late)
        .group_by(col<&Order::orderpriority>)
        .order_by(col<&Order::orderpriority>);
}

template <>
Typed<5> typed<5>() {
    const auto start = 1994y / January / 1;
    const auto revenue = not_null(sum(col<&LineItem::extendedprice> * (1 - col<&LineItem::discount>)));
    return select(col<&Nation::name>, revenue)
        .from<Customer, Order, LineItem, Supplier, Nation, Region>()
        .where(col<&Customer::custkey> == col<&Order::custkey>)
        .where(col<&LineItem::orderkey> == col<&Order::orderkey>)
        .where(col<&LineItem::suppkey> == col<&Supplier::suppkey>)
        .where(col<&Customer::nationkey> == col<&Supplier::nationkey>)
        .where(col<&Supplier::nationkey> == col<&Nation::nationkey>)
        .where(col<&Nation::regionkey> == col<&Region::regionkey>)
        .where(col<&Region::name> == "ASIA")
        .where(col<&Order::orderdate> >= start)
        .where(col<&Order::orderdate> < start + years{1})
        .group_by(col<&Nation::name>)
        .order_by(revenue.desc(), col<&Nation::name>);
}

template <>
Typed<6> typed<6>() {
    const auto start = 1994y / January / 1;
    return select(sum(col<&LineItem::extendedprice> * col<&LineItem::discount>))
        .from<LineItem>()
        .where(col<&LineItem::shipdate> >= start)
        .where(col<&LineItem::shipdate> < start + years{1})
        .where(col<&LineItem::discount>.between(Numeric{"0.05"}, Numeric{"0.07"}))
        .where(col<&LineItem::quantity> < 24);
}

template <>
Typed<7> typed<7>() {
    const auto n1 = alias<Nation>("n1");
    const auto n2 = alias<Nation>("n2");
    const auto supp_nation = n1[col<&Nation::name>].as("supp_nation");
    const auto cust_nation = n2[col<&Nation::name>].as("cust_nation");
    const auto l_year = extract<corm::DatePart::year>(col<&LineItem::shipdate>).as("l_year");
    const auto volume = (col<&LineItem::extendedprice> * (1 - col<&LineItem::discount>)).as("volume");
    const auto between = [&](const char* from, const char* to) {
        return n1[col<&Nation::name>] == from && n2[col<&Nation::name>] == to;
    };
    const auto volumes = select(supp_nation, cust_nation, l_year, volume)
                             .from<Supplier, LineItem, Order, Customer>()
                             .from(n1, n2)
                             .where(col<&Supplier::suppkey> == col<&LineItem::suppkey>)
                             .where(col<&Order::orderkey> == col<&LineItem::orderkey>)
                             .where(col<&Customer::custkey> == col<&Order::custkey>)
                             .where(col<&Supplier::nationkey> == n1[col<&Nation::nationkey>])
                             .where(col<&Customer::nationkey> == n2[col<&Nation::nationkey>])
                             .where(between("FRANCE", "GERMANY") || between("GERMANY", "FRANCE"))
                             .where(col<&LineItem::shipdate>.between(1995y / January / 1, 1996y / December / 31));
    const auto shipping = subquery("shipping", volumes);
    return select(shipping[supp_nation], shipping[cust_nation], shipping[l_year], not_null(sum(shipping[volume])))
        .from(shipping)
        .group_by(shipping[supp_nation], shipping[cust_nation], shipping[l_year])
        .order_by(shipping[supp_nation], shipping[cust_nation], shipping[l_year]);
}

template <>
Typed<8> typed<8>() {
    const auto n1 = alias<Nation>("n1");
    const auto n2 = alias<Nation>("n2");
    const auto o_year = extract<corm::DatePart::year>(col<&Order::orderdate>).as("o_year");
    const auto volume = (col<&LineItem::extendedprice> * (1 - col<&LineItem::discount>)).as("volume");
    const auto nation = n2[col<&Nation::name>].as("nation");
    const auto volumes = select(o_year, volume, nation)
                             .from<Part, Supplier, LineItem, Order, Customer>()
                             .from(n1, n2)
                             .from<Region>()
                             .where(col<&Part::partkey> == col<&LineItem::partkey>)
                             .where(col<&Supplier::suppkey> == col<&LineItem::suppkey>)
                             .where(col<&LineItem::orderkey> == col<&Order::orderkey>)
                             .where(col<&Order::custkey> == col<&Customer::custkey>)
                             .where(col<&Customer::nationkey> == n1[col<&Nation::nationkey>])
                             .where(n1[col<&Nation::regionkey>] == col<&Region::regionkey>)
                             .where(col<&Region::name> == "AMERICA")
                             .where(col<&Supplier::nationkey> == n2[col<&Nation::nationkey>])
                             .where(col<&Order::orderdate>.between(1995y / January / 1, 1996y / December / 31))
                             .where(col<&Part::type> == "ECONOMY ANODIZED STEEL");
    const auto all_nations = subquery("all_nations", volumes);
    const auto brazilian = case_when(all_nations[nation] == "BRAZIL", all_nations[volume]).otherwise(0);
    return select(all_nations[o_year], not_null(sum(brazilian) / sum(all_nations[volume])))
        .from(all_nations)
        .group_by(all_nations[o_year])
        .order_by(all_nations[o_year]);
}

template <>
Typed<9> typed<9>() {
    const auto nation = col<&Nation::name>.as("nation");
    const auto o_year = extract<corm::DatePart::year>(col<&Order::orderdate>).as("o_year");
    const auto price = col<&LineItem::extendedprice> * (1 - col<&LineItem::discount>);
    const auto cost = col<&PartSupp::supplycost> * col<&LineItem::quantity>;
    const auto amount = (price - cost).as("amount");
    const auto amounts = select(nation, o_year, amount)
                             .from<Part, Supplier, LineItem, PartSupp, Order, Nation>()
                             .where(col<&Supplier::suppkey> == col<&LineItem::suppkey>)
                             .where(col<&PartSupp::suppkey> == col<&LineItem::suppkey>)
                             .where(col<&PartSupp::partkey> == col<&LineItem::partkey>)
                             .where(col<&Part::partkey> == col<&LineItem::partkey>)
                             .where(col<&Order::orderkey> == col<&LineItem::orderkey>)
                             .where(col<&Supplier::nationkey> == col<&Nation::nationkey>)
                             .where(col<&Part::name>.like("%green%"));
    const auto profit = subquery("profit", amounts);
    return select(profit[nation], profit[o_year], not_null(sum(profit[amount])))
        .from(profit)
        .group_by(profit[nation], profit[o_year])
        .order_by(profit[nation], profit[o_year].desc());
}

template <>
Typed<10> typed<10>() {
    const auto start = 1993y / October / 1;
    const auto revenue = not_null(sum(col<&LineItem::extendedprice> * (1 - col<&LineItem::discount>)));
    return select(col<&Customer::custkey>, col<&Customer::name>, revenue, col<&Customer::acctbal>, col<&Nation::name>,
                  col<&Customer::address>, col<&Customer::phone>, col<&Customer::comment>)
        .from<Customer, Order, LineItem, Nation>()
        .where(col<&Customer::custkey> == col<&Order::custkey>)
        .where(col<&LineItem::orderkey> == col<&Order::orderkey>)
        .where(col<&Order::orderdate> >= start)
        .where(col<&Order::orderdate> < start + months{3})
        .where(col<&LineItem::returnflag> == "R")
        .where(col<&Customer::nationkey> == col<&Nation::nationkey>)
        .group_by(col<&Customer::custkey>, col<&Customer::name>, col<&Customer::acctbal>, col<&Customer::phone>,
                  col<&Nation::name>, col<&Customer::address>, col<&Customer::comment>)
        .order_by(revenue.desc(), col<&Customer::custkey>)
        .limit(20);
}

template <>
Typed<11> typed<11>() {
    const Condition german = col<&PartSupp::suppkey> == col<&Supplier::suppkey> &&
                             col<&Supplier::nationkey> == col<&Nation::nationkey> && col<&Nation::name> == "GERMANY";
    const auto value = sum(col<&PartSupp::supplycost> * col<&PartSupp::availqty>);
    const auto enough = select(value * Numeric{"0.01"}).from<PartSupp, Supplier, Nation>().where(german);
    return select(col<&PartSupp::partkey>, not_null(value))
        .from<PartSupp, Supplier, Nation>()
        .where(german)
        .group_by(col<&PartSupp::partkey>)
        .having(value > scalar(enough))
        .order_by(value.desc(), col<&PartSupp::partkey>);
}

} // namespace corm::tpch

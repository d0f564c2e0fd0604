#include "schema.hpp"
#include "typed.hpp"

namespace corm::tpch {

using namespace std::chrono;

template <>
Typed<12> typed<12>() {
    const auto start = 1994y / January / 1;
    const Condition high = col<&Order::orderpriority> == "1-URGENT" || col<&Order::orderpriority> == "2-HIGH";
    const Condition low = col<&Order::orderpriority> != "1-URGENT" && col<&Order::orderpriority> != "2-HIGH";
    return select(col<&LineItem::shipmode>, not_null(sum(case_when(high, 1).otherwise(0))),
                  not_null(sum(case_when(low, 1).otherwise(0))))
        .from<Order, LineItem>()
        .where(col<&Order::orderkey> == col<&LineItem::orderkey>)
        .where(col<&LineItem::shipmode>.in({"MAIL", "SHIP"}))
        .where(col<&LineItem::commitdate> < col<&LineItem::receiptdate>)
        .where(col<&LineItem::shipdate> < col<&LineItem::commitdate>)
        .where(col<&LineItem::receiptdate> >= start)
        .where(col<&LineItem::receiptdate> < start + years{1})
        .group_by(col<&LineItem::shipmode>)
        .order_by(col<&LineItem::shipmode>);
}

template <>
Typed<13> typed<13>() {
    const auto c_count = count(col<&Order::orderkey>).as("c_count");
    const auto counted = select(col<&Customer::custkey>, c_count)
                             .from<Customer>()
                             .left_join<Order>(col<&Customer::custkey> == col<&Order::custkey> &&
                                               col<&Order::comment>.not_like("%special%requests%"))
                             .group_by(col<&Customer::custkey>);
    const auto c_orders = subquery("c_orders", counted);
    return select(c_orders[c_count], count())
        .from(c_orders)
        .group_by(c_orders[c_count])
        .order_by(count().desc(), c_orders[c_count].desc());
}

template <>
Typed<14> typed<14>() {
    const auto start = 1995y / September / 1;
    const auto revenue = col<&LineItem::extendedprice> * (1 - col<&LineItem::discount>);
    const auto promotion = case_when(col<&Part::type>.like("PROMO%"), revenue).otherwise(0);
    return select(Numeric{"100.00"} * sum(promotion) / sum(revenue))
        .from<LineItem, Part>()
        .where(col<&LineItem::partkey> == col<&Part::partkey>)
        .where(col<&LineItem::shipdate> >= start)
        .where(col<&LineItem::shipdate> < start + months{1});
}

template <>
Typed<15> typed<15>() {
    const auto start = 1996y / January / 1;
    const auto total_revenue =
        not_null(sum(col<&LineItem::extendedprice> * (1 - col<&LineItem::discount>))).as("total_revenue");
    const auto supplier_no = col<&LineItem::suppkey>.as("supplier_no");
    const auto by_supplier =
        select(supplier_no, total_revenue)
            .from<LineItem>()
            .where(col<&LineItem::shipdate> >= start && col<&LineItem::shipdate> < start + months{3})
            .group_by(supplier_no);
    const auto revenue = cte("revenue", by_supplier);
    const auto most = select(max(revenue[total_revenue])).from(revenue);
    return select(col<&Supplier::suppkey>, col<&Supplier::name>, col<&Supplier::address>, col<&Supplier::phone>,
                  revenue[total_revenue])
        .from<Supplier>()
        .from(revenue)
        .where(col<&Supplier::suppkey> == revenue[supplier_no] && revenue[total_revenue] == scalar(most))
        .order_by(col<&Supplier::suppkey>);
}

template <>
Typed<16> typed<16>() {
    const auto complained_about =
        select(col<&Supplier::suppkey>).from<Supplier>().where(col<&Supplier::comment>.like("%Customer%Complaints%"));
    const auto supplier_cnt = count_distinct(col<&PartSupp::suppkey>);
    return select(col<&Part::brand>, col<&Part::type>, col<&Part::size>, supplier_cnt)
        .from<PartSupp, Part>()
        .where(col<&Part::partkey> == col<&PartSupp::partkey>)
        .where(col<&Part::brand> != "Brand#45")
        .where(col<&Part::type>.not_like("MEDIUM POLISHED%"))
        .where(col<&Part::size>.in({49, 14, 23, 45, 19, 3, 36, 9}))
        .where(col<&PartSupp::suppkey>.not_in(complained_about))
        .group_by(col<&Part::brand>, col<&Part::type>, col<&Part::size>)
        .order_by(supplier_cnt.desc(), col<&Part::brand>, col<&Part::type>, col<&Part::size>);
}

template <>
Typed<17> typed<17>() {
    const auto little = select(Numeric{"0.2"} * avg(col<&LineItem::quantity>))
                            .from<LineItem>()
                            .where(col<&LineItem::partkey> == col<&Part::partkey>);
    return select(sum(col<&LineItem::extendedprice>) / Numeric{"7.0"})
        .from<LineItem, Part>()
        .where(col<&Part::partkey> == col<&LineItem::partkey>)
        .where(col<&Part::brand> == "Brand#23")
        .where(col<&Part::container> == "MED BOX")
        .where(col<&LineItem::quantity> < scalar(little));
}

template <>
Typed<18> typed<18>() {
    const auto quantity = sum(col<&LineItem::quantity>);
    const auto large =
        select(col<&LineItem::orderkey>).from<LineItem>().group_by(col<&LineItem::orderkey>).having(quantity > 250);
    return select(col<&Customer::name>, col<&Customer::custkey>, col<&Order::orderkey>, col<&Order::orderdate>,
                  col<&Order::totalprice>, not_null(quantity))
        .from<Customer, Order, LineItem>()
        .where(col<&Order::orderkey>.in(large))
        .where(col<&Customer::custkey> == col<&Order::custkey>)
        .where(col<&Order::orderkey> == col<&LineItem::orderkey>)
        .group_by(col<&Customer::name>, col<&Customer::custkey>, col<&Order::orderkey>, col<&Order::orderdate>,
                  col<&Order::totalprice>)
        .order_by(col<&Order::totalprice>.desc(), col<&Order::orderdate>, col<&Order::orderkey>)
        .limit(100);
}

template <>
Typed<19> typed<19>() {
    using Texts = std::initializer_list<std::string>;
    const auto revenue = col<&LineItem::extendedprice> * (1 - col<&LineItem::discount>);
    const auto sold = [](const char* brand, Texts containers, int quantity, int size) {
        return col<&Part::partkey> == col<&LineItem::partkey> && col<&Part::brand> == brand &&
               col<&Part::container>.in(containers) && col<&LineItem::quantity> >= quantity &&
               col<&LineItem::quantity> <= quantity + 10 && col<&Part::size>.between(1, size) &&
               col<&LineItem::shipmode>.in({"AIR", "REG AIR"}) && col<&LineItem::shipinstruct> == "DELIVER IN PERSON";
    };
    return select(sum(revenue))
        .from<LineItem, Part>()
        .where(sold("Brand#12", {"SM CASE", "SM BOX", "SM PACK", "SM PKG"}, 1, 5) ||
               sold("Brand#23", {"MED BAG", "MED BOX", "MED PKG", "MED PACK"}, 10, 10) ||
               sold("Brand#34", {"LG CASE", "LG BOX", "LG PACK", "LG PKG"}, 20, 15));
}

template <>
Typed<20> typed<20>() {
    const auto start = 1994y / January / 1;
    const auto forest = select(col<&Part::partkey>).from<Part>().where(col<&Part::name>.like("forest%"));
    const auto half_of_shipped = select(Numeric{"0.5"} * sum(col<&LineItem::quantity>))
                                     .from<LineItem>()
                                     .where(col<&LineItem::partkey> == col<&PartSupp::partkey>)
                                     .where(col<&LineItem::suppkey> == col<&PartSupp::suppkey>)
                                     .where(col<&LineItem::shipdate> >= start)
                                     .where(col<&LineItem::shipdate> < start + years{1});
    const auto available =
        select(col<&PartSupp::suppkey>)
            .from<PartSupp>()
            .where(col<&PartSupp::partkey>.in(forest) && col<&PartSupp::availqty> > scalar(half_of_shipped));
    return select(col<&Supplier::name>, col<&Supplier::address>)
        .from<Supplier, Nation>()
        .where(col<&Supplier::suppkey>.in(available))
        .where(col<&Supplier::nationkey> == col<&Nation::nationkey>)
        .where(col<&Nation::name> == "CANADA")
        .order_by(col<&Supplier::name>);
}

template <>
Typed<21> typed<21>() {
    const auto l1 = alias<LineItem>("l1");
    // Within exists<LineItem>() the table goes by its own name.
    const Condition of_another = col<&LineItem::orderkey> == l1[col<&LineItem::orderkey>] &&
                                 col<&LineItem::suppkey> != l1[col<&LineItem::suppkey>];
    const Condition late = col<&LineItem::receiptdate> > col<&LineItem::commitdate>;
    return select(col<&Supplier::name>, count())
        .from<Supplier>()
        .from(l1)
        .from<Order, Nation>()
        .where(col<&Supplier::suppkey> == l1[col<&LineItem::suppkey>])
        .where(col<&Order::orderkey> == l1[col<&LineItem::orderkey>])
        .where(col<&Order::orderstatus> == "F")
        .where(l1[col<&LineItem::receiptdate>] > l1[col<&LineItem::commitdate>])
        .where(exists<LineItem>(of_another))
        .where(not_exists<LineItem>(of_another && late))
        .where(col<&Supplier::nationkey> == col<&Nation::nationkey>)
        .where(col<&Nation::name> == "SAUDI ARABIA")
        .group_by(col<&Supplier::name>)
        .order_by(count().desc(), col<&Supplier::name>)
        .limit(100);
}

template <>
Typed<22> typed<22>() {
    const auto code = substring(col<&Customer::phone>, 1, 2);
    const auto cntrycode = code.as("cntrycode");
    const Condition chosen = code.in({"13", "31", "23", "29", "30", "18", "17"});
    const auto average =
        select(avg(col<&Customer::acctbal>)).from<Customer>().where(col<&Customer::acctbal> > 0 && chosen);
    const auto idle = select(cntrycode, col<&Customer::acctbal>)
                          .from<Customer>()
                          .where(chosen)
                          .where(col<&Customer::acctbal> > scalar(average))
                          .where(not_exists<Order>(col<&Order::custkey> == col<&Customer::custkey>));
    const auto custsale = subquery("custsale", idle);
    return select(custsale[cntrycode], count(), not_null(sum(custsale[col<&Customer::acctbal>])))
        .from(custsale)
        .group_by(custsale[cntrycode])
        .order_by(custsale[cntrycode]);
}

} // namespace corm::tpch

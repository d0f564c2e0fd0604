// What the query language costs to compile: the last eleven queries of TPC-H, as the tests have them. `tools/bench`
// divides the compiler's time for this file by its time for the same file with CORM_BENCH_BASELINE defined, which has
// as many queries for objects instead.
#include "tpch/schema.hpp"

#ifdef CORM_BENCH_BASELINE

namespace bench {

using namespace corm::tpch;
using corm::col;
using corm::select;

auto dear_parts() {
    return select<Part>().where(col<&Part::retailprice> > corm::Numeric{"1000"}).order_by(corm::asc<&Part::partkey>);
}
auto parts_of_brand() {
    return select<Part>().where(col<&Part::brand> == "Brand#12" && col<&Part::size> < 10);
}
auto suppliers_of_nation() {
    return select<Supplier>().where(col<&Supplier::nationkey> == 7);
}
auto rich_suppliers() {
    return select<Supplier>().where(col<&Supplier::acctbal> > 0).order_by(corm::desc<&Supplier::acctbal>).limit(10);
}
auto offers_of_part() {
    return select<PartSupp>().where(col<&PartSupp::partkey> == 3 && col<&PartSupp::availqty> > 0);
}
auto customers_of_segment() {
    return select<Customer>().where(col<&Customer::mktsegment> == "BUILDING");
}
auto customers_by_name() {
    return select<Customer>().where(col<&Customer::name>.starts_with("Customer")).order_by(corm::asc<&Customer::name>);
}
auto orders_of_customer() {
    return select<Order>().where(col<&Order::custkey> == 5).order_by(corm::desc<&Order::orderdate>);
}
auto urgent_orders() {
    return select<Order>().where(col<&Order::orderpriority> == "1-URGENT" && col<&Order::shippriority> == 0);
}
auto items_of_order() {
    return select<LineItem>().where(col<&LineItem::orderkey> == 9).order_by(corm::asc<&LineItem::linenumber>);
}
auto returned_items() {
    return select<LineItem>().where(col<&LineItem::returnflag> == "R" && col<&LineItem::quantity> < 24);
}

} // namespace bench

#else

#include "tpch/typed_12_to_22.cpp"

#endif

// The eight tables of TPC-H as structs: tests/support/tpch.sql has the tables. Members are named as the specification
// names the columns, without the letter of the table in front.
#pragma once

#include <corm/corm.hpp>

#include <boost/describe/class.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace corm::tpch {

struct Region {
    std::int32_t regionkey = 0;
    std::string name{};
    std::optional<std::string> comment{};
};
BOOST_DESCRIBE_STRUCT(Region, (), (regionkey, name, comment))

struct Nation {
    std::int32_t nationkey = 0;
    std::string name{};
    std::int32_t regionkey = 0;
    std::optional<std::string> comment{};
    corm::One<Region> region{};
};
BOOST_DESCRIBE_STRUCT(Nation, (), (nationkey, name, regionkey, comment, region))

struct Part {
    std::int64_t partkey = 0;
    std::string name{};
    std::string mfgr{};
    std::string brand{};
    std::string type{};
    std::int32_t size = 0;
    std::string container{};
    corm::Numeric retailprice{};
    std::string comment{};
};
BOOST_DESCRIBE_STRUCT(Part, (), (partkey, name, mfgr, brand, type, size, container, retailprice, comment))

struct Supplier {
    std::int64_t suppkey = 0;
    std::string name{};
    std::string address{};
    std::int32_t nationkey = 0;
    std::string phone{};
    corm::Numeric acctbal{};
    std::string comment{};
    corm::One<Nation> nation{};
};
BOOST_DESCRIBE_STRUCT(Supplier, (), (suppkey, name, address, nationkey, phone, acctbal, comment, nation))

struct PartSupp {
    std::int64_t partkey = 0;
    std::int64_t suppkey = 0;
    std::int32_t availqty = 0;
    corm::Numeric supplycost{};
    std::string comment{};
    corm::One<Part> part{};
    corm::One<Supplier> supplier{};
};
BOOST_DESCRIBE_STRUCT(PartSupp, (), (partkey, suppkey, availqty, supplycost, comment, part, supplier))

struct Customer {
    std::int64_t custkey = 0;
    std::string name{};
    std::string address{};
    std::int32_t nationkey = 0;
    std::string phone{};
    corm::Numeric acctbal{};
    std::string mktsegment{};
    std::string comment{};
    corm::One<Nation> nation{};
};
BOOST_DESCRIBE_STRUCT(Customer, (), (custkey, name, address, nationkey, phone, acctbal, mktsegment, comment, nation))

struct Order {
    std::int64_t orderkey = 0;
    std::int64_t custkey = 0;
    std::string orderstatus{};
    corm::Numeric totalprice{};
    std::chrono::sys_days orderdate{};
    std::string orderpriority{};
    std::string clerk{};
    std::int32_t shippriority = 0;
    std::string comment{};
    corm::One<Customer> customer{};
};
BOOST_DESCRIBE_STRUCT(Order, (),
                      (orderkey, custkey, orderstatus, totalprice, orderdate, orderpriority, clerk, shippriority,
                       comment, customer))

struct LineItem {
    std::int64_t orderkey = 0;
    std::int64_t partkey = 0;
    std::int64_t suppkey = 0;
    std::int32_t linenumber = 0;
    corm::Numeric quantity{};
    corm::Numeric extendedprice{};
    corm::Numeric discount{};
    corm::Numeric tax{};
    std::string returnflag{};
    std::string linestatus{};
    std::chrono::sys_days shipdate{};
    std::chrono::sys_days commitdate{};
    std::chrono::sys_days receiptdate{};
    std::string shipinstruct{};
    std::string shipmode{};
    std::string comment{};
    corm::One<Order> order{};
    corm::One<PartSupp> partsupp{};
};
BOOST_DESCRIBE_STRUCT(LineItem, (),
                      (orderkey, partkey, suppkey, linenumber, quantity, extendedprice, discount, tax, returnflag,
                       linestatus, shipdate, commitdate, receiptdate, shipinstruct, shipmode, comment, order, partsupp))

// Keys are given: regions and nations count from 0.
constexpr auto corm_mapping(corm::type<Region>) {
    return corm::table<Region>("region")
        .primary_key<&Region::regionkey>(corm::assigned)
        .bulk_copy()
        .column<&Region::regionkey>("r_regionkey")
        .column<&Region::name>("r_name")
        .column<&Region::comment>("r_comment");
}

constexpr auto corm_mapping(corm::type<Nation>) {
    return corm::table<Nation>("nation")
        .primary_key<&Nation::nationkey>(corm::assigned)
        .bulk_copy()
        .column<&Nation::nationkey>("n_nationkey")
        .column<&Nation::name>("n_name")
        .column<&Nation::regionkey>("n_regionkey")
        .column<&Nation::comment>("n_comment")
        .many_to_one<&Nation::region, &Nation::regionkey>();
}

constexpr auto corm_mapping(corm::type<Part>) {
    return corm::table<Part>("part")
        .primary_key<&Part::partkey>(corm::assigned)
        .bulk_copy()
        .column<&Part::partkey>("p_partkey")
        .column<&Part::name>("p_name")
        .column<&Part::mfgr>("p_mfgr")
        .column<&Part::brand>("p_brand")
        .column<&Part::type>("p_type")
        .column<&Part::size>("p_size")
        .column<&Part::container>("p_container")
        .column<&Part::retailprice>("p_retailprice")
        .column<&Part::comment>("p_comment");
}

constexpr auto corm_mapping(corm::type<Supplier>) {
    return corm::table<Supplier>("supplier")
        .primary_key<&Supplier::suppkey>(corm::assigned)
        .bulk_copy()
        .column<&Supplier::suppkey>("s_suppkey")
        .column<&Supplier::name>("s_name")
        .column<&Supplier::address>("s_address")
        .column<&Supplier::nationkey>("s_nationkey")
        .column<&Supplier::phone>("s_phone")
        .column<&Supplier::acctbal>("s_acctbal")
        .column<&Supplier::comment>("s_comment")
        .many_to_one<&Supplier::nation, &Supplier::nationkey>();
}

constexpr auto corm_mapping(corm::type<PartSupp>) {
    return corm::table<PartSupp>("partsupp")
        .primary_key<&PartSupp::partkey, &PartSupp::suppkey>()
        .bulk_copy()
        .column<&PartSupp::partkey>("ps_partkey")
        .column<&PartSupp::suppkey>("ps_suppkey")
        .column<&PartSupp::availqty>("ps_availqty")
        .column<&PartSupp::supplycost>("ps_supplycost")
        .column<&PartSupp::comment>("ps_comment")
        .many_to_one<&PartSupp::part, &PartSupp::partkey>()
        .many_to_one<&PartSupp::supplier, &PartSupp::suppkey>();
}

constexpr auto corm_mapping(corm::type<Customer>) {
    return corm::table<Customer>("customer")
        .primary_key<&Customer::custkey>(corm::assigned)
        .bulk_copy()
        .column<&Customer::custkey>("c_custkey")
        .column<&Customer::name>("c_name")
        .column<&Customer::address>("c_address")
        .column<&Customer::nationkey>("c_nationkey")
        .column<&Customer::phone>("c_phone")
        .column<&Customer::acctbal>("c_acctbal")
        .column<&Customer::mktsegment>("c_mktsegment")
        .column<&Customer::comment>("c_comment")
        .many_to_one<&Customer::nation, &Customer::nationkey>();
}

constexpr auto corm_mapping(corm::type<Order>) {
    return corm::table<Order>("orders")
        .primary_key<&Order::orderkey>(corm::assigned)
        .bulk_copy()
        .column<&Order::orderkey>("o_orderkey")
        .column<&Order::custkey>("o_custkey")
        .column<&Order::orderstatus>("o_orderstatus")
        .column<&Order::totalprice>("o_totalprice")
        .column<&Order::orderdate>("o_orderdate")
        .column<&Order::orderpriority>("o_orderpriority")
        .column<&Order::clerk>("o_clerk")
        .column<&Order::shippriority>("o_shippriority")
        .column<&Order::comment>("o_comment")
        .many_to_one<&Order::customer, &Order::custkey>();
}

constexpr auto corm_mapping(corm::type<LineItem>) {
    return corm::table<LineItem>("lineitem")
        .primary_key<&LineItem::orderkey, &LineItem::linenumber>()
        .bulk_copy()
        .column<&LineItem::orderkey>("l_orderkey")
        .column<&LineItem::partkey>("l_partkey")
        .column<&LineItem::suppkey>("l_suppkey")
        .column<&LineItem::linenumber>("l_linenumber")
        .column<&LineItem::quantity>("l_quantity")
        .column<&LineItem::extendedprice>("l_extendedprice")
        .column<&LineItem::discount>("l_discount")
        .column<&LineItem::tax>("l_tax")
        .column<&LineItem::returnflag>("l_returnflag")
        .column<&LineItem::linestatus>("l_linestatus")
        .column<&LineItem::shipdate>("l_shipdate")
        .column<&LineItem::commitdate>("l_commitdate")
        .column<&LineItem::receiptdate>("l_receiptdate")
        .column<&LineItem::shipinstruct>("l_shipinstruct")
        .column<&LineItem::shipmode>("l_shipmode")
        .column<&LineItem::comment>("l_comment")
        .many_to_one<&LineItem::order, &LineItem::orderkey>()
        .many_to_one<&LineItem::partsupp, &LineItem::partkey, &LineItem::suppkey>();
}

} // namespace corm::tpch

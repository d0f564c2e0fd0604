// The 22 queries of TPC-H: the SQL of each, and what a row of its result is.
#pragma once

#include <corm/query/raw.hpp>
#include <corm/type/numeric.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

namespace corm::tpch {

using Date = std::chrono::sys_days;
using Key = std::int64_t;
using Count = std::int64_t;
using Decimal = types::Numeric;

/// Query `Number`. The text has the parameters that the specification validates with, in it as literals, but where
/// queries.cpp says otherwise; and an ORDER BY that leaves nothing open, so that two results can be compared row by
/// row.
template <int Number>
struct Query;

template <>
struct Query<1> {
    /// l_returnflag, l_linestatus, sum_qty, sum_base_price, sum_disc_price, sum_charge, avg_qty, avg_price, avg_disc,
    /// count_order
    using Row =
        std::tuple<std::string, std::string, Decimal, Decimal, Decimal, Decimal, Decimal, Decimal, Decimal, Count>;
    static const query::LiteralSql sql;
};
template <>
struct Query<2> {
    /// s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment
    using Row = std::tuple<Decimal, std::string, std::string, Key, std::string, std::string, std::string, std::string>;
    static const query::LiteralSql sql;
};
template <>
struct Query<3> {
    /// l_orderkey, revenue, o_orderdate, o_shippriority
    using Row = std::tuple<Key, Decimal, Date, std::int32_t>;
    static const query::LiteralSql sql;
};
template <>
struct Query<4> {
    /// o_orderpriority, order_count
    using Row = std::tuple<std::string, Count>;
    static const query::LiteralSql sql;
};
template <>
struct Query<5> {
    /// n_name, revenue
    using Row = std::tuple<std::string, Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<6> {
    /// revenue
    using Row = std::optional<Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<7> {
    /// supp_nation, cust_nation, l_year, revenue
    using Row = std::tuple<std::string, std::string, std::int32_t, Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<8> {
    /// o_year, mkt_share
    using Row = std::tuple<std::int32_t, Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<9> {
    /// nation, o_year, sum_profit
    using Row = std::tuple<std::string, std::int32_t, Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<10> {
    /// c_custkey, c_name, revenue, c_acctbal, n_name, c_address, c_phone, c_comment
    using Row = std::tuple<Key, std::string, Decimal, Decimal, std::string, std::string, std::string, std::string>;
    static const query::LiteralSql sql;
};
template <>
struct Query<11> {
    /// ps_partkey, value
    using Row = std::tuple<Key, Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<12> {
    /// l_shipmode, high_line_count, low_line_count
    using Row = std::tuple<std::string, Count, Count>;
    static const query::LiteralSql sql;
};
template <>
struct Query<13> {
    /// c_count, custdist
    using Row = std::tuple<Count, Count>;
    static const query::LiteralSql sql;
};
template <>
struct Query<14> {
    /// promo_revenue
    using Row = std::optional<Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<15> {
    /// s_suppkey, s_name, s_address, s_phone, total_revenue
    using Row = std::tuple<Key, std::string, std::string, std::string, Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<16> {
    /// p_brand, p_type, p_size, supplier_cnt
    using Row = std::tuple<std::string, std::string, std::int32_t, Count>;
    static const query::LiteralSql sql;
};
template <>
struct Query<17> {
    /// avg_yearly
    using Row = std::optional<Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<18> {
    /// c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity)
    using Row = std::tuple<std::string, Key, Key, Date, Decimal, Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<19> {
    /// revenue
    using Row = std::optional<Decimal>;
    static const query::LiteralSql sql;
};
template <>
struct Query<20> {
    /// s_name, s_address
    using Row = std::tuple<std::string, std::string>;
    static const query::LiteralSql sql;
};
template <>
struct Query<21> {
    /// s_name, numwait
    using Row = std::tuple<std::string, Count>;
    static const query::LiteralSql sql;
};
template <>
struct Query<22> {
    /// cntrycode, numcust, totacctbal
    using Row = std::tuple<std::string, Count, Decimal>;
    static const query::LiteralSql sql;
};

} // namespace corm::tpch

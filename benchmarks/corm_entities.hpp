// The mapped types of the workloads.
#pragma once

#include <corm/corm.hpp>

#include <boost/describe.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace bench {

// What `pgbench -S` reads: the key and the balance.
struct AccountBalance {
    std::int32_t aid = 0;
    std::int32_t abalance = 0;
};
BOOST_DESCRIBE_STRUCT(AccountBalance, (), (aid, abalance))

constexpr auto corm_mapping(corm::type<AccountBalance>) {
    return corm::table<AccountBalance>("pgbench_accounts").primary_key<&AccountBalance::aid>(corm::assigned);
}

// The whole row.
struct Account {
    std::int32_t aid = 0;
    std::optional<std::int32_t> bid;
    std::optional<std::int32_t> abalance;
    std::string filler;
};
BOOST_DESCRIBE_STRUCT(Account, (), (aid, bid, abalance, filler))

constexpr auto corm_mapping(corm::type<Account>) {
    return corm::table<Account>("pgbench_accounts").primary_key<&Account::aid>(corm::assigned);
}

// Six columns of five types.
struct Order {
    std::int64_t id = 0;
    std::int32_t customer_id = 0;
    std::string reference;
    double total = 0;
    bool paid = false;
    std::chrono::sys_time<std::chrono::microseconds> placed_at;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, customer_id, reference, total, paid, placed_at))

constexpr auto corm_mapping(corm::type<Order>) {
    return corm::table<Order>("bench_orders").primary_key<&Order::id>();
}

struct Item {
    std::int64_t id = 0;
    std::string name;
    std::int64_t amount = 0;
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Item, (), (id, name, amount, version))

constexpr auto corm_mapping(corm::type<Item>) {
    return corm::table<Item>("bench_items").primary_key<&Item::id>().version<&Item::version>();
}

struct Entry {
    std::int64_t id = 0;
    std::string name;
    std::int64_t amount = 0;
};
BOOST_DESCRIBE_STRUCT(Entry, (), (id, name, amount))

constexpr auto corm_mapping(corm::type<Entry>) {
    return corm::table<Entry>("bench_entries").primary_key<&Entry::id>();
}

// The same, by COPY.
struct CopiedEntry {
    std::int64_t id = 0;
    std::string name;
    std::int64_t amount = 0;
};
BOOST_DESCRIBE_STRUCT(CopiedEntry, (), (id, name, amount))

constexpr auto corm_mapping(corm::type<CopiedEntry>) {
    return corm::table<CopiedEntry>("bench_entries").primary_key<&CopiedEntry::id>().bulk_copy(1);
}

/// A row of bench_copied, which is not mapped.
struct CopiedRow {
    std::int64_t id = 0;
    std::string name;
    std::int64_t amount = 0;
};
BOOST_DESCRIBE_STRUCT(CopiedRow, (), (id, name, amount))

struct Balance {
    std::int64_t id = 0;
    std::int64_t amount = 0;
};
BOOST_DESCRIBE_STRUCT(Balance, (), (id, amount))

constexpr auto corm_mapping(corm::type<Balance>) {
    return corm::table<Balance>("bench_balances").primary_key<&Balance::id>();
}

struct LedgerLine {
    std::int64_t id = 0;
    std::int64_t from_id = 0;
    std::int64_t to_id = 0;
    std::int64_t amount = 0;
};
BOOST_DESCRIBE_STRUCT(LedgerLine, (), (id, from_id, to_id, amount))

constexpr auto corm_mapping(corm::type<LedgerLine>) {
    return corm::table<LedgerLine>("bench_ledger").primary_key<&LedgerLine::id>();
}

} // namespace bench

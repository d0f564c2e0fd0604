// The mapped types of the workloads.
#pragma once

#include <corm/corm.hpp>

#include <boost/describe.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace bench {

// What `pgbench -S` reads: the key and the balance.
struct Balance {
    std::int32_t aid = 0;
    std::int32_t abalance = 0;
};
BOOST_DESCRIBE_STRUCT(Balance, (), (aid, abalance))

constexpr auto corm_mapping(corm::type<Balance>) {
    return corm::table<Balance>("pgbench_accounts").primary_key<&Balance::aid>(corm::assigned);
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

} // namespace bench

#include "corm_workloads.hpp"

#include "corm_entities.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bench {

namespace {

template <class T>
corm::Task<> get(Shared& shared, int task, corm::SessionOptions options) {
    Random random{task};
    for (bool first = true; shared.run.open(); first = false) {
        corm::AsyncSession session{shared.engine, options};
        const corm::Ref<T> account = co_await session.get<T>(static_cast<std::int32_t>(random.row(accounts)));
        if (!account)
            throw std::runtime_error{"pgbench_accounts lacks a row; run pgbench -i -s 10"};
        shared.run.done(first);
    }
}

corm::Task<> get_autocommit(Shared& shared, int task) {
    return get<Balance>(shared, task, {.autocommit = true});
}
corm::Task<> get_wide(Shared& shared, int task) {
    return get<Account>(shared, task, {.autocommit = true});
}
corm::Task<> get_lanes(Shared& shared, int task) {
    return get<Balance>(shared, task, {.reader = true, .join_reads = false});
}
corm::Task<> get_joined(Shared& shared, int task) {
    return get<Balance>(shared, task, {.reader = true});
}
corm::Task<> get_transaction(Shared& shared, int task) {
    return get<Balance>(shared, task, {});
}

corm::Task<> unit_of_work(Shared& shared, int task) {
    Random random{task};
    for (bool first = true; shared.run.open(); first = false) {
        corm::AsyncSession session{shared.engine};
        const auto keys = unit_keys(random, task, shared.tasks);
        const auto loaded = co_await session.all(corm::select<Item>().where(corm::col<&Item::id>.in(keys)));
        if (loaded.size() != keys.size())
            throw std::runtime_error{"bench_items lacks rows"};
        for (const corm::Ref<Item>& item : loaded)
            item.edit().amount += 1;
        co_await session.commit();
        shared.run.done(first);
    }
}

// As Item.
std::shared_ptr<const corm::Mapper> item_records() {
    return corm::define("bench_items")
        .column<std::int64_t>("id")
        .column<std::string>("name")
        .column<std::int64_t>("amount")
        .column<std::int32_t>("version")
        .primary_key({"id"})
        .version("version")
        .build();
}

corm::Task<> unit_of_records(Shared& shared, int task) {
    Random random{task};
    const auto mapper = item_records();
    for (bool first = true; shared.run.open(); first = false) {
        corm::AsyncSession session{shared.engine};
        const auto keys = unit_keys(random, task, shared.tasks);
        const auto loaded = co_await session.all(corm::select(mapper).where(corm::column(mapper, "id").in(keys)));
        if (loaded.size() != keys.size())
            throw std::runtime_error{"bench_items lacks rows"};
        for (const corm::Ref<corm::Record>& item : loaded) {
            corm::Record& record = item.edit();
            record.set<std::int64_t>("amount", record.get<std::int64_t>("amount") + 1);
        }
        co_await session.commit();
        shared.run.done(first);
    }
}

template <class T>
corm::Task<> insert(Shared& shared) {
    for (bool first = true; shared.run.open(); first = false) {
        corm::AsyncSession session{shared.engine};
        for (int i = 0; i < shared.rows; ++i)
            session.add(T{.name = "entry number " + std::to_string(i), .amount = i});
        co_await session.commit();
        shared.run.done(first);
    }
}

corm::Task<> insert_entries(Shared& shared, int) {
    return insert<Entry>(shared);
}
corm::Task<> copy_entries(Shared& shared, int) {
    return insert<CopiedEntry>(shared);
}

corm::Task<> read_items(Shared& shared, int task) {
    Random random{task};
    for (bool first = true; shared.run.open(); first = false) {
        corm::AsyncSession session{shared.engine};
        const std::int64_t from = random.row(items - read_rows);
        const auto loaded =
            co_await session.all(corm::select<Item>().where(corm::col<&Item::id>.between(from, from + read_rows - 1)));
        if (loaded.size() != read_rows)
            throw std::runtime_error{"bench_items lacks rows"};
        shared.run.done(first);
    }
}

corm::Task<> read_all_items(Shared& shared, int) {
    for (bool first = true; shared.run.open(); first = false) {
        corm::AsyncSession session{shared.engine};
        const auto loaded = co_await session.all(corm::select<Item>());
        if (loaded.size() != items)
            throw std::runtime_error{"bench_items lacks rows"};
        shared.run.done(first);
    }
}

corm::Task<> read_all_records(Shared& shared, int) {
    const auto mapper = item_records();
    for (bool first = true; shared.run.open(); first = false) {
        corm::AsyncSession session{shared.engine};
        const auto loaded = co_await session.all(corm::select(mapper));
        if (loaded.size() != items)
            throw std::runtime_error{"bench_items lacks rows"};
        shared.run.done(first);
    }
}

} // namespace

Workload workload(std::string_view name) {
    constexpr std::pair<std::string_view, Workload> all[] = {
        {"get", get_autocommit},
        {"get_wide", get_wide},
        {"get_lanes", get_lanes},
        {"get_joined", get_joined},
        {"get_transaction", get_transaction},
        {"uow", unit_of_work},
        {"insert", insert_entries},
        {"read", read_items},
        {"copy", copy_entries},
        {"uow_records", unit_of_records},
        {"read_100k", read_all_items},
        {"read_100k_records", read_all_records},
    };
    for (const auto& [known, function] : all) {
        if (known == name)
            return function;
    }
    return nullptr;
}

} // namespace bench

#include "corm_entities.hpp"
#include "corm_workloads.hpp"

#include <cstdint>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bench {

namespace {

corm::Task<> uow_10(Shared& shared, int task) {
    Random random{task};
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine};
        const auto keys = unit_keys(random, task, shared.tasks);
        const auto loaded = co_await session.all(corm::select<Item>().where(corm::col<&Item::id>.in(keys)));
        if (loaded.size() != keys.size())
            throw std::runtime_error{"bench_items lacks rows"};
        for (const corm::Ref<Item>& item : loaded)
            item.edit().amount += 1;
        co_await session.commit();
    }
}

corm::Task<> uow_10_records(Shared& shared, int task) {
    Random random{task};
    const auto mapper = item_records();
    for (Turns turns{shared.run}; turns.next();) {
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
    }
}

corm::Task<> transfers(Shared& shared, int task) {
    Random random{task};
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine};
        const auto [from, to] = transfer(random);
        const std::vector<std::int64_t> keys{from, to};
        const auto locked =
            co_await session.all(corm::select<Balance>().where(corm::col<&Balance::id>.in(keys)).for_update());
        if (locked.size() != 2)
            throw std::runtime_error{"bench_balances lacks rows"};
        for (const corm::Ref<Balance>& balance : locked)
            balance.edit().amount += balance->id == from ? -1 : 1;
        session.add(LedgerLine{.from_id = from, .to_id = to, .amount = 1});
        co_await session.commit();
    }
}

template <class T, int Rows>
corm::Task<> insert(Shared& shared, int) {
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine};
        for (int i = 0; i < Rows; ++i)
            session.add(T{.name = "entry number " + std::to_string(i), .amount = i});
        co_await session.commit();
    }
}

corm::Task<> insert_bulk(Shared& shared, int) {
    constexpr int rows = 10'000;
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine};
        std::vector<Entry> entries;
        entries.reserve(rows);
        for (int i = 0; i < rows; ++i)
            entries.push_back({.name = "entry number " + std::to_string(i), .amount = i});
        const auto keys = co_await session.insert_bulk(entries);
        if (keys.size() != entries.size())
            throw std::runtime_error{"keys are missing"};
        co_await session.commit();
    }
}

/// The rows are made while they are copied.
corm::Task<> copy_in(Shared& shared, int) {
    const auto rows = std::views::iota(0, copied_rows) | std::views::transform([](int i) {
                          return CopiedRow{.id = i, .name = "entry number " + std::to_string(i), .amount = i};
                      });
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine};
        co_await session.execute(corm::raw_sql("TRUNCATE bench_copied"));
        const std::int64_t copied = co_await session.copy_in(corm::TableName{"bench_copied"}, rows);
        if (copied != copied_rows)
            throw std::runtime_error{"rows are missing"};
        co_await session.commit();
    }
}

} // namespace

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

Workload writing_workload(std::string_view name) {
    constexpr std::pair<std::string_view, Workload> all[] = {
        {"uow_10", uow_10},
        {"uow_10_records", uow_10_records},
        {"transfers", transfers},
        {"insert_1000", insert<Entry, 1'000>},
        {"insert_10k", insert<CopiedEntry, 10'000>},
        {"insert_bulk_10k", insert_bulk},
        {"copy_in_1m", copy_in},
        {"insert_10k_unnest", insert<Entry, 10'000>},
    };
    for (const auto& [known, function] : all) {
        if (known == name)
            return function;
    }
    return nullptr;
}

} // namespace bench

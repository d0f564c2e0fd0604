#include "corm_entities.hpp"
#include "corm_workloads.hpp"

#include <cstdint>
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
        {"insert_10k_unnest", insert<Entry, 10'000>},
    };
    for (const auto& [known, function] : all) {
        if (known == name)
            return function;
    }
    return nullptr;
}

} // namespace bench

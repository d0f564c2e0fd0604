#include "corm_entities.hpp"
#include "corm_workloads.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace bench {

namespace {

void require_rows(std::size_t found, std::int64_t wanted, const char* table) {
    if (found != static_cast<std::size_t>(wanted))
        throw std::runtime_error{std::string{table} + " has not the rows that tools/bench makes"};
}

// The sessions of the reads that come in great numbers.
corm::SessionOptions exclusive() {
    return {.autocommit = true};
}
// Reads of many tasks in shared lanes: each a statement of its own, or those of one turn joined.
corm::SessionOptions laned() {
    return {.reader = true, .join_reads = false};
}
corm::SessionOptions joined() {
    return {.reader = true};
}

template <class T>
corm::Task<> get(Shared& shared, int task, corm::SessionOptions options) {
    Random random{task};
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine, options};
        const corm::Ref<T> account = co_await session.get<T>(static_cast<std::int32_t>(random.row(accounts)));
        if (!account)
            throw std::runtime_error{"pgbench_accounts lacks a row; run pgbench -i -s 10"};
    }
}

corm::Task<> slow_read(Shared& shared) {
    bool quick = true; // the first time, for which all wait
    for (Turns turns{shared.run}; turns.next(); quick = false) {
        corm::AsyncSession session{shared.engine, laned()};
        co_await session.execute(corm::raw_sql("SELECT pg_sleep($1)", quick ? 0.0 : 2.0).pure());
    }
}

corm::Task<> get_exclusive(Shared& shared, int task) {
    return get<AccountBalance>(shared, task, exclusive());
}
corm::Task<> get_lanes(Shared& shared, int task) {
    return get<AccountBalance>(shared, task, laned());
}
corm::Task<> get_joined(Shared& shared, int task) {
    return get<AccountBalance>(shared, task, joined());
}
/// The same with one statement that takes two seconds, again and again: what it does to the others' latencies.
corm::Task<> get_lanes_beside_slow(Shared& shared, int task) {
    if (task != 0)
        return get<AccountBalance>(shared, task, laned());
    return slow_read(shared);
}
corm::Task<> get_wide(Shared& shared, int task) {
    return get<Account>(shared, task, exclusive());
}
corm::Task<> get_transaction(Shared& shared, int task) {
    return get<AccountBalance>(shared, task, {});
}

corm::Task<> query_20(Shared& shared, int task) {
    Random random{task};
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine, exclusive()};
        const auto customer = static_cast<std::int32_t>(random.row(customers));
        const auto found = co_await session.all(corm::select<Order>()
                                                    .where(corm::col<&Order::customer_id> == customer)
                                                    .order_by(corm::asc<&Order::id>)
                                                    .limit(page_rows));
        require_rows(found.size(), page_rows, "bench_orders");
    }
}

corm::Task<> read_10k(Shared& shared, int task) {
    Random random{task};
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine};
        const std::int64_t from = random.row(items - read_rows);
        const auto loaded =
            co_await session.all(corm::select<Item>().where(corm::col<&Item::id>.between(from, from + read_rows - 1)));
        require_rows(loaded.size(), read_rows, "bench_items");
    }
}

corm::Task<> read_100k(Shared& shared, int) {
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine};
        const auto loaded = co_await session.all(corm::select<Order>());
        require_rows(loaded.size(), orders, "bench_orders");
    }
}

// Rows by value: no handles, no identity map.
corm::Task<> read_100k_structs(Shared& shared, int) {
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine, exclusive()};
        const auto loaded = co_await session.all<Order>(
            corm::raw_sql("SELECT id, customer_id, reference, total, paid, placed_at FROM bench_orders"));
        require_rows(loaded.size(), orders, "bench_orders");
    }
}

corm::Task<> read_100k_records(Shared& shared, int) {
    const auto mapper = order_records();
    for (Turns turns{shared.run}; turns.next();) {
        corm::AsyncSession session{shared.engine};
        const auto loaded = co_await session.all(corm::select(mapper));
        require_rows(loaded.size(), orders, "bench_orders");
    }
}

} // namespace

std::shared_ptr<const corm::Mapper> order_records() {
    return corm::define("bench_orders")
        .column<std::int64_t>("id")
        .column<std::int32_t>("customer_id")
        .column<std::string>("reference")
        .column<double>("total")
        .column<bool>("paid")
        .column<std::chrono::sys_time<std::chrono::microseconds>>("placed_at")
        .primary_key({"id"})
        .build();
}

Workload reading_workload(std::string_view name) {
    constexpr std::pair<std::string_view, Workload> all[] = {
        {"get", get_exclusive},
        {"get_lanes", get_lanes},
        {"get_joined", get_joined},
        {"get_lanes_beside_slow", get_lanes_beside_slow},
        {"get_wide", get_wide},
        {"get_transaction", get_transaction},
        {"query_20", query_20},
        {"read_10k", read_10k},
        {"read_100k", read_100k},
        {"read_100k_structs", read_100k_structs},
        {"read_100k_records", read_100k_records},
    };
    for (const auto& [known, function] : all) {
        if (known == name)
            return function;
    }
    return nullptr;
}

} // namespace bench

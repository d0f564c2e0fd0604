// One workload over libpqxx: a blocking thread for each connection.
#include "run.hpp"

#include <pqxx/pqxx>

#include <barrier>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace {

using bench::Clock;
using bench::Random;

/// One operation on a connection, with what it keeps from one to the next.
using Operation = std::function<void()>;

void require_rows(std::size_t found, std::int64_t wanted) {
    if (found != static_cast<std::size_t>(wanted))
        throw std::runtime_error{"a table has not the rows that tools/bench makes"};
}

Operation get(pqxx::connection& connection, int number) {
    connection.prepare("get", "SELECT aid, abalance FROM pgbench_accounts WHERE aid = $1::int4");
    return [&connection, random = Random{number}]() mutable {
        pqxx::nontransaction reading{connection};
        const pqxx::row row = reading.exec_prepared1("get", random.row(bench::accounts));
        [[maybe_unused]] volatile int balance = row[1].as<int>();
    };
}

struct Order {
    std::int64_t id;
    std::int32_t customer_id;
    std::string reference;
    double total;
    bool paid;
    std::string placed_at; // libpqxx has no type for times
};

std::vector<Order> orders_of(const pqxx::result& rows) {
    std::vector<Order> orders;
    orders.reserve(static_cast<std::size_t>(rows.size()));
    for (const auto& row : rows)
        orders.push_back({row[0].as<std::int64_t>(), row[1].as<std::int32_t>(), row[2].as<std::string>(),
                          row[3].as<double>(), row[4].as<bool>(), row[5].as<std::string>()});
    return orders;
}

Operation query_20(pqxx::connection& connection, int number) {
    connection.prepare("page", "SELECT id, customer_id, reference, total, paid, placed_at FROM bench_orders "
                               "WHERE customer_id = $1::int4 ORDER BY id LIMIT 20");
    return [&connection, random = Random{number}]() mutable {
        pqxx::nontransaction reading{connection};
        require_rows(orders_of(reading.exec_prepared("page", random.row(bench::customers))).size(), bench::page_rows);
    };
}

Operation read_100k(pqxx::connection& connection, int) {
    connection.prepare("all", "SELECT id, customer_id, reference, total, paid, placed_at FROM bench_orders");
    return [&connection] {
        pqxx::nontransaction reading{connection};
        require_rows(orders_of(reading.exec_prepared("all")).size(), bench::orders);
    };
}

/// As a literal: `{1,2,3}`.
template <class Keys>
std::string array_of(const Keys& keys) {
    std::string text;
    for (const std::int64_t key : keys)
        text += (text.empty() ? '{' : ',') + std::to_string(key);
    return text + '}';
}

/// All rows in one statement; those who write SQL by hand need no more.
constexpr const char* update_items = "UPDATE bench_items t SET amount = x.amount "
                                     "FROM unnest($1::int8[], $2::int8[]) x(id, amount) WHERE t.id = x.id";
constexpr const char* update_balances = "UPDATE bench_balances t SET amount = x.amount "
                                        "FROM unnest($1::int8[], $2::int8[]) x(id, amount) WHERE t.id = x.id";

Operation uow_10(pqxx::connection& connection, int number, int clients) {
    connection.prepare("load", "SELECT id, name, amount FROM bench_items WHERE id = ANY ($1::int8[])");
    connection.prepare("update", update_items);
    return [&connection, random = Random{number}, number, clients]() mutable {
        pqxx::work unit{connection};
        const pqxx::result rows = unit.exec_prepared("load", array_of(bench::unit_keys(random, number, clients)));
        require_rows(static_cast<std::size_t>(rows.size()), bench::unit_rows);
        std::vector<std::int64_t> keys;
        std::vector<std::int64_t> amounts;
        for (const auto& row : rows) {
            keys.push_back(row[0].as<std::int64_t>());
            amounts.push_back(row[2].as<std::int64_t>() + 1);
        }
        unit.exec_prepared0("update", array_of(keys), array_of(amounts));
        unit.commit();
    };
}

Operation transfers(pqxx::connection& connection, int number) {
    connection.prepare("lock", "SELECT id, amount FROM bench_balances WHERE id = ANY ($1::int8[]) ORDER BY id "
                               "FOR UPDATE");
    connection.prepare("update", update_balances);
    connection.prepare("insert", "INSERT INTO bench_ledger (from_id, to_id, amount) VALUES ($1, $2, 1) RETURNING id");
    return [&connection, random = Random{number}]() mutable {
        const auto [from, to] = bench::transfer(random);
        pqxx::work unit{connection};
        const pqxx::result rows = unit.exec_prepared("lock", array_of(std::vector{from, to}));
        require_rows(static_cast<std::size_t>(rows.size()), 2);
        std::vector<std::int64_t> keys;
        std::vector<std::int64_t> amounts;
        for (const auto& row : rows) {
            keys.push_back(row[0].as<std::int64_t>());
            amounts.push_back(row[1].as<std::int64_t>() + (keys.back() == from ? -1 : 1));
        }
        unit.exec_prepared0("update", array_of(keys), array_of(amounts));
        [[maybe_unused]] volatile std::int64_t line = unit.exec_prepared1("insert", from, to)[0].as<std::int64_t>();
        unit.commit();
    };
}

/// Keys from the sequence in one statement, then COPY: the fastest way of this library that knows them.
Operation insert_10k(pqxx::connection& connection, int) {
    connection.prepare("keys", "SELECT nextval('bench_entries_id_seq') FROM generate_series(1, 10000)");
    return [&connection] {
        pqxx::work unit{connection};
        const pqxx::result keys = unit.exec_prepared("keys");
        pqxx::stream_to entries{unit, "bench_entries", std::vector<std::string>{"id", "name", "amount"}};
        for (int i = 0; i < 10'000; ++i)
            entries << std::make_tuple(keys[static_cast<pqxx::result::size_type>(i)][0].as<std::int64_t>(),
                                       "entry number " + std::to_string(i), i);
        entries.complete();
        unit.commit();
    };
}

Operation operation(std::string_view workload, pqxx::connection& connection, int number, int clients) {
    if (workload == "get")
        return get(connection, number);
    if (workload == "query_20")
        return query_20(connection, number);
    if (workload == "read_100k")
        return read_100k(connection, number);
    if (workload == "uow_10")
        return uow_10(connection, number, clients);
    if (workload == "transfers")
        return transfers(connection, number);
    if (workload == "insert_10k")
        return insert_10k(connection, number);
    throw std::invalid_argument{"no workload " + std::string{workload}};
}

struct Measured {
    std::int64_t operations = 0;
    bench::Histogram latencies;
};

bench::Result run(const bench::Arguments& arguments, bench::Histogram& latencies) {
    const int count = std::min(arguments.tasks, arguments.connections);
    // A thread that waits for a connection would be one more task; those are not timed.
    const bool timed = arguments.latencies && count == arguments.tasks;
    std::vector<std::unique_ptr<pqxx::connection>> connections;
    std::vector<Operation> operations;
    for (int number = 0; number < count; ++number) {
        connections.push_back(std::make_unique<pqxx::connection>(arguments.url));
        operations.push_back(operation(arguments.workload, *connections.back(), number, count));
        operations.back()(); // the first one prepares its statements
    }
    std::vector<Measured> measured(static_cast<std::size_t>(count));
    std::mutex mutex;
    std::exception_ptr failure;
    Clock::time_point start;
    double cpu = 0;
    std::barrier ready{count, [&]() noexcept {
                           bench::say_started();
                           start = Clock::now();
                           cpu = bench::cpu_seconds();
                       }};
    std::vector<std::jthread> threads;
    for (std::size_t number = 0; number < measured.size(); ++number) {
        threads.emplace_back([&, number] {
            ready.arrive_and_wait();
            try {
                const auto end = start + arguments.duration;
                for (auto began = Clock::now(); began < end;) {
                    operations[number]();
                    ++measured[number].operations;
                    const auto now = Clock::now();
                    if (timed)
                        measured[number].latencies.add(now - began);
                    began = now;
                }
            } catch (...) {
                const std::lock_guard lock{mutex};
                failure = std::current_exception();
            }
        });
    }
    threads.clear();
    if (failure)
        std::rethrow_exception(failure);
    bench::Result result{.seconds = std::chrono::duration<double>(Clock::now() - start).count(),
                         .cpu = bench::cpu_seconds() - cpu};
    for (const Measured& one : measured) {
        result.operations += one.operations;
        latencies.add(one.latencies);
    }
    return result;
}

} // namespace

int main(int argc, char** argv) {
    try {
        bench::Histogram latencies;
        const bench::Result result = run(bench::Arguments::parse(argc, argv), latencies);
        result.print(latencies);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-libpqxx: %s\n", error.what());
        return 1;
    }
}

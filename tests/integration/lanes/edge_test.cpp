// Readers where limits are reached, options are extreme, and lanes come and go.
#include "lanes.hpp"
#include "support/suspension_driver.hpp"

#include <chrono>

using namespace lanes_test;

namespace {

/// Of a table that is not there.
struct Nothing {
    std::int32_t id = 0;
    std::int32_t value = 0;
};
BOOST_DESCRIBE_STRUCT(Nothing, (), (id, value))
constexpr auto corm_mapping(corm::type<Nothing>) {
    return corm::table<Nothing>("nothings").primary_key<&Nothing::id>();
}

} // namespace

TEST_CASE("Reads of a table that is not there say so, each of them", "[lanes][faults]") {
    for (const bool joined : {false, true}) {
        INFO("joined " << joined);
        Sessions s{setup, {.pool = {.lanes = 1}}};
        warm_up(s);
        std::vector<Read<Nothing>> read(65);
        std::vector<Read<User>> users(65);
        Tasks tasks{s};
        for (std::int32_t key = 1; key <= 64; ++key) {
            tasks.get(read, key, {.join_reads = joined});
            tasks.get(users, key, {.join_reads = joined});
        }
        tasks.run();
        for (std::size_t key = 1; key <= 64; ++key) {
            INFO(key);
            CHECK(caught<corm::DatabaseError>(read[key].error).sqlstate().code() == "42P01"); // undefined_table
            CHECK(users[key].row.has_value());
        }
    }
}

TEST_CASE("Extreme options leave no read without an answer", "[lanes]") {
    const corm::PoolOptions options[] = {
        {.ping_after = corm::Duration{0}},      {.ping_after = corm::no_deadline},      {.lane_batch = 0},
        {.lane_slow_after = corm::no_deadline}, {.lane_slow_after = corm::Duration{0}}, {.max_size = 1, .lanes = 100}};
    for (const corm::PoolOptions& pool : options) {
        INFO(&pool - options);
        Sessions s{setup, {.pool = pool, .deadline = corm::Duration{5'000}}};
        for (int round = 0; round < 3; ++round) {
            std::vector<Read<User>> read(33);
            Tasks tasks{s};
            for (std::int32_t key = 1; key <= 32; ++key)
                tasks.get(read, key);
            tasks.spawn([](corm::AsyncSession& session) -> corm::Task<> { co_await session.execute(sleep_for(0)); });
            tasks.run();
            for (std::size_t key = 1; key <= 32; ++key) {
                CHECK_FALSE(read[key].error);
                CHECK(read[key].row.has_value());
            }
        }
    }
}

TEST_CASE("A reader refuses statements that can only run outside of transactions", "[lanes]") {
    Sessions s{setup};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session = s.engine.reader();
        const auto error = caught<corm::Error>(
            co_await failure(session.execute(corm::raw_sql("UPDATE users SET age = 0").outside_transaction())));
        CHECK(std::string{error.what()}.find("SessionOptions::reader") != std::string::npos);
    });
    CHECK(s.database.query("select count(*) from users where age = 0") == "0");
}

TEST_CASE("Whoever leases a connection behind a lane finds what on_connect has set, and may write",
          "[lanes][integration]") {
    corm::EngineOptions options{.pool = {.max_size = 1, .reset = corm::SessionReset::never}};
    options.on_connect = [](corm::NewConnection& connection) -> corm::Task<> {
        co_await connection.execute(corm::raw_sql("SET app.hooked = 'yes'"));
    };
    Sessions s{setup, std::move(options)};
    s.run([&]() -> corm::Task<> {
        for (std::int32_t round = 1; round < 4; ++round) {
            corm::AsyncSession reader = s.engine.reader();
            const auto seen = co_await reader.get_one<User>(round);
            CHECK(seen->age == round);
            corm::AsyncSession writer{s.engine, {.autocommit = true}};
            // The first statement behind the lane is not in a transaction of its own that could say otherwise.
            co_await writer.execute(corm::raw_sql("UPDATE users SET age = age + 1000 WHERE id = $1", round));
            const auto hooked = co_await writer.one<std::string>(
                corm::raw_sql("SELECT current_setting('app.hooked') || current_setting('transaction_read_only')"));
            CHECK(hooked == "yesoff");
        }
        CHECK(s.engine.stats().connected == 1);
    });
    CHECK(s.database.query("select count(*) from users where age > 1000") == "3");
}

TEST_CASE("A lane that waits for a connection does not take it from another lane", "[lanes]") {
    Sessions s{setup, {.pool = {.max_size = 3, .lanes = 2, .lane_batch = 8}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession one{s.engine}, other{s.engine};
        co_await one.get_one<User>(1);
        co_await other.get_one<User>(2);
        CHECK(s.engine.stats().leased == 2);
        const std::uint64_t acquired = s.engine.stats().acquired;
        int left = 64;
        for (std::int32_t task = 0; task < 64; ++task) {
            boost::asio::co_spawn(
                s.context,
                [&, task]() -> corm::Task<> {
                    for (std::int32_t n = 1; n <= 20; ++n) {
                        corm::AsyncSession session = s.engine.reader();
                        co_await session.get_one<User>(task * 10 + n);
                    }
                    --left;
                },
                boost::asio::detached);
        }
        while (left != 0)
            co_await boost::asio::post(boost::asio::use_awaitable);
        CHECK(s.engine.stats().acquired <= acquired + 2);
        CHECK(s.engine.stats().leased == 2);
    });
}

TEST_CASE("A lane that finds the queue of the pool full does not try again and again", "[lanes]") {
    Sessions s{setup, {.pool = {.max_size = 3, .max_waiters = 1, .lanes = 2, .lane_slow_after = patience}}};
    trust_sleep(s);
    corm::AsyncSession one{s.engine}, other{s.engine}, waiting{s.engine};
    s.run([&]() -> corm::Task<> {
        co_await one.get_one<User>(1);
        co_await other.get_one<User>(2);
    });
    Tasks tasks{s};
    std::exception_ptr slept;
    start_sleeping(s, tasks, slept);
    std::vector<Read<User>> read(2);
    tasks.spawn([&](corm::AsyncSession&) -> corm::Task<> { co_await waiting.get_one<User>(3); });
    s.context.poll();
    CHECK(s.engine.stats().waiting == 1);
    tasks.get(read, 1); // as many as may wait
    int turns = 0;
    while (turns < 10'000 && s.context.poll_one() != 0)
        ++turns;
    CHECK(turns < 10'000);
    s.run([&]() -> corm::Task<> {
        co_await one.rollback();
        co_await other.rollback();
        while (s.database.query(kill_sleepers) != "1")
            co_await boost::asio::post(boost::asio::use_awaitable);
    });
    tasks.run();
    CHECK(slept);
    CHECK(read[1].row.has_value());
}

TEST_CASE("A lane that ends while the next one fails to open leaves nobody waiting", "[lanes][faults]") {
    for (int point = 0;; ++point) {
        INFO("point " << point);
        Sessions s{setup, {.pool = {.max_size = 3, .max_waiters = 1, .lanes = 2, .lane_slow_after = patience}}};
        trust_sleep(s);
        corm::AsyncSession one{s.engine}, other{s.engine}, waiting{s.engine};
        s.run([&]() -> corm::Task<> {
            co_await one.get_one<User>(1);
            co_await other.get_one<User>(2);
        });
        Tasks tasks{s};
        corm::AsyncSession sleeper = s.engine.reader();
        boost::asio::cancellation_signal cancel;
        const std::uint64_t requests = s.engine.stats().lane_requests;
        boost::asio::co_spawn(
            s.context, [&]() -> corm::Task<> { co_await sleeper.execute(sleep_for(3600)); },
            boost::asio::bind_cancellation_slot(cancel.slot(), boost::asio::detached));
        REQUIRE(
            run_until(s.context, corm::Duration{20'000}, [&] { return s.engine.stats().lane_requests != requests; }));
        tasks.spawn([&](corm::AsyncSession&) -> corm::Task<> { co_await waiting.get_one<User>(3); });
        s.context.poll();
        REQUIRE(s.engine.stats().waiting == 1);
        std::vector<Read<User>> read(2);
        tasks.get(read, 1); // whose lane is one too many for the queue
        int steps = 0;
        while (steps < point && s.context.poll_one() != 0)
            ++steps;
        cancel.emit(boost::asio::cancellation_type::terminal);
        s.context.poll();
        tasks.spawn([&](corm::AsyncSession&) -> corm::Task<> { co_await one.rollback(); });
        REQUIRE(run_until(s.context, corm::Duration{20'000}, [&] { return read[1].row || read[1].error; }));
        tasks.run();
        if (steps < point)
            break;
    }
}

TEST_CASE("Connections of lanes that are always in use end with their lifetime", "[lanes]") {
    Sessions s{setup, {.pool = {.max_lifetime = corm::Duration{30}, .lanes = 1}}};
    s.run([&]() -> corm::Task<> {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (s.engine.stats().connected < 4 && std::chrono::steady_clock::now() < give_up) {
            corm::AsyncSession session = s.engine.reader();
            co_await session.get_one<User>(1);
        }
        CHECK(s.engine.stats().connected >= 4);
        CHECK(s.engine.stats().discarded == 0);
    });
}

TEST_CASE("Reads that are lost together hear of their own places", "[lanes][faults]") {
    Sessions s{setup, {.pool = {.lanes = 1, .lane_slow_after = patience}}};
    trust_sleep(s);
    warm_up(s);
    for (const bool killed : {true, false}) {
        const corm::Duration within = killed ? corm::Duration{60'000} : corm::Duration{100};
        std::exception_ptr slept, lost;
        std::uint_least32_t lines[2] = {};
        Tasks tasks{s};
        tasks.spawn([&](corm::AsyncSession& session) -> corm::Task<> {
            lines[0] = std::source_location::current().line() + 1;
            slept = co_await failure(session.execute(sleep_for(3600).within(within)));
        });
        tasks.spawn([&](corm::AsyncSession& session) -> corm::Task<> {
            lines[1] = std::source_location::current().line() + 1;
            lost = co_await failure(session.get<User>(1, corm::within(within)));
        });
        const std::uint64_t requests = s.engine.stats().lane_requests;
        s.context.restart();
        while (s.engine.stats().lane_requests == requests)
            s.context.run_one();
        while (killed && s.database.query(kill_sleepers) != "1")
            s.context.poll();
        tasks.run();
        CHECK(s.engine.stats().lane_requests == requests + 1);
        for (const auto& [error, line] : {std::pair{slept, lines[0]}, std::pair{lost, lines[1]}}) {
            if (killed) {
                CHECK(caught<corm::ConnectionError>(error).where().line() == line);
                continue;
            }
            const auto late = caught<corm::TimeoutError>(error);
            CHECK(late.where().line() == line);
            CHECK(std::string{late.what()}.find("pg_sleep") == std::string::npos);
        }
    }
}

// What goes wrong among many reads reaches exactly those whom it concerns.
#include "lanes.hpp"
#include "support/fault_proxy.hpp"
#include "support/suspension_driver.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

using namespace lanes_test;
namespace asio = boost::asio;

namespace {

constexpr std::int32_t many = 256;

const char* const how[] = {"each by its own statement", "joined"};

corm::SessionOptions options(int joined) {
    return {.join_reads = joined != 0};
}

} // namespace

TEST_CASE("Rows that the server cannot compute fail for those who asked for them", "[lanes][faults]") {
    Sessions s{setup};
    for (const int joined : {0, 1}) {
        INFO(how[joined]);
        warm_up(s);
        std::vector<Read<Quotient>> read(many + 1);
        Tasks tasks{s};
        for (std::int32_t key = 1; key <= many; ++key)
            tasks.get(read, key, options(joined));
        tasks.run();
        for (std::int32_t key = 1; key <= many; ++key) {
            INFO(key);
            const Read<Quotient>& each = read[static_cast<std::size_t>(key)];
            if (key % 100 == 0) {
                const auto error = caught<corm::DatabaseError>(each.error);
                CHECK(error.sqlstate().code() == "22012"); // division_by_zero
                CHECK(std::string{error.where().file_name()}.find("lanes.hpp") != std::string::npos);
            } else {
                CHECK_FALSE(each.error);
                REQUIRE(each.row);
                CHECK(each.row->value == 1000 / (key % 100));
            }
        }
    }
}

TEST_CASE("All of them fail, and each hears of it", "[lanes][faults]") {
    Sessions s{setup};
    warm_up(s);
    std::vector<Read<Quotient>> read(1001);
    Tasks tasks{s};
    for (std::int32_t key = 100; key <= 1000; key += 100)
        tasks.get(read, key);
    tasks.run();
    for (std::size_t key = 100; key <= 1000; key += 100)
        CHECK(caught<corm::DatabaseError>(read[key].error).sqlstate().code() == "22012");
    CHECK(s.engine.stats().discarded == 0);
}

TEST_CASE("A cancelled read ends at once, and the others get their rows", "[lanes][faults]") {
    for (const int joined : {0, 1}) {
        INFO(how[joined]);
        for (const auto type :
             {asio::cancellation_type::terminal, asio::cancellation_type::partial, asio::cancellation_type::total}) {
            Sessions s{setup};
            warm_up(s);
            std::vector<Read<User>> read(many + 1);
            Tasks tasks{s};
            asio::cancellation_signal signal;
            std::exception_ptr cancelled;
            bool ended = false;
            for (std::int32_t key = 1; key <= many; ++key) {
                if (key != 100) {
                    tasks.get(read, key, options(joined));
                    continue;
                }
                asio::co_spawn(
                    s.context,
                    [&]() -> corm::Task<> {
                        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
                        corm::AsyncSession session = s.engine.reader(options(joined));
                        co_await session.get<User>(100);
                    },
                    asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error) {
                        cancelled = error;
                        ended = true;
                    }));
            }
            // All of them have asked, and the first answer is not there.
            const std::uint64_t requests = s.engine.stats().lane_requests;
            s.context.restart();
            while (s.engine.stats().lane_requests == requests)
                s.context.run_one();
            signal.emit(type);
            tasks.run();
            REQUIRE(ended);
            CHECK(caught<boost::system::system_error>(cancelled).code() == asio::error::operation_aborted);
            for (std::int32_t key = 1; key <= many; ++key) {
                if (key != 100)
                    CHECK((read[static_cast<std::size_t>(key)].row.has_value()));
            }
            CHECK(s.engine.stats().discarded == 0);
        }
    }
}

TEST_CASE("A read that nobody waits for any more does not hold up a lane", "[lanes][faults]") {
    Sessions s{setup, {.pool = {.lanes = 1, .lane_slow_after = patience}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session = s.engine.reader();
        co_await session.execute(sleep_for(0));
        co_await session.execute(sleep_for(0));
        REQUIRE(s.engine.stats().lane_reads == 1);
        const auto error = co_await failure(session.execute(sleep_for(3600).within(corm::Duration{50})));
        CHECK(caught<corm::TimeoutError>(error).phase() == corm::Phase::execute);
        const auto user = co_await session.get_one<User>(3);
        CHECK(user->age == 3);
    });
    // Its backend is told to stop.
    s.run([&]() -> corm::Task<> {
        asio::steady_timer timer{co_await asio::this_coro::executor};
        while (s.database.query("select count(*) " + sleepers) != "0") {
            timer.expires_after(std::chrono::milliseconds{5});
            co_await timer.async_wait(asio::use_awaitable);
        }
    });
}

TEST_CASE("A destroyed session takes its read with it, and no other", "[lanes][faults]") {
    Sessions s{setup};
    warm_up(s);
    std::vector<Read<User>> read(many + 1);
    Tasks tasks{s};
    auto session = std::make_unique<corm::AsyncSession>(s.engine.reader());
    std::exception_ptr ended;
    asio::co_spawn(
        s.context,
        [&]() -> corm::Task<> {
            auto operation = session->get<User>(1);
            asio::post(s.context, [&] { session.reset(); });
            co_await std::move(operation);
        },
        [&](std::exception_ptr error) { ended = error; });
    for (std::int32_t key = 2; key <= many; ++key)
        tasks.get(read, key);
    tasks.run();
    CHECK(caught<boost::system::system_error>(ended).code() == asio::error::operation_aborted);
    for (std::size_t key = 2; key <= many; ++key)
        CHECK(read[key].row.has_value());
}

TEST_CASE("A lane that is killed fails the reads that are on it, and the next ones find another", "[lanes][faults]") {
    Sessions s{setup, {.pool = {.lanes = 1, .lane_slow_after = patience}}};
    trust_sleep(s);
    std::vector<Read<User>> read(many + 1);
    Tasks tasks{s};
    std::exception_ptr slept;
    start_sleeping(s, tasks, slept);
    // These wait for the lane that sleeps.
    for (std::int32_t key = 1; key <= many; ++key)
        tasks.get(read, key);
    while (s.database.query(kill_sleepers) != "1")
        s.context.poll();
    tasks.run();
    const auto lost = caught<corm::ConnectionError>(slept);
    CHECK(lost.safe_to_retry());
    for (std::size_t key = 1; key <= many; ++key) {
        INFO(key);
        CHECK_FALSE(read[key].error);
        CHECK(read[key].row.has_value());
    }
}

TEST_CASE("Lanes that were killed while nobody used them cost nobody an error", "[lanes][faults]") {
    Sessions s{setup};
    warm_up(s);
    REQUIRE(s.database.query("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = "
                             "'corm' and datname = current_database()") != "0");
    while (s.database.query("select count(*) from pg_stat_activity where application_name = 'corm' and datname = "
                            "current_database()") != "0") {
    }
    std::vector<Read<User>> read(many + 1);
    Tasks tasks{s};
    for (std::int32_t key = 1; key <= many; ++key)
        tasks.get(read, key);
    tasks.run();
    for (std::size_t key = 1; key <= many; ++key)
        CHECK(read[key].row.has_value());
}

TEST_CASE("A table that changes under prepared statements costs no reader an error", "[lanes][faults]") {
    for (const int joined : {0, 1}) {
        INFO(how[joined]);
        Sessions s{"create table parts (id int primary key, name varchar(20), size int not null);"
                   "insert into parts select n, 'part ' || n, n from generate_series(1, 300) n;"};
        const auto mapper =
            corm::define("parts").column<std::int32_t>("id").column<std::string>("name").primary_key({"id"}).build();
        const auto quick = corm::raw_sql("SELECT id, name FROM parts WHERE id < 3").pure();
        for (const char* change :
             {"select 1", "alter table parts alter name type text", "alter table parts alter name type varchar(99)"}) {
            s.database.query(change);
            Tasks tasks{s};
            for (std::int32_t key = 1; key <= many; ++key) {
                tasks.spawn(
                    [&, key](corm::AsyncSession& session) -> corm::Task<> {
                        const auto record = co_await session.get_one(mapper, key);
                        CHECK(record->get<std::string>("name") == "part " + std::to_string(key));
                        if (key % 16 == 0) {
                            const auto rows = co_await session.all<std::tuple<std::int32_t, std::string>>(quick);
                            CHECK(rows.size() == 2);
                        }
                    },
                    options(joined));
            }
            tasks.run();
        }
    }
}

TEST_CASE("A read whose deadline passes while no connection is free says so", "[lanes][faults]") {
    Sessions s{setup, {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession holder{s.engine};
        co_await holder.get_one<User>(1);
        corm::AsyncSession session = s.engine.reader();
        const auto error =
            caught<corm::TimeoutError>(co_await failure(session.get<User>(1, corm::within(corm::Duration{30}))));
        CHECK(error.phase() == corm::Phase::acquire);
        CHECK(std::string{error.what()}.find("PoolOptions::max_size") != std::string::npos);
        co_await asio::post(asio::use_awaitable); // behind it, the lane no longer wants one either
        co_await asio::post(asio::use_awaitable);
        CHECK(s.engine.stats().waiting == 0);
        co_await holder.rollback();
        const auto user = co_await session.get_one<User>(2);
        CHECK(user->age == 2);
    });
}

TEST_CASE("Reads and transactions share the connections of the pool", "[lanes][faults]") {
    for (const std::size_t size : {1U, 2U, 3U}) {
        INFO("max_size " << size);
        Sessions s{setup, {.pool = {.max_size = size}}};
        int transactions = 0, reads = 0;
        bool stop = false;
        Tasks tasks{s};
        for (int i = 0; i < 32; ++i) {
            tasks.spawn([&, i](corm::AsyncSession&) -> corm::Task<> {
                while (!stop) {
                    corm::AsyncSession session = s.engine.reader();
                    co_await session.get_one<User>(i + 1);
                    ++reads;
                }
            });
        }
        for (int i = 0; i < 8; ++i) {
            tasks.spawn([&, i](corm::AsyncSession&) -> corm::Task<> {
                for (int n = 0; n < 25; ++n) {
                    corm::AsyncSession session{s.engine};
                    const auto user = co_await session.get_one<User>(i + 100, corm::for_update);
                    user.edit().age += 1;
                    co_await session.commit();
                    ++transactions;
                    stop = transactions == 200;
                    const corm::PoolStats now = s.engine.stats();
                    CHECK(now.idle + now.leased + now.lanes + now.dialing + now.cleaning <= size);
                }
            });
        }
        tasks.run();
        CHECK(transactions == 200);
        CHECK(reads > 200);
    }
}

TEST_CASE("A table that somebody locks does not hold up the reads of others", "[lanes][faults]") {
    // With a lane to spare, its reads would end before the others are found out.
    Sessions s{setup, {.pool = {.max_size = 6, .lanes = 2, .lane_slow_after = corm::Duration{10}}}};
    warm_up(s);
    corm::AsyncSession holder{s.engine};
    std::vector<Read<User>> locked(3);
    Tasks tasks{s};
    int lines = 0;
    tasks.spawn([&](corm::AsyncSession&) -> corm::Task<> {
        co_await holder.execute(corm::raw_sql("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"));
        // Both lanes wait for the lock, or one and what goes by itself behind it.
        for (std::int32_t key = 1; key <= 2; ++key) {
            tasks.get(locked, key);
            while (s.database.query("select count(*) from pg_locks where not granted and relation = "
                                    "'users'::regclass") != std::to_string(key))
                co_await asio::post(asio::use_awaitable);
        }
        for (std::int16_t n = 0; n < 5; ++n) {
            corm::AsyncSession session = s.engine.reader();
            const auto line = co_await session.get_one<Line>(corm::key(5, n));
            lines += line->quantity == 50 + n ? 1 : 0;
        }
        co_await holder.rollback();
    });
    tasks.run();
    CHECK(lines == 5);
    CHECK(locked[1].row.has_value());
    CHECK(locked[2].row.has_value());
    // Those of the table go by themselves for a while, the rest as before.
    const std::uint64_t reads = s.engine.stats().lane_reads;
    std::vector<Read<User>> after(2);
    tasks.get(after, 1);
    tasks.run();
    CHECK(after[1].row.has_value());
    CHECK(s.engine.stats().lane_reads == reads);
    CHECK(s.engine.stats().lanes <= 2);
}

TEST_CASE("A slow statement among the first reads of a program holds up no more than a share of them",
          "[lanes][faults]") {
    Sessions s{setup, {.pool = {.lanes = 2, .lane_slow_after = corm::no_deadline}}};
    trust_sleep(s);
    REQUIRE(s.engine.stats().lanes == 0);
    std::exception_ptr ended;
    int read = 0;
    Tasks tasks{s};
    tasks.spawn([&](corm::AsyncSession& session) -> corm::Task<> {
        ended = co_await failure(session.execute(sleep_for(3600)));
    });
    for (int i = 0; i < 64; ++i)
        tasks.spawn([&read](corm::AsyncSession& session) -> corm::Task<> {
            co_await session.get_one<User>(1);
            ++read;
        });
    CHECK(run_until(s.context, corm::Duration{20'000}, [&] { return read >= 32; }));
    CHECK(read < 64); // the others travel behind it
    CHECK(run_until(s.context, corm::Duration{20'000}, [&] { return s.database.query(cancel_sleepers) == "1"; }));
    tasks.run();
    CHECK(read == 64);
    CHECK(caught<corm::DatabaseError>(ended).sqlstate() == corm::sqlstate::query_canceled);
}

TEST_CASE("A pool that is shut down fails the reads that wait, and ends those that are under way", "[lanes][faults]") {
    Sessions s{setup, {.pool = {.lanes = 1}}};
    warm_up(s);
    std::vector<Read<User>> read(many + 1);
    Tasks tasks{s};
    for (std::int32_t key = 1; key <= many; ++key)
        tasks.get(read, key);
    tasks.spawn([&](corm::AsyncSession&) -> corm::Task<> { co_await s.engine.shutdown(corm::Duration{5'000}); });
    tasks.run();
    for (std::size_t key = 1; key <= many; ++key) {
        if (!read[key].row)
            CHECK(std::string{caught<corm::ConnectionError>(read[key].error).what()}.find("shut down") !=
                  std::string::npos);
    }
    CHECK(s.engine.stats().lanes == 0);
    std::vector<Read<User>> late(2);
    tasks.get(late, 1);
    tasks.run();
    CHECK(std::string{caught<corm::ConnectionError>(late[1].error).what()}.find("shut down") != std::string::npos);
}

TEST_CASE("An engine that ends before its reads, and a loop that ends before both", "[lanes][faults]") {
    for (const bool loop_ends : {false, true}) {
        const Database database{std::string{schema} + setup};
        auto context = std::make_unique<asio::io_context>();
        auto engine = std::make_unique<corm::Engine>(context->get_executor(), database.url());
        int ended = 0;
        std::vector<std::unique_ptr<corm::AsyncSession>> sessions;
        for (int i = 0; i < 64; ++i) {
            sessions.push_back(std::make_unique<corm::AsyncSession>(engine->reader()));
            asio::co_spawn(
                *context,
                [&, i]() -> corm::Task<> { co_await sessions[static_cast<std::size_t>(i)]->get<User>(i + 1); },
                [&](std::exception_ptr) { ++ended; });
        }
        while (engine->stats().lane_requests == 0)
            context->run_one();
        if (loop_ends) {
            context.reset();
            CHECK(ended == 0);
            sessions.clear();
            engine.reset();
        } else {
            engine.reset();
            context->run();
            CHECK(ended == 64);
            sessions.clear();
        }
    }
}

TEST_CASE("A cut network fails the reads on it within their deadline", "[lanes][faults]") {
    Database database{std::string{schema} + setup};
    FaultProxy proxy{database.url()};
    TimedContext context;
    corm::Engine engine{context.get_executor(), proxy.url(), {.deadline = corm::Duration{300}}};
    const auto read = [&]() -> corm::Task<> {
        corm::AsyncSession session = engine.reader();
        co_await session.get_one<User>(1);
    };
    run_coroutine(context, read);
    proxy.set({.action = FaultProxy::Action::stall});
    run_coroutine(context, [&]() -> corm::Task<> {
        const auto error = caught<corm::TimeoutError>(co_await failure(read()));
        CHECK(error.phase() == corm::Phase::execute);
    });
    proxy.set({});
    run_coroutine(context, read);
}

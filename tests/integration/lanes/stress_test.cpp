// Everything that can go wrong with readers, at once and on several threads.
#include "lanes.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <mutex>
#include <random>
#include <thread>

using namespace lanes_test;
namespace asio = boost::asio;

namespace {

/// How reads have ended.
struct Ends {
    std::atomic<int> good{0};
    std::atomic<int> cancelled{0};
    std::atomic<int> late{0};
    std::atomic<int> lost{0};
    std::atomic<int> refused{0};
    std::atomic<int> bad{0};
    std::mutex mutex; // guards what follows
    std::string last; // of the bad ones

    void keep(const char* what) {
        const std::lock_guard lock(mutex);
        last = what;
    }
    [[nodiscard]] int sum() const { return good + cancelled + late + lost + refused + bad; }
};

constexpr int reads_each = 50;

struct Plan {
    corm::PoolOptions pool;
    bool kills = false;
    bool changes = false;
};

/// What a read may end with; `hurried`: it has a short deadline, `dropped`: its session may be destroyed.
void note(Ends& ends, const std::exception_ptr& error, bool right, bool hurried, bool dropped, const Plan& plan) {
    std::atomic<int>* end = &ends.bad;
    try {
        if (error)
            std::rethrow_exception(error);
        end = right ? &ends.good : &ends.bad;
    } catch (const boost::system::system_error& cancelled) {
        if (dropped && cancelled.code() == asio::error::operation_aborted)
            end = &ends.cancelled;
        else
            ends.keep(cancelled.what());
    } catch (const corm::TimeoutError& late) {
        if (hurried)
            end = &ends.late;
        else
            ends.keep(late.what());
    } catch (const corm::ConnectionError& lost) {
        if (plan.kills && lost.safe_to_retry())
            end = &ends.lost;
        else
            ends.keep(lost.what());
    } catch (const corm::DatabaseError& refused) {
        // The table may change once more while the read goes again.
        const bool stale = plan.changes && refused.is_stale_plan();
        if (stale || refused.sqlstate().code() == "22012")
            end = &ends.refused;
        else
            ends.keep(refused.what());
    } catch (const std::exception& other) {
        ends.keep(other.what());
    }
    ++*end;
}

/// One read after another, each in a session of its own.
corm::Task<> reads(corm::Engine& engine, asio::io_context& context, Ends& ends, const Plan& plan, unsigned seed) {
    std::minstd_rand random{seed};
    const auto draw = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
    for (int n = 0; n < reads_each; ++n) {
        const auto session =
            std::make_shared<std::optional<corm::AsyncSession>>(engine.reader({.join_reads = draw(4) != 0}));
        const bool hurried = draw(8) == 0, dropped = draw(8) == 0, slow = draw(40) == 0, fails = draw(20) == 0;
        const corm::Duration within{hurried ? draw(3) + 1 : 60'000};
        const std::int32_t key = fails ? 100 : draw(99) + 1;
        // Made first: from then on the session may be destroyed on any thread.
        const auto drop = [&] {
            if (dropped)
                asio::post(context, [session] { session->reset(); });
        };
        bool right = false;
        std::exception_ptr error;
        try {
            if (slow) {
                auto operation = (*session)->execute(corm::raw_sql("SELECT pg_sleep($1)", 0.01).pure().within(within));
                drop();
                co_await std::move(operation);
                right = true;
            } else if (fails) {
                auto operation = (*session)->get<Quotient>(key, corm::within(within));
                drop();
                co_await std::move(operation);
            } else {
                auto operation = (*session)->get<User>(key, corm::within(within));
                drop();
                const auto user = co_await std::move(operation);
                right = user && user->name == "user " + std::to_string(key);
            }
        } catch (...) {
            error = std::current_exception();
        }
        note(ends, error, right, hurried, dropped, plan);
    }
}

/// Others want connections as well.
corm::Task<> transactions(corm::Engine& engine, std::atomic<int>& done, const Plan& plan) {
    for (int n = 0; n < 40; ++n) {
        corm::AsyncSession session{engine};
        const std::exception_ptr error = co_await failure(session.execute(corm::raw_sql("SELECT 1")));
        if (!error || plan.kills)
            ++done;
    }
}

} // namespace

TEST_CASE("Readers under every kind of fault at once", "[lanes][faults][threads]") {
    constexpr int tasks = 32, writers = 4;
    const Plan plans[] = {{.pool = {.max_size = 1}},
                          {.pool = {.max_size = 3}, .kills = true, .changes = true},
                          {.pool = {.max_size = 4, .lane_batch = 7, .lane_slow_after = corm::no_deadline},
                           .kills = true,
                           .changes = true},
                          {.pool = {.lane_batch = 1}, .changes = true}};
    for (const Plan& plan : plans) {
        INFO("plan " << &plan - plans);
        const Database database{std::string{schema} + setup};
        asio::io_context context{3};
        corm::Engine engine{context.get_executor(), database.url(), {.pool = plan.pool}};
        Ends ends;
        std::atomic<int> done{0}, failed{0};
        const auto ended = [&](std::exception_ptr error) { failed += error ? 1 : 0; };
        for (unsigned task = 0; task < tasks; ++task)
            asio::co_spawn(asio::make_strand(context), reads(engine, context, ends, plan, task + 1), ended);
        for (int i = 0; i < writers; ++i)
            asio::co_spawn(asio::make_strand(context), transactions(engine, done, plan), ended);
        std::atomic<int> running{3};
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
                context.run();
                --running;
            });
        }
        for (int n = 0; running != 0; ++n) {
            if (plan.kills && n % 4 == 0)
                database.query("select pg_terminate_backend(pid) from (select pid from pg_stat_activity where "
                               "application_name = 'corm' and datname = current_database() order by random() limit 1) "
                               "as one");
            if (plan.changes)
                database.query(n % 2 == 0 ? "alter table users alter name type varchar(99)"
                                          : "alter table users alter name type text");
        }
        for (std::thread& thread : threads)
            thread.join();
        INFO("good " << ends.good << ", cancelled " << ends.cancelled << ", late " << ends.late << ", lost "
                     << ends.lost << ", refused " << ends.refused << "; " << ends.last);
        CHECK(failed == 0);
        CHECK(ends.bad == 0);
        CHECK(ends.sum() == tasks * reads_each);
        CHECK(ends.good > 0);
        CHECK(done == writers * 40);
        // Nothing is left behind, and whoever comes next finds everything in order.
        const auto order = [&]() -> corm::Task<> {
            corm::AsyncSession session = engine.reader();
            for (std::exception_ptr error = co_await failure(session.get<User>(1)); error;)
                error = co_await failure(session.get<User>(1));
            const auto user = co_await session.get_one<User>(2);
            CHECK(user->name == "user 2");
            corm::AsyncSession writer{engine};
            co_await writer.execute(corm::raw_sql("UPDATE users SET age = 1 WHERE id = 3"));
            co_await writer.commit();
        };
        run_coroutine(context, order);
        const corm::PoolStats stats = engine.stats();
        CHECK(stats.waiting == 0);
        CHECK(stats.leased == 0);
        CHECK(stats.idle + stats.lanes + stats.cleaning + stats.dialing <= plan.pool.max_size);
    }
}

TEST_CASE("An engine that ends on another thread among its reads", "[lanes][threads]") {
    const Database database{std::string{schema} + setup};
    for (int round = 0; round < 20; ++round) {
        asio::io_context context{2};
        auto engine = std::make_shared<corm::Engine>(context.get_executor(), database.url());
        std::atomic<int> ended{0};
        for (std::int64_t i = 0; i < 100; ++i) {
            auto session = std::make_shared<corm::AsyncSession>(engine->reader());
            asio::co_spawn(
                asio::make_strand(context),
                [session, i]() -> corm::Task<> {
                    co_await session->get<User>(i + 1);
                    co_await session->get<User>(i + 101);
                },
                [&ended](std::exception_ptr) { ++ended; });
        }
        std::thread other{[&] { context.run(); }};
        while (engine->stats().lane_requests < static_cast<std::uint64_t>(round % 3))
            context.poll_one();
        engine.reset();
        context.run();
        other.join();
        CHECK(ended == 100);
    }
}

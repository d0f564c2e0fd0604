// Tasks beside each other: one session used twice, many sessions on the same rows, handles on other threads.
#include "expect_well.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <random>
#include <thread>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;
namespace asio = boost::asio;

namespace {

std::string refusal(const auto& attempt) {
    try {
        attempt();
    } catch (const corm::ConcurrentUseError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

} // namespace

TEST_CASE("F43: a second operation of a session is refused, the first goes on", "[orm][integration][F43]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        bool first_done = false;
        std::string refused;
        std::string added;
        std::string edited;
        std::string removed;
        std::string flushed;
        // Its turn comes while the answer to the first operation is on its way.
        const auto intrude = [&]() -> corm::Task<> {
            CHECK_FALSE(first_done);
            try {
                co_await session.all(corm::select<User>());
            } catch (const corm::ConcurrentUseError& error) {
                refused = error.what();
            }
            try {
                co_await session.flush();
            } catch (const corm::ConcurrentUseError& error) {
                flushed = error.what();
            }
            added = refusal([&] { session.add(User{.name = "new"}); });
            edited = refusal([&] { user.edit().age = 9; });
            removed = refusal([&] { session.remove(user); });
            CHECK_FALSE(first_done);
        };
        asio::post(s.context, [&] { asio::co_spawn(s.context, intrude, asio::detached); });
        const corm::Ref<User> second = co_await session.get_one<User>(2);
        first_done = true;
        CHECK(second->name == "user 2");
        CHECK_THAT(refused, ContainsSubstring("a query at") && ContainsSubstring("get() at"));
        // Both places, each with its line.
        const std::size_t once = refused.find("concurrency_test.cpp:");
        REQUIRE(once != std::string::npos);
        CHECK(refused.find("concurrency_test.cpp:", once + 1) != std::string::npos);
        CHECK_THAT(flushed, ContainsSubstring("flush() at"));
        CHECK_THAT(added, ContainsSubstring("add() at") && ContainsSubstring("get() at"));
        CHECK_THAT(edited, ContainsSubstring("edit()") && ContainsSubstring("get() at"));
        CHECK_THAT(removed, ContainsSubstring("remove() at"));
        CHECK(user->age == 1);
        user.edit().age = 10;
        co_await session.commit();
    });
    CHECK(s.database.query("select sum(age) from users") == "12");
    expect_well(s);
}

TEST_CASE("F43: of two threads with one session, one is refused, and the other unaffected", "[orm][integration][F43]") {
    Sessions s{users(2)};
    asio::io_context second;
    corm::AsyncSession session{s.engine};
    std::atomic<int> done{0}, refused{0}, other{0};
    const auto use = [&]() -> corm::Task<> {
        for (int i = 0; i < 100; ++i) {
            try {
                const auto one = co_await session.one<std::int32_t>(corm::raw_sql("select 1"));
                ++(one == 1 ? done : other);
            } catch (const corm::ConcurrentUseError&) {
                ++refused;
            }
        }
    };
    SECTION("while an operation waits for the server") {
        s.run([&]() -> corm::Task<> {
            corm::AsyncSession holder{s.engine};
            co_await holder.get_one<User>(1, corm::for_update);
            asio::co_spawn(second, use, asio::detached);
            std::thread thread;
            const auto intrude = [&]() -> corm::Task<> {
                thread = std::thread{[&] { second.run(); }};
                while (done + refused + other < 100)
                    co_await asio::post(asio::use_awaitable);
                co_await holder.rollback();
            };
            asio::post(s.context, [&] { asio::co_spawn(s.context, intrude, asio::detached); });
            const corm::Ref<User> user = co_await session.get_one<User>(1, corm::for_update);
            thread.join();
            CHECK(refused == 100);
            user.edit().age = 10;
            co_await session.commit();
        });
        CHECK(s.database.query("select age from users where id = 1") == "10");
    }
    SECTION("all the time") {
        auto work = asio::make_work_guard(s.context);
        std::thread thread{[&] { s.context.run(); }};
        asio::co_spawn(second, use, asio::detached);
        asio::io_context third;
        asio::co_spawn(third, use, asio::detached);
        std::thread another{[&] { third.run(); }};
        second.run();
        another.join();
        work.reset();
        thread.join();
        CHECK(done > 0);
        CHECK(done + refused == 200);
        s.run([&]() -> corm::Task<> { co_await session.rollback(); });
    }
    CHECK(other == 0);
    session = corm::AsyncSession{s.engine};
    expect_well(s);
}

namespace {

enum class Mode {
    versioned,    ///< conflicts are StaleDataError, the work is lost
    last_one_wins ///< without a version column: every commit succeeds
};

/// Eight tasks on two threads that edit random sets of 300 out of 1,000 rows in random order.
class Crowd {
public:
    Crowd(Mode mode, const std::string& settings)
        : mode_(mode), database_(std::string{schema} +
                                 "insert into users (name, age) select 'user ' || n, 0 from generate_series(1, 1000) n;"
                                 "insert into lines select n / 100, n % 100, 'a', 0 from generate_series(0, 999) n;"
                                 "analyze;"),
          engine_(context_.get_executor(), database_.url() + " options='" + settings + "'",
                  corm::EngineOptions{.pool = {.max_size = 8}}) {}

    void run(int rounds) {
        for (unsigned task = 0; task < 8; ++task)
            asio::co_spawn(asio::make_strand(context_), work(task, rounds), [this](std::exception_ptr error) {
                if (error)
                    failed_ = error;
            });
        std::thread other{[this] { context_.run(); }};
        context_.run();
        other.join();
        if (failed_)
            std::rethrow_exception(failed_);
    }

    [[nodiscard]] int commits() const { return commits_; }
    [[nodiscard]] int stale() const { return stale_; }
    [[nodiscard]] int deadlocks() const { return deadlocks_; }
    [[nodiscard]] const Database& database() const { return database_; }
    [[nodiscard]] corm::PoolStats stats() const { return engine_.stats(); }

private:
    corm::Task<> work(unsigned seed, int rounds) {
        std::mt19937 random{seed};
        for (int round = 0; round < rounds; ++round) {
            try {
                if (mode_ == Mode::versioned)
                    co_await edit_users(random);
                else
                    co_await edit_lines(random);
                ++commits_;
            } catch (const corm::StaleDataError&) {
                ++stale_;
            } catch (const corm::DatabaseError& error) {
                if (error.sqlstate() != corm::sqlstate::deadlock_detected)
                    throw;
                ++deadlocks_;
            }
        }
    }

    corm::Task<> edit_users(std::mt19937& random) {
        std::vector<std::int64_t> ids(1000);
        std::iota(ids.begin(), ids.end(), 1);
        std::shuffle(ids.begin(), ids.end(), random);
        ids.resize(300);
        corm::AsyncSession session{engine_};
        auto loaded = co_await session.all(corm::select<User>().where(corm::col<&User::id>.in(ids)));
        if (loaded.size() != 300) // Catch2's assertions are for one thread
            throw std::runtime_error("rows are missing");
        std::shuffle(loaded.begin(), loaded.end(), random);
        for (const corm::Ref<User>& user : loaded)
            user.edit().age += 1;
        co_await session.commit();
    }

    corm::Task<> edit_lines(std::mt19937& random) {
        corm::AsyncSession session{engine_};
        auto loaded = co_await session.all(corm::select<Line>());
        std::shuffle(loaded.begin(), loaded.end(), random);
        loaded.resize(300);
        const auto mark = static_cast<std::int32_t>(random() % 1'000'000) + 1;
        for (const corm::Ref<Line>& line : loaded)
            line.edit().quantity = mark;
        co_await session.commit();
    }

    Mode mode_;
    Database database_;
    asio::io_context context_;
    corm::Engine engine_;
    std::atomic<int> commits_{0};
    std::atomic<int> stale_{0};
    std::atomic<int> deadlocks_{0};
    std::exception_ptr failed_;
};

} // namespace

TEST_CASE("eight tasks that update overlapping sets of rows never deadlock", "[orm][integration]") {
    const std::string settings =
        GENERATE(as<std::string>{}, "", "-c plan_cache_mode=force_generic_plan",
                 "-c plan_cache_mode=force_custom_plan -c enable_hashjoin=off",
                 "-c enable_hashjoin=off -c enable_nestloop=off", "-c enable_hashjoin=off -c enable_mergejoin=off",
                 "-c enable_indexscan=off "
                 "-c enable_bitmapscan=off -c enable_sort=off");
    CAPTURE(settings);
    constexpr int rounds = 12;
    SECTION("with a version column") {
        Crowd crowd{Mode::versioned, settings};
        crowd.run(rounds);
        CHECK(crowd.deadlocks() == 0);
        CHECK(crowd.commits() + crowd.stale() == 8 * rounds);
        CHECK(crowd.commits() > 0);
        // Nothing was lost and nothing was done twice.
        const std::string expected = std::to_string(crowd.commits() * 300);
        CHECK(crowd.database().query("select sum(age) from users") == expected);
        CHECK(crowd.database().query("select sum(version) from users") == expected);
        CHECK(crowd.stats().leased == 0);
    }
    SECTION("without one") {
        Crowd crowd{Mode::last_one_wins, settings};
        crowd.run(rounds);
        CHECK(crowd.deadlocks() == 0);
        CHECK(crowd.commits() == 8 * rounds);
        // The last commit is there whole.
        CHECK(crowd.database().query("select max(n) from (select count(*) n from lines where quantity > 0 "
                                     "group by quantity) g") == "300");
        CHECK(crowd.stats().leased == 0);
    }
}

TEST_CASE("locking reads in key order lose no update", "[orm][integration]") {
    Sessions s{"insert into lines select 1, n, 'a', 0 from generate_series(1, 50) n;"};
    constexpr int tasks = 8;
    constexpr int rounds = 20;
    std::exception_ptr failed;
    for (int task = 0; task < tasks; ++task)
        asio::co_spawn(
            asio::make_strand(s.context),
            [&]() -> corm::Task<> {
                for (int round = 0; round < rounds; ++round) {
                    corm::AsyncSession session{s.engine};
                    const auto lines =
                        co_await session.all(corm::select<Line>().order_by(corm::asc<&Line::line_no>).for_update());
                    for (const corm::Ref<Line>& line : lines)
                        line.edit().quantity += 1;
                    co_await session.commit();
                }
            },
            [&failed](std::exception_ptr error) {
                if (error)
                    failed = error;
            });
    std::thread other{[&s] { s.context.run(); }};
    s.context.run();
    other.join();
    if (failed)
        std::rethrow_exception(failed);
    CHECK(s.database.query("select min(quantity) || ' ' || max(quantity) from lines") == "160 160");
}

TEST_CASE("a handle may be dropped on another thread while its session works", "[orm][integration]") {
    Sessions s{users(200)};
    std::mutex mutex;
    std::condition_variable filled;
    std::vector<corm::Ref<User>> handed;
    bool over = false;
    std::size_t dropped = 0;
    std::thread other{[&] {
        std::unique_lock lock{mutex};
        for (;;) {
            filled.wait(lock, [&] { return over || !handed.empty(); });
            if (handed.empty())
                return;
            std::vector<corm::Ref<User>> mine = std::exchange(handed, {});
            lock.unlock();
            std::vector<corm::Ref<User>> copies = mine;
            dropped += mine.size();
            mine.clear();
            copies.clear();
            lock.lock();
        }
    }};
    s.run([&]() -> corm::Task<> {
        for (int round = 0; round < 20; ++round) {
            corm::AsyncSession session{s.engine};
            auto loaded = co_await session.all(corm::select<User>());
            loaded[static_cast<std::size_t>(round)].edit().age += 1;
            for (corm::Ref<User>& user : loaded) {
                {
                    const std::scoped_lock lock{mutex};
                    handed.push_back(std::move(user));
                }
                filled.notify_one();
            }
            loaded.clear();
            // The map holds what the other thread is dropping.
            for (int id = 1; id <= 20; ++id) {
                const auto again = co_await session.get_one<User>(id);
                CHECK(again->name == "user " + std::to_string(id));
            }
            co_await session.commit();
        }
    });
    {
        const std::scoped_lock lock{mutex};
        over = true;
    }
    filled.notify_one();
    other.join();
    CHECK(dropped == 4000);
    CHECK(s.database.query("select sum(age) - 20100 from users") == "20");
}

TEST_CASE("a handle that another thread holds outlives the session", "[orm][integration]") {
    Sessions s{users(1)};
    corm::Ref<User> kept;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        kept = co_await session.get_one<User>(1);
        // The session ends here, while the other thread copies and compares.
        std::thread other{[copy = kept] {
            for (int i = 0; i < 1000; ++i) {
                const corm::Ref<User> again = copy;
                if (again != copy)
                    std::terminate();
            }
        }};
        co_await session.close();
        other.join();
    });
    CHECK_FALSE(corm::inspect(kept).has_session());
    CHECK(kept->name == "user 1");
}

// Coroutines of the program around new connections, and what an engine asks of its waiters.
#include "expect_well.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <memory>
#include <mutex>

using namespace corm::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

corm::Task<std::string> setting(corm::AsyncSession& session, std::string name) {
    co_return (co_await session.one<std::string>(corm::raw_sql("SELECT current_setting($1, true)", name)));
}

/// Everything that an engine says.
class Log final : public corm::trace::Tracer {
public:
    void finish(const corm::trace::OperationFinish& event) noexcept override { add(event.subject); }
    void statement(const corm::trace::StatementFinish& event) noexcept override { add(event.sql); }
    void notice(std::string_view text, corm::SqlState) noexcept override { add(text); }
    std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }

private:
    void add(std::string_view line) {
        const std::lock_guard lock(mutex_);
        text_.append(line).append("\n");
    }
    mutable std::mutex mutex_;
    std::string text_;
};

template <class Error>
corm::Task<std::string> failure(corm::AsyncSession& session) {
    try {
        co_await session.execute(corm::raw_sql("SELECT 1"));
    } catch (const Error& error) {
        co_return error.what();
    }
    co_return std::string{};
}

} // namespace

TEST_CASE("F22: on_connect makes each connection ready, and again after a reset", "[orm][integration][F22]") {
    auto calls = std::make_shared<std::atomic<int>>(0);
    corm::EngineOptions options{.pool = {.max_size = 1}, .settings = {{"app.started", "yes"}}};
    options.on_connect = [calls](corm::NewConnection& connection) -> corm::Task<> {
        ++*calls;
        co_await connection.execute(corm::raw_sql("SET app.hooked = 'yes'"));
        const auto rows = co_await connection.rows(corm::raw_sql("SELECT $1::int4", 7));
        if (rows->row_count() != 1)
            throw std::runtime_error("no row");
    };
    Sessions s{"", std::move(options)};
    s.run([&]() -> corm::Task<> {
        {
            corm::AsyncSession session{s.engine};
            const std::string hooked = co_await setting(session, "app.hooked");
            const std::string started = co_await setting(session, "app.started");
            CHECK(hooked == "yes");
            CHECK(started == "yes");
            co_await session.execute(corm::raw_sql("SET app.hooked = 'no'"));
            co_await session.execute(corm::raw_sql("SET app.started = 'no'"));
            co_await session.commit();
        }
        CHECK(*calls == 1);
        corm::AsyncSession session{s.engine};
        const std::string hooked = co_await setting(session, "app.hooked");
        const std::string started = co_await setting(session, "app.started");
        CHECK(hooked == "yes");
        CHECK(started == "yes");
        CHECK(*calls == 2);
        CHECK(s.engine.stats().connected == 1);
    }());
    expect_well(s);
}

TEST_CASE("a connection whose hook fails is not used", "[orm][integration]") {
    SECTION("for a reason that stays") {
        corm::EngineOptions options{.pool = {.max_size = 2}};
        options.on_connect = [](corm::NewConnection& connection) -> corm::Task<> {
            co_await connection.execute(corm::raw_sql("SELECT * FROM no_such_table"));
        };
        Sessions s{"", std::move(options)};
        s.run([&]() -> corm::Task<> {
            corm::AsyncSession session{s.engine};
            const auto begun = corm::Clock::now();
            const std::string text = co_await failure<corm::ConnectionError>(session);
            CHECK_THAT(text, ContainsSubstring("on_connect"));
            CHECK_THAT(text, ContainsSubstring("42P01"));
            CHECK(corm::Clock::now() - begun < 5s);
            CHECK(s.engine.stats().connected == 0);
        }());
    }
    SECTION("because it does not end") {
        corm::EngineOptions options{.pool = {.max_size = 1, .connect_timeout = 100ms}, .deadline = 400ms};
        options.on_connect = [](corm::NewConnection& connection) -> corm::Task<> {
            co_await connection.execute(corm::raw_sql("SELECT pg_sleep(60)"));
        };
        Sessions s{"", std::move(options)};
        s.run([&]() -> corm::Task<> {
            corm::AsyncSession session{s.engine};
            const std::string text = co_await failure<corm::TimeoutError>(session);
            CHECK_THAT(text, ContainsSubstring("on_connect"));
        }());
        CHECK(s.engine.stats().leased + s.engine.stats().idle == 0);
    }
}

TEST_CASE("F07: each dial asks for its password, which is never shown", "[orm][integration][F07]") {
    Database database;
    const auto asked = std::make_shared<std::atomic<int>>(0);
    const auto log = std::make_shared<Log>();
    boost::asio::io_context context;
    corm::EngineOptions options{.pool = {.max_size = 1, .connect_timeout = 200ms}, .deadline = 600ms, .tracer = log};
    bool fails = false, waits = false;
    options.password = [asked, fails = &fails, waits = &waits]() -> corm::Task<std::string> {
        ++*asked;
        if (*fails)
            throw std::runtime_error("the vault said CANARY");
        if (*waits) {
            boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, 60s};
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
        co_return "CANARY-token";
    };
    corm::Engine engine{context.get_executor(), database.url(), std::move(options)};
    std::string text;
    const auto use = [&]() -> corm::Task<> {
        corm::AsyncSession session{engine};
        text = co_await failure<corm::TimeoutError>(session);
    };
    const auto run = [&] {
        boost::asio::co_spawn(context, use(), boost::asio::detached);
        context.restart();
        context.run();
    };
    SECTION("it is used") {
        run();
        CHECK(text.empty());
        CHECK(*asked == 1);
        run();
        CHECK(*asked == 1); // a warm connection needs none
        database.query("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
                       "WHERE datname = current_database() AND pid <> pg_backend_pid()");
        run();
        CHECK(text.empty());
        CHECK(*asked == 2);
    }
    SECTION("it cannot be had") {
        fails = true;
        run();
        CHECK_THAT(text, ContainsSubstring("password provider failed"));
        CHECK(*asked >= 2); // a vault may be back in a moment
    }
    SECTION("it does not come") {
        waits = true;
        const auto begun = corm::Clock::now();
        run();
        CHECK_THAT(text, ContainsSubstring("connect_timeout"));
        CHECK(corm::Clock::now() - begun < 5s);
    }
    SECTION("the engine ends meanwhile") {
        waits = true;
        boost::asio::co_spawn(context, use(), boost::asio::detached);
        boost::asio::co_spawn(context, engine.shutdown(0s), boost::asio::detached);
        const auto begun = corm::Clock::now();
        context.run();
        CHECK(corm::Clock::now() - begun < 400ms);
    }
    CHECK_THAT(text + log->text(), !ContainsSubstring("CANARY"));
}

TEST_CASE("F18: a full queue is an error of its own", "[orm][integration][F18]") {
    Sessions s{"", {.pool = {.max_size = 1, .max_waiters = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession holder{s.engine};
        co_await holder.execute(corm::raw_sql("SELECT 1"));
        corm::AsyncSession waiting{s.engine}, refused{s.engine};
        boost::asio::co_spawn(s.context, waiting.execute(corm::raw_sql("SELECT 1")), boost::asio::detached);
        while (s.engine.stats().waiting == 0)
            co_await boost::asio::post(s.context, boost::asio::use_awaitable);
        const auto begun = corm::Clock::now();
        const std::string text = co_await failure<corm::QueueFullError>(refused);
        CHECK_THAT(text, ContainsSubstring("max_waiters"));
        CHECK(corm::Clock::now() - begun < 1s);
        co_await holder.rollback();
    }());
    CHECK(s.engine.stats().waiting == 0);
    expect_well(s);
}

TEST_CASE("a lease that is held for long is told once, with the place that took it", "[orm][integration]") {
    const auto log = std::make_shared<Log>();
    Sessions s{"", {.pool = {.max_size = 1, .leak_report = 50ms}, .tracer = log}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        co_await session.execute(corm::raw_sql("SELECT 1"));
        const auto place = "hooks_test.cpp:" + std::to_string(__LINE__ - 1);
        const auto told = [&] {
            const std::string text = log->text();
            std::size_t count = 0;
            for (auto at = text.find("leak_report"); at != std::string::npos; at = text.find("leak_report", at + 1))
                ++count;
            return count;
        };
        const auto end = corm::Clock::now() + 10s;
        while (told() == 0 && corm::Clock::now() < end)
            co_await boost::asio::post(s.context, boost::asio::use_awaitable);
        co_await session.execute(corm::raw_sql("SELECT pg_sleep(0.1)"));
        CHECK(told() == 1);
        CHECK_THAT(log->text(), ContainsSubstring(place));
    }());
}

// Subscriptions that end in every state: cancelled, destroyed, shut down, or left behind.
#include "events.hpp"
#include "support/suspension_driver.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include <memory>

using namespace events_test;
using Catch::Matchers::ContainsSubstring;
namespace asio = boost::asio;

namespace {

/// Nothing of the engine is left on the server.
corm::Task<> expect_silence(Sessions& s) {
    co_await until([&] { return s.database.query("select count(*) " + listeners) == "0"; });
    CHECK(s.engine.stats().listening == 0);
}

} // namespace

TEST_CASE("A wait that is cancelled loses nothing", "[events]") {
    for (const auto type : cancellations) {
        Sessions s;
        s.run([&]() -> corm::Task<> {
            const corm::Subscription jobs = co_await s.engine.listen("jobs");
            Beside wait{s.context, [&]() -> corm::Task<> { co_await jobs.next(); }};
            co_await asio::post(asio::use_awaitable);
            co_await asio::post(asio::use_awaitable);
            wait.cancel(type);
            co_await until([&] { return wait.error() != nullptr; });
            CHECK(code_of(wait.error()) == asio::error::operation_aborted);
            notify_beside(s.database, "jobs", "x");
            const std::string text = co_await next_text(jobs);
            CHECK(text == "jobs: x");
        });
    }
}

TEST_CASE("listen() may be cancelled at any of its suspensions, and leaves nothing behind", "[events]") {
    for (const auto type : cancellations) {
        for (int point = 1;; ++point) {
            INFO("point " << point);
            const Database database;
            asio::io_context context;
            corm::Engine engine{context.get_executor(), database.url()};
            std::optional<corm::Subscription> made;
            SteppedOperation operation{context,
                                       [](corm::Engine& of, std::optional<corm::Subscription>& into) -> corm::Task<> {
                                           into = co_await of.listen({"jobs", "news"});
                                       }(engine, made),
                                       Accepts::everything};
            std::function<void()> nothing;
            for (int step = 0; step < point && !operation.finished(); ++step)
                operation.step(nothing);
            const bool in_time = !operation.finished();
            operation.cancel(type);
            operation.run(nothing);
            if (operation.error())
                CHECK(code_of(operation.error()) == asio::error::operation_aborted);
            CHECK(made.has_value() == (operation.error() == nullptr));
            made.reset();
            REQUIRE(run_until(context, 20s, [&] { return engine.stats().listening == 0; }));
            CHECK(run_until(context, 20s, [&] { return database.query("select count(*) " + listeners) == "0"; }));
            if (!in_time)
                break;
        }
    }
}

TEST_CASE("Destroying a subscription ends the wait for it", "[events]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        std::optional<corm::Subscription> jobs = co_await s.engine.listen("jobs");
        std::exception_ptr ended;
        asio::co_spawn(
            s.context, [&]() -> corm::Task<> { co_await jobs->next(); },
            [&](std::exception_ptr error) { ended = error; });
        co_await asio::post(asio::use_awaitable);
        jobs.reset();
        co_await until([&] { return ended != nullptr; });
        CHECK(code_of(ended) == asio::error::operation_aborted);
        co_await expect_silence(s);
        // Assigned over, the old one ends; moved from, it says so.
        corm::Subscription first = co_await s.engine.listen("first");
        corm::Subscription second = co_await s.engine.listen("second");
        first = std::move(second);
        notify_beside(s.database, "first", "x");
        notify_beside(s.database, "second", "x");
        const std::string text = co_await next_text(first);
        CHECK(text == "second: x");
        caught<corm::Error>(co_await failure(second.next()));
        CHECK_FALSE(second.is_listening());
    });
}

TEST_CASE("The shutdown of the engine ends subscriptions, behind what they have heard", "[events]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription waits = co_await s.engine.listen("jobs");
        const corm::Subscription unread = co_await s.engine.listen("jobs");
        notify_beside(s.database, "jobs", "x");
        std::string text = co_await next_text(waits);
        CHECK(text == "jobs: x");
        std::exception_ptr ended;
        asio::co_spawn(
            s.context, [&]() -> corm::Task<> { co_await waits.next(); },
            [&](std::exception_ptr error) { ended = error; });
        co_await asio::post(asio::use_awaitable);
        co_await s.engine.shutdown();
        co_await until([&] { return ended != nullptr; });
        CHECK_THAT(caught<corm::ConnectionError>(ended).what(), ContainsSubstring("shut down"));
        text = co_await next_text(unread);
        CHECK(text == "jobs: x");
        auto error = co_await failure(unread.next());
        CHECK_THAT(caught<corm::ConnectionError>(error).what(), ContainsSubstring("shut down"));
        error = co_await failure(s.engine.listen("jobs"));
        CHECK_THAT(caught<corm::ConnectionError>(error).what(), ContainsSubstring("shut down"));
        co_await expect_silence(s);
    });
}

TEST_CASE("A subscription may outlive its engine", "[events]") {
    const Database database;
    TimedContext context;
    auto engine = std::make_unique<corm::Engine>(context.get_executor(), database.url());
    run_coroutine(context, [&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await engine->listen("jobs");
        std::exception_ptr ended;
        asio::co_spawn(
            context, [&]() -> corm::Task<> { co_await jobs.next(); }, [&](std::exception_ptr error) { ended = error; });
        co_await asio::post(asio::use_awaitable);
        engine.reset();
        co_await until([&] { return ended != nullptr; });
        caught<corm::ConnectionError>(ended);
    });
}

TEST_CASE("A loop may end before its subscriptions, wherever they are", "[events]") {
    const Database database;
    for (int point = 0;; ++point) {
        auto context = std::make_unique<asio::io_context>();
        corm::Engine engine{context->get_executor(), database.url()};
        std::optional<corm::Subscription> jobs;
        bool ended = false;
        asio::co_spawn(
            *context,
            [&]() -> corm::Task<> {
                jobs = co_await engine.listen("jobs");
                static_cast<void>(co_await jobs->next());
            },
            [&](std::exception_ptr) { ended = true; });
        for (int step = 0; step < point && !jobs; ++step)
            REQUIRE(context->run_one_for(20s) == 1);
        const bool is_last = jobs.has_value();
        context.reset();
        CHECK_FALSE(ended);
        CHECK(engine.stats().listening == 0);
        if (jobs) {
            CHECK_FALSE(jobs->is_listening());
            // A task of another loop hears why.
            TimedContext other;
            run_coroutine(other, [&]() -> corm::Task<> {
                const auto error = caught<corm::ConnectionError>(co_await failure(jobs->next_within(20s)));
                CHECK(std::string{error.what()}.find("context has ended") != std::string::npos);
            });
        }
        jobs.reset();
        if (is_last)
            break;
    }
    REQUIRE(query(database.url(), "select count(*) >= 0 " + listeners) == "t");
}

TEST_CASE("Engines hear each other, and themselves", "[events]") {
    Sessions s;
    corm::Engine other{s.context.get_executor(), s.database.url()};
    s.run([&]() -> corm::Task<> {
        const corm::Subscription here = co_await s.engine.listen("jobs");
        const corm::Subscription there = co_await other.listen("jobs");
        for (corm::Engine* engine : {&s.engine, &other}) {
            corm::AsyncSession session{*engine};
            co_await session.notify("jobs", "x");
            co_await session.commit();
            const auto mine = co_await here.next();
            const auto theirs = co_await there.next();
            CHECK(mine == theirs);
        }
    });
}

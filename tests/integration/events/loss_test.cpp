// Connections of subscriptions that are lost, refused, or made while there is no server.
#include "events.hpp"
#include "support/fault_proxy.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace events_test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Waits until it has gone: the next look at the listeners must not find it dying.
const std::string terminate = "select count(pg_terminate_backend(pid, 20000)) " + listeners;

/// A subscription by way of a proxy.
struct Proxied {
    Database database;
    FaultProxy proxy{database.url()};
    TimedContext context;
    corm::Engine engine;

    explicit Proxied(corm::EngineOptions options = {})
        : engine(context.get_executor(), proxy.url(), std::move(options)) {}

    template <class Coroutine>
    void run(Coroutine coroutine) {
        run_coroutine(context, std::move(coroutine));
    }
};

} // namespace

TEST_CASE("F81: a subscription whose connection is ended listens again, and says where the gap is",
          "[events][faults]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await s.engine.listen({"jobs", "news"});
        const corm::Subscription others = co_await s.engine.listen("others");
        notify_beside(s.database, "jobs", "before");
        notify_beside(s.database, "others", "before");
        auto text = co_await next_text(others);
        CHECK(text == "others: before");
        for (int round = 0; round < 3; ++round) {
            REQUIRE(s.database.query(terminate) == "1");
            // What came before is read first, and what comes behind it is heard.
            if (round == 0) {
                text = co_await next_text(jobs);
                CHECK(text == "jobs: before");
            }
            text = co_await next_text(jobs);
            CHECK(text == "gap reconnected");
            CHECK(jobs.is_listening());
            for (const char* channel : {"news", "jobs"})
                notify_beside(s.database, channel, "after");
            auto heard = co_await next_texts(jobs, 2);
            CHECK(heard == std::vector<std::string>{"news: after", "jobs: after"});
            text = co_await next_text(others);
            CHECK(text == "gap reconnected");
        }
        // A subscription of now has missed nothing.
        const corm::Subscription fresh = co_await s.engine.listen("jobs");
        notify_beside(s.database, "jobs", "x");
        text = co_await next_text(fresh);
        CHECK(text == "jobs: x");
    });
}

TEST_CASE("F81: losses that nobody has read yet are one gap", "[events][faults]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription unread = co_await s.engine.listen("jobs", {.queue = 2});
        const corm::Subscription read = co_await s.engine.listen("jobs");
        for (int i = 0; i < 2; ++i) {
            REQUIRE(s.database.query(terminate) == "1");
            const std::string text = co_await next_text(read);
            CHECK(text == "gap reconnected");
        }
        s.database.query("select pg_notify('jobs', n::text) from generate_series(1, 4) n");
        co_await next_texts(read, 4);
        const auto heard = co_await next_texts(unread, 3);
        CHECK(heard == std::vector<std::string>{"gap reconnected", "jobs: 1", "gap 3"});
    });
}

TEST_CASE("F81: a network that is cut is noticed at once", "[events][faults]") {
    Proxied s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await s.engine.listen("jobs");
        s.proxy.set({.action = FaultProxy::Action::reset, .way = FaultProxy::Way::to_client});
        notify_beside(s.database, "jobs", "into the void");
        co_await until([&] { return s.proxy.strikes() != 0; });
        s.proxy.set({});
        const std::string text = co_await next_text(jobs);
        CHECK(text == "gap reconnected");
    });
}

TEST_CASE("A connection that is asked whether it lives, and answers, stays", "[events]") {
    corm::EngineOptions options;
    options.events = {.ping_after = 5ms, .ping_timeout = 20s};
    Proxied s{std::move(options)};
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await s.engine.listen("jobs");
        const std::size_t before = s.proxy.passed(FaultProxy::Way::to_client);
        co_await until([&] { return s.proxy.passed(FaultProxy::Way::to_client) > before + 50; });
        CHECK(s.proxy.connections() == 1);
        CHECK_FALSE(jobs.try_next());
    });
}

TEST_CASE("F81: a network that swallows everything is noticed by what does not come back", "[events][faults]") {
    corm::EngineOptions options;
    options.events = {.ping_after = 50ms, .ping_timeout = 100ms};
    Proxied s{std::move(options)};
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await s.engine.listen("jobs");
        s.proxy.set({.action = FaultProxy::Action::swallow, .both = true});
        co_await until([&] { return !jobs.is_listening(); });
        notify_beside(s.database, "jobs", "into the void");
        s.proxy.set({});
        const std::string text = co_await next_text(jobs);
        CHECK(text == "gap reconnected");
    });
}

TEST_CASE("F81: a subscription outlives restarts of its server", "[events][faults]") {
    corm::dev::PostgresServer server;
    TimedContext context;
    corm::Engine engine{context.get_executor(), server.url()};
    run_coroutine(context, [&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await engine.listen("jobs");
        for (const auto mode : {corm::dev::StopMode::fast, corm::dev::StopMode::immediate}) {
            {
                const BlockedTime blocked;
                server.stop(mode);
            }
            co_await until([&] { return !jobs.is_listening(); });
            CHECK_FALSE(jobs.try_next());
            {
                const BlockedTime blocked;
                server.start();
            }
            std::string text = co_await next_text(jobs);
            CHECK(text == "gap reconnected");
            query(server.url(), "notify jobs, 'after'");
            text = co_await next_text(jobs);
            CHECK(text == "jobs: after");
        }
    });
}

TEST_CASE("A server that is away is waited for until the deadline", "[events][faults]") {
    corm::dev::PostgresServer server;
    server.stop();
    TimedContext context;
    corm::Engine engine{context.get_executor(), server.url()};
    run_coroutine(context, [&]() -> corm::Task<> {
        const auto error =
            caught<corm::TimeoutError>(co_await failure(engine.listen("jobs", {.within = corm::Duration{300}})));
        CHECK(error.phase() == corm::Phase::connect);
        CHECK_THAT(error.what(), ContainsSubstring("the last try to connect failed"));
        CHECK(std::string{error.where().file_name()}.find("loss_test.cpp") != std::string::npos);
        std::optional<corm::Subscription> jobs;
        boost::asio::co_spawn(
            context, [&]() -> corm::Task<> { jobs = co_await engine.listen("jobs"); }, boost::asio::detached);
        co_await boost::asio::post(boost::asio::use_awaitable);
        {
            const BlockedTime blocked;
            server.start();
        }
        co_await until([&] { return jobs.has_value(); });
        query(server.url(), "notify jobs, 'x'");
        const std::string text = co_await next_text(*jobs);
        CHECK(text == "jobs: x"); // and no gap: there was nothing before
        jobs.reset();
    });
}

TEST_CASE("A server that refuses the role is not asked again", "[events][faults]") {
    Sessions s{"create role events_app login; grant all on schema public to events_app;"};
    ConnectionString url{s.database.url()};
    corm::Engine engine{s.context.get_executor(), s.database.url() + " user=events_app"};
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await engine.listen("jobs");
        const corm::Subscription other = co_await engine.listen("jobs");
        notify_beside(s.database, "jobs", "read first");
        std::string text = co_await next_text(other); // both have it: a session that is ended may not deliver any more
        CHECK(text == "jobs: read first");
        s.database.query("alter role events_app nologin");
        REQUIRE(s.database.query(terminate) == "1");
        text = co_await next_text(jobs);
        CHECK(text == "jobs: read first");
        auto error = caught<corm::ConnectionError>(co_await failure(jobs.next()));
        CHECK(error.sqlstate().code() == "28000");
        CHECK_FALSE(jobs.is_listening());
        error = caught<corm::ConnectionError>(co_await failure(engine.listen("jobs")));
        CHECK(error.sqlstate().code() == "28000");
        CHECK(engine.stats().listening == 0);
        // Somebody has set it right.
        s.database.query("alter role events_app login");
        const corm::Subscription again = co_await engine.listen("jobs");
        CHECK(again.is_listening());
    });
    s.database.query("drop owned by events_app; drop role events_app;");
}

TEST_CASE("F38: notifications that nobody has asked for take no memory and no harm", "[events][faults]") {
    corm::EngineOptions options;
    options.pool.max_size = 1;
    options.pool.reset = corm::SessionReset::never;
    Sessions s{users(1), std::move(options)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = true}};
        co_await session.execute(corm::raw_sql("LISTEN jobs"));
        s.database.query("select pg_notify('jobs', n::text) from generate_series(1, 1000) n");
        for (int i = 0; i < 3; ++i) {
            const auto user = co_await session.get_one<User>(1, corm::populate_existing);
            CHECK(user->age == 1);
        }
        CHECK(s.engine.stats().discarded == 0);
    });
}

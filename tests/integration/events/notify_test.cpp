// What subscriptions hear, and what may be notified.
#include "events.hpp"
#include "support/fault_proxy.hpp"

#include "support/injection_corpus.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace events_test;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class E>
std::string message(const std::exception_ptr& error) {
    return caught<E>(error).what();
}

} // namespace

TEST_CASE("A subscription hears what is committed from the moment that it listens", "[events]") {
    Sessions s;
    notify_beside(s.database, "jobs", "before");
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await s.engine.listen("jobs");
        CHECK(jobs.is_listening());
        corm::AsyncSession session{s.engine};
        co_await session.notify("jobs", "of a transaction");
        notify_beside(s.database, "jobs", "of another, which is committed first");
        const auto first = co_await jobs.next();
        CHECK(text_of(first) == "jobs: of another, which is committed first");
        CHECK(std::get<corm::Notification>(first).backend != 0);
        CHECK_FALSE(jobs.try_next());
        co_await session.commit();
        const std::string second = co_await next_text(jobs);
        CHECK(second == "jobs: of a transaction");
        CHECK(s.engine.stats().listening == 1);
    });
    CHECK(s.engine.stats().listening == 0);
}

TEST_CASE("What is rolled back is not heard, and neither is the same twice in a transaction", "[events]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await s.engine.listen("jobs");
        corm::AsyncSession session{s.engine};
        co_await session.notify("jobs", "undone");
        co_await session.rollback();
        for (const char* payload : {"a", "b", "a", "c"})
            co_await session.notify("jobs", payload);
        session.add(User{.name = "Ada"});
        co_await session.commit();
        corm::AsyncSession at_once{s.engine, {.autocommit = true}};
        co_await at_once.notify("jobs");
        const auto heard = co_await next_texts(jobs, 4);
        CHECK(heard == std::vector<std::string>{"jobs: a", "jobs: b", "jobs: c", "jobs: "});
        CHECK_FALSE(jobs.try_next());
    });
}

TEST_CASE("Many notifications arrive in their order", "[events]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await s.engine.listen("jobs", {.queue = 5'000});
        for (int part = 0; part < 4; ++part)
            s.database.query("select pg_notify('jobs', n::text) from generate_series(" + std::to_string(part * 1000) +
                             ", " + std::to_string(part * 1000 + 999) + ") n");
        const auto heard = co_await next_texts(jobs, 4'000);
        for (std::size_t i = 0; i < heard.size(); ++i)
            REQUIRE(heard[i] == "jobs: " + std::to_string(i));
    });
}

TEST_CASE("Subscriptions share one connection, and hear their own channels alone", "[events]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription both = co_await s.engine.listen({"jobs", "news", "jobs"});
        std::optional<corm::Subscription> news = co_await s.engine.listen("news");
        const corm::Subscription others = co_await s.engine.listen("others");
        CHECK(s.database.query("select count(*) " + listeners) == "1");
        for (const char* channel : {"others", "jobs", "news", "nobody's"})
            s.database.query("notify \"" + std::string{channel} + "\", 'x'");
        auto heard = co_await next_texts(both, 2);
        CHECK(heard == std::vector<std::string>{"jobs: x", "news: x"});
        auto text = co_await next_text(*news);
        CHECK(text == "news: x");
        text = co_await next_text(others);
        CHECK(text == "others: x");
        // The channel of one that has ended is still that of another.
        news.reset();
        for (const char* channel : {"news", "others"})
            notify_beside(s.database, channel, "y");
        text = co_await next_text(both);
        CHECK(text == "news: y");
        text = co_await next_text(others);
        CHECK(text == "others: y");
        // Listened to again, while the server may be told the opposite.
        news = co_await s.engine.listen("fresh");
        news.reset();
        news = co_await s.engine.listen("fresh");
        notify_beside(s.database, "fresh", "z");
        text = co_await next_text(*news);
        CHECK(text == "fresh: z");
    });
}

TEST_CASE("F62: names of channels, and payloads, are what they are", "[events][F62]") {
    Sessions s;
    const std::string longest(63, 'x');
    std::vector<std::string> names{"Jobs", "jobs", "a.b", "with \"quotes\"", "\xc3\xa4\xf0\x9f\x90\x98", longest, "*"};
    for (const std::string& each : corm::test::injection_corpus()) {
        if (!each.empty() && each.size() <= longest.size())
            names.push_back(each);
    }
    const std::vector<std::string> refused{"", longest + "y", std::string{"a\0b", 3}, "\xff"};
    s.run([&]() -> corm::Task<> {
        const corm::Subscription all = co_await s.engine.listen(names);
        corm::AsyncSession session{s.engine};
        for (const std::string& name : names)
            co_await session.notify(name, name);
        co_await session.commit();
        for (const std::string& name : names) {
            const std::string heard = co_await next_text(all);
            CHECK(heard == name + ": " + name);
        }
        const std::uint64_t before = s.engine.stats().round_trips;
        for (const std::string& name : refused) {
            INFO(name);
            caught<corm::MappingError>(co_await failure(session.notify(name)));
            caught<corm::MappingError>(co_await failure(s.engine.listen(name)));
        }
        const auto error = co_await failure(s.engine.listen(longest + "y"));
        CHECK_THAT(message<corm::MappingError>(error), ContainsSubstring("63 bytes"));
        caught<corm::Error>(co_await failure(s.engine.listen(std::vector<std::string>{})));
        CHECK(s.engine.stats().round_trips == before);
        co_await session.notify("jobs", "the session is as it was");
        co_await session.commit();
        const std::string heard = co_await next_text(all);
        CHECK(heard == "jobs: the session is as it was");
    });
}

TEST_CASE("F60: payloads that PostgreSQL does not take are refused before anything is sent", "[events][faults]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await s.engine.listen("jobs");
        corm::AsyncSession session{s.engine};
        co_await session.notify("jobs", std::string(7'999, 'x'));
        s.round_trips();
        const auto error = co_await failure(session.notify("jobs", std::string(8'000, 'x')));
        CHECK_THAT(message<corm::ConversionError>(error), ContainsSubstring("8000 bytes") && ContainsSubstring("7999"));
        caught<corm::ConversionError>(co_await failure(session.notify("jobs", std::string{"a\0b", 3})));
        caught<corm::ConversionError>(co_await failure(session.notify("jobs", "\xc0'")));
        CHECK(s.round_trips() == 0);
        co_await session.commit();
        const auto event = co_await jobs.next();
        CHECK(std::get<corm::Notification>(event).payload == std::string(7'999, 'x'));
    });
}

TEST_CASE("What nobody reads is counted, not kept", "[events]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription few = co_await s.engine.listen("jobs", {.queue = 3});
        const corm::Subscription all = co_await s.engine.listen("jobs");
        s.database.query("select pg_notify('jobs', n::text) from generate_series(1, 10) n");
        co_await next_texts(all, 10);
        auto heard = co_await next_texts(few, 2);
        CHECK(heard == std::vector<std::string>{"jobs: 1", "jobs: 2"});
        // There is room, but they are behind the gap, and are read anew when that is met.
        s.database.query("select pg_notify('jobs', n::text) from generate_series(11, 12) n");
        co_await next_texts(all, 2);
        heard = co_await next_texts(few, 2);
        CHECK(heard == std::vector<std::string>{"jobs: 3", "gap 9"});
        notify_beside(s.database, "jobs", "13");
        const std::string last = co_await next_text(few);
        CHECK(last == "jobs: 13");
    });
}

TEST_CASE("A wait ends with its time, and nothing is lost", "[events]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await s.engine.listen("jobs");
        auto event = co_await jobs.next_within(10ms);
        CHECK_FALSE(event);
        event = co_await jobs.next_within(0ms);
        CHECK_FALSE(event);
        notify_beside(s.database, "jobs", "late");
        event = co_await jobs.next_within(corm::no_deadline);
        REQUIRE(event);
        CHECK(text_of(*event) == "jobs: late");
    });
}

TEST_CASE("A subscription is waited for by one task", "[events]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await s.engine.listen("jobs");
        std::string heard;
        boost::asio::co_spawn(
            s.context, [&]() -> corm::Task<> { heard = co_await next_text(jobs); }, boost::asio::detached);
        co_await boost::asio::post(boost::asio::use_awaitable);
        const auto error = co_await failure(jobs.next());
        CHECK_THAT(message<corm::ConcurrentUseError>(error), ContainsSubstring("next()"));
        CHECK_THROWS_AS(jobs.try_next(), corm::ConcurrentUseError);
        notify_beside(s.database, "jobs", "x");
        co_await until([&] { return !heard.empty(); });
        CHECK(heard == "jobs: x");
    });
}

TEST_CASE("A subscription without news costs nothing", "[events]") {
    const Database database;
    FaultProxy proxy{database.url()};
    TimedContext context;
    corm::Engine engine{context.get_executor(), proxy.url()};
    const auto passed = [&] {
        return proxy.passed(FaultProxy::Way::to_client) + proxy.passed(FaultProxy::Way::to_server);
    };
    run_coroutine(context, [&]() -> corm::Task<> {
        const corm::Subscription jobs = co_await engine.listen("jobs");
        co_await until([&] { return context.poll() == 0; });
        const std::size_t before = passed();
        const auto event = co_await jobs.next_within(50ms);
        CHECK_FALSE(event);
        CHECK(passed() == before);
        CHECK(engine.stats().connected == 0); // of the pool
    });
}

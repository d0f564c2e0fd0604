// Streams that are cut, cancelled, late, dropped in flight or used twice at once.
#include "integration/orm/expect_well.hpp"
#include "stream_support.hpp"
#include "support/fault_proxy.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>

using namespace corm::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
namespace asio = boost::asio;

namespace {

auto users_by_id() {
    return corm::select<User>().order_by(corm::asc<&User::id>);
}

} // namespace

TEST_CASE("F31: a connection that is cut in the middle of a stream never makes a part look like all",
          "[stream][integration][F31]") {
    constexpr std::size_t all = 400;
    const Database database{std::string{schema} + users(all)};
    FaultProxy proxy{database.url()};
    const auto action = GENERATE(FaultProxy::Action::reset, FaultProxy::Action::finish);
    const bool entities = GENERATE(true, false);
    std::size_t cut = 0;
    std::size_t whole = 0;
    for (std::size_t at = 200; whole == 0; at += 900) {
        CAPTURE(at, entities);
        asio::io_context context;
        corm::Engine engine{context.get_executor(), proxy.url(), {.pool = {.max_size = 1}}};
        ReadRows read;
        run_coroutine(context, [&]() -> corm::Task<> {
            corm::AsyncSession session{engine};
            co_await session.execute(corm::raw_sql("select 1"));
            proxy.set({.action = action, .at = at});
            if (entities) {
                const auto stream = session.stream(users_by_id(), {.batch = 50});
                co_await read_all(stream, read);
            } else {
                const auto stream =
                    session.stream<NameAndAge>(corm::raw_sql("select name, age from users"), {.batch = 50});
                co_await read_all(stream, read);
            }
        });
        if (read.error) {
            CHECK_NOTHROW(caught<corm::ConnectionError>(read.error));
            CHECK(read.rows < all);
            CHECK(read.rows % 50 == 0); // whole batches only
            ++cut;
        } else {
            CHECK(read.rows == all);
            whole += 1;
        }
        proxy.set({});
    }
    CHECK(cut > 5);
}

TEST_CASE("a session that is dropped at row 1,000 of a million gives its connection back at once",
          "[stream][integration]") {
    Sessions s{"", {.pool = {.max_size = 1}}};
    const bool stream_first = GENERATE(true, false);
    std::optional<corm::AsyncSession> session{s.engine};
    std::optional<corm::Stream<std::int32_t>> stream;
    s.run([&]() -> corm::Task<> {
        stream.emplace(session->stream<std::int32_t>(corm::raw_sql("select i from generate_series(1, 1000000) i")));
        for (int i = 1; i <= 1000; ++i) {
            const auto row = co_await stream->next();
            CHECK(row == i);
        }
    });
    if (stream_first)
        stream.reset();
    session.reset();
    CHECK(run_until(s.context, 20s, [&] { return s.engine.stats().idle == 1; }));
    bool leased = false;
    asio::co_spawn(
        s.context,
        [&]() -> corm::Task<> {
            corm::AsyncSession next{s.engine};
            const std::int64_t open = co_await open_cursors(next);
            leased = open == 0;
        },
        asio::detached);
    CHECK(run_until(s.context, 20s, [&] { return leased; }));
    CHECK(s.engine.stats().connected == 1); // the same one
    stream.reset();
    expect_well(s);
}

TEST_CASE("the deadline of a stream is that of each batch", "[stream][integration]") {
    Sessions s{users(4)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.deadline = 10s}};
        auto stream = session.stream<std::int32_t>(
            corm::raw_sql("select age from users where age < 3 or pg_sleep(60) is not null order by id").within(300ms),
            {.batch = 2});
        const auto first = co_await stream.next();
        CHECK(first == 1);
        const auto second = co_await stream.next();
        CHECK(second == 2);
        CHECK(caught<corm::TimeoutError>(co_await failure(stream.next())).phase() == corm::Phase::execute);
        // As behind any operation that fails in a transaction.
        CHECK(caught<corm::TimeoutError>(co_await failure(stream.next())).phase() == corm::Phase::execute);
        co_await session.rollback();
        CHECK_THAT(message_of(co_await failure(stream.next())),
                   ContainsSubstring("was ended by next() at ") && ContainsSubstring("which failed"));

        corm::AsyncSession hurried{s.engine, {.deadline = 300ms}};
        auto late = hurried.stream<int>(corm::raw_sql("select 1 from pg_sleep(60)"));
        CHECK_NOTHROW(caught<corm::TimeoutError>(co_await failure(late.next())));
    });
    expect_well(s);
}

TEST_CASE("a stream is refused while an operation of its session is in flight, and goes on behind it",
          "[stream][integration]") {
    Sessions s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto stream = session.stream(users_by_id(), {.batch = 4});
        static_cast<void>(co_await stream.next());
        int refused = 0;
        const auto intrude = [&]() -> corm::Task<> {
            const auto of_row = co_await failure(stream.next()); // which is at hand
            const auto of_batch = co_await failure(stream.next_batch(9));
            for (const auto& thrown : {of_row, of_batch}) {
                CHECK_THAT(caught<corm::ConcurrentUseError>(thrown).what(),
                           ContainsSubstring("next() at") && ContainsSubstring("in flight"));
                ++refused;
            }
            const auto thrown = co_await failure(stream.close());
            CHECK_NOTHROW(caught<corm::ConcurrentUseError>(thrown));
            ++refused;
        };
        asio::post(s.context, [&] { asio::co_spawn(s.context, intrude, asio::detached); });
        const auto user = co_await session.get_one<User>(9);
        CHECK(refused == 3);
        // And the other way round.
        const auto query = [&]() -> corm::Task<> {
            const auto thrown = co_await failure(session.get<User>(1));
            CHECK_THAT(caught<corm::ConcurrentUseError>(thrown).what(), ContainsSubstring("next() at"));
            ++refused;
        };
        const auto at_hand = co_await stream.next_batch(3);
        CHECK(at_hand.size() == 3);
        asio::post(s.context, [&] { asio::co_spawn(s.context, query, asio::detached); });
        const auto rest = co_await stream.next_batch(9);
        CHECK(refused == 4);
        CHECK(rest.size() == 6);
        CHECK(rest[4] == user);
    });
}

TEST_CASE("a stream that is dropped while its rows are on their way is closed behind them", "[stream][integration]") {
    Sessions s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const bool first = GENERATE(true, false);
        std::optional<corm::Stream<corm::Ref<User>>> stream{session.stream(users_by_id(), {.batch = 3})};
        if (!first)
            static_cast<void>(co_await stream->next_batch(3));
        asio::post(s.context, [&] { stream.reset(); });
        const auto rows = co_await stream->next_batch(2);
        CHECK_FALSE(stream);
        CHECK(rows.size() == 2);
        const std::int64_t open = co_await open_cursors(session);
        CHECK(open == 0);
    });
}

TEST_CASE("a session that is dropped while a stream waits cancels it", "[stream][integration]") {
    Sessions s{users(10), {.pool = {.max_size = 1}}};
    std::optional<corm::AsyncSession> session{s.engine};
    std::optional<corm::Stream<int>> stream{session->stream<int>(corm::raw_sql("select 1 from pg_sleep(60)"))};
    std::exception_ptr error;
    asio::co_spawn(s.context, [&]() -> corm::Task<> { error = co_await failure(stream->next()); }, asio::detached);
    CHECK(run_until(s.context, 10s, [&] { return s.database.sessions("active") == 1; }));
    session.reset();
    CHECK(run_until(s.context, 10s, [&] { return error != nullptr; }));
    CHECK(caught<boost::system::system_error>(error).code() == asio::error::operation_aborted);
    stream.reset();
    expect_well(s);
}

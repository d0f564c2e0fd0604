// Servers that end, or crash, under sessions.
#include "copy_support.hpp"
#include "expect_well.hpp"

#include "support/caught.hpp"

#include <corm/dev/postgres_server.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <thread>

using namespace corm::test;
using namespace std::chrono_literals;
using corm::dev::PostgresServer;
using corm::dev::StopMode;
namespace asio = boost::asio;

namespace {

/// A server of the test's own with one table, and an engine for it.
struct Own {
    Own() { query(server.url(), std::string{schema} + users(2)); }

    template <class Coroutine>
    void run(Coroutine coroutine) {
        std::exception_ptr error;
        asio::co_spawn(context, std::move(coroutine), [&error](std::exception_ptr thrown) { error = thrown; });
        context.restart();
        context.run();
        if (error)
            std::rethrow_exception(error);
    }

    PostgresServer server{{.durable = true}}; // what was set up survives a crash
    asio::io_context context;
    corm::Engine engine{context.get_executor(), server.url(), {.pool = {.max_size = 2}}};
};

/// The server's reason for the loss of the connection.
corm::Task<std::string> loss_of(corm::Task<std::int64_t> operation) {
    try {
        co_await std::move(operation);
    } catch (const corm::ConnectionError& lost) {
        co_return std::string{lost.sqlstate().code()};
    }
    co_return "none";
}

corm::Task<int> backend_of(corm::AsyncSession& session) {
    co_return co_await session.one<std::int32_t>(corm::raw_sql("select pg_backend_pid()"));
}

/// Works again once the server does; the pool tries until the deadline.
corm::Task<> expect_works(corm::Engine& engine, std::int32_t age) {
    const auto found = co_await engine.transaction([age](corm::AsyncSession& session) -> corm::Task<std::int32_t> {
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        const std::int32_t before = user->age;
        user.edit().age = age;
        co_return before;
    });
    CHECK(found == 1); // nothing of the lost transactions is there
}

} // namespace

TEST_CASE("F29: a backend that is killed takes the connections of all with it", "[orm][integration][F29]") {
    Own s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession own{s.engine}, other{s.engine};
        (co_await own.get_one<User>(1)).edit()->age = 50;
        co_await own.flush();
        co_await other.get_one<User>(2);
        const int victim = co_await backend_of(own);
        REQUIRE(::kill(victim, SIGKILL) == 0);
        const std::string of_own = co_await loss_of(own.execute(corm::raw_sql("select pg_sleep(60)")));
        // The crashed one cannot say anything; the other sessions are told.
        CHECK(of_own.empty());
        const std::string of_other = co_await loss_of(other.execute(corm::raw_sql("select pg_sleep(60)")));
        CHECK((of_other == "57P02" || of_other.empty()));
        co_await own.rollback();
        co_await other.rollback();
        co_await expect_works(s.engine, 2);
    });
    expect_well(s.context, s.engine, s.server.url());
}

TEST_CASE("F30: a server that stops fast or at once ends its sessions with the reason", "[orm][integration][F30]") {
    Own s;
    std::int32_t age = 1;
    for (const StopMode mode : {StopMode::fast, StopMode::immediate}) {
        s.run([&]() -> corm::Task<> {
            corm::AsyncSession session{s.engine};
            (co_await session.get_one<User>(2)).edit()->age = 50;
            co_await session.flush();
            s.server.stop(mode);
            const std::string lost = co_await loss_of(session.execute(corm::raw_sql("select 1")));
            // At once, the server does not always come to say why.
            CHECK((lost == "57P01" || (mode == StopMode::immediate && lost.empty())));
            co_await session.rollback();
        });
        s.server.start();
        query(s.server.url(), "update users set age = 1 where id = 1");
        s.run([&]() -> corm::Task<> { co_await expect_works(s.engine, ++age); });
        CHECK(query(s.server.url(), "select age from users where id = 2") == "2");
        expect_well(s.context, s.engine, s.server.url());
    }
}

TEST_CASE("F30: a server that ends in the middle of a COPY has nothing of it, and takes it when it is back",
          "[orm][integration][F30]") {
    Own s;
    query(s.server.url(),
          std::string{points} +
              "create function wait_here() returns trigger language plpgsql as $$ begin "
              "if new.label like '%x100' then perform pg_advisory_xact_lock(1); end if; return new; end $$;"
              "create trigger wait_here before insert on points for each row execute function wait_here();");
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession holder{s.engine}, session{s.engine};
        co_await holder.execute(corm::raw_sql("select pg_advisory_xact_lock(1)"));
        // So many that the socket does not take them while the server waits.
        const auto added = session.add_all(make_points(3'000, std::string(1'000, 'x')));
        std::exception_ptr error;
        bool ended = false;
        asio::co_spawn(s.context, session.commit(), [&](std::exception_ptr thrown) {
            error = thrown;
            ended = true;
        });
        while (query(s.server.url(), "select count(*) from pg_stat_activity where wait_event = 'advisory'") != "1")
            co_await asio::post(asio::use_awaitable);
        REQUIRE_FALSE(ended);
        s.server.stop(StopMode::immediate);
        while (!ended)
            co_await asio::post(asio::use_awaitable);
        CHECK(caught<corm::ConnectionError>(error).safe_to_retry()); // COMMIT was not sent
        CHECK(corm::inspect(added.front()).state() == corm::ObjectState::transient);
        co_await session.rollback();
        static_cast<void>(co_await failure(holder.rollback())); // the first to hear of its loss
        s.server.start();
        for (const auto& point : added)
            session.add(point);
        co_await session.commit();
    });
    CHECK(query(s.server.url(), "select count(*) from points") == "3000");
    expect_well(s.context, s.engine, s.server.url());
}

TEST_CASE("F30: work under way outlives the beginning of a smart stop", "[orm][integration][F30]") {
    Own s;
    std::thread stopping;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        (co_await session.get_one<User>(1)).edit()->age = 50;
        co_await session.flush();
        stopping = std::thread([&] { s.server.stop(StopMode::smart); });
        // The server takes nobody new any more.
        const auto refused = [&] {
            try {
                query(s.server.url(), "select 1");
            } catch (const std::runtime_error&) {
                return true;
            }
            return false;
        };
        while (!refused())
            co_await asio::post(asio::use_awaitable);
        co_await session.commit();
        session = corm::AsyncSession{s.engine};
        co_await s.engine.shutdown();
    });
    stopping.join();
    s.server.start();
    CHECK(query(s.server.url(), "select age from users where id = 1") == "50");
}

// What is known about a COMMIT that did not end well.
#include "expect_well.hpp"
#include "support/fault_proxy.hpp"

#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>

using namespace corm::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr const char* ledger = "create table ledger (token int primary key);";

/// The answer to COMMIT: CommandComplete with its tag.
const std::string commit_answer{"C\0\0\0\x0b"
                                "COMMIT",
                                11};

bool full() {
    const char* full = std::getenv("CORM_TEST_FULL");
    return full != nullptr && std::string{full} == "1";
}

/// An engine that talks through a proxy.
struct Proxied {
    explicit Proxied(const std::string& setup, corm::EngineOptions options)
        : database(setup), proxy(database.url(), FaultProxy::Listen::tcp),
          engine(context.get_executor(), proxy.url(), std::move(options)) {}

    template <class Coroutine>
    void run(Coroutine coroutine) {
        std::exception_ptr error;
        boost::asio::co_spawn(context, std::move(coroutine), [&error](std::exception_ptr thrown) { error = thrown; });
        context.restart();
        context.run();
        if (error)
            std::rethrow_exception(error);
    }

    Database database;
    FaultProxy proxy;
    boost::asio::io_context context;
    corm::Engine engine;
};

corm::Task<> pay(corm::AsyncSession& session, int token, corm::Duration within) {
    co_await session.execute(corm::raw_sql("insert into ledger values ($1)", token));
    co_await session.commit(within);
}

/// What a commit was thrown at with; empty when it succeeded.
corm::Task<std::optional<corm::CommitOutcomeUnknown>> doubt_of(corm::Task<> operation) {
    try {
        co_await std::move(operation);
    } catch (const corm::CommitOutcomeUnknown& unknown) {
        co_return unknown;
    }
    co_return std::nullopt;
}

} // namespace

TEST_CASE("F48: a lost answer to COMMIT is unknown, and resolved", "[orm][integration][F48]") {
    const int rounds = full() ? 200 : 12;
    // A reset of the session ends with a COMMIT too, which the proxy would take for ours.
    Proxied s{ledger, {.pool = {.max_size = 2, .reset = corm::wire::SessionReset::never}, .identify_commits = true}};
    s.run([&]() -> corm::Task<> {
        int unknown = 0, right = 0;
        for (int token = 0; token < rounds; ++token) {
            s.proxy.set({.action = FaultProxy::Action::reset, .marker = commit_answer});
            corm::AsyncSession session{s.engine};
            const auto doubt = co_await doubt_of(pay(session, token, 10s));
            s.proxy.set({});
            if (!doubt || !doubt->transaction())
                continue;
            ++unknown;
            const bool there =
                s.database.query("select count(*) from ledger where token = " + std::to_string(token)) == "1";
            const corm::CommitOutcome outcome = co_await s.engine.resolve(*doubt);
            right += outcome == (there ? corm::CommitOutcome::committed : corm::CommitOutcome::rolled_back);
            CHECK(there);
            CHECK_FALSE(session.in_transaction());
        }
        CHECK(unknown == rounds);
        CHECK(right == rounds);
    });
    expect_well(s.context, s.engine, s.database);
}

TEST_CASE("F48: a COMMIT that never arrived is resolved as rolled back", "[orm][integration][F48]") {
    Proxied s{ledger,
              {.pool = {.max_size = 2, .reset_timeout = 100ms, .commit_grace = 30ms}, .identify_commits = true}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        s.proxy.set({.action = FaultProxy::Action::swallow, .way = FaultProxy::Way::to_server, .marker = "COMMIT"});
        const auto doubt = co_await doubt_of(pay(session, 1, 50ms));
        REQUIRE(doubt);
        REQUIRE(doubt->transaction());
        CHECK_THAT(doubt->what(), ContainsSubstring(std::to_string(doubt->transaction()->xid)));
        s.proxy.set({});
        // Until the pool has closed the connection, the transaction is under way; the resolver waits for its end.
        const corm::CommitOutcome outcome = co_await s.engine.resolve(*doubt);
        CHECK(outcome == corm::CommitOutcome::rolled_back);
    });
    CHECK(s.database.query("select count(*) from ledger") == "0");
    expect_well(s.context, s.engine, s.database);
}

TEST_CASE("F48: what the resolver cannot know it does not tell", "[orm][integration][F48]") {
    Sessions s{ledger};
    s.run([&]() -> corm::Task<> {
        const auto resolved = [&](std::optional<corm::TransactionId> id, std::chrono::milliseconds within = 10s) {
            return s.engine.resolve(corm::CommitOutcomeUnknown{"lost", id}, within);
        };
        const std::string start =
            s.database.query("select (extract(epoch from pg_postmaster_start_time() - '2000-01-01 00:00:00+00') * "
                             "1000000)::bigint");
        const auto committed = [&](std::string xid) {
            return corm::TransactionId{std::stoull(xid), std::stoll(start)};
        };
        corm::CommitOutcome outcome{};
        const corm::TransactionId done = committed(
            s.database.query("insert into ledger values (7); select xmin::text::int8 from ledger where token = 7"));
        outcome = co_await resolved(done);
        CHECK(outcome == corm::CommitOutcome::committed);
        // Of another server, or of this one before it was started again.
        outcome = co_await resolved(corm::TransactionId{done.xid, done.server_start - 1});
        CHECK(outcome == corm::CommitOutcome::unknown);
        outcome = co_await resolved(corm::TransactionId{done.xid + 1'000'000, done.server_start});
        CHECK(outcome == corm::CommitOutcome::unknown);
        outcome = co_await resolved(std::nullopt);
        CHECK(outcome == corm::CommitOutcome::unknown);
        // Still under way at the deadline.
        corm::AsyncSession open{s.engine};
        const auto xid = co_await open.one<std::string>(corm::raw_sql("select pg_current_xact_id()::text"));
        outcome = co_await resolved(committed(xid), 500ms);
        CHECK(outcome == corm::CommitOutcome::unknown);
        co_await open.rollback();
        outcome = co_await resolved(committed(xid));
        CHECK(outcome == corm::CommitOutcome::rolled_back);
    });
}

TEST_CASE("the number of a transaction costs no round trip", "[orm][integration]") {
    const bool autocommit = GENERATE(false, true);
    Sessions s{users(1), {.identify_commits = true}};
    s.run([&]() -> corm::Task<> {
        const auto count = [&] { return s.engine.stats().statements; };
        corm::AsyncSession session{s.engine, {.autocommit = autocommit}};
        session.add(User{.name = "one"});
        std::uint64_t before = count();
        s.round_trips();
        co_await session.flush();
        CHECK(s.round_trips() == 1);
        const std::uint64_t in_flush = count() - before; // BEGIN, INSERT, the number
        CHECK(in_flush == (autocommit ? 2 : 3));
        before = count();
        session.add(User{.name = "two"});
        co_await session.commit();
        CHECK(s.round_trips() == 1);
        // Asked for once in a transaction.
        CHECK(count() - before == 2);
        corm::AsyncSession without{s.engine, {.autocommit = autocommit, .identify_commits = false}};
        without.add(User{.name = "three"});
        before = count();
        co_await without.commit();
        CHECK(count() - before == (autocommit ? 1 : 3));
    });
    CHECK(s.database.query("select count(*) from users") == "4");
}

TEST_CASE("F50: a deadline during COMMIT, with an answer", "[orm][integration][F50]") {
    Sessions s{users(1) + R"(
        create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return null; end $$;
        create constraint trigger slow after update on users deferrable initially deferred
            for each row execute function slow();)",
               {.pool = {.max_size = 1, .commit_grace = 10s}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        std::optional<corm::Phase> phase;
        const auto start = corm::Clock::now();
        try {
            co_await session.commit(200ms);
        } catch (const corm::TimeoutError& error) {
            phase = error.phase();
            CHECK(error.safe_to_retry());
        }
        CHECK(phase == corm::Phase::commit);
        CHECK(corm::Clock::now() - start < 5s);
        CHECK(user->age == 1);
        co_await session.rollback();
        const corm::Ref<User> again = co_await session.get_one<User>(1);
        CHECK(again->age == 1);
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("F50: a COMMIT behind a statement that is cancelled has not happened", "[orm][integration][F50]") {
    Sessions s{users(1) + "create table blocked (a int primary key); insert into blocked values (1);",
               {.pool = {.commit_grace = 10s}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession holder{s.engine};
        co_await holder.get_one<User>(1, corm::for_update);
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        std::optional<corm::Phase> phase;
        try {
            co_await session.commit(100ms); // its UPDATE waits for the holder
        } catch (const corm::TimeoutError& error) {
            phase = error.phase();
        }
        CHECK(phase == corm::Phase::commit);
        co_await holder.rollback();
    });
    CHECK(s.database.query("select age from users") == "1");
    expect_well(s);
}

TEST_CASE("F50: a COMMIT that waits for a standby has happened when it is cancelled", "[orm][integration][F50]") {
    const corm::dev::PostgresServer own{
        {.settings = {{"synchronous_standby_names", "nosuch"}, {"synchronous_commit", "local"}}}};
    query(own.url(), ledger);
    boost::asio::io_context context;
    struct Warnings final : corm::trace::Tracer {
        void notice(std::string_view, corm::SqlState state) noexcept override { count += state.code() == "01000"; }
        std::atomic<int> count{0};
    };
    const auto warnings = std::make_shared<Warnings>();
    corm::Engine engine{context.get_executor(), own.url(), {.pool = {.commit_grace = 10s}, .tracer = warnings}};
    std::exception_ptr failed;
    boost::asio::co_spawn(
        context,
        [](corm::Engine& used) -> corm::Task<> {
            corm::AsyncSession session{used};
            co_await session.execute(corm::raw_sql("select set_config('synchronous_commit', 'on', true)"));
            co_await pay(session, 1, 200ms);
        }(engine),
        [&failed](std::exception_ptr error) { failed = error; });
    context.run();
    CHECK_FALSE(failed);
    CHECK(query(own.url(), "select count(*) from ledger") == "1");
    CHECK(warnings->count == 1); // the server says that it stands on this machine only
    expect_well(context, engine, own.url());
}

TEST_CASE("F51: a constraint that fails at COMMIT", "[orm][integration][F51]") {
    const bool autocommit = GENERATE(false, true);
    const std::string sqlstate = GENERATE("23503", "40001");
    Sessions s{users(2) + R"(
        create function refuse() returns trigger language plpgsql as $$
            begin raise 'at commit' using errcode = ')" +
               sqlstate + R"('; end $$;
        create constraint trigger refuse after update on users deferrable initially deferred
            for each row when (new.age = 50) execute function refuse();)"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = autocommit}};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        std::string found;
        try {
            co_await session.commit();
        } catch (const corm::DatabaseError& error) {
            found = error.sqlstate().code();
            CHECK(error.is_retryable() == (sqlstate == "40001"));
        }
        CHECK(found == sqlstate);
        CHECK(user->age == 1);
        co_await session.rollback();
        user.edit().age = 51;
        co_await session.commit();
    });
    CHECK(s.engine.stats().connected == 1);
    CHECK(s.database.query("select age from users where id = 1") == "51");
    expect_well(s);
}

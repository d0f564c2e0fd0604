// Bulk operations that fail, are cancelled, late, cut or given up half way.
#include "bulk_support.hpp"
#include "integration/orm/scene.hpp"
#include "support/fault_proxy.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <ranges>
#include <stdexcept>

using namespace corm::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
namespace asio = boost::asio;

namespace {

constexpr int many = 400;

/// Rows so long that they are many buffers.
std::vector<User> long_users() {
    std::vector<User> made = make_users(many);
    for (User& user : made)
        user.name = std::string(1'000, 'x');
    return made;
}

const std::string setup = std::string{schema} + users(1);

corm::Task<> copy_in(Scene& s) {
    const std::vector<User> rows = long_users();
    static_cast<void>(co_await s.session->copy_in(rows));
}
corm::Task<> insert_bulk(Scene& s) {
    const std::vector<User> rows = long_users();
    static_cast<void>(co_await s.session->insert_bulk(rows, {.copy_from = 0}));
    static_cast<void>(
        co_await s.session->insert_bulk(std::vector<User>(2), {.copy_from = corm::BulkOptions::never_copy}));
}
corm::Task<> copy_out(Scene& s) {
    std::int64_t size = 0;
    static_cast<void>(co_await s.session->copy_out<std::string>(
        corm::raw_sql("select repeat('x', 1000) from generate_series(1, 400)"), [&](std::span<std::string> batch) {
            for (const std::string& each : batch)
                size += static_cast<std::int64_t>(each.size());
        }));
    CHECK(size == 400'000);
}

corm::Task<> begin(Scene& s) {
    static_cast<void>(co_await count(*s.session, "users"));
}

using Run = corm::Task<> (*)(Scene&);

template <class Strike>
std::size_t strike_everywhere(const Database& database, Run run, Strike strike) {
    std::size_t aborted = 0;
    for (std::size_t point = 1;; ++point) {
        CAPTURE(point);
        Scene scene{database};
        scene.run(Scene::works(*scene.engine));
        SteppedOperation operation{*scene.context, run(scene), Accepts::terminal};
        for (std::size_t i = 0; i < point && !operation.finished(); ++i)
            operation.step(scene.unblock);
        const bool suspended = !operation.finished();
        if (suspended)
            strike(scene, operation);
        operation.run(scene.unblock);
        const Outcome outcome = outcome_of(operation.error());
        // The last rows of a `copy_out` may be there while it is not told of them yet: it has all of them then.
        const bool late = run == Run{copy_out} && outcome == Outcome::success;
        CHECK(outcome == (suspended && !late ? Outcome::aborted : Outcome::success));
        scene.session.reset();
        scene.expect_well();
        CHECK(database.query("select count(*) from users") == "1");
        aborted += outcome == Outcome::aborted ? 1 : 0;
        if (!suspended)
            return aborted;
    }
}

/// A source that brings so many rows, and then throws.
auto failing_after(int rows) {
    return [rows, calls = 0]() mutable -> corm::Task<std::optional<std::vector<User>>> {
        if (++calls == 2)
            throw std::runtime_error("the file is torn");
        std::vector<User> made(static_cast<std::size_t>(rows));
        for (User& user : made)
            user.name = "x";
        co_return made;
    };
}

} // namespace

TEST_CASE("a bulk operation may be cancelled, and its session destroyed, at every suspension", "[bulk][integration]") {
    const Database database{setup};
    const Run run = GENERATE(Run{copy_in}, Run{insert_bulk}, Run{copy_out});
    const auto cancel = [](Scene&, SteppedOperation& operation) {
        operation.cancel(asio::cancellation_type::terminal);
    };
    const auto destroy = [](Scene& scene, SteppedOperation&) { scene.session.reset(); };
    CHECK(strike_everywhere(database, run, cancel) > 5);
    CHECK(strike_everywhere(database, run, destroy) > 5);
}

TEST_CASE("a refused row is told with its number, table and constraint, and the transaction goes on behind rollback",
          "[bulk][integration]") {
    Sessions s{readings, {.pool = {.max_size = 1}}};
    const bool early = GENERATE(true, false);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::vector<User> rows = make_users(20'000);
        rows[early ? 9 : 19'999].email = rows[1].email;
        std::int64_t sent = 0;
        const auto error =
            co_await failure(session.copy_in(rows, {}, [&](corm::BulkProgress now) { sent = now.rows; }));
        const auto refused = caught<corm::IntegrityError>(error);
        CHECK(refused.sqlstate() == corm::sqlstate::unique_violation);
        CHECK(refused.diagnostics().table == "users");
        CHECK(refused.diagnostics().constraint == "users_email_key");
        const std::string row = early ? "row 10" : "row 20000";
        CHECK_THAT(message_of(error), ContainsSubstring("while copying rows into users, " + row));
        CHECK_THAT(message_of(error), !ContainsSubstring("example.org")); // safe to log
        // Behind the error no more rows are made.
        CHECK((sent == 20'000) == !early);
        const auto again = co_await failure(session.copy_in(rows));
        CHECK_NOTHROW(caught<corm::IntegrityError>(again));
        co_await session.rollback();
        rows[early ? 9 : 19'999].email.reset();
        const std::int64_t copied = co_await session.copy_in(rows);
        CHECK(copied == 20'000);
        co_await session.commit();
    });
    CHECK(s.engine.stats().connected == 1);
    CHECK(s.database.query("select count(*) from users") == "20000");
    expect_well(s);
}

TEST_CASE("what cannot be stored is refused by whoever sees it first", "[bulk][integration]") {
    Sessions s{readings + std::string{"create table wide (sensor bigint, value float8, remark text);"
                                      "create table strict (sensor int, value float8, remark text not null);"}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto none = co_await failure(session.copy_in(corm::TableName{"missing"}, make_readings(1)));
        CHECK_THAT(message_of<corm::DatabaseError>(none), ContainsSubstring("copying rows into missing"));
        co_await session.rollback();
        const auto type = co_await failure(session.copy_in(corm::TableName{"wide"}, make_readings(1)));
        CHECK_THAT(message_of<corm::MappingError>(type), ContainsSubstring("the column sensor of wide is bigint") &&
                                                             ContainsSubstring("COPY converts nothing"));
        co_await session.rollback();
        // A NULL in a NOT NULL column: the third.
        const auto null = co_await failure(session.copy_in(corm::TableName{"strict"}, make_readings(5)));
        CHECK(caught<corm::IntegrityError>(null).diagnostics().column == "remark");
        CHECK_THAT(message_of(null), ContainsSubstring("row 3"));
        co_await session.rollback();
        std::vector<Reading> rows = make_readings(30'000);
        rows[25'000].remark = std::string{"a\0b", 3};
        const auto nul = co_await failure(session.copy_in(corm::TableName{"readings"}, rows));
        CHECK_THAT(message_of<corm::ConversionError>(nul),
                   ContainsSubstring("readings") && ContainsSubstring("remark"));
        co_await session.rollback();
        const std::int64_t left = co_await count(session, "readings");
        CHECK(left == 0);
        std::vector<User> mixed = make_users(2);
        mixed[1].id = 5;
        const auto keys = co_await failure(session.copy_in(mixed));
        CHECK_THAT(message_of<corm::MappingError>(keys), ContainsSubstring("copy them by two"));
        co_await session.rollback();
    });
    expect_well(s);
}

TEST_CASE("an exception of the source reaches the caller, and its connection is used again", "[bulk][integration]") {
    Sessions s{"", {.pool = {.max_size = 1}}};
    const bool in_savepoint = GENERATE(true, false);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add(User{.name = "before"});
        co_await session.flush();
        std::optional<corm::Savepoint> savepoint;
        if (in_savepoint)
            savepoint = co_await session.begin_nested();
        const auto torn = co_await failure(session.copy_in(failing_after(20'000)));
        CHECK(message_of<std::runtime_error>(torn) == "the file is torn");
        const auto later = co_await failure(count(session, "users"));
        CHECK(message_of<std::runtime_error>(later) == "the file is torn"); // until it is rolled back
        if (in_savepoint)
            co_await savepoint->rollback();
        else
            co_await session.rollback();
        const std::int64_t left = co_await count(session, "users");
        CHECK(left == (in_savepoint ? 1 : 0));
        // Before anything was sent, nothing has happened.
        const auto at_once = co_await failure(session.copy_in(
            []() -> corm::Task<std::optional<std::vector<User>>> { throw std::runtime_error("none"); }));
        CHECK(message_of<std::runtime_error>(at_once) == "none");
        const auto told = co_await failure(
            session.copy_in(make_users(5'000), {}, [](corm::BulkProgress) { throw std::runtime_error("enough"); }));
        CHECK(message_of<std::runtime_error>(told) == "enough");
        co_await session.rollback();
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("an exception of the sink ends the transaction, and its connection is used again", "[bulk][integration]") {
    Sessions s{"", {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        int calls = 0;
        const auto sink = [&](std::span<const std::int64_t>) {
            if (++calls == 3)
                throw std::runtime_error("the disk is full");
        };
        const auto full = co_await failure(
            session.copy_out<std::int64_t>(corm::raw_sql("select generate_series(1::bigint, 100000000)"), sink));
        CHECK(message_of<std::runtime_error>(full) == "the disk is full");
        CHECK(calls == 3);
        const auto later = co_await failure(count(session, "users"));
        CHECK_THAT(message_of(later), ContainsSubstring("copy_out() at") && ContainsSubstring("was given up half way"));
        co_await session.rollback();
        const std::int64_t known = co_await count(session, "users");
        CHECK(known == 0);
        co_await session.commit();
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("the session is busy for the whole of a bulk operation", "[bulk][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::exception_ptr refused;
        auto source = [&, calls = 0]() mutable -> corm::Task<std::optional<std::vector<User>>> {
            if (++calls == 3)
                co_return std::nullopt;
            refused = co_await failure(session.get<User>(1));
            co_return std::vector<User>(100);
        };
        const std::int64_t rows = co_await session.copy_in(source);
        CHECK(rows == 200);
        CHECK_THAT(message_of<corm::ConcurrentUseError>(refused), ContainsSubstring("copy_in() at"));
        co_await session.rollback();
    });
}

TEST_CASE("the deadline of a bulk operation is that of each buffer, or of the whole", "[bulk][integration]") {
    Sessions s{"create function nap() returns trigger language plpgsql as $$ begin "
               "perform pg_sleep(60); return new; end $$;"
               "create trigger nap before insert on users for each row when (new.age = 3) execute function nap();",
               {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.deadline = 300ms}};
        // The time of the source does not count.
        auto slow = [&, calls = 0]() mutable -> corm::Task<std::optional<std::vector<User>>> {
            if (++calls == 3)
                co_return std::nullopt;
            asio::steady_timer timer{s.context, 400ms};
            co_await timer.async_wait(asio::use_awaitable);
            co_return std::vector<User>(1'500);
        };
        const std::int64_t rows = co_await session.copy_in(slow);
        CHECK(rows == 3'000);
        const bool whole = GENERATE(true, false);
        std::exception_ptr late;
        if (whole) // each buffer of which is taken at once
            late = co_await failure(session.copy_in(
                std::views::iota(0) | std::views::transform([](int) { return User{}; }), {.within = 200ms}));
        else
            late = co_await failure(session.copy_in(make_users(5)));
        CHECK(caught<corm::TimeoutError>(late).phase() == corm::Phase::execute);
        CHECK_THAT(message_of(late), ContainsSubstring("COPY \"users\""));
        co_await session.rollback();
        const auto out = co_await failure(session.copy_out<int>(
            corm::raw_sql("select 1 from generate_series(1, 100000) i where i < 50000 or pg_sleep(60) is not null"),
            [](auto) {}));
        CHECK_NOTHROW(caught<corm::TimeoutError>(out));
        co_await session.rollback();
        const std::int64_t left = co_await count(session, "users");
        CHECK(left == 0);
        co_await session.rollback();
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("a COPY may last for longer than the server's own limit on a statement", "[bulk][integration]") {
    Sessions s{"", {.deadline = 200ms}}; // and a second more
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto limit = corm::raw_sql("select current_setting('statement_timeout')");
        auto slow = [&, calls = 0]() mutable -> corm::Task<std::optional<std::vector<User>>> {
            if (++calls == 3)
                co_return std::nullopt;
            asio::steady_timer timer{s.context, 700ms};
            co_await timer.async_wait(asio::use_awaitable);
            co_return std::vector<User>(1'500);
        };
        const std::int64_t rows = co_await session.copy_in(slow);
        CHECK(rows == 3'000);
        const std::string within = co_await session.one<std::string>(limit);
        CHECK(within == "0");
        co_await session.rollback();
        const std::string behind = co_await session.one<std::string>(limit);
        CHECK(behind == "1200ms");
        // That of the program stays.
        co_await session.execute(corm::raw_sql("set local statement_timeout = '77s'"));
        static_cast<void>(co_await session.copy_in(make_users(1)));
        const std::string own = co_await session.one<std::string>(limit);
        CHECK(own == "77s");
        co_await session.rollback();
    });
}

TEST_CASE("a connection that is cut, or a server that ends, in a bulk operation is told as lost",
          "[bulk][integration]") {
    const Database database{setup};
    FaultProxy proxy{database.url()};
    const Run run = GENERATE(Run{copy_in}, Run{insert_bulk}, Run{copy_out});
    const auto action = GENERATE(FaultProxy::Action::reset, FaultProxy::Action::finish);
    const auto way = GENERATE(FaultProxy::Way::to_server, FaultProxy::Way::to_client);
    std::size_t cut = 0;
    bool whole = false;
    for (std::size_t at = 50; !whole; at = at * 2 + 10) {
        CAPTURE(at);
        Scene scene{database, proxy.url()};
        scene.run(begin(scene)); // the cut is not that of a dial
        proxy.set({.action = action, .way = way, .at = at});
        SteppedOperation operation{*scene.context, run(scene), Accepts::terminal};
        operation.run(scene.unblock);
        proxy.set({});
        if (operation.error()) {
            CHECK_NOTHROW(caught<corm::ConnectionError>(operation.error()));
            ++cut;
        } else {
            whole = true;
        }
        scene.session.reset();
        scene.expect_well();
        CHECK(database.query("select count(*) from users") == "1");
    }
    CHECK(cut >= 2);
}

TEST_CASE("a server that ends the session in a COPY says so", "[bulk][integration]") {
    Sessions s{"create function end_here() returns trigger language plpgsql as $$ begin "
               "perform pg_terminate_backend(pg_backend_pid()); return new; end $$;"
               "create trigger end_here before insert on users for each row when (new.age = 900) "
               "execute function end_here();"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto error = co_await failure(session.copy_in(make_users(5'000)));
        const auto lost = caught<corm::ConnectionError>(error);
        CHECK(lost.sqlstate() == corm::sqlstate::admin_shutdown);
        CHECK(lost.safe_to_retry());
        co_await session.rollback();
        const std::int64_t left = co_await count(session, "users");
        CHECK(left == 0);
    });
    expect_well(s);
}

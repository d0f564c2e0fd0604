// What a lease leaves behind in the server's session, and in its socket.
#include "aftermath.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <vector>

using namespace corm;
using namespace corm::test;

namespace {

constexpr const char* name = "corm reset test";

wire::Config config() {
    return {.url = server().url(), .application_name = name, .settings = {{"search_path", "app, public"}}};
}

wire::Request raw(std::initializer_list<const char*> texts, Duration limit = 20s) {
    wire::Request made = request(texts, limit);
    for (wire::Statement& each : made.statements)
        each.raw = true;
    return made;
}

/// A value as text.
std::string value(Client& client, pool::Lease& lease, const std::string& sql) {
    const wire::Reply reply = client.run(lease, request({("SELECT (" + sql + ")::text").c_str()}));
    if (reply.error)
        std::rethrow_exception(reply.error);
    return std::string{reply.results.at(0).field(0, 0).bytes()};
}

struct Dirt {
    std::vector<const char*> statements;
    const char* look;  ///< how the next one would notice
    const char* clean; ///< what it sees when nothing is left
};

/// Takes the connection as the next one does: at once, as a waiter, or after the pool has been idle.
enum class Next { at_once, waiting, later };

pool::Lease hand_over(Client& client, pool::Lease& lease, Next next) {
    if (next == Next::waiting) {
        const auto waiter = client.ask();
        lease.release();
        client.run_until([&] { return waiter->done; });
        REQUIRE(waiter->lease);
        return std::move(waiter->lease);
    }
    lease.release();
    if (next == Next::later)
        client.run_until_idle();
    pool::Lease taken = client.pool->try_acquire(std::source_location::current());
    REQUIRE(taken);
    return taken;
}

/// Stops the process of a server session; it goes on at the end of the scope.
class Frozen {
public:
    explicit Frozen(int backend) : backend_(backend) { REQUIRE(kill(backend_, SIGSTOP) == 0); }
    Frozen(const Frozen&) = delete;
    Frozen& operator=(const Frozen&) = delete;
    ~Frozen() { kill(backend_, SIGCONT); }

private:
    int backend_;
};

} // namespace

TEST_CASE("F22: the next borrower sees a session as if nobody had used it", "[pool][integration][F22]") {
    Client client{{.max_size = 1}, config()};
    Client admin;
    pool::Lease setup = admin.lease();
    REQUIRE_FALSE(admin.run(setup, request({"DROP ROLE IF EXISTS reset_test"})).error);
    REQUIRE_FALSE(admin.run(setup, request({"CREATE ROLE reset_test"})).error);
    const Dirt dirt = GENERATE(
        Dirt{{"SET search_path = nowhere"}, "current_setting('search_path')", "app, public"},
        Dirt{{"SELECT set_config('search_path', 'nowhere', false)"}, "current_setting('search_path')", "app, public"},
        Dirt{{"SET ROLE reset_test"}, "current_user = session_user", "true"},
        Dirt{{"SET SESSION AUTHORIZATION reset_test"}, "session_user <> 'reset_test'", "true"},
        Dirt{{"SET statement_timeout = 1"}, "current_setting('statement_timeout')", "0"},
        Dirt{{"SET DateStyle = 'German'"}, "current_setting('DateStyle')", "ISO, MDY"},
        Dirt{{"SET standard_conforming_strings = off"}, "current_setting('standard_conforming_strings')", "on"},
        Dirt{{"SET default_transaction_read_only = on"}, "current_setting('default_transaction_read_only')", "off"},
        Dirt{{"SET app.tenant = '7'"}, "coalesce(current_setting('app.tenant', true), '')", ""},
        Dirt{{"CREATE TEMP TABLE left_over (a int4)"}, "to_regclass('pg_temp.left_over') IS NULL", "true"},
        Dirt{{"CREATE TEMP TABLE left_over (a int4)", "SET default_transaction_read_only = on"},
             "to_regclass('pg_temp.left_over') IS NULL",
             "true"},
        Dirt{{"LISTEN news"}, "SELECT count(*) FROM pg_listening_channels()", "0"},
        Dirt{{"BEGIN", "DECLARE held CURSOR WITH HOLD FOR SELECT 1", "COMMIT"},
             "SELECT count(*) FROM pg_cursors WHERE name = 'held'",
             "0"},
        Dirt{{"SELECT pg_advisory_lock(4711)"},
             "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
             "0"},
        Dirt{{"PREPARE mine AS SELECT 1"}, "SELECT count(*) FROM pg_prepared_statements WHERE name = 'mine'", "0"},
        // Left behind in a transaction that is rolled back as well.
        Dirt{{"BEGIN", "SELECT pg_advisory_lock(4712)"},
             "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
             "0"});
    const Next next = GENERATE(Next::at_once, Next::waiting, Next::later);
    INFO(dirt.statements.front() << ", taken " << static_cast<int>(next));
    pool::Lease lease = client.lease();
    const int backend = lease->backend();
    CHECK(value(client, lease, "41 + 1") == "42"); // prepared before
    for (const char* statement : dirt.statements)
        REQUIRE_FALSE(client.run(lease, raw({statement})).error);
    pool::Lease second = hand_over(client, lease, next);
    CHECK(second->backend() == backend);
    CHECK(value(client, second, dirt.look) == dirt.clean);
    CHECK(value(client, second, "41 + 1") == "42"); // and still good
    CHECK(client.pool->stats().connected == 1);
    second.release();
    expect_well(client);
}

TEST_CASE("F22: a session with another encoding is replaced", "[pool][integration][F22]") {
    Client client{{.max_size = 1}, config()};
    pool::Lease lease = client.lease();
    caught<Error>(client.run(lease, raw({"SET client_encoding = 'LATIN1'"})).error);
    lease.release();
    pool::Lease second = client.lease();
    CHECK(value(client, second, "current_setting('client_encoding')") == "UTF8");
    second.release();
    expect_well(client);
}

TEST_CASE("F22: prepared statements outlive a reset", "[pool][integration][F22]") {
    Client client{{.max_size = 1}, config()};
    pool::Lease lease = client.lease();
    const char* look = "SELECT count(*) FROM pg_prepared_statements WHERE prepare_time < statement_timestamp()";
    static_cast<void>(value(client, lease, look));
    REQUIRE_FALSE(client.run(lease, raw({"SET work_mem = '8MB'"})).error);
    pool::Lease second = hand_over(client, lease, Next::at_once);
    CHECK(value(client, second, look) == "2");
}

TEST_CASE("F22: a reset costs no round trip when the next request carries it", "[pool][integration][F22]") {
    Client client{{.max_size = 1}, config()};
    pool::Lease lease = client.lease();
    const auto trips = [&] { return client.pool->stats().round_trips; };
    SECTION("after raw SQL") {
        REQUIRE_FALSE(client.run(lease, raw({"SELECT 1"})).error);
        const auto before = trips();
        pool::Lease second = hand_over(client, lease, Next::at_once);
        CHECK(second->owes_reset());
        CHECK_FALSE(client.run(second, request({"SELECT 1"})).error);
        CHECK(trips() == before + 1);
    }
    SECTION("and nothing at all after statements of corm") {
        REQUIRE_FALSE(client.run(lease, request({"SELECT 1"})).error);
        const auto before = client.pool->stats().statements;
        pool::Lease second = hand_over(client, lease, Next::at_once);
        CHECK_FALSE(second->owes_reset());
        CHECK_FALSE(client.run(second, request({"SELECT 1"})).error);
        CHECK(client.pool->stats().statements == before + 1);
    }
    SECTION("in the background when nobody comes") {
        REQUIRE_FALSE(client.run(lease, raw({"SELECT 1"})).error);
        const auto before = trips();
        pool::Lease second = hand_over(client, lease, Next::later);
        CHECK(trips() == before + 1);
        CHECK_FALSE(second->owes_reset());
    }
}

TEST_CASE("F22: when to reset is an option", "[pool][integration][F22]") {
    const auto after = [](wire::SessionReset reset, bool marked) {
        Client client{{.max_size = 1, .reset = reset}, config()};
        pool::Lease lease = client.lease();
        REQUIRE_FALSE(
            client.run(lease, marked ? raw({"SET work_mem = '8MB'"}) : request({"SET work_mem = '8MB'"})).error);
        pool::Lease second = hand_over(client, lease, Next::at_once);
        return value(client, second, "current_setting('work_mem')");
    };
    CHECK(after(wire::SessionReset::automatic, true) == "4MB");
    CHECK(after(wire::SessionReset::automatic, false) == "8MB"); // nothing that corm writes does this
    CHECK(after(wire::SessionReset::always, false) == "4MB");
    CHECK(after(wire::SessionReset::never, true) == "8MB");
}

TEST_CASE("F21: a lease that ends anywhere leaves a session at rest", "[pool][integration][F21]") {
    Client client{{.max_size = 1}, config()};
    pool::Lease lease = client.lease();
    const auto run = [&](wire::Request what) { static_cast<void>(client.run(lease, std::move(what))); };
    SECTION("in a transaction") {
        run(request({"BEGIN", "SELECT 1"}));
    }
    SECTION("in a failed transaction") {
        run(request({"BEGIN", "SELECT 1/0"}));
    }
    SECTION("in the middle of a pipeline") {
        client.start(lease, request({"BEGIN", "SELECT pg_sleep(60)", "SELECT pg_sleep(60)", "COMMIT"}));
    }
    SECTION("in the middle of a large result") {
        // Slowly, so that it is the middle on any machine, and little has to be freed at once.
        client.start(lease, request({"SELECT repeat('x', 1000), pg_sleep(0.0001) FROM generate_series(1, 200000)"}));
    }
    SECTION("in a COPY") {
        run(request({"COPY (SELECT 1) TO STDOUT"}));
    }
    SECTION("in a COPY that waits for rows") {
        run(request({"BEGIN", "CREATE TEMP TABLE t (a int4)", "COPY t FROM STDIN"}));
    }
    const TimePoint begun = Clock::now();
    lease.release();
    CHECK(Clock::now() - begun < 100ms); // who gives it back does not wait
    expect_well(client);
    CHECK(Clock::now() - begun < 5s);
    pool::Lease next = client.lease();
    CHECK(next->status() == wire::TransactionStatus::idle);
}

TEST_CASE("F23: a session that cannot be reset is replaced", "[pool][integration][F23]") {
    Client client{{.max_size = 1, .reset_timeout = Duration{150}}, config()};
    pool::Lease lease = client.lease();
    const int backend = lease->backend();
    SECTION("because the server does not answer") {
        REQUIRE_FALSE(client.run(lease, raw({"SELECT 1"})).error);
        const Frozen frozen{backend};
        const TimePoint begun = Clock::now();
        lease.release();
        CHECK(Clock::now() - begun < 50ms);
        client.run_until([&] { return client.pool->stats().discarded == 1; });
        CHECK(Clock::now() - begun < 1s);
        CHECK(client.lease()->backend() != backend);
    }
    SECTION("because the server refuses it: what came behind was not run") {
        // A time limit of the session itself stops the reset, which waits for a lock on a temporary table.
        REQUIRE_FALSE(client.run(lease, raw({"CREATE TEMP TABLE locked (a int4)"})).error);
        Client admin, locker;
        pool::Lease other = locker.lease();
        const std::string schema = value(client, lease, "pg_my_temp_schema()::regnamespace");
        REQUIRE_FALSE(locker.run(other, request({"BEGIN", ("LOCK TABLE " + schema + ".locked").c_str()})).error);
        pool::Lease second = hand_over(client, lease, Next::at_once);
        REQUIRE(second->owes_reset());
        const auto reply = client.start(second, request({"CREATE TABLE reset_test_ran (a int4)"}));
        wait_for(admin, "EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid = " + std::to_string(backend) + ")");
        CHECK(admin.scalar("pg_cancel_backend(" + std::to_string(backend) + ")") == "true");
        client.run_until([&] { return reply->reply.has_value(); });
        CHECK_FALSE(reply->reply->sent);
        CHECK(caught<ConnectionError>(reply->reply->error).safe_to_retry());
        REQUIRE_FALSE(locker.run(other, request({"ROLLBACK"})).error);
        CHECK(admin.scalar("to_regclass('reset_test_ran') IS NULL") == "true");
        second.release();
    }
    expect_well(client);
}

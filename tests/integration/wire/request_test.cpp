#include "aftermath.hpp"

#include <algorithm>

using namespace corm;
using namespace corm::test;
using wire::TransactionStatus;

TEST_CASE("a transaction in one round trip", "[wire][integration]") {
    Client client;
    pool::Lease lease = client.lease();
    wire::Request what = request({"BEGIN", "SELECT $1::int4 + 1, $2::text, $3::text", "COMMIT"});
    what.statements[1].parameters.add(std::int32_t{41});
    what.statements[1].parameters.add(std::string{});
    what.statements[1].parameters.add_null(types::oids::text);
    const wire::Reply reply = client.run(lease, std::move(what));
    REQUIRE_FALSE(reply.error);
    REQUIRE(reply.results.size() == 3);
    const wire::Result& row = reply.results[1];
    REQUIRE(row.row_count() == 1);
    CHECK(row.column_oid(0) == types::oids::int4);
    CHECK(row.field(0, 0).bytes() == std::string_view("\0\0\0\x2a", 4));
    CHECK_FALSE(row.field(0, 1).is_null());
    CHECK(row.field(0, 1).size == 0);
    CHECK(row.field(0, 2).is_null());
    CHECK(reply.results[2].tag() == "COMMIT");
    CHECK(lease->status() == TransactionStatus::idle);
    CHECK(client.pool->stats().round_trips == 1);
    CHECK(client.pool->stats().statements == 3);
}

TEST_CASE("an error carries what the server said", "[wire][integration]") {
    Client client;
    pool::Lease lease = client.lease();
    const wire::Reply reply =
        client.run(lease, request({"CREATE TEMP TABLE t (a int4 CONSTRAINT positive CHECK (a > 0))",
                                   "INSERT INTO t VALUES (-1)", "SELECT 1"}));
    CHECK(reply.results.size() == 1);
    CHECK(reply.failed_in_statement);
    const auto error = caught<IntegrityError>(reply.error);
    CHECK(error.sqlstate() == sqlstate::check_violation);
    CHECK(error.constraint() == "positive");
    CHECK(error.diagnostics().table == "t");
    CHECK(error.diagnostics().severity == "ERROR");
    CHECK(error.diagnostics().sql == "INSERT INTO t VALUES (-1)");
    CHECK(lease->status() == TransactionStatus::idle);

    const auto syntax = caught<DatabaseError>(client.run(lease, request({"SELECT nothing FROM nowhere"})).error);
    CHECK(syntax.sqlstate() == sqlstate::undefined_table);
    CHECK(syntax.diagnostics().position == 21);
}

TEST_CASE("F47: COMMIT after a failure is answered by ROLLBACK, and that is an error", "[wire][integration][F47]") {
    Client client;
    pool::Lease lease = client.lease();
    CHECK(client.run(lease, request({"BEGIN", "SELECT 1/0"})).failed_in_statement);
    CHECK(lease->status() == TransactionStatus::failed);
    const wire::Reply reply = client.run(lease, request({"COMMIT"}));
    CHECK(caught<DatabaseError>(reply.error).sqlstate() == sqlstate::failed_transaction);
    CHECK(lease->status() == TransactionStatus::idle);
    lease.release();
    expect_well(client);
}

TEST_CASE("the cache survives failures and evictions", "[wire][integration]") {
    Client client{{.max_size = 1, .statement_cache = 3}};
    pool::Lease lease = client.lease();
    CHECK(client.run(lease, request({"SELECT 1/0", "SELECT 'behind'"})).failed_in_statement);
    CHECK_FALSE(client.run(lease, request({"SELECT 'behind'"})).error);
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 60; ++i) {
            const std::string sql = "SELECT " + std::to_string(i);
            REQUIRE_FALSE(client.run(lease, request({sql.c_str()})).error);
        }
    }
    const wire::Reply held = client.run(lease, request({"SELECT count(*) FROM pg_prepared_statements"}));
    REQUIRE_FALSE(held.error);
    CHECK(types::get_big_endian<std::int64_t>(held.results[0].field(0, 0).data) <= 3 + 16);
    REQUIRE_FALSE(client.run(lease, request({"DISCARD ALL"})).error);
    CHECK_FALSE(client.run(lease, request({"SELECT 59"})).error);
}

TEST_CASE("a transaction holds no more statements on the server than the cache", "[wire][integration]") {
    Client client{{.max_size = 1, .statement_cache = 20}};
    pool::Lease lease = client.lease();
    REQUIRE_FALSE(client.run(lease, request({"BEGIN"})).error);
    const auto held = [&] {
        const wire::Reply reply = client.run(lease, request({"SELECT count(*) FROM pg_prepared_statements"}));
        REQUIRE_FALSE(reply.error);
        return types::get_big_endian<std::int64_t>(reply.results[0].field(0, 0).data);
    };
    const std::uint64_t before = client.pool->stats().round_trips;
    std::int64_t most = 0;
    for (int i = 0; i < 512; ++i) {
        REQUIRE_FALSE(client.run(lease, request({("SELECT " + std::to_string(i)).c_str()})).error);
        if (i % 64 == 0)
            most = std::max(most, held());
    }
    CHECK(client.pool->stats().round_trips == before + 512 + 8);
    CHECK(most <= 20 + 16);
    // A failed transaction can close nothing; its end does.
    CHECK(client.run(lease, request({"SELECT 1/0"})).failed_in_statement);
    REQUIRE_FALSE(client.run(lease, request({"ROLLBACK"})).error);
    CHECK(held() <= 20 + 16);
}

TEST_CASE("COPY ends the connection, not the program", "[wire][integration]") {
    Client client;
    pool::Lease lease = client.lease();
    CHECK(client.run(lease, request({"COPY (SELECT 1) TO STDOUT"})).error);
    lease.release();
    CHECK(client.scalar("1") == "1");
}

TEST_CASE("400 statements of 200 KB that answer 400 KB each", "[wire][integration]") {
    Client client;
    pool::Lease lease = client.lease();
    wire::Request large = request({}, 120s);
    const auto sql = std::make_shared<const std::string>("SELECT repeat($1::text, 2)");
    const std::string value(200'000, 'v');
    constexpr std::size_t count = 400;
    for (std::size_t i = 0; i < count; ++i) {
        wire::Statement& made = large.statements.emplace_back();
        made.sql = sql;
        made.parameters.add(value);
    }
    const wire::Reply reply = client.run(lease, std::move(large));
    REQUIRE_FALSE(reply.error);
    REQUIRE(reply.results.size() == count);
    for (const wire::Result& result : reply.results)
        REQUIRE(result.field(0, 0).size == 400'000);
    CHECK(client.pool->stats().round_trips == 1);
}

TEST_CASE("F36: 8 MB of notices while a large statement is written", "[wire][integration][F36]") {
    Client client;
    pool::Lease lease = client.lease();
    wire::Request what = request({"SELECT length($1::text)"}, 60s);
    what.statements[0].parameters.add(std::string(8'000'000, 'v'));
    what.statements.insert(
        what.statements.begin(),
        statement("DO $$ BEGIN FOR i IN 1..2000 LOOP RAISE NOTICE '%', repeat('n', 4000); END LOOP; END $$"));
    const wire::Reply reply = client.run(lease, std::move(what));
    REQUIRE_FALSE(reply.error);
    CHECK(types::get_big_endian<std::int32_t>(reply.results[1].field(0, 0).data) == 8'000'000);
    lease.release();
    expect_well(client);
}

TEST_CASE("F36 F64: as many parameters as the protocol has, while the server tells everything",
          "[wire][integration][F36][F64]") {
    Client client;
    pool::Lease lease = client.lease();
    wire::Request what = request({"SELECT $65535::int4"}, 60s);
    for (std::int32_t i = 1; i <= 65'535; ++i)
        what.statements[0].parameters.add(i);
    REQUIRE_FALSE(client.run(lease, request({"SET client_min_messages = debug5"})).error);
    const wire::Reply reply = client.run(lease, std::move(what));
    REQUIRE_FALSE(reply.error);
    CHECK(types::get_big_endian<std::int32_t>(reply.results[0].field(0, 0).data) == 65'535);
    // One more is refused, and harms nothing.
    wire::Request more = request({"SELECT 1"});
    for (std::int32_t i = 0; i <= 65'535; ++i)
        more.statements[0].parameters.add(i);
    caught<ConversionError>(client.run(lease, std::move(more)).error);
    CHECK_FALSE(client.run(lease, request({"RESET client_min_messages"})).error);
    lease.release();
    expect_well(client);
}

TEST_CASE("settings travel with the connection", "[wire][integration]") {
    Client client{{.max_size = 1},
                  {.url = server().url(),
                   .application_name = "a b",
                   .statement_timeout = Duration{50},
                   .settings = {{"search_path", "app, public"}}}};
    CHECK(client.scalar("current_setting('application_name')") == "a b");
    CHECK(client.scalar("current_setting('search_path')") == "app, public");
    CHECK(client.scalar("current_setting('client_encoding')") == "UTF8");
    pool::Lease lease = client.lease();
    CHECK(caught<DatabaseError>(client.run(lease, request({"SELECT pg_sleep(20)"})).error).sqlstate() ==
          sqlstate::query_canceled);
}

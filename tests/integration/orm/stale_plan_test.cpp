// Prepared statements that the server has lost, or cannot use any more.
#include "expect_well.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;

namespace {

corm::Task<> read(corm::AsyncSession& session) {
    static_cast<void>(
        co_await session.all<std::tuple<std::int64_t, std::string>>(corm::raw_sql("select id, name from changing")));
}

/// Reads beside each other, so that each connection of the pool prepares the statement.
corm::Task<> warm_up(corm::Engine& engine, int connections) {
    std::vector<corm::AsyncSession> sessions;
    for (int i = 0; i < connections; ++i) {
        sessions.emplace_back(engine);
        co_await read(sessions.back());
    }
    for (corm::AsyncSession& session : sessions)
        co_await session.commit();
}

constexpr const char* changing = "create table changing (id bigint, name varchar(10));";

} // namespace

TEST_CASE("F71: a table that changed under prepared statements costs no error outside of transactions",
          "[orm][integration][F71]") {
    Sessions s{changing, {.pool = {.max_size = 3}}};
    s.run([&]() -> corm::Task<> {
        co_await warm_up(s.engine, 3);
        s.database.query("alter table changing alter name type text");
        for (const bool autocommit : {true, false}) {
            corm::AsyncSession session{s.engine, {.autocommit = autocommit}};
            co_await read(session);
            co_await session.rollback();
        }
    });
    CHECK(s.engine.stats().connected == 3);
    expect_well(s);
}

TEST_CASE("F71: inside of a transaction it costs one error for the whole pool", "[orm][integration][F71]") {
    Sessions s{changing, {.pool = {.max_size = 3}}};
    s.run([&]() -> corm::Task<> {
        co_await warm_up(s.engine, 3);
        std::vector<corm::AsyncSession> sessions;
        for (int i = 0; i < 3; ++i) {
            sessions.emplace_back(s.engine);
            co_await sessions.back().one<std::int32_t>(corm::raw_sql("select 1"));
        }
        s.database.query("alter table changing alter name type text");
        int stale = 0;
        for (corm::AsyncSession& session : sessions) {
            try {
                co_await read(session);
            } catch (const corm::DatabaseError& error) {
                stale += error.is_stale_plan();
                CHECK(error.is_retryable());
                CHECK_THAT(error.what(), ContainsSubstring("run the transaction again"));
            }
        }
        CHECK(stale == 1);
        for (corm::AsyncSession& session : sessions)
            co_await session.rollback();
    });
    expect_well(s);
}

TEST_CASE("F71: a transaction that may be run again meets it once", "[orm][integration][F71]") {
    Sessions s{changing, {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        co_await warm_up(s.engine, 1);
        int attempts = 0;
        co_await s.engine.transaction([&](corm::AsyncSession& session) -> corm::Task<> {
            co_await session.one<std::int32_t>(corm::raw_sql("select 1"));
            if (++attempts == 1)
                s.database.query("alter table changing alter name type text");
            co_await read(session);
        });
        CHECK(attempts == 2);
    });
    expect_well(s);
}

TEST_CASE("statements that somebody deallocated are prepared again", "[orm][integration]") {
    Sessions s{users(3), {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine}, other{s.engine, {.autocommit = true}};
        for (int round = 0; round < 3; ++round) {
            CAPTURE(round);
            const corm::Ref<User> user = co_await session.get_one<User>(1);
            user.edit().age += 10;
            co_await session.commit();
            // Where the tag does not tell.
            co_await other.execute(corm::raw_sql("do $$ begin deallocate all; end $$"));
        }
    });
    CHECK(s.database.query("select age from users where id = 1") == "31");
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

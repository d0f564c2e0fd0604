// Raw SQL that meddles with the session's transaction, and statements that need to be outside of one.
#include "expect_well.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;

namespace {

corm::Task<std::string> refusal(corm::Task<std::int64_t> operation) {
    try {
        co_await std::move(operation);
    } catch (const corm::DatabaseError&) {
        throw;
    } catch (const corm::Error& error) {
        co_return error.what();
    }
    co_return "";
}

} // namespace

TEST_CASE("F58: raw SQL does not get at the transaction of its session", "[orm][integration][F58]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        co_await session.flush();
        const std::pair<const char*, const char*> cases[] = {{"COMMIT", "session.commit()"},
                                                             {"/* sly */ rollback", "session.rollback()"},
                                                             {"begin", "begins its transaction"},
                                                             {"savepoint a", "session.nested()"},
                                                             {"set transaction read only", "SessionOptions"}};
        for (const auto& [sql, instead] : cases) {
            CAPTURE(sql);
            const std::uint64_t before = s.engine.stats().statements;
            const std::string text = co_await refusal(session.execute(corm::unsafe_sql(sql)));
            CHECK_THAT(text, ContainsSubstring(instead));
            CHECK_THAT(text, ContainsSubstring("raw_transaction_test.cpp"));
            CHECK(s.engine.stats().statements == before);
            CHECK(session.in_transaction());
        }
        // Nothing has happened to it.
        CHECK(user->age == 50);
        co_await session.commit();
        corm::AsyncSession autocommit{s.engine, {.autocommit = true}};
        const std::string text = co_await refusal(autocommit.execute(corm::raw_sql("BEGIN")));
        CHECK_THAT(text, ContainsSubstring("was not sent"));
    });
    CHECK(s.database.query("select age from users") == "50");
    expect_well(s);
}

TEST_CASE("F58: a procedure commits outside of transactions only", "[orm][integration][F58]") {
    Sessions s{users(1) +
               "create procedure step() language plpgsql as $$ begin update users set age = age + 1; commit; "
               "end $$;"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession autocommit{s.engine, {.autocommit = true}};
        co_await autocommit.execute(corm::raw_sql("call step()"));
        // In the session's transaction the server refuses it, which ends that.
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        std::string state;
        try {
            co_await session.execute(corm::raw_sql("call step()"));
        } catch (const corm::DatabaseError& error) {
            state = error.sqlstate().code();
        }
        CHECK(state == "2D000");
        CHECK_FALSE(session.in_transaction());
        co_await session.rollback();
    });
    CHECK(s.database.query("select age from users") == "2");
    expect_well(s);
}

TEST_CASE("a statement outside of transactions goes alone, also behind reads that were left open",
          "[orm][integration][F58]") {
    Sessions s{users(1), {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession reader{s.engine};
        co_await reader.get_one<User>(1);
        co_await reader.rollback(); // its ROLLBACK travels with the next request of the connection
        corm::AsyncSession session{s.engine};
        co_await session.execute(corm::raw_sql("vacuum users").outside_transaction());
        CHECK_FALSE(session.in_transaction());
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

// What a reader does, and what it refuses.
#include "lanes.hpp"

using namespace lanes_test;

namespace {

/// What the server says of a statement that it refuses.
corm::Task<std::string> refusal(const corm::AsyncSession& session, corm::query::RawStatement statement) {
    const std::exception_ptr error = co_await failure(session.execute(std::move(statement)));
    co_return std::string{caught<corm::DatabaseError>(error).sqlstate().code()};
}

constexpr std::string_view read_only = "25006"; // read_only_sql_transaction

} // namespace

TEST_CASE("A reader gets objects without a lease, and keeps an identity map of its own", "[lanes]") {
    Sessions s{setup};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session = s.engine.reader();
        corm::AsyncSession other = s.engine.reader();
        const auto first = co_await session.get_one<User>(7);
        CHECK(first->name == "user 7");
        CHECK(s.engine.stats().leased == 0);
        CHECK(s.engine.stats().lanes == 1);
        CHECK_FALSE(session.in_transaction());
        const std::uint64_t reads = s.engine.stats().lane_reads;
        const auto again = co_await session.get_one<User>(7);
        CHECK(again == first);
        CHECK(s.engine.stats().lane_reads == reads); // in the identity map
        const auto elsewhere = co_await other.get_one<User>(7);
        CHECK_FALSE(elsewhere == first);
        CHECK(elsewhere->name == "user 7");
        const auto missing = co_await session.get<User>(5000);
        CHECK_FALSE(missing);
        const auto error = caught<corm::NotFoundError>(co_await failure(session.get_one<User>(5001)));
        CHECK(std::string{error.what()}.find("User with key 5001 does not exist") != std::string::npos);
        const auto line = co_await session.get_one<Line>(corm::key(3, std::int16_t{4}));
        CHECK(line->article == "article 34");
        co_await session.refresh(first);
        CHECK(first->age == 7);
    });
}

TEST_CASE("What a session reads in a lane is read anew when it asks for it", "[lanes]") {
    Sessions s{setup};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session = s.engine.reader();
        const auto user = co_await session.get_one<User>(7);
        s.database.query("update users set age = 70 where id = 7; delete from users where id = 8");
        co_await session.refresh(user);
        CHECK(user->age == 70);
        const auto populated = co_await session.get_one<User>(7, corm::populate_existing);
        CHECK(populated == user);
        const auto gone = co_await session.get<User>(8);
        CHECK_FALSE(gone);
    });
}

TEST_CASE("Queries of a reader go by themselves until they have shown to be quick", "[lanes]") {
    Sessions s{setup, {.pool = {.lane_slow_after = patience}}};
    s.run([&]() -> corm::Task<> {
        const auto adults = corm::select<User>().where(corm::col<&User::age> >= 991).order_by(corm::asc<&User::id>);
        for (int round = 0; round < 3; ++round) {
            corm::AsyncSession session = s.engine.reader();
            const auto found = co_await session.all(adults);
            REQUIRE(found.size() == 10);
            CHECK(found.front()->id == 991);
            CHECK(s.engine.stats().lane_reads == static_cast<std::uint64_t>(round));
            CHECK(s.engine.stats().leased == 0);
        }
        corm::AsyncSession session = s.engine.reader();
        const auto count = co_await session.one<std::int64_t>(corm::raw_sql("SELECT count(*) FROM users").pure());
        CHECK(count == 1000);
        const auto both = co_await session.pipeline(adults, corm::select<User>().where(corm::col<&User::id> == 1));
        CHECK(std::get<0>(both).size() == 10);
        CHECK(std::get<1>(both).size() == 1);
    });
}

TEST_CASE("A slow statement stays out of the lanes, also when it was quick before", "[lanes]") {
    Sessions s{setup, {.pool = {.lane_slow_after = corm::Duration{500}}}};
    const auto sleep = [&](corm::AsyncSession& session, double seconds) -> corm::Task<> {
        co_await session.execute(corm::raw_sql("SELECT pg_sleep($1)", seconds).pure());
    };
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session = s.engine.reader();
        co_await sleep(session, 0); // shows that it is quick
        co_await sleep(session, 0);
        CHECK(s.engine.stats().lane_reads == 1);
        co_await sleep(session, 0.6); // in a lane, for the last time
        CHECK(s.engine.stats().lane_reads == 2);
        co_await sleep(session, 0.6);
        co_await sleep(session, 0);
        co_await sleep(session, 0);
        CHECK(s.engine.stats().lane_reads == 2);
        // Quick several times in a row, it is trusted again.
        for (int i = 0; i < 20; ++i)
            co_await sleep(session, 0);
        CHECK(s.engine.stats().lane_reads > 2);
    });
}

TEST_CASE("A reader refuses to write, wherever its statements run", "[lanes]") {
    Sessions s{setup};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session = s.engine.reader();
        const auto user = co_await session.get_one<User>(1);
        user.edit().age = 99;
        const auto flushed = caught<corm::Error>(co_await failure(session.flush()));
        CHECK(std::string{flushed.what()}.find("only reads") != std::string::npos);
        const auto queried = caught<corm::Error>(co_await failure(session.all(corm::select<User>().limit(1))));
        CHECK(std::string{queried.what()}.find("only reads") != std::string::npos);
        session.expunge(user);

        const std::string update = co_await refusal(session, corm::raw_sql("UPDATE users SET age = 0"));
        CHECK(update == read_only);
        const auto hidden = corm::raw_sql("WITH u AS (UPDATE users SET age = 0 RETURNING 1) SELECT * FROM u");
        const std::string unmarked = co_await refusal(session, hidden);
        CHECK(unmarked == read_only);
        corm::query::RawStatement pure = hidden;
        pure.pure();
        const std::string marked = co_await refusal(session, pure);
        CHECK(marked == read_only);
        const auto locking = co_await failure(session.get<User>(1, corm::for_update));
        CHECK(caught<corm::DatabaseError>(locking).sqlstate().code() == read_only);
        CHECK(s.database.query("select count(*) from users where age < 2") == "1");

        for (const char* text : {"SET default_transaction_read_only = off", "UPDATE users SET age = 0", "CALL f()"}) {
            INFO(text);
            const auto error = caught<corm::Error>(co_await failure(session.execute(corm::unsafe_sql(text).pure())));
            CHECK(std::string{error.what()}.find("is marked pure()") != std::string::npos);
        }
        const auto good = co_await session.get_one<User>(2);
        CHECK(good->age == 2);
    });
}

TEST_CASE("A pure statement that writes is refused by the lane itself", "[lanes]") {
    Sessions s{setup + "create function quiet(really bool) returns int language plpgsql as $$ begin"
                       " if really then update users set age = 0; end if; return 1; end $$;",
               {.pool = {.lane_slow_after = patience}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session = s.engine.reader();
        const auto call = [&](bool really) { return corm::raw_sql("SELECT quiet($1)", really).pure(); };
        co_await session.execute(call(false));
        co_await session.execute(call(false));
        REQUIRE(s.engine.stats().lane_reads == 1);
        const auto error = caught<corm::DatabaseError>(co_await failure(session.execute(call(true))));
        CHECK(error.sqlstate().code() == "25006");
        CHECK(s.engine.stats().lane_reads == 2);
        const auto escape = corm::raw_sql("SELECT set_config('transaction_read_only', 'off', false)").pure();
        static_cast<void>(co_await failure(session.execute(escape)));
        const std::string again = co_await refusal(session, call(true));
        CHECK(again == read_only);
    });
    CHECK(s.database.query("select count(*) from users where age = 0") == "0");
}

TEST_CASE("Options that a reader cannot have", "[lanes]") {
    Sessions s;
    const auto refused = [&](corm::SessionOptions options, const char* text) {
        try {
            const corm::AsyncSession session = s.engine.reader(std::move(options));
            FAIL("accepted");
        } catch (const corm::Error& error) {
            INFO(error.what());
            CHECK(std::string{error.what()}.find(text) != std::string::npos);
        }
    };
    refused({.settings = {{"app.tenant", "7"}}}, "SessionOptions::reader shares its connection");
    refused({.isolation = corm::Isolation::serializable}, "SessionOptions::autocommit sends no BEGIN");
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session = s.engine.reader({.read_only = true});
        const auto nested = caught<corm::Error>(co_await failure(session.begin_nested()));
        CHECK(std::string{nested.what()}.find("autocommit") != std::string::npos);
        auto function = [](corm::AsyncSession&) -> corm::Task<> { co_return; };
        const corm::TransactionOptions options{.session = {.reader = true}};
        const auto transaction = caught<corm::Error>(co_await failure(s.engine.transaction(function, options)));
        CHECK(std::string{transaction.what()}.find("autocommit or reader") != std::string::npos);
    });
}

TEST_CASE("An engine without lanes serves readers by leases", "[lanes]") {
    Sessions s{setup, {.pool = {.lanes = 0}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session = s.engine.reader();
        const auto user = co_await session.get_one<User>(7);
        CHECK(user->name == "user 7");
        CHECK(s.engine.stats().lanes == 0);
        CHECK(s.engine.stats().leased == 0);
        CHECK(s.engine.stats().idle == 1);
        const std::string refused = co_await refusal(session, corm::raw_sql("DELETE FROM users"));
        CHECK(refused == read_only);
    });
}

TEST_CASE("A connection that was a lane is an ordinary one again for whoever leases it next", "[lanes]") {
    Sessions s{setup, {.pool = {.max_size = 1, .reset = corm::SessionReset::never}}};
    s.run([&]() -> corm::Task<> {
        {
            corm::AsyncSession session = s.engine.reader();
            co_await session.get_one<User>(1);
        }
        // The only connection is with the lane, which gives it back when somebody waits for it.
        corm::AsyncSession writer{s.engine};
        const auto user = co_await writer.get_one<User>(1);
        user.edit().age = 500;
        co_await writer.commit();
        CHECK(s.engine.stats().lanes == 0);
        CHECK(s.engine.stats().connected == 1);
        corm::AsyncSession reader = s.engine.reader();
        const auto seen = co_await reader.get_one<User>(1);
        CHECK(seen->age == 500);
    });
}

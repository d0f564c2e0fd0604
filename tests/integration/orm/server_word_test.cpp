// What the server refuses or limits, told by its SQLSTATE and never by its words.
#include "expect_well.hpp"

#include <corm/sql/identifier.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>
#include <string>

using namespace corm::test;
using namespace std::chrono_literals;

namespace {

/// SQLSTATE of the failure; checks that nothing of `canary` is in the text that may be logged.
corm::Task<std::string> refusal(corm::Task<> operation, std::string canary = {}) {
    try {
        co_await std::move(operation);
    } catch (const corm::DatabaseError& error) {
        CHECK((canary.empty() || std::string{error.what()}.find(canary) == std::string::npos));
        co_return std::string{error.sqlstate().code()};
    }
    co_return "none";
}

corm::Task<> run(corm::AsyncSession& session, corm::query::RawStatement sql) {
    co_await session.execute(std::move(sql));
}

} // namespace

TEST_CASE("F54: the server's own time limits are its errors, not deadlines", "[orm][integration][F54]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession holder{s.engine};
        co_await holder.get_one<User>(1, corm::for_update);
        corm::AsyncSession session{s.engine};
        co_await session.execute(corm::raw_sql("select set_config('lock_timeout', '20ms', true)"));
        std::string state = co_await refusal(run(session, corm::raw_sql("select 1 from users for update")));
        CHECK(state == "55P03");
        co_await session.rollback();
        co_await session.execute(corm::raw_sql("select set_config('statement_timeout', '20ms', true)"));
        state = co_await refusal(run(session, corm::raw_sql("select pg_sleep(60)")));
        CHECK(state == "57014");
        co_await session.rollback();
        co_await holder.rollback();
    });
    CHECK(s.engine.stats().connected == 2);
    expect_well(s);
}

TEST_CASE("F55: the server's limit for idle sessions costs no error", "[orm][integration][F55]") {
    Sessions s{users(1)};
    s.database.query("alter database " + s.database.query("select current_database()") +
                     " set idle_session_timeout = '50ms'");
    s.run([&]() -> corm::Task<> {
        for (int i = 0; i < 2; ++i) {
            corm::AsyncSession session{s.engine};
            co_await session.get_one<User>(1);
            co_await session.commit();
            co_await session.rollback();
            const auto end = corm::Clock::now() + 10s;
            while (s.database.query("select count(*) from pg_stat_activity where datname = current_database() and "
                                    "pid <> pg_backend_pid() and backend_type = 'client backend'") != "0" &&
                   corm::Clock::now() < end) {
                boost::asio::steady_timer turn{s.context, 5ms};
                co_await turn.async_wait(boost::asio::use_awaitable);
            }
        }
    });
    CHECK(s.engine.stats().connected == 2);
    expect_well(s);
}

TEST_CASE("F73: constraints are told apart, and their values kept back", "[orm][integration][F73]") {
    Sessions s{R"(
        create table parents (id int primary key);
        create table strict (id int primary key, parent int constraint of_parent references parents,
                             size int not null constraint positive check (size > 0),
                             name text constraint one_name unique,
                             span int4range, constraint apart exclude using gist (span with &&));
        insert into strict values (1, null, 1, 'c4nary', '[1,5)');)"};
    struct Case {
        const char* values;
        const char* sqlstate;
        const char* constraint;
        const char* column;
    };
    const Case cases[] = {
        {"(2, null, 1, 'c4nary', null)", "23505", "one_name", ""},
        {"(2, 4711, 1, 'c4nary2', null)", "23503", "of_parent", ""},
        {"(2, null, 0, 'c4nary2', null)", "23514", "positive", ""},
        {"(2, null, null, 'c4nary2', null)", "23502", "", "size"},
        {"(2, null, 1, 'c4nary2', '[2,3)')", "23P01", "apart", ""},
    };
    s.run([&]() -> corm::Task<> {
        for (const Case& tried : cases) {
            CAPTURE(tried.values);
            corm::AsyncSession session{s.engine};
            std::optional<corm::IntegrityError> refused;
            try {
                // The values come from a table: the statement is the program's own text and is shown.
                s.database.query("drop table if exists given; create table given as select * from strict with no data; "
                                 "insert into given values " +
                                 std::string{tried.values});
                co_await session.execute(corm::raw_sql("insert into strict select * from given"));
            } catch (const corm::IntegrityError& error) {
                refused = error;
            }
            REQUIRE(refused);
            CHECK(refused->sqlstate().code() == tried.sqlstate);
            CHECK(refused->constraint() == tried.constraint);
            CHECK(refused->diagnostics().table == "strict");
            CHECK(refused->diagnostics().column == tried.column);
            CHECK(std::string{refused->what()}.find("c4nary") == std::string::npos);
            CHECK(std::string{refused->what()}.find("4711") == std::string::npos);
            CHECK_FALSE(refused->is_retryable());
        }
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("F64: a list of any length is one parameter, and too many columns are the server's error",
          "[orm][integration][F64]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::vector<std::int64_t> keys(100'000);
        for (std::size_t i = 0; i < keys.size(); ++i)
            keys[i] = static_cast<std::int64_t>(i) + 2;
        const auto found = co_await session.all(corm::select<User>().where(corm::col<&User::id>.in(keys)));
        CHECK(found.size() == 2);
        std::string columns = "select 1";
        for (int i = 0; i < 1'663; ++i)
            columns += ", 1";
        co_await session.execute(corm::unsafe_sql(columns)); // as many as the server takes
        columns += ", 1";
        const std::string state = co_await refusal(run(session, corm::unsafe_sql(columns)));
        CHECK(state == "54011");
        co_await session.rollback();
    });
    expect_well(s);
}

TEST_CASE("F65: a value of nearly 1 GiB does not fit into a message, and nothing is sent", "[orm][integration][F65]") {
    const char* full = std::getenv("CORM_TEST_FULL");
    if (full == nullptr || std::string{full} != "1")
        SKIP("takes 2 GiB of memory: in tier full only");
    Sessions s{users(1)};
    s.longest_turn = 10s; // to fill that much memory is the test's own affair
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        co_await session.get_one<User>(1);
        const std::uint64_t before = s.engine.stats().statements;
        std::string refused;
        try {
            co_await session.execute(
                corm::raw_sql("select length($1::bytea)", corm::Bytes((std::size_t{1} << 30) - 1'024)));
        } catch (const corm::ConversionError& error) {
            refused = error.what();
        }
        CHECK(refused.find("below 1 GiB") != std::string::npos);
        CHECK(s.engine.stats().statements == before);
        co_await session.rollback();
        co_await session.get_one<User>(1);
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("F60: NUL is refused before it is sent, also inside of documents", "[orm][integration][F60]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        const std::uint64_t before = s.engine.stats().statements;
        user.edit().name = std::string{"a\0b", 3};
        bool refused = false;
        try {
            co_await session.flush();
        } catch (const corm::ConversionError& error) {
            refused = error.table() == "users" && error.column() == "name";
        }
        CHECK(refused);
        CHECK(s.engine.stats().statements == before);
        user.edit().name = "whole";
        co_await session.commit();
        // The escape is the server's to refuse.
        std::string state =
            co_await refusal(run(session, corm::raw_sql("select $1::text::jsonb", std::string{"\"\\u0000\""})));
        CHECK(state == "22P05");
        co_await session.rollback();
        // json keeps the text, and fails when it is to become a string.
        co_await session.execute(corm::raw_sql("select $1::text::json", std::string{"\"\\u0000\""}));
        state =
            co_await refusal(run(session, corm::raw_sql("select $1::text::json #>> '{}'", std::string{"\"\\u0000\""})));
        CHECK(state == "22P05");
        co_await session.rollback();
        const std::string payload{"a\0b", 3};
        CHECK_THROWS_AS(corm::raw_sql("select pg_notify('c', $1)", payload), corm::ConversionError);
        CHECK_THROWS_AS(corm::sql::quote_identifier(std::string_view{"a\0b", 3}), corm::MappingError);
        // Bytes are no text.
        const corm::Bytes zeros(3);
        const auto back = co_await session.one<corm::Bytes>(corm::raw_sql("select $1::bytea", zeros));
        CHECK(back == zeros);
    });
    CHECK(s.database.query("select name from users") == "whole");
    expect_well(s);
}

TEST_CASE("F61: bytes that are no text are refused, and the connection goes on", "[orm][integration][F61]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        for (const char* bytes : {"\xc0'", "\xbf\\", "\xc0\xa7", "\xed\xa0\x80", "\xff", "a\xe2\x82"}) {
            CAPTURE(bytes);
            bool refused = false;
            try {
                co_await session.execute(corm::raw_sql("select $1::text", std::string{bytes}));
            } catch (const corm::ConversionError&) {
                refused = true;
            }
            CHECK(refused);
        }
        CHECK_FALSE(session.in_transaction());
        // In the statement itself they reach the server.
        const std::string state = co_await refusal(run(session, corm::unsafe_sql("select '\xc0'")));
        CHECK(state == "22021");
        co_await session.rollback();
        co_await session.get_one<User>(1);
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("F75: settings of the role and the language of messages change nothing", "[orm][integration][F75]") {
    Sessions s{users(1) + "create table moments (at timestamptz not null, day date not null, bytes bytea not null, "
                          "number float8 not null, length interval not null); insert into moments values ('2024-03-31 "
                          "01:30:00+00', '2024-02-03', '\\x00ff', 0.1, '1 mon 2 days 03:04:05');"};
    const std::string name = s.database.query("select current_database()");
    for (const char* setting :
         {"bytea_output = 'escape'", "extra_float_digits = 0", "TimeZone = 'Asia/Kathmandu'", "DateStyle = 'German'",
          "IntervalStyle = 'sql_standard'", "lc_messages = 'C'", "standard_conforming_strings = off"})
        s.database.query("alter database " + name + " set " + setting);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        using Row =
            std::tuple<std::chrono::sys_time<std::chrono::microseconds>, std::chrono::sys_days, corm::Bytes, double>;
        const auto [at, day, bytes, number] =
            co_await session.one<Row>(corm::raw_sql("select at, day, bytes, number from moments"));
        CHECK(at == std::chrono::sys_days{std::chrono::year{2024} / 3 / 31} + 90min);
        CHECK(day == std::chrono::sys_days{std::chrono::year{2024} / 2 / 3});
        CHECK(bytes.size() == 2);
        CHECK(number == 0.1);
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().name = "O'Neil \\ \"x\"";
        co_await session.commit();
        // A stale row is told by SQLSTATE and ordinal, whatever the language.
        const corm::Ref<User> stale = co_await session.get_one<User>(1);
        s.database.query("update users set version = version + 1");
        stale.edit().age = 9;
        bool noticed = false;
        try {
            co_await session.commit();
        } catch (const corm::StaleDataError&) {
            noticed = true;
        }
        CHECK(noticed);
        co_await session.rollback();
    });
    CHECK(s.database.query("select name from users") == "O'Neil \\ \"x\"");
    expect_well(s);
}

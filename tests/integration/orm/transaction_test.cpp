// Engine::transaction: commits, retries what the server asks to retry, and nothing else.
#include "expect_well.hpp"

#include "support/caught.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;
namespace asio = boost::asio;

namespace {

constexpr corm::TransactionOptions repeatable{
    .session = {.isolation = corm::Isolation::repeatable_read}, .max_attempts = 4, .first_backoff = corm::Duration{1}};

/// What another session, or a service, may throw.
corm::Task<> fail_elsewhere(const corm::Engine& engine) {
    corm::AsyncSession session{engine};
    co_await session.execute(
        corm::raw_sql("do $$ begin raise exception 'busy' using errcode = 'serialization_failure'; end $$"));
}

/// Ends the server's session while it commits.
constexpr const char* die_in_commit = R"(
    create function die() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
    create constraint trigger die after update on users deferrable initially deferred
        for each row execute function die();
)";

} // namespace

TEST_CASE("a transaction commits and returns what its function returns", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        const std::string name =
            co_await s.engine.transaction([](corm::AsyncSession& session) -> corm::Task<std::string> {
                const auto user = co_await session.get_one<User>(1, corm::for_update);
                user.edit().age = 30;
                co_return user->name;
            });
        CHECK(name == "user 1");
        const corm::Ref<User> user =
            co_await s.engine.transaction([](corm::AsyncSession& session) -> corm::Task<corm::Ref<User>> {
                co_return session.add(User{.name = "made"});
            });
        CHECK(user->id == 2);
    });
    CHECK(s.database.query("select string_agg(name || age, ',' order by id) from users") == "user 130,made0");
    CHECK(s.engine.stats().leased == 0);
}

TEST_CASE("a transaction is refused to an autocommit session before anything is done", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        bool called = false;
        const auto write = [&called](corm::AsyncSession& session) -> corm::Task<> {
            called = true;
            co_await session.execute(corm::raw_sql("update users set age = 30"));
        };
        const corm::TransactionOptions options{.session = {.autocommit = true}};
        const auto error = co_await failure(s.engine.transaction(write, options));
        const auto refused = caught<corm::Error>(error);
        CHECK_THAT(refused.what(), ContainsSubstring("engine.transaction()") && ContainsSubstring("autocommit"));
        CHECK_THAT(refused.where().file_name(), ContainsSubstring("transaction_test.cpp"));
        CHECK_FALSE(called);
    });
    CHECK(s.engine.stats().connected == 0);
}

TEST_CASE("F44: an exception of the function rolls back and is thrown as it is", "[orm][integration][F44]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        int attempts = 0;
        std::string message;
        try {
            co_await s.engine.transaction([&](corm::AsyncSession& session) -> corm::Task<> {
                ++attempts;
                session.add(User{.name = "never"});
                co_await session.flush();
                throw std::domain_error("changed my mind");
            });
        } catch (const std::domain_error& error) {
            message = error.what();
        }
        CHECK(message == "changed my mind");
        CHECK(attempts == 1);
    });
    CHECK(s.database.query("select count(*) from users") == "1");
    CHECK(s.engine.stats().leased == 0);
    expect_well(s);
}

TEST_CASE("F52: a serialization failure runs the whole transaction again", "[orm][integration][F52]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        int attempts = 0;
        co_await s.engine.transaction(
            [&](corm::AsyncSession& session) -> corm::Task<> {
                ++attempts;
                const auto user = co_await session.get_one<User>(1);
                // Each attempt has its own session: nothing of the last one is left.
                CHECK(user->age == (attempts == 1 ? 1 : 11));
                if (attempts == 1)
                    s.database.query("update users set age = age + 10");
                user.edit().age += 100;
            },
            repeatable);
        CHECK(attempts == 2);
    });
    CHECK(s.database.query("select age from users") == "111");
    expect_well(s);
}

TEST_CASE("retries end after max_attempts, with the server's error", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        int attempts = 0;
        corm::SqlState last;
        try {
            co_await s.engine.transaction(
                [&](corm::AsyncSession& session) -> corm::Task<> {
                    ++attempts;
                    const auto user = co_await session.get_one<User>(1);
                    s.database.query("update users set age = age + 10");
                    user.edit().name = "mine";
                },
                repeatable);
        } catch (const corm::DatabaseError& error) {
            last = error.sqlstate();
        }
        CHECK(last == corm::sqlstate::serialization_failure);
        CHECK(attempts == 4);
    });
    CHECK(s.database.query("select name from users") == "user 1");
}

TEST_CASE("a transaction that has committed is not run again", "[orm][integration]") {
    corm::EngineOptions options;
    const corm::Engine* engine = nullptr;
    int attempts = 0;
    bool commits = true;
    SECTION("whose function commits, and fails then") {}
    SECTION("behind which a hook fails") {
        commits = false;
        const auto hooks = std::make_shared<corm::SessionHooks>();
        // The session that fails does not commit.
        hooks->after_commit([&](const corm::SessionHandle&) { return fail_elsewhere(*engine); });
        options.hooks = hooks;
    }
    Sessions s{"", options};
    engine = &s.engine;
    s.run([&]() -> corm::Task<> {
        const auto write = [&](corm::AsyncSession& session) -> corm::Task<> {
            ++attempts;
            session.add(User{.name = "once"});
            if (!commits)
                co_return;
            co_await session.commit();
            co_await fail_elsewhere(s.engine);
        };
        const auto error = co_await failure(s.engine.transaction(write, repeatable));
        CHECK(caught<corm::DatabaseError>(error).sqlstate() == corm::sqlstate::serialization_failure);
    });
    CHECK(attempts == 1);
    CHECK(s.database.query("select count(*) from users") == "1");
    expect_well(s);
}

TEST_CASE("a transaction that was rolled back by its function may run again", "[orm][integration]") {
    Sessions s;
    int attempts = 0;
    s.run([&]() -> corm::Task<> {
        const auto write = [&](corm::AsyncSession& session) -> corm::Task<> {
            session.add(User{.name = "made"});
            if (++attempts == 2)
                co_return;
            co_await session.rollback();
            co_await fail_elsewhere(s.engine);
        };
        co_await s.engine.transaction(write, repeatable);
    });
    CHECK(attempts == 2);
    CHECK(s.database.query("select count(*) from users") == "1");
}

TEST_CASE("F53: a deadlock has one victim, which tries again", "[orm][integration][F53]") {
    Database database{std::string{schema} + users(2)};
    asio::io_context context;
    corm::Engine engine{context.get_executor(), database.url() + " options='-c deadlock_timeout=50ms'"};
    int attempts = 0;
    int holding = 0;
    std::exception_ptr failed;
    const auto transfer = [&](std::int64_t first, std::int64_t second) -> corm::Task<> {
        co_await engine.transaction([&, first, second](corm::AsyncSession& session) -> corm::Task<> {
            ++attempts;
            const auto from = co_await session.get_one<User>(first, corm::for_update);
            // The first time, both have one lock before either asks for the second.
            ++holding;
            while (holding < 2)
                co_await asio::post(asio::use_awaitable);
            const auto to = co_await session.get_one<User>(second, corm::for_update);
            from.edit().age -= 5;
            to.edit().age += 5;
        });
    };
    for (const auto& [first, second] : {std::pair{1, 2}, std::pair{2, 1}})
        asio::co_spawn(context, transfer(first, second), [&failed](std::exception_ptr error) {
            if (error)
                failed = error;
        });
    context.run();
    if (failed)
        std::rethrow_exception(failed);
    CHECK(attempts == 3);
    CHECK(database.query("select string_agg(age || ' ' || version, ',' order by id) from users") == "1 2,2 2");
    expect_well(context, engine, database);
}

TEST_CASE("other errors are not retried", "[orm][integration]") {
    Sessions s{"insert into users (name, email) values ('a', 'a@x');"};
    s.run([&]() -> corm::Task<> {
        int attempts = 0;
        std::string constraint;
        try {
            co_await s.engine.transaction([&](corm::AsyncSession& session) -> corm::Task<> {
                ++attempts;
                session.add(User{.name = "b", .email = "a@x"});
                co_return;
            });
        } catch (const corm::IntegrityError& error) {
            constraint = error.constraint();
        }
        CHECK(constraint == "users_email_key");
        CHECK(attempts == 1);

        attempts = 0;
        bool stale = false;
        try {
            co_await s.engine.transaction([&](corm::AsyncSession& session) -> corm::Task<> {
                ++attempts;
                const auto user = co_await session.get_one<User>(1);
                s.database.query("update users set version = version + 1");
                user.edit().age = 4;
            });
        } catch (const corm::StaleDataError&) {
            stale = true;
        }
        CHECK(stale);
        CHECK(attempts == 1);
    });
}

TEST_CASE("F48: a commit of unknown outcome is reported once and not repeated", "[orm][integration][F48]") {
    Sessions s{users(1) + die_in_commit};
    s.run([&]() -> corm::Task<> {
        int attempts = 0;
        bool unknown = false;
        try {
            co_await s.engine.transaction([&](corm::AsyncSession& session) -> corm::Task<> {
                ++attempts;
                const auto user = co_await session.get_one<User>(1);
                user.edit().age = 2;
            });
        } catch (const corm::CommitOutcomeUnknown&) {
            unknown = true;
        }
        CHECK(unknown);
        CHECK(attempts == 1);
        // The pool replaces what was lost.
        const auto count = co_await s.engine.transaction([](corm::AsyncSession& session) -> corm::Task<std::int64_t> {
            co_return co_await session.scalar(corm::count<User>());
        });
        CHECK(count == 1);
    });
    expect_well(s);
}

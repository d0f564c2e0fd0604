// What the isolation levels show, what they refuse, and what runs again.
#include "fixture.hpp"

#include "support/caught.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

using namespace corm::test;
namespace asio = boost::asio;
using Catch::Matchers::ContainsSubstring;
using corm::Isolation;

namespace {

auto everybody() {
    return corm::select<User>().order_by(corm::asc<&User::id>);
}

corm::Task<std::int32_t> age_of(corm::AsyncSession& session, std::int64_t id) {
    co_return co_await session.one<std::int32_t>(corm::raw_sql("select age from users where id = $1", id));
}

/// The server keeps watch over what the session's transaction reads. Asked about by its number: the locks of others,
/// of earlier ones of the same connection too, stay for as long as they have overlapped with one that goes on, and are
/// swept up only behind the wake-up of whoever has waited for a safe snapshot.
corm::Task<bool> has_predicate_locks(corm::AsyncSession& session) {
    co_return co_await session.one<bool>(corm::raw_sql(
        "select exists (select from pg_locks l join pg_locks own using (virtualtransaction) where l.mode = "
        "'SIReadLock' and own.locktype = 'virtualxid' and own.pid = pg_backend_pid())"));
}

/// Waits until so many server sessions wait for `event`.
corm::Task<> until_waiting(const Database& database, const char* event) {
    while (database.query(std::string{"select count(*) from pg_stat_activity where datname = current_database() and "
                                      "wait_event = '"} +
                          event + "'") != "1")
        co_await asio::post(asio::use_awaitable);
}

/// Two tasks take from the ages of users 1 and 2 together, which must not fall below 0: each reads both rows, and only
/// then either writes its own. Returns how often their functions ran.
int take_from_both(Sessions& s, Isolation isolation) {
    int attempts = 0;
    int read = 0;
    std::exception_ptr failed;
    const corm::TransactionOptions options{.session = {.isolation = isolation}, .first_backoff = corm::Duration{1}};
    const auto take = [&](std::size_t own) -> corm::Task<> {
        co_await s.engine.transaction(
            [&, own](corm::AsyncSession& session) -> corm::Task<> {
                ++attempts;
                const auto both = co_await session.all(everybody());
                ++read;
                while (read < 2)
                    co_await asio::post(asio::use_awaitable);
                if (both[0]->age + both[1]->age >= 10)
                    both[own].edit().age -= 10;
            },
            options);
    };
    for (const std::size_t own : {0U, 1U})
        asio::co_spawn(s.context, take(own), [&failed](std::exception_ptr error) {
            if (error)
                failed = error;
        });
    s.context.restart();
    s.context.run();
    if (failed)
        std::rethrow_exception(failed);
    return attempts;
}

} // namespace

TEST_CASE("read committed: each statement sees what was committed before it", "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.isolation = Isolation::read_committed}};
        const auto before = co_await age_of(session, 1);
        CHECK(before == 1);
        s.database.query("update users set age = 50 where id = 1; insert into users (name) values ('new')");
        const auto after = co_await age_of(session, 1);
        CHECK(after == 50);
        const auto count = co_await session.scalar(corm::count<User>());
        CHECK(count == 3);
        // Objects keep what was loaded, until they are asked for anew; the server minds no change in between.
        const auto user = co_await session.get_one<User>(2);
        s.database.query("update users set age = 60 where id = 2");
        co_await session.all(everybody());
        CHECK(user->age == 2);
        user.edit().name = "mine";
        co_await session.commit();
    });
    CHECK(s.database.query("select name || age from users where id = 2") == "mine60");
}

TEST_CASE("repeatable read: a transaction sees one state, and fails on rows that others have changed",
          "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.isolation = Isolation::repeatable_read}};
        const auto loaded = co_await session.all(everybody());
        s.database.query("update users set age = 50 where id = 1; insert into users (name) values ('new')");
        const auto age = co_await age_of(session, 1);
        CHECK(age == 1);
        const auto count = co_await session.scalar(corm::count<User>());
        CHECK(count == 2);
        // A row that nobody has touched may be written.
        loaded[1].edit().age = 20;
        co_await session.flush();
        const auto locked = co_await failure(session.get<User>(1, corm::for_update));
        const auto error = caught<corm::DatabaseError>(locked);
        CHECK(error.sqlstate() == corm::sqlstate::serialization_failure);
        CHECK(error.sqlstate().is_retryable());
        CHECK_THAT(error.diagnostics().message, ContainsSubstring("concurrent update"));
        CHECK(loaded[1]->age == 2);
        co_await session.rollback();
        loaded[0].edit().age = 30;
        s.database.query("update users set age = 70 where id = 1");
        const auto fresh = co_await session.all(everybody());
        CHECK(fresh.size() == 3);
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(age::text, ',' order by id) from users") == "30,2,0");
}

TEST_CASE("repeatable read: engine.transaction runs again after a concurrent update", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        int attempts = 0;
        const corm::TransactionOptions options{.session = {.isolation = Isolation::repeatable_read},
                                               .first_backoff = corm::Duration{1}};
        co_await s.engine.transaction(
            [&](corm::AsyncSession& session) -> corm::Task<> {
                const auto seen = co_await age_of(session, 1);
                if (++attempts < 3)
                    s.database.query("update users set age = age + 10");
                // A lock does not help: it would be on a row that this transaction does not see.
                const auto user = co_await session.get_one<User>(1, corm::for_update);
                CHECK(user->age == seen);
                user.edit().age += 100;
            },
            options);
        CHECK(attempts == 3);
    });
    CHECK(s.database.query("select age from users") == "121");
}

TEST_CASE("repeatable read: a rule over two rows can be broken by two transactions", "[orm][integration]") {
    Sessions s{"insert into users (name, age) values ('a', 5), ('b', 5);"};
    CHECK(take_from_both(s, Isolation::repeatable_read) == 2);
    CHECK(s.database.query("select sum(age) from users") == "-10");
}

TEST_CASE("serializable: of two transactions that break a rule together one runs again", "[orm][integration]") {
    Sessions s{"insert into users (name, age) values ('a', 5), ('b', 5);"};
    CHECK(take_from_both(s, Isolation::serializable) == 3);
    CHECK(s.database.query("select sum(age) from users") == "0");
}

TEST_CASE("read only: the server refuses to write, and the error says why", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.read_only = true}};
        const auto user = co_await session.get_one<User>(1);
        // The server names the outer statement of a flush, which is a SELECT: ours says what was to be done.
        const auto refused = [&](const std::exception_ptr& thrown, const char* write) {
            const auto error = caught<corm::DatabaseError>(thrown);
            CHECK(error.sqlstate() == corm::sqlstate::read_only_transaction);
            CHECK_THAT(error.what(), ContainsSubstring("25006 (read-only transaction)") && ContainsSubstring(write));
            CHECK_THAT(error.diagnostics().message, ContainsSubstring("in a read-only transaction"));
            CHECK_THAT(error.where().file_name(), ContainsSubstring("isolation_test.cpp"));
        };
        user.edit().age = 9;
        const auto flushed = co_await failure(session.flush());
        refused(flushed, "while updating User;");
        co_await session.rollback();
        const auto added = session.add(User{.name = "new"});
        const auto inserted = co_await failure(session.commit());
        refused(inserted, "while inserting User;");
        CHECK(corm::inspect(added).state() == corm::ObjectState::transient);
        co_await session.rollback();
        // A lock is a change of the row.
        const auto locked = co_await failure(session.get<User>(1, corm::for_update));
        refused(locked, "FOR UPDATE");
        co_await session.rollback();
        const auto raw = co_await failure(session.execute(corm::raw_sql("delete from users")));
        refused(raw, "delete from users");
        co_await session.rollback();
        const auto again = co_await session.get_one<User>(1);
        CHECK(again->age == 1);
        co_await session.commit();
    });
    CHECK(s.database.query("select count(*) || ' ' || sum(age) from users") == "1 1");
}

TEST_CASE("deferrable: a report waits for a safe snapshot, and for nothing from then on", "[orm][integration]") {
    Sessions s{users(2)};
    const corm::SessionOptions plain{.isolation = Isolation::serializable, .read_only = true};
    corm::SessionOptions deferrable = plain;
    deferrable.deferrable = true;
    bool reported = false;
    std::exception_ptr failed;
    const auto report = [&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, deferrable};
        const auto modes = co_await session.one<std::string>(
            corm::raw_sql("select concat_ws(' ', current_setting('transaction_isolation'), "
                          "current_setting('transaction_read_only'), current_setting('transaction_deferrable'))"));
        reported = true;
        CHECK(modes == "serializable on on");
        const auto all = co_await session.all(everybody());
        CHECK(all.size() == 2);
        const bool watched = co_await has_predicate_locks(session);
        CHECK_FALSE(watched);
        // Nobody who comes later can make it wait or fail.
        corm::AsyncSession writer{s.engine, {.isolation = Isolation::serializable}};
        (co_await writer.get_one<User>(1)).edit()->age = 70;
        co_await writer.commit();
        const auto seen = co_await age_of(session, 1);
        CHECK(seen == 1);
        co_await session.commit();
    };
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession writer{s.engine, {.isolation = Isolation::serializable}};
        const auto user = co_await writer.get_one<User>(2);
        user.edit().age = 20;
        co_await writer.flush();
        // A session that is not deferrable reads at once, and the server keeps watch over it.
        {
            corm::AsyncSession session{s.engine, plain};
            const auto seen = co_await age_of(session, 1);
            CHECK(seen == 1);
            const bool watched = co_await has_predicate_locks(session);
            CHECK(watched);
            co_await session.commit();
        }
        asio::co_spawn(s.context, report, [&](std::exception_ptr error) { failed = error; });
        co_await until_waiting(s.database, "SafeSnapshot");
        CHECK_FALSE(reported);
        co_await writer.commit();
    });
    if (failed)
        std::rethrow_exception(failed);
    CHECK(reported);
    CHECK(s.database.query("select string_agg(age::text, ',' order by id) from users") == "70,20");
}

TEST_CASE("autocommit: what needs a transaction is refused before anything is sent", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = true}};
        const auto user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        s.round_trips();
        const auto begun = co_await failure(session.begin_nested());
        CHECK_THAT(caught<corm::Error>(begun).what(), ContainsSubstring("autocommit session"));
        bool entered = false;
        const auto nested = co_await failure(session.nested([&entered]() -> corm::Task<> {
            entered = true;
            co_return;
        }));
        CHECK_THAT(caught<corm::Error>(nested).what(), ContainsSubstring("autocommit session"));
        CHECK_FALSE(entered);
        const auto raw = co_await failure(session.execute(corm::raw_sql("begin")));
        CHECK_THAT(caught<corm::Error>(raw).what(), ContainsSubstring("BEGIN would change the transaction"));
        CHECK(s.round_trips() == 0);
        // The refusals have cost nothing.
        co_await session.flush();
        CHECK_FALSE(session.in_transaction());
        CHECK(s.database.query("select age from users") == "50");
    });
}

TEST_CASE("autocommit: options of a transaction that there is not are refused", "[orm][integration]") {
    Sessions s;
    const corm::SessionOptions options =
        GENERATE(corm::SessionOptions{.read_only = true, .autocommit = true},
                 corm::SessionOptions{.deferrable = true, .autocommit = true},
                 corm::SessionOptions{.isolation = Isolation::serializable, .autocommit = true});
    CHECK_THROWS_WITH((corm::AsyncSession{s.engine, options}),
                      ContainsSubstring("SessionOptions::autocommit") && ContainsSubstring("isolation"));
}

TEST_CASE("autocommit: a flush of several tables is one transaction", "[orm][integration]") {
    Sessions s{users(1) + "insert into lines values (1, 1, 'a', 1), (1, 2, 'b', 1);"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = true}};
        const auto user = co_await session.get_one<User>(1);
        const auto lines = co_await session.all(corm::select<Line>().order_by(corm::asc<&Line::line_no>));
        const auto change = [&] {
            user.edit().age = 50;
            lines[0].edit().quantity = 50;
            session.remove(lines[1]);
        };
        change();
        s.database.query("update users set version = version + 1");
        s.round_trips();
        const auto error = co_await failure(session.flush());
        CHECK(s.round_trips() == 1);
        CHECK(caught<corm::StaleDataError>(error).entity() == "User");
        CHECK(s.database.query("select sum(quantity) from lines") == "2");
        CHECK(user->age == 1);
        co_await session.refresh(user);
        change();
        co_await session.flush();
    });
    CHECK(s.database.query("select age from users") == "50");
    CHECK(s.database.query("select string_agg(line_no || ':' || quantity, ',') from lines") == "1:50");
}

// Rows that are inserted, or written over those that are there, by one statement.
#include <corm/query/insert.hpp>

#include "fixture.hpp"

#include "support/caught.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;
using corm::Freshness;
using corm::ObjectState;

namespace {

const std::string ada_and_alan =
    "insert into users (name, email, age) values ('Ada', 'ada@x', 36), ('Alan', 'alan@x', 41);";

User user(std::string name, std::string email, std::int32_t age = 0) {
    return User{.name = std::move(name), .email = std::move(email), .age = age};
}

Line line(std::int16_t number, std::string article, std::int32_t quantity) {
    return Line{.order_no = 1, .line_no = number, .article = std::move(article), .quantity = quantity};
}

/// g++ 12 takes no list inside of an awaited expression, and makes temporary structs there wrongly.
template <class T>
std::vector<T> both(T first, T second) {
    std::vector<T> values;
    values.push_back(std::move(first));
    values.push_back(std::move(second));
    return values;
}

} // namespace

TEST_CASE("an upsert writes over the rows that conflict, in one round trip", "[orm][integration]") {
    Sessions s{ada_and_alan};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::vector<User> values{user("Grace", "grace@x", 1), user("Ada L.", "ada@x", 37)};
        const std::int64_t written =
            co_await session.execute(corm::insert<User>(values).on_conflict<&User::email>().do_update<&User::name>());
        CHECK(written == 2);
        CHECK(s.round_trips() == 1);
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(name || age || version, ' ' order by email) from users") ==
          "Ada L.361 Alan410 Grace10");
}

TEST_CASE("objects of the session take what an upsert has written", "[orm][integration]") {
    Sessions s{ada_and_alan};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto ada = co_await session.get_one<User>(1);
        const auto alan = co_await session.get_one<User>(2);
        s.round_trips();
        co_await session.execute(
            corm::insert<User>(user("Ada L.", "ada@x", 37)).on_conflict<&User::email>().do_update());
        CHECK(s.round_trips() == 1);
        CHECK(ada->name == "Ada L.");
        CHECK(ada->age == 37);
        CHECK(ada->version == 1);
        CHECK(corm::inspect(ada).freshness() == Freshness::fresh);
        CHECK_FALSE(session.is_modified(ada));
        CHECK(alan->name == "Alan");
        // The version of the object is that of the row.
        ada.edit().age = 38;
        co_await session.commit();
        CHECK(ada->version == 2);
    });
    CHECK(s.database.query("select name || age || version from users where id = 1") == "Ada L.382");
}

TEST_CASE("the rows that were written are had as objects", "[orm][integration]") {
    Sessions s{ada_and_alan};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto ada = co_await session.get_one<User>(1);
        auto all = co_await session.all(corm::insert<User>(both(user("Grace", "grace@x"), user("Ada L.", "ada@x")))
                                            .on_conflict<&User::email>()
                                            .do_update<&User::name>());
        CHECK(all.size() == 2);
        CHECK(std::count(all.begin(), all.end(), ada) == 1);
        std::erase(all, ada);
        CHECK(all.front()->name == "Grace");
        CHECK(all.front()->id > 2);
        CHECK(corm::inspect(all.front()).state() == ObjectState::persistent);
        s.round_trips();
        const auto again = co_await session.get<User>(all.front()->id);
        CHECK(again == all.front());
        CHECK(s.round_trips() == 0);
        co_await session.commit();
    });
}

TEST_CASE("rows that conflict are left out on demand", "[orm][integration]") {
    Sessions s{ada_and_alan};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::vector<User> values{user("Ada L.", "ada@x"), user("Grace", "grace@x")};
        const auto added = co_await session.all(corm::insert<User>(values).on_conflict<&User::email>().do_nothing());
        CHECK(added.size() == 1);
        CHECK(added.front()->name == "Grace");
        const auto none = co_await session.execute(corm::insert<User>(values).on_conflict().do_nothing());
        CHECK(none == 0);
        // An inserted row goes with the transaction, and its object is a new one then.
        co_await session.rollback();
        CHECK(corm::inspect(added.front()).state() == ObjectState::transient);
    });
    CHECK(s.database.query("select count(*) from users") == "2");
}

TEST_CASE("an insert without a conflict clause is refused as any other", "[orm][integration]") {
    Sessions s{ada_and_alan};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto all = co_await session.all(corm::insert<User>(both(user("a", "a@x"), user("b", "b@x"))));
        CHECK(all.size() == 2);
        const auto error = co_await failure(session.execute(corm::insert<User>(user("Ada", "ada@x"))));
        CHECK(caught<corm::IntegrityError>(error).diagnostics().constraint == "users_email_key");
        co_await session.rollback();
        CHECK(corm::inspect(all.front()).state() == ObjectState::transient);
    });
}

TEST_CASE("a constraint may be named", "[orm][integration]") {
    Sessions s{ada_and_alan};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        co_await session.execute(
            corm::insert<User>(user("Ada L.", "ada@x")).on_constraint("users_email_key").do_update<&User::name>());
        co_await session.execute(corm::insert<Line>(line(1, "a", 1)));
        co_await session.execute(corm::insert<Line>(both(line(1, "b", 2), line(2, "c", 3)))
                                     .on_conflict<&Line::order_no, &Line::line_no>()
                                     .do_update());
        co_await session.commit();
    });
    CHECK(s.database.query("select name from users where id = 1") == "Ada L.");
    CHECK(s.database.query("select string_agg(article || quantity, ' ' order by line_no) from lines") == "b2 c3");
}

TEST_CASE("unflushed changes go ahead of an insert, edits that do not are kept", "[orm][integration]") {
    Sessions s{ada_and_alan};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto ada = co_await session.get_one<User>(1);
        session.add(user("Grace", "grace@x"));
        ada.edit().age = 50;
        s.round_trips();
        co_await session.execute(
            corm::insert<User>(user("G.", "grace@x")).on_conflict<&User::email>().do_update<&User::name>());
        CHECK(s.round_trips() == 1);
        CHECK_FALSE(session.is_modified(ada));
        {
            const auto guard = session.no_autoflush();
            ada.edit().age = 60;
            co_await session.execute(
                corm::insert<User>(user("Ada L.", "ada@x", 1)).on_conflict<&User::email>().do_update());
        }
        CHECK(ada->name == "Ada L.");
        CHECK(ada->age == 60);
        CHECK(corm::inspect(ada).history<&User::age>().deleted == 1);
        co_await session.commit();
        CHECK(ada->version == 3);
    });
    CHECK(s.database.query("select string_agg(name || age, ' ' order by id) from users") == "Ada L.60 Alan41 G.0");
}

TEST_CASE("a rollback gives objects back what an upsert wrote over", "[orm][integration]") {
    Sessions s{ada_and_alan};
    const bool edited_before = GENERATE(false, true);
    s.run([&]() -> corm::Task<> {
        const auto upsert = [](std::string name) {
            return corm::insert<User>(user(std::move(name), "ada@x", 1)).on_conflict<&User::email>().do_update();
        };
        corm::AsyncSession session{s.engine};
        const auto ada = co_await session.get_one<User>(1);
        if (edited_before) {
            ada.edit().age = 40;
            co_await session.flush();
        }
        corm::Savepoint savepoint = co_await session.begin_nested();
        co_await session.execute(upsert("inner"));
        CHECK(ada->name == "inner");
        co_await savepoint.rollback();
        CHECK(ada->name == "Ada");
        CHECK(ada->age == (edited_before ? 40 : 36));
        co_await session.execute(upsert("outer"));
        CHECK(ada->name == "outer");
        co_await session.rollback();
        CHECK(ada->name == "Ada");
        CHECK(ada->age == 36);
        CHECK(ada->version == 0);
        CHECK(corm::inspect(ada).freshness() == Freshness::stale);
        ada.edit().age = 70;
        co_await session.commit();
    });
    CHECK(s.database.query("select name || age || version from users where id = 1") == "Ada701");
}

TEST_CASE("any number of rows is one text", "[orm][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = true}};
        for (const int count : {1, 2, 30'000}) {
            std::vector<User> values;
            for (int i = 0; i < count; ++i)
                values.push_back(user("n", "e" + std::to_string(i), i));
            s.round_trips();
            const auto written = co_await session.execute(
                corm::insert<User>(values).on_conflict<&User::email>().do_update<&User::age>());
            CHECK(written == count);
            CHECK(s.round_trips() == 1);
        }
        const std::vector<User> none;
        const auto nothing = co_await session.execute(corm::insert<User>(none));
        CHECK(nothing == 0);
        CHECK(s.round_trips() == 0);
        const auto texts = co_await session.one<std::int64_t>(
            corm::raw_sql("select count(*) from pg_prepared_statements where statement like 'INSERT%'"));
        CHECK(texts == 1);
    });
    CHECK(s.database.query("select count(*) || ' ' || sum(version) from users") == "30000 3");
}

TEST_CASE("in autocommit sessions an upsert is final", "[orm][integration]") {
    Sessions s{ada_and_alan};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = true}};
        const auto ada = co_await session.get_one<User>(1);
        co_await session.execute(corm::insert<User>(user("A.", "ada@x")).on_conflict<&User::email>().do_update());
        const auto grace = co_await session.all(corm::insert<User>(user("Grace", "grace@x")));
        co_await session.rollback();
        CHECK(ada->name == "A.");
        CHECK(corm::inspect(grace.front()).state() == ObjectState::persistent);
    });
}

TEST_CASE("sessions that upsert the same rows in any order do not deadlock", "[orm][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        std::vector<User> values;
        for (int i = 0; i < 50; ++i)
            values.push_back(user("n", "e" + std::to_string(i)));
        corm::AsyncSession setup{s.engine};
        co_await setup.execute(corm::insert<User>(values));
        co_await setup.commit();
    });
    int left = 2;
    const auto writer = [&](bool backwards) -> corm::Task<> {
        std::vector<User> values;
        for (int i = 0; i < 50; ++i)
            values.push_back(user("n", "e" + std::to_string(backwards ? 49 - i : i)));
        for (int round = 0; round < 20; ++round) {
            corm::AsyncSession session{s.engine};
            co_await session.execute(corm::insert<User>(values).on_conflict<&User::email>().do_update());
            co_await session.commit();
        }
        --left;
    };
    std::exception_ptr error;
    for (const bool backwards : {false, true})
        boost::asio::co_spawn(s.context, writer(backwards), [&error](std::exception_ptr thrown) {
            if (thrown)
                error = thrown;
        });
    s.context.restart();
    s.context.run();
    CHECK_FALSE(error);
    CHECK(left == 0);
    CHECK(s.database.query("select min(version) || ' ' || max(version) from users") == "40 40");
}

TEST_CASE("records are inserted by the names of their columns", "[orm][integration]") {
    Sessions s{ada_and_alan};
    s.run([&]() -> corm::Task<> {
        const auto mapper = corm::define("users")
                                .column<std::int64_t>("id")
                                .column<std::string>("name")
                                .column<std::string>("email")
                                .primary_key({"id"})
                                .build();
        corm::Record record{mapper};
        record.set<std::string>("name", "record").set<std::string>("email", "ada@x");
        corm::AsyncSession session{s.engine};
        const auto written =
            co_await session.all(corm::insert<corm::Record>(record).on_conflict("email").do_update("name"));
        CHECK(written.front()->get<std::int64_t>("id") == 1);
        co_await session.commit();
    });
    CHECK(s.database.query("select name from users where id = 1") == "record");
}

TEST_CASE("an object that is inserted ahead of an upsert takes what that has written", "[orm][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto added = session.add(user("A", "a@x"));
        co_await session.execute(
            corm::insert<User>(user("B", "a@x")).on_conflict<&User::email>().do_update<&User::name>());
        CHECK(s.round_trips() == 1);
        CHECK(added->name == "B");
        CHECK(added->version == 1);
        added.edit().age = 5;
        co_await session.commit();
    });
    CHECK(s.database.query("select name || age || version from users") == "B52");
}

TEST_CASE("a rollback expires what was expired before an upsert wrote it", "[orm][integration]") {
    Sessions s{ada_and_alan};
    const bool nested = GENERATE(false, true);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto ada = co_await session.get_one<User>(1);
        session.expire(ada);
        std::optional<corm::Savepoint> savepoint;
        if (nested)
            savepoint.emplace(co_await session.begin_nested());
        co_await session.execute(corm::insert<User>(user("undone", "ada@x")).on_conflict<&User::email>().do_update());
        CHECK(ada->name == "undone");
        if (nested)
            co_await savepoint->rollback();
        else
            co_await session.rollback();
        CHECK(corm::inspect(ada).freshness() == Freshness::expired);
        CHECK_THROWS_AS(ada->name, corm::NotLoadedError);
        co_await session.refresh(ada);
        CHECK(ada->name == "Ada");
        session.remove(ada);
        co_await session.commit();
    });
    CHECK(s.database.query("select count(*) from users") == "1");
}

// Queries of sessions: how many rows are wanted, and raw SQL in every shape.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Described, not mapped.
struct AgeOf {
    std::string name;
    std::int32_t age = 0;
};
BOOST_DESCRIBE_STRUCT(AgeOf, (), (name, age))

corm::Task<std::string> not_found(corm::Task<> operation) {
    try {
        co_await std::move(operation);
    } catch (const corm::NotFoundError& error) {
        CHECK(error.where().line() != 0);
        co_return error.what();
    }
    co_return "nothing was thrown";
}

template <class T>
corm::Task<> ignore(corm::Task<T> operation) {
    co_await std::move(operation);
}

} // namespace

TEST_CASE("first, one and one_or_none say how many rows they want", "[orm][integration]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto everybody = corm::select<User>().order_by(corm::desc<&User::id>);
        const auto nobody = corm::select<User>().where(corm::col<&User::id> == 9);
        const auto second = corm::select<User>().where(corm::col<&User::id> == 2);

        const auto first = co_await session.first(everybody);
        CHECK(first->id == 3);
        const auto none = co_await session.first(nobody);
        CHECK_FALSE(none);
        const auto no_more = co_await session.first(corm::select<User>().limit(0));
        CHECK_FALSE(no_more);
        const auto one = co_await session.one(second);
        CHECK(one->id == 2);
        const auto same = co_await session.one_or_none(second);
        CHECK(same == one);
        const auto empty = co_await session.one_or_none(nobody);
        CHECK_FALSE(empty);

        const std::string missing = co_await not_found(ignore(session.one(nobody)));
        CHECK_THAT(missing, ContainsSubstring("User") && ContainsSubstring("no row"));
        const std::string many = co_await not_found(ignore(session.one(everybody)));
        CHECK_THAT(many, ContainsSubstring("3 rows"));
        const std::string more = co_await not_found(ignore(session.one_or_none(everybody)));
        CHECK_THAT(more, ContainsSubstring("3 rows"));
        // None of that ended the transaction.
        CHECK(session.in_transaction());
        const auto counted =
            co_await session.scalar(corm::count(corm::select<User>().where(corm::col<&User::age> >= 2).limit(1)));
        CHECK(counted == 1);
        const auto all = co_await session.scalar(corm::count<User>().where(corm::col<&User::age> >= 2));
        CHECK(all == 2);
    });
}

TEST_CASE("raw SQL is read into scalars, tuples and structs", "[orm][integration]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto names =
            co_await session.all<std::string>(corm::raw_sql("select name from users where age >= $1 order by id", 2));
        CHECK(names == std::vector<std::string>{"user 2", "user 3"});
        const auto pairs = co_await session.all<std::tuple<std::int64_t, std::optional<std::string>>>(
            corm::raw_sql("select id, email from users order by id"));
        REQUIRE(pairs.size() == 3);
        CHECK(pairs[1] == std::tuple<std::int64_t, std::optional<std::string>>{2, std::nullopt});
        const auto ages = co_await session.all<AgeOf>(corm::raw_sql("select age, name, id from users order by id"));
        REQUIRE(ages.size() == 3);
        CHECK(ages[2].name == "user 3");
        CHECK(ages[2].age == 3);
        // A mapped struct by value stays outside of the session.
        const auto value = co_await session.one<User>(corm::raw_sql("select * from users where id = 1"));
        CHECK(value.name == "user 1");
        const auto maybe = co_await session.first<std::int32_t>(corm::raw_sql("select age from users where id = 77"));
        CHECK_FALSE(maybe);
        const auto sum = co_await session.one<std::int64_t>(corm::raw_sql("select sum(age) from users"));
        CHECK(sum == 6);
        const auto text =
            co_await session.one<std::optional<std::string>>(corm::raw_sql("select $1::text", std::nullopt));
        CHECK_FALSE(text);
    });
}

TEST_CASE("raw SQL sees unflushed changes and reports the rows it affected", "[orm][integration]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        s.round_trips();
        const auto affected = co_await session.execute(corm::raw_sql("update users set age = age + 1 where age < 40"));
        CHECK(affected == 2);
        CHECK(s.round_trips() == 1);
        const auto none = co_await session.execute(corm::raw_sql("create temporary table t (x int) on commit drop"));
        CHECK(none == 0);
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(age::text, ',' order by id) from users") == "50,3,4");
}

TEST_CASE("a statement outside of transactions goes alone", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        co_await session.execute(corm::raw_sql("vacuum users").outside_transaction());
        CHECK_FALSE(session.in_transaction());
        CHECK(s.engine.stats().leased == 0);
        const auto user = co_await session.get_one<User>(1);
        std::string refused;
        try {
            co_await session.execute(corm::raw_sql("vacuum users").outside_transaction());
        } catch (const corm::Error& error) {
            refused = error.what();
        }
        CHECK_THAT(refused, ContainsSubstring("outside_transaction()") && ContainsSubstring("commit"));
        // That was the caller's mistake, and nothing was sent.
        CHECK(session.in_transaction());
        user.edit().age = 8;
        co_await session.commit();
        co_await session.execute(corm::raw_sql("vacuum users").outside_transaction());
    });
    CHECK(s.database.query("select age from users") == "8");
}

TEST_CASE("what a pipeline yields is typed, and one failure is that of all", "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto [changed, found] =
            co_await session.pipeline(corm::raw_sql("update users set age = 9"),
                                      corm::rows_as<AgeOf>(corm::raw_sql("select name, age from users")));
        CHECK(changed == 2);
        CHECK(found.size() == 2);
        CHECK(found.front().age == 9);
        corm::SqlState state;
        try {
            co_await session.pipeline(corm::count<User>(), corm::raw_sql("select 1 / 0"), corm::count<User>());
        } catch (const corm::DatabaseError& error) {
            state = error.sqlstate();
        }
        CHECK(state == corm::SqlState{"22012"});
        CHECK_FALSE(session.in_transaction());
        co_await session.rollback();
    });
    CHECK(s.database.query("select sum(age) from users") == "3");
}

// Rows that are not what the program takes them for: told by column, and without harm to the session.
#include "expect_well.hpp"
#include "support/caught.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>
#include <tuple>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Described, not mapped.
struct AgeOf {
    std::string name;
    std::int32_t age = 0;
};
BOOST_DESCRIBE_STRUCT(AgeOf, (), (name, age))

} // namespace

TEST_CASE("F66: numbers that do not fit are refused by the name of their column", "[orm][integration][F66]") {
    Sessions s{users(2) + "alter table users alter age type bigint; update users set age = 5000000000 where id = 1;"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto of_entity = caught<corm::ConversionError>(co_await failure(session.get<User>(1)));
        CHECK(of_entity.table() == "users");
        CHECK(of_entity.column() == "age");
        const auto of_result = caught<corm::ConversionError>(
            co_await failure(session.one<std::int32_t>(corm::raw_sql("select sum(age)::int8 as total from users"))));
        CHECK_THAT(of_result.what(), ContainsSubstring("total"));
        // A sum of bigint is numeric, and a count is bigint.
        const auto sum = co_await session.one<std::int64_t>(corm::raw_sql("select sum(age) from users"));
        CHECK(sum == 5'000'000'002);
        const auto exact = co_await session.one<std::int64_t>(corm::raw_sql("select 3000000000::int8 as count"));
        CHECK(exact == 3'000'000'000);
        const auto fraction = caught<corm::ConversionError>(
            co_await failure(session.one<std::int64_t>(corm::raw_sql("select 1.5::numeric as part"))));
        CHECK_THAT(fraction.what(), ContainsSubstring("part"));
        // The others are read, and the transaction goes on.
        const corm::Ref<User> second = co_await session.get_one<User>(2);
        second.edit().name = "fits";
        co_await session.commit();
    });
    CHECK(s.database.query("select name from users where id = 2") == "fits");
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("F67: NULL needs an optional, and the error names the column", "[orm][integration][F67]") {
    Sessions s{users(2) + "alter table users alter name drop not null; update users set name = null where id = 1;"
                          "insert into lines values (2, 1, 'of two', 1);"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto of_entity = caught<corm::ConversionError>(co_await failure(session.get<User>(1)));
        CHECK(of_entity.table() == "users");
        CHECK(of_entity.column() == "name");
        const auto of_struct = caught<corm::ConversionError>(
            co_await failure(session.all<AgeOf>(corm::raw_sql("select name, age from users order by id"))));
        CHECK_THAT(of_struct.what(), ContainsSubstring("name"));
        // What an outer join does not find is NULL as well.
        const auto joined = corm::raw_sql("select u.id, l.article from users u left join lines l on l.order_no = u.id "
                                          "order by u.id");
        const auto missing =
            caught<corm::ConversionError>(co_await failure(session.all<std::tuple<std::int64_t, std::string>>(joined)));
        CHECK_THAT(missing.what(), ContainsSubstring("article"));
        const auto found = co_await session.all<std::tuple<std::int64_t, std::optional<std::string>>>(joined);
        REQUIRE(found.size() == 2);
        CHECK_FALSE(std::get<1>(found[0]));
        CHECK(std::get<1>(found[1]) == "of two");
        co_await session.rollback();
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("F72: columns that do not match a struct are named, once for the result", "[orm][integration][F72]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto refusal = [&](const char* sql) -> corm::Task<std::string> {
            co_return caught<corm::MappingError>(co_await failure(session.all<AgeOf>(corm::unsafe_sql(sql)))).what();
        };
        const std::string missing = co_await refusal("select name from users");
        CHECK_THAT(missing, ContainsSubstring("AgeOf") && ContainsSubstring("no column \"age\""));
        const std::string twice = co_await refusal("select name, age, age from users");
        CHECK_THAT(twice, ContainsSubstring("several columns \"age\""));
        // No row has to be there.
        const std::string empty = co_await refusal("select name from users where false");
        CHECK(empty == missing);
        // Of another type than the member: told by the type, whatever the values are.
        const std::string type = co_await refusal("select name, age::text as age from users");
        CHECK_THAT(type, ContainsSubstring("\"age\": column of type with OID 25 cannot be read into int4"));
        co_await session.execute(corm::raw_sql("alter table users alter age drop default, alter age type text"));
        const auto changed = caught<corm::ConversionError>(co_await failure(session.get<User>(1)));
        CHECK(changed.column() == "age");
        co_await session.rollback();
        const auto wrong_count = caught<corm::MappingError>(co_await failure(
            session.one<std::tuple<std::int64_t, std::string>>(corm::raw_sql("select id from users where id = 1"))));
        CHECK_THAT(wrong_count.what(), ContainsSubstring("column"));
        co_await session.rollback();
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

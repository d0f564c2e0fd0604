// HI: what an attribute was, and what it is.
#include "fixture.hpp"
#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace conformance;

namespace {

using Name = std::optional<std::string>;

struct Tagged {
    std::int32_t id = 0;
    std::optional<std::string> note{};
    std::vector<std::int32_t> tags{};
};
BOOST_DESCRIBE_STRUCT(Tagged, (), (id, note, tags))
constexpr auto corm_mapping(corm::type<Tagged>) {
    return corm::table<Tagged>("tagged").primary_key<&Tagged::id>(corm::assigned);
}
constexpr const char* tagged = "create table tagged (id int primary key, note text, tags int[] not null);"
                               "insert into tagged values (1, 'n', '{1,2}');";

/// added / unchanged / deleted, "-" for nothing.
std::string history(const corm::Ref<User>& user) {
    const auto attribute = corm::inspect(user).history<&User::name>();
    return attribute.added.value_or("-") + "/" + attribute.unchanged.value_or("-") + "/" +
           attribute.deleted.value_or("-");
}

} // namespace

// A plain struct has no unset members, so what a new object holds is what it adds. Difference D14.
TEST_CASE("HI-01 a new object adds what it holds, and asking changes nothing", "[conformance]") {
    const corm::Ref<User> user = corm::transient(User{});
    CHECK(history(user) == "/-/-");
    CHECK(history(user) == "/-/-");
    CHECK(state_of(user) == ObjectState::transient);
    CHECK_FALSE(corm::inspect(user).is_modified());
}

TEST_CASE("HI-03 a set value is added, the old one deleted, until it is sent", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = session.add(User{.name = "hi"});
        co_await session.flush();
        CHECK(history(user) == "-/hi/-");
        user.edit().name = "there";
        CHECK(history(user) == "there/-/hi");
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE users"});
        CHECK(history(user) == "-/there/-");
        co_await session.commit();
    });
    CHECK(f.query("select name from users") == "there");
}

TEST_CASE("HI-04 a value that is set back was not changed", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(7);
        f.statements();
        user.edit().name = "other";
        user.edit().name = "jack";
        CHECK(history(user) == "-/jack/-");
        CHECK_FALSE(corm::inspect(user).is_modified());
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
}

TEST_CASE("HI-05 an attribute of a new object that is set to NULL is an added NULL", "[conformance]") {
    const corm::Ref<Tagged> read_first = corm::transient(Tagged{});
    CHECK_FALSE(read_first->note);
    read_first.set<&Tagged::note>(std::nullopt);
    const corm::Ref<Tagged> set_first = corm::transient(Tagged{});
    set_first.set<&Tagged::note>(std::nullopt);
    for (const auto& ref : {read_first, set_first}) {
        const auto note = corm::inspect(ref).history<&Tagged::note>();
        REQUIRE(note.added);
        CHECK_FALSE(*note.added);
        CHECK_FALSE(note.unchanged);
        CHECK_FALSE(note.deleted);
    }
}

// There is no value to change while none is loaded. Difference D1.
TEST_CASE("HI-07 an expired attribute has no history, and is not set", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(7);
        session.expire(user);
        f.statements();
        CHECK(history(user) == "-/-/-");
        CHECK_THROWS_AS(user.set<&User::name>("blind"), corm::NotLoadedError);
        CHECK(f.sql() == 0);
        co_await session.refresh(user);
        user.set<&User::name>("seen");
        CHECK(history(user) == "seen/-/jack");
        co_await session.commit();
    });
    CHECK(f.query("select name from users where id = 7") == "seen");
}

// Values are compared, so a change in place is seen without being announced. Difference D16.
TEST_CASE("HI-13 a value that is changed in place is written", "[conformance]") {
    Fixture f{tagged};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Tagged> row = co_await session.get_one<Tagged>(1);
        row.edit().tags.push_back(3);
        const auto tags = corm::inspect(row).history<&Tagged::tags>();
        CHECK(tags.added == std::vector<std::int32_t>{1, 2, 3});
        CHECK(tags.deleted == std::vector<std::int32_t>{1, 2});
        f.statements();
        co_await session.commit();
        CHECK(f.statements() == List{"UPDATE tagged"});
        session.expire(row);
        CHECK_THROWS_AS(row.edit().tags.clear(), corm::NotLoadedError);
    });
    CHECK(f.query("select tags from tagged") == "{1,2,3}");
}

TEST_CASE("derived tables fit: history", "[verify][conformance]") {
    CHECK(corm::test::misfit_of<Tagged>() == "");
}

// ME: values of elsewhere that become objects of a session.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace conformance;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Defaulted {
    std::int64_t id = 0;
    std::string name;
    std::string created{};
};
BOOST_DESCRIBE_STRUCT(Defaulted, (), (id, name, created))
constexpr auto corm_mapping(corm::type<Defaulted>) {
    return corm::table<Defaulted>("stamped").primary_key<&Defaulted::id>().server_default<&Defaulted::created>();
}

// Functions, because g++ 12 makes temporary structs in awaited expressions wrongly.
User user(std::int64_t id, std::string name) {
    return User{.id = id, .name = std::move(name)};
}
Foo foo(std::int32_t version, std::string value) {
    return Foo{.id = 1, .version_id = version, .value = std::move(value)};
}
Defaulted defaulted(std::string name, std::string created = {}) {
    return Defaulted{.id = 1, .name = std::move(name), .created = std::move(created)};
}

} // namespace

TEST_CASE("ME-01 merging an object without a key adds a copy", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> source = corm::transient(User{.name = "fred"});
        const corm::Ref<User> merged = co_await session.merge(source);
        CHECK(f.sql() == 0);
        CHECK(merged != source);
        CHECK(state_of(merged) == ObjectState::pending);
        CHECK(state_of(source) == ObjectState::transient);
        CHECK_FALSE(session.contains(source));
        CHECK(merged->name == "fred");
        co_await session.commit();
        CHECK(source->id == 0);
        CHECK(merged->id != 0);
    });
    CHECK(f.query("select count(*) from users") == "1");
}

TEST_CASE("ME-03 merging an object with a row updates it", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> source = corm::transient(User{.id = 7, .name = "jack the lad"});
        const corm::Ref<User> merged = co_await session.merge(source);
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(merged != source);
        CHECK(state_of(merged) == ObjectState::persistent);
        CHECK(session.is_modified(merged));
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE users"});
        // Equal values write nothing.
        static_cast<void>(co_await session.merge(user(7, "jack the lad")));
        CHECK_FALSE(session.is_modified(merged));
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select name from users where id = 7") == "jack the lad");
}

// A struct has no unset members: what is left to the server is not copied unless it is given. Difference D14.
TEST_CASE("ME-05 what was never set overwrites nothing", "[conformance]") {
    Fixture f{"create table stamped (id bigserial primary key, name text not null, created text not null default "
              "'now'); insert into stamped values (1, 'a', 'then');"};
    const auto mapper = corm::define("users")
                            .column<std::optional<std::int64_t>>("id")
                            .column<std::string>("name")
                            .primary_key({"id"})
                            .build();
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        // A key that is NULL is none.
        corm::Record record{mapper};
        record.set<std::string>("name", "no key");
        const auto merged = co_await session.merge(record);
        CHECK(f.sql() == 0);
        CHECK(corm::inspect(merged).state() == ObjectState::pending);
        session.expunge(merged);
        const corm::Ref<Defaulted> stamped = co_await session.merge(defaulted("b"));
        CHECK(stamped->created == "then");
        static_cast<void>(co_await session.merge(defaulted("b", "given"), corm::given<&Defaulted::created>));
        CHECK(stamped->created == "given");
        co_await session.commit();
    });
    CHECK(f.query("select name || created from stamped") == "bgiven");
}

TEST_CASE("ME-07 without loading, a clean object is taken for its row", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession first{f.engine};
        const corm::Ref<User> jack = co_await first.get_one<User>(7);
        const corm::Ref<User> ed = co_await first.get_one<User>(8);
        co_await first.close();
        ed.edit().name = "edited";
        f.statements();

        corm::AsyncSession session{f.engine};
        const auto transient = co_await failure(session.merge(user(7, "x"), {.load = false}));
        CHECK_THAT(message_of(transient), ContainsSubstring("has no row"));
        const auto modified = co_await failure(session.merge(ed, {.load = false}));
        CHECK_THAT(message_of(modified), ContainsSubstring("User(8)") && ContainsSubstring("not flushed"));
        const corm::Ref<User> copy = co_await session.merge(jack, {.load = false});
        CHECK(copy != jack);
        CHECK(state_of(copy) == ObjectState::persistent);
        CHECK(copy->name == "jack");
        CHECK(session.dirty<User>().empty());
        const corm::Ref<User> got = co_await session.get_one<User>(7);
        CHECK(got == copy);
        co_await session.flush();
        CHECK(f.sql() == 0);
        copy.edit().name = "changed";
        co_await session.commit();
    });
    CHECK(f.query("select name from users where id = 7") == "changed");
}

// A version that is not given is one like any other, so leaving it out has to be asked for. Difference D14.
TEST_CASE("ME-08 merging checks the version", "[conformance]") {
    Fixture f{"insert into foo values (1, 2, 'v');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto merged = co_await session.merge(foo(2, "equal"));
        co_await session.commit();
        CHECK(merged->version_id == 3);
        static_cast<void>(co_await session.merge(foo(0, "unset"), {.check_version = false}));
        co_await session.commit();
        CHECK(merged->version_id == 4);

        for (const bool held : {true, false}) {
            corm::AsyncSession other{f.engine};
            if (held)
                static_cast<void>(co_await other.get_one<Foo>(1));
            const auto stale = co_await failure(other.merge(foo(2, "too late")));
            CHECK(threw<corm::StaleDataError>(stale));
            co_await other.commit();
        }
    });
    CHECK(f.query("select version_id || value from foo") == "4unset");
}

TEST_CASE("ME-09 several objects of one key are merged into one", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto address = [](const char* email) { return Address{.id = 50, .user_id = 7, .email = email}; };
        const std::vector three{address("one"), address("two"), address("three")};
        const std::vector two{address("four"), address("five")};
        const auto added = co_await session.merge_all(three);
        CHECK(f.statements() == List{"SELECT addresses"});
        CHECK(added[0] == added[1]);
        CHECK(added[0] == added[2]);
        CHECK(added[0]->email == "three");
        co_await session.commit();
        CHECK(f.query("select string_agg(email, ' ') from addresses where id = 50") == "three");

        f.statements();
        const auto merged = co_await session.merge_all(two);
        CHECK(merged[0] == added[0]);
        CHECK(merged[1] == added[0]);
        co_await session.commit();
        CHECK(f.statements() == List{"SELECT addresses", "UPDATE addresses"});
    });
    CHECK(f.query("select string_agg(email, ' ') from addresses where id = 50") == "five");
}

// ME: values of elsewhere that become objects of a session.
#include "graph.hpp"
#include "support/fits.hpp"

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

/// Users and addresses that merges do not lead to.
struct LooseAddress;
struct Loose {
    std::int64_t id = 0;
    std::string name{};
    corm::Many<LooseAddress> addresses{};
};
BOOST_DESCRIBE_STRUCT(Loose, (), (id, name, addresses))
struct LooseAddress {
    std::int64_t id = 0;
    std::optional<std::int64_t> user_id{};
    std::string email{};
    corm::One<Loose> user{};
};
BOOST_DESCRIBE_STRUCT(LooseAddress, (), (id, user_id, email, user))
constexpr auto corm_mapping(corm::type<Loose>) {
    return corm::table<Loose>("users").primary_key<&Loose::id>().one_to_many<&Loose::addresses, &LooseAddress::user_id>(
        {.merge = false});
}
constexpr auto corm_mapping(corm::type<LooseAddress>) {
    return corm::table<LooseAddress>("addresses")
        .primary_key<&LooseAddress::id>()
        .many_to_one<&LooseAddress::user, &LooseAddress::user_id>({.merge = false});
}

corm::Ref<graph::OwnedAddress> owned(std::int64_t id, std::string email) {
    return corm::transient(graph::OwnedAddress{.id = id, .email = std::move(email)});
}
corm::Ref<graph::Address> address(std::int64_t id, std::string email) {
    return corm::transient(graph::Address{.id = id, .email = std::move(email)});
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

TEST_CASE("ME-04 a merged collection replaces the one that is there, and orphans are deleted", "[conformance]") {
    Fixture f{"insert into users values (7, 'fred'); insert into addresses values (1, 7, 'fred1'), (2, 7, 'fred2');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto three = owned(3, "fred3"), four = owned(4, "fred4");
        const auto source = corm::transient(graph::Owner{.id = 7, .name = "fred", .addresses = {three, four}});
        const auto merged = co_await session.merge(source);
        CHECK(f.statements() == List{"SELECT users", "SELECT addresses", "SELECT addresses"});
        CHECK(merged->addresses.size() == 2);
        CHECK(merged->addresses[0]->email == "fred3");
        CHECK(merged->addresses[1]->id == 4);
        CHECK(merged->addresses[0] != three);
        CHECK(state_of(three) == ObjectState::transient);
        CHECK(f.query("select count(*) from addresses") == "2");
        co_await session.commit();
        CHECK(f.query("select string_agg(email, ' ' order by id) from addresses") == "fred3 fred4");
        // The same again writes nothing.
        static_cast<void>(co_await session.merge(source));
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select count(*) from addresses where user_id = 7") == "2");
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
    // A collection that was not given is not an empty one.
    f.query("insert into users values (8, 'ed'); insert into addresses values (2, 8, 'ed@wood.com')");
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await graph::with_addresses<graph::Owner>(session, 8);
        auto source = corm::transient(graph::Owner{.id = 8, .name = "edward"});
        CHECK(source->addresses.empty()); // read, and no more
        const auto same = co_await session.merge(source);
        CHECK(same == ed);
        CHECK(ed->addresses.size() == 1);
        source.edit().addresses.clear();
        static_cast<void>(co_await session.merge(source));
        CHECK(ed->addresses.empty());
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses") == "0");
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
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession first{f.engine};
        const auto ed = co_await graph::with_addresses<graph::User>(first, 8);
        co_await first.close();
        f.statements();
        corm::AsyncSession session{f.engine};
        const auto copy = co_await session.merge(ed, {.load = false});
        CHECK(copy->addresses.size() == 3);
        CHECK(copy->addresses[0] != ed->addresses[0]);
        CHECK(copy->addresses[0]->user == copy);
        co_await session.flush();
        CHECK(f.sql() == 0);
        ed->addresses[2].edit()->email = "changed";
        const auto modified = co_await failure(session.merge(ed, {.load = false}));
        CHECK_THAT(message_of(modified), ContainsSubstring("Address(4)") && ContainsSubstring("not flushed"));
    });
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
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto one = address(60, "one"), two = address(60, "two"), three = address(60, "three");
        const auto source = corm::transient(graph::User{.id = 60, .name = "u", .addresses = {one, two, three}});
        const auto merged = co_await session.merge(source);
        CHECK(merged->addresses.size() == 1);
        CHECK(merged->addresses[0]->email == "three");
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(email || user_id, ' ') from addresses where id = 60") == "three60");
}

TEST_CASE("ME-11 without the cascade a relation is left alone, and a merge does not flush midway", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto fresh = corm::transient(LooseAddress{.email = "new"});
        const auto user = corm::transient(Loose{.id = 8, .name = "edward", .addresses = {fresh}});
        const auto merged = co_await session.merge(user);
        CHECK(f.statements() == List{"SELECT users"});
        CHECK_FALSE(merged->addresses.is_loaded());
        CHECK(session.new_<LooseAddress>().empty());
        // A link that is not followed is no reason to write a key.
        const auto linked = corm::transient(LooseAddress{.id = 2, .email = "linked"});
        linked.edit().user = user;
        const auto kept = co_await session.merge(linked);
        CHECK(kept->user_id == 8);
        CHECK(f.statements() == List{"UPDATE users", "SELECT addresses"});
        co_await session.commit();
        CHECK(f.query("select string_agg(email, ' ') from addresses where id = 2 and user_id = 8") == "linked");

        const auto moved = address(5, "moved"), added = address(0, "added");
        const auto source = corm::transient(graph::User{.id = 7, .name = "jack b", .addresses = {moved, added}});
        f.statements();
        static_cast<void>(co_await session.merge(source));
        CHECK(f.statements() == List{"SELECT users", "SELECT addresses", "SELECT addresses"});
        CHECK(session.new_<graph::Address>().size() == 1);
        // The next query does.
        static_cast<void>(co_await session.all(corm::select<graph::User>().where(corm::col<&graph::User::id> == 9)));
        CHECK(session.new_<graph::Address>().empty());
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(email, ' ' order by id) from addresses where user_id = 7") == "moved added");
}

TEST_CASE("derived tables fit: merged objects", "[verify][conformance]") {
    CHECK(corm::test::misfit_of<Defaulted>() == "");
    CHECK(corm::test::misfit_of<Loose, LooseAddress>() == "");
}

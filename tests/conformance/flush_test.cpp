// UO: what a flush writes, and in which order. BT: what shares a statement.
#include "fixture.hpp"
#include "support/fits.hpp"

#include <corm/type/codec.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace conformance;

namespace {

/// A column that may be NULL and has a default.
struct Setting {
    std::int32_t id = 0;
    std::optional<std::string> with_default{};
    std::optional<std::string> without{};
};
BOOST_DESCRIBE_STRUCT(Setting, (), (id, with_default, without))
constexpr auto corm_mapping(corm::type<Setting>) {
    return corm::table<Setting>("settings").primary_key<&Setting::id>(corm::assigned);
}
constexpr const char* settings =
    "create table settings (id int primary key, with_default text default 'd', without text);";

/// The same row, whose default is left to the server.
struct Defaulted {
    std::int32_t id = 0;
    std::optional<std::string> with_default{};
    std::optional<std::string> without{};
};
BOOST_DESCRIBE_STRUCT(Defaulted, (), (id, with_default, without))
constexpr auto corm_mapping(corm::type<Defaulted>) {
    return corm::table<Defaulted>("settings")
        .primary_key<&Defaulted::id>(corm::assigned)
        .server_default<&Defaulted::with_default>();
}

/// A row of which the server fills in everything but the name.
struct Stamped {
    std::int64_t id = 0;
    std::string name;
    std::string kind{};
    std::int32_t revision = 0;
    std::string shout{};
};
BOOST_DESCRIBE_STRUCT(Stamped, (), (id, name, kind, revision, shout))
constexpr auto corm_mapping(corm::type<Stamped>) {
    return corm::table<Stamped>("stamped")
        .primary_key<&Stamped::id>()
        .server_default<&Stamped::kind>()
        .server_onupdate<&Stamped::revision>()
        .generated<&Stamped::shout>();
}
constexpr const char* stamped = R"(
    create table stamped (id serial primary key, name text not null, kind text not null default 'plain',
                          revision int not null, shout text generated always as (upper(name)) stored);
    create function revise() returns trigger language plpgsql as
        $$ begin new.revision := old.revision + 10; return new; end $$;
    create trigger revise before update on stamped for each row execute function revise();
)";

/// A key that may be NULL: the table has no primary key of its own.
struct Loose {
    std::optional<std::string> key{};
    std::string data;
};
BOOST_DESCRIBE_STRUCT(Loose, (), (key, data))
constexpr auto corm_mapping(corm::type<Loose>) {
    return corm::table<Loose>("loose").primary_key<&Loose::key>();
}

/// Rows whose numbers are compared by scale as well.
struct Price {
    std::int32_t id = 0;
    std::optional<corm::Numeric> amount{};
};
BOOST_DESCRIBE_STRUCT(Price, (), (id, amount))
constexpr auto corm_mapping(corm::type<Price>) {
    return corm::table<Price>("prices").primary_key<&Price::id>(corm::assigned);
}

/// Logs the rows of a table in the order in which they are updated.
constexpr const char* update_log = R"(
    create table log (n serial, name text);
    create function log_update() returns trigger language plpgsql as
        $$ begin insert into log (name) values (old.name); return null; end $$;
    create trigger log_update after update on named for each row execute function log_update();
)";

} // namespace

// A batch of several rows locks them first, in the same round trip. Difference D15.
TEST_CASE("UO-03 rows that refer are deleted before the row they refer to", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(8);
        const auto addresses = co_await session.all(corm::select<Address>().where(corm::col<&Address::user_id> == 8));
        REQUIRE(addresses.size() == 3);
        session.remove(user);
        for (const corm::Ref<Address>& address : addresses)
            session.remove(address);
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"LOCK addresses", "DELETE addresses", "DELETE users"});
        CHECK(state_of(user) == ObjectState::deleted);
        CHECK(state_of(addresses[2]) == ObjectState::deleted);
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses") == "2");
    CHECK(f.query("select count(*) from users") == "3");
}

TEST_CASE("UO-08 the order comes from the mappings, not from links between objects", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Address> address = session.add(Address{.id = 1, .user_id = 1, .email = "a@x"});
        const corm::Ref<User> user = session.add(User{.id = 1, .name = "u1"});
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT users", "INSERT addresses"});
        session.remove(user);
        session.remove(address);
        co_await session.flush();
        CHECK(f.statements() == List{"DELETE addresses", "DELETE users"});
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from users") == "0");
}

TEST_CASE("UO-09 rows of one table are inserted in the order of add", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto nodes =
            session.add_all({Node{.id = 1}, Node{.id = 2, .parent_id = 1}, Node{.id = 3, .parent_id = 2}});
        co_await session.commit();
        CHECK(f.statements() == List{"INSERT nodes"});
        CHECK(state_of(nodes[2]) == ObjectState::persistent);
    });
    CHECK(f.query("select string_agg(id || '<' || coalesce(parent_id, 0), ',' order by ctid) from nodes") ==
          "1<0,2<1,3<2");
}

// One batch instead of single statements. Differences D11 and D15.
TEST_CASE("UO-17 updates are sent in the order of keys", "[conformance]") {
    Fixture f{std::string{update_log} + "insert into named select 'n' || n, n from generate_series(1, 4) n;"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto rows = co_await session.all(corm::select<Named>().order_by(corm::asc<&Named::name>));
        f.statements();
        for (const std::size_t i : {2u, 0u, 3u, 1u})
            rows[i].edit().age += 10;
        co_await session.flush();
        CHECK(f.statements() == List{"LOCK named", "UPDATE named"});
        // Rows that refuse to share a statement, because each takes the key of the one behind it: their order is seen.
        co_await session.execute(corm::raw_sql("truncate log"));
        f.statements();
        for (const std::size_t i : {2u, 0u, 3u, 1u})
            rows[i].edit().name = "n" + std::to_string(i);
        co_await session.commit();
        CHECK(f.statements() == List{"LOCK named", "UPDATE named", "UPDATE named", "UPDATE named", "UPDATE named"});
    });
    CHECK(f.query("select string_agg(name, ',' order by n) from log") == "n1,n2,n3,n4");
    CHECK(f.query("select sum(age) from named") == "50");
}

// SQLAlchemy leaves the old name in the row. Difference D6.
TEST_CASE("UO-21 removing an object and adding one of the same key updates the row", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> old = co_await session.get_one<User>(8);
        for (const corm::Ref<Address>& address :
             co_await session.all(corm::select<Address>().where(corm::col<&Address::user_id> == 8)))
            session.remove(address);
        session.remove(old);
        const corm::Ref<User> fresh = session.add(User{.id = 8, .name = {}});
        session.add_all({Address{.user_id = 8, .email = "a@new"}, Address{.user_id = 8, .email = "b@new"}});
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE users", "LOCK addresses", "INSERT addresses", "DELETE addresses"});
        CHECK(state_of(old) == ObjectState::deleted);
        CHECK(state_of(fresh) == ObjectState::persistent);
        const auto found = co_await session.get<User>(8);
        CHECK(found == fresh);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(email, ',' order by id) from addresses where user_id = 8") == "a@new,b@new");
    CHECK(f.query("select name = '' from users where id = 8") == "t");
}

TEST_CASE("UO-27 a row without a key or without an insert is an error that leaves the objects transient",
          "[conformance]") {
    Fixture f{R"(
        create table loose (key text, data text);
        create function skip() returns trigger language plpgsql as
            $$ begin return case when new.name = 'lost' then null else new end; end $$;
        create trigger skip before insert on users for each row execute function skip();
    )"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Loose> loose = session.add(Loose{.data = "no key"});
        const auto no_key = co_await failure(session.flush());
        CHECK(threw<corm::MappingError>(no_key));
        co_await session.rollback();
        CHECK(state_of(loose) == ObjectState::transient);

        const auto users = session.add_all({User{.name = "found"}, User{.name = "lost"}, User{.name = "too"}});
        const auto fewer = co_await failure(session.flush());
        CHECK(threw<corm::StaleDataError>(fewer));
        co_await session.rollback();
        for (const corm::Ref<User>& user : users)
            CHECK(state_of(user) == ObjectState::transient);

        const corm::Ref<User> lost = session.add(User{.name = "lost"});
        const auto none = co_await failure(session.commit());
        CHECK(threw<corm::StaleDataError>(none));
        co_await session.rollback();
        CHECK(state_of(lost) == ObjectState::transient);
    });
    CHECK(f.query("select (select count(*) from users) + (select count(*) from loose)") == "0");
}

// A struct has no unset members: an empty optional is NULL, with a default of the column or without. Difference D14.
TEST_CASE("UO-28 an empty optional is NULL", "[conformance]") {
    Fixture f{settings};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        session.add(Setting{.id = 1});
        const corm::Ref<Setting> given = session.add(Setting{.id = 2, .with_default = "a", .without = "b"});
        co_await session.commit();
        given.edit().with_default.reset();
        given.edit().without = std::nullopt;
        co_await session.commit();
        CHECK(f.statements() == List{"INSERT settings", "UPDATE settings"});
        CHECK(f.query("select count(*) from settings where with_default is null and without is null") == "2");

        // A column that is marked is left to the server, unless it is given.
        const corm::Ref<Defaulted> left = session.add(Defaulted{.id = 3});
        const corm::Ref<Defaulted> null = session.add(Defaulted{.id = 4}, corm::given<&Defaulted::with_default>);
        co_await session.commit();
        CHECK(left->with_default == "d");
        CHECK_FALSE(null->with_default);
    });
    CHECK(f.query("select string_agg(coalesce(with_default, 'NULL'), ',' order by id) from settings where id > 2") ==
          "d,NULL");
}

TEST_CASE("UO-29 after a failed flush everything is refused until the rollback", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> conflict = session.add(User{.id = 7, .name = "conflict"});
        const auto failed = co_await failure(session.flush());
        CHECK(threw<corm::IntegrityError>(failed));
        const auto bulk = co_await failure(session.execute(corm::raw_sql("insert into users (name) select 'bulk'")));
        CHECK(message_of(bulk) == message_of(failed));
        const auto commit = co_await failure(session.commit());
        CHECK(message_of(commit) == message_of(failed));
        co_await session.rollback();
        CHECK(state_of(conflict) == ObjectState::transient);
        const auto inserted = co_await session.execute(corm::raw_sql("insert into users (name) select 'bulk'"));
        CHECK(inserted == 1);
        conflict.edit().id = 0;
        session.add(conflict);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(name, ',' order by id) from users where id > 100") == "bulk,conflict");
}

TEST_CASE("BT-01 objects of one shape that follow each other are one insert", "[conformance]") {
    Fixture f{stamped};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        std::vector<corm::Ref<Stamped>> rows;
        for (const std::int64_t id : {0, 0, 103, 104, 105, 107, 108})
            rows.push_back(session.add(Stamped{.id = id, .name = "n"}));
        for (const std::int64_t id : {109, 110})
            rows.push_back(session.add(Stamped{.id = id, .name = "n", .kind = "k"}, corm::given<&Stamped::kind>));
        rows.push_back(session.add(Stamped{.id = 111, .name = "last"}));
        co_await session.commit();
        CHECK(f.statements() == List(4, "INSERT stamped"));
        CHECK(rows[0]->id == 1);
        CHECK(rows[1]->id == 2);
        for (const corm::Ref<Stamped>& row : rows) {
            CHECK(row->kind == (row->id == 109 || row->id == 110 ? "k" : "plain"));
            CHECK(row->shout == (row->id == 111 ? "LAST" : "N"));
        }
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select string_agg(id || kind, ' ' order by ctid) from stamped") ==
          "1plain 2plain 103plain 104plain 105plain 107plain 108plain 109k 110k 111plain");
}

TEST_CASE("BT-03 the codec decides whether a value has changed", "[conformance]") {
    Fixture f{"create table prices (id int primary key, amount numeric); insert into prices values (1, 1.50);"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Price> price = co_await session.get_one<Price>(1);
        f.statements();
        price.edit().amount = corm::Numeric{"1.50"};
        co_await session.flush();
        CHECK(f.sql() == 0);
        price.edit().amount = corm::Numeric{"1.5"}; // another scale is another value
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE prices"});
        price.edit().amount.reset();
        co_await session.commit();
        CHECK(f.statements() == List{"UPDATE prices"});
    });
    CHECK(f.query("select count(*) from prices where amount is null") == "1");
}

TEST_CASE("BT-05 objects of one shape share a statement, and NULL is no other shape", "[conformance]") {
    Fixture f{settings};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto rows = session.add_all(
            {Setting{.id = 1, .with_default = "a"}, Setting{.id = 2}, Setting{.id = 3, .without = "c"}});
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT settings"});
        for (const corm::Ref<Setting>& row : rows)
            row.edit().without = row->id == 3 ? std::nullopt : std::optional<std::string>{"same"};
        co_await session.flush();
        CHECK(f.statements() == List{"LOCK settings", "UPDATE settings"});
        rows[0].edit().without = "x";
        rows[1].edit().without = "y";
        rows[2].edit().with_default = "z";
        co_await session.commit();
        CHECK(f.statements() == List{"LOCK settings", "UPDATE settings", "UPDATE settings"});
    });
    CHECK(f.query("select string_agg(concat(with_default, '/', without), ' ' order by id) from settings") ==
          "a/x /y z/");
}

TEST_CASE("BT-08 what the server fills in comes back with the write", "[conformance]") {
    Fixture f{stamped};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto rows = session.add_all({Stamped{.name = "a"}, Stamped{.name = "b"}, Stamped{.name = "c"}});
        co_await session.commit();
        CHECK(f.statements() == List{"INSERT stamped"});
        CHECK((rows[1]->kind == "plain" && rows[1]->shout == "B" && rows[1]->revision == 0));
        rows[0].edit().name = "one";
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE stamped"});
        CHECK((rows[0]->revision == 10 && rows[0]->shout == "ONE"));
        for (const corm::Ref<Stamped>& row : rows)
            row.edit().name += "!";
        co_await session.flush();
        CHECK(f.statements() == List{"LOCK stamped", "UPDATE stamped"});
        CHECK((rows[0]->revision == 20 && rows[0]->shout == "ONE!"));
        CHECK((rows[2]->revision == 10 && rows[2]->shout == "C!"));
        // What came back is what the row holds: nothing is left to write, and a rollback takes it back.
        co_await session.flush();
        CHECK(f.sql() == 0);
        co_await session.rollback();
        CHECK((rows[0]->revision == 0 && rows[0]->shout == "A"));
        rows[1].edit().shout = "ignored";
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select string_agg(name || kind || revision || shout, ' ' order by id) from stamped") ==
          "aplain0A bplain0B cplain0C");
}

// Each statement is checked, and from three rows on they share one. Difference D11.
TEST_CASE("BT-09 two versioned objects go from version 1 to 2", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto foos = session.add_all({Foo{.value = "f1"}, Foo{.value = "f2"}, Foo{.value = "f3"}});
        co_await session.commit();
        f.statements();
        for (const corm::Ref<Foo>& foo : {foos[1], foos[0]})
            foo.edit().value += " changed";
        co_await session.commit();
        CHECK(f.statements() == List{"UPDATE foo", "UPDATE foo"});
        CHECK(foos[0]->version_id == 2);
        CHECK(foos[1]->version_id == 2);
        for (const corm::Ref<Foo>& foo : foos)
            foo.edit().value += "!";
        co_await session.commit();
        CHECK(f.statements() == List{"LOCK foo", "UPDATE foo"});
    });
    CHECK(f.query("select string_agg(value || version_id, ',' order by id) from foo") ==
          "f1 changed!3,f2 changed!3,f3!2");
}

TEST_CASE("derived tables fit: rows of a flush", "[verify][conformance]") {
    CHECK(corm::test::misfit_of<Setting>() == "");
    CHECK(corm::test::misfit_of<Defaulted>() == "");
    CHECK(corm::test::misfit_of<Stamped, Loose, Price>() == "");
}

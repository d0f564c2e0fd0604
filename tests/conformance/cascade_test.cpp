// CA: what reaches related objects. EX, SP, RB, HI: relations that expire, are undone, and their history.
#include "graph.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace graph {
using Catch::Matchers::ContainsSubstring;

namespace {

std::string emails(const Many<Address>& addresses) {
    std::string all;
    for (const Ref<Address>& address : addresses)
        all += (all.empty() ? "" : " ") + address->email.substr(0, address->email.find('@'));
    return all;
}

} // namespace

TEST_CASE("CA-01 adding an object brings those it refers to", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto user = corm::transient(User{.name = "u"});
        const auto address = session.add(Address{.email = "a", .user = user});
        CHECK(state_of(user) == ObjectState::pending);
        const auto other = corm::transient(Address{.email = "b"});
        session.add(User{.name = "v", .addresses = {other}});
        CHECK(state_of(other) == ObjectState::pending);
        co_await session.commit();
        CHECK(address->user_id == user->id);
    });
}

TEST_CASE("CA-03 of a pending collection that is replaced the new one is inserted", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto old = corm::transient(OwnedAddress{.email = "1"});
        const auto user = session.add(Owner{.name = "u", .addresses = {old}});
        user.edit().addresses = {corm::transient(OwnedAddress{.email = "3"}),
                                 corm::transient(OwnedAddress{.email = "4"})};
        CHECK(state_of(old) == ObjectState::transient);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(email, ' ' order by id) from addresses") == "3 4");
}

TEST_CASE("CA-04 deleting a parent deletes its children, loaded or not", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        session.remove(co_await session.get_one<Owner>(8));
        session.remove(co_await with_addresses<Owner>(session, 7));
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses") == "1");
    CHECK(f.query("select count(*) from users") == "2");
}

TEST_CASE("CA-05 a child that was taken away survives its parent", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_addresses<Owner>(session, 8), jack = co_await with_addresses<Owner>(session, 7);
        const auto address = ed->addresses[1];
        ed.edit().addresses.remove(address);
        session.remove(ed);
        jack.edit().addresses.push_back(address);
        co_await session.commit();
        CHECK(state_of(address) == ObjectState::persistent);
    });
    CHECK(f.query("select string_agg(id::text, ' ' order by id) from addresses where user_id = 7") == "1 3");
    CHECK(f.query("select count(*) from addresses") == "3");
}

TEST_CASE("CA-07 orphans are deleted", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_addresses<Owner>(session, 8);
        ed.edit().addresses.clear();
        co_await session.commit();
        CHECK(f.query("select count(*) from addresses where user_id = 8") == "0");
        const auto jack = co_await with_addresses<Owner>(session, 7);
        const auto only = jack->addresses[0];
        jack.edit().addresses.remove(only);
        session.remove(jack);
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses") == "1");
    CHECK(f.query("select count(*) from users") == "3");
}

TEST_CASE("CA-08 without delete-orphan a child that is taken away keeps its row", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_addresses<Keeper>(session, 8);
        const auto first = ed->addresses[0];
        ed.edit().addresses.remove(first);
        co_await session.flush();
        CHECK_FALSE(first->user_id);
        session.remove(ed);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(id::text, ' ' order by id) from addresses") == "1 2 5");
}

TEST_CASE("CA-09 a new child without a parent", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        session.add(OwnedAddress{.email = "alone"});
        session.add(OwnedAddress{.user_id = 7, .email = "raw"});
        co_await session.commit();
        f.query("delete from addresses where user_id is null; alter table addresses alter user_id set not null");
        session.add(OwnedAddress{.email = "refused"});
        CHECK(threw<corm::IntegrityError>(co_await failure(session.flush())));
        co_await session.rollback();
    });
    CHECK(f.query("select user_id from addresses where email = 'raw'") == "7");
}

// An unknown cascade does not compile.
TEST_CASE("CA-15 which cascades there are", "[conformance]") {
    constexpr corm::RelationOptions plain;
    STATIC_CHECK(plain.save_update);
    STATIC_CHECK_FALSE(plain.delete_);
    corm::mapping::MapperBuilder builder{"T", "", "t", corm::mapping::ObjectType{}, typeid(void)};
    corm::mapping::Relation relation;
    relation.name = "children";
    relation.options = {.delete_orphan = true};
    CHECK_THAT(refusal([&] { builder.add_relation(relation); }), ContainsSubstring("delete_orphan without delete_"));
}

TEST_CASE("CA-17 a delete reaches children that nobody has read", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await session.get_one<Owner>(8);
        CHECK_THROWS_AS(ed->addresses.size(), corm::NotLoadedError);
        f.statements();
        session.remove(ed);
        co_await session.flush();
        CHECK(f.statements() == List{"SELECT addresses", "LOCK addresses", "DELETE addresses", "DELETE users"});
    });
}

TEST_CASE("EX-13 expiring everything lets children go", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto users = co_await session.all(corm::select<User>().with<&User::addresses>());
        const std::weak_ptr<corm::uow::Instance> child = users[0]->addresses[0].instance();
        session.expire_all();
        CHECK(child.expired());
        const auto again = co_await session.all(corm::select<User>().with<&User::addresses>());
        CHECK(again[1] == users[1]);
        CHECK(users[1]->addresses.size() == 3);
    });
}

TEST_CASE("EX-15 expiry reaches children where the mapping says so", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_addresses<Owner>(session, 8);
        const auto child = ed->addresses[0];
        const auto plain = co_await with_addresses<User>(session, 7);
        const auto spared = plain->addresses[0];
        session.expire(ed);
        session.expire(plain);
        CHECK(freshness_of(child) == Freshness::expired);
        CHECK(freshness_of(spared) == Freshness::fresh);
    });
}

TEST_CASE("HI-08 the history of a reference", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto address = co_await session.get_one<Address>(1);
        const auto jack = co_await session.get_one<User>(7), ed = co_await session.get_one<User>(8);
        co_await session.load(address, corm::load<&Address::user>);
        address.edit().user = ed;
        const auto replaced = corm::inspect(address).history<&Address::user>();
        CHECK(replaced.added.at(0) == ed);
        CHECK(replaced.deleted.at(0) == jack);
        CHECK(corm::inspect(address).is_modified());
        address.edit().user = nullptr;
        const auto removed = corm::inspect(address).history<&Address::user>();
        CHECK(removed.added.empty());
        CHECK(removed.deleted.at(0) == jack);
    });
}

TEST_CASE("HI-09 the history of a collection", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_addresses<User>(session, 8);
        const auto first = ed->addresses[0];
        CHECK(corm::inspect(ed).history<&User::addresses>().unchanged.size() == 3);
        const auto fresh = corm::transient(Address{.email = "new"});
        ed.edit().addresses = {fresh, first};
        const auto history = corm::inspect(ed).history<&User::addresses>();
        CHECK(history.added.size() == 1);
        CHECK(history.unchanged.at(0) == first);
        CHECK(history.deleted.size() == 2);
        co_await session.flush();
        CHECK(corm::inspect(ed).history<&User::addresses>().unchanged.size() == 2);
    });
}

TEST_CASE("HI-11 changes of a collection that is not loaded", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await session.get_one<User>(8);
        f.statements();
        const auto fresh = session.add(Address{.email = "new@", .user = ed});
        CHECK(f.sql() == 0);
        {
            const auto guard = session.no_autoflush();
            co_await session.load(ed, corm::load<&User::addresses>);
        }
        CHECK(emails(ed->addresses) == "ed ed ed new");
        co_await session.rollback();
        CHECK(emails(ed->addresses) == "ed ed ed");
        static_cast<void>(fresh);
    });
}

TEST_CASE("HI-12 a collection that is loaded late", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await session.get_one<User>(8);
        const auto gone = co_await session.get_one<Address>(2);
        gone.edit().user = nullptr;
        const auto fresh = corm::transient(Address{.email = "new@"});
        ed.edit().addresses.push_back(fresh);
        const auto guard = session.no_autoflush();
        co_await session.load(ed, corm::load<&User::addresses>);
        CHECK(ed->addresses.size() == 3);
        CHECK_FALSE(ed->addresses.contains(gone));
        CHECK(ed->addresses.contains(fresh));
    });
}

// Copies of a collection are values.
TEST_CASE("HI-15 a collection that was replaced is not followed any more", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_addresses<User>(session, 8);
        Many<Address> old = ed->addresses;
        ed.edit().addresses.clear();
        old.push_back(corm::transient(Address{.email = "nobody's"}));
        CHECK(old.size() == 4);
        CHECK(ed->addresses.empty());
    });
}

// A collection is a member of its owner: a handle keeps both.
TEST_CASE("HI-16 a collection keeps its owner", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        auto edit = (co_await with_addresses<User>(session, 8)).edit();
        edit->addresses.clear();
        CHECK(edit.ref()->addresses.empty());
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses where user_id = 8") == "0");
}

TEST_CASE("SP-03 collections behind a savepoint that is rolled back", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await with_addresses<User>(session, 7);
        jack.edit().addresses.push_back(corm::transient(Address{.email = "before"}));
        {
            const corm::Savepoint savepoint = co_await session.begin_nested();
            jack.edit().addresses.push_back(corm::transient(Address{.email = "inside"}));
            co_await session.flush();
            CHECK(jack->addresses.size() == 3);
            co_await savepoint.rollback();
        }
        CHECK(emails(jack->addresses) == "jack before");
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses where user_id = 7") == "2");
}

} // namespace graph

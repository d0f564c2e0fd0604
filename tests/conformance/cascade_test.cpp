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
        const auto refused = co_await failure(session.flush());
        CHECK(threw<corm::IntegrityError>(refused));
        co_await session.rollback();
    });
    CHECK(f.query("select user_id from addresses where email = 'raw'") == "7");
}

// The object moves, as with an assignment to the other side. Difference D24.
TEST_CASE("CA-11 a child that gets a second parent leaves the first one", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await session.get_one<Holder>(7), fred = co_await session.get_one<Holder>(9),
                   chuck = co_await session.get_one<Holder>(10);
        const std::vector holders{jack, fred, chuck};
        co_await session.load(holders, corm::load<&Holder::card>);
        const Ref<Card> card = jack->card, freds = fred->card;
        chuck.edit().card = card;
        CHECK_FALSE(jack->card);
        CHECK(card->holder == chuck);
        co_await session.flush();
        CHECK(f.query("select count(*) from addresses") == "5");
        CHECK(state_of(card) == ObjectState::persistent);
        card.edit().holder = fred;
        CHECK_FALSE(chuck->card);
        CHECK(fred->card == card);
        CHECK_FALSE(freds->holder);
        co_await session.commit();
        CHECK(state_of(freds) == ObjectState::detached);
    });
    CHECK(f.query("select string_agg(id || '-' || user_id, ' ' order by id) from addresses") == "1-9 2-8 3-8 4-8");
}

// What is referred to may be so by others. Difference D25.
TEST_CASE("CA-12 a reference has no orphans, and its mapping says so", "[conformance]") {
    corm::mapping::MapperBuilder builder{"T", "", "t", corm::mapping::ObjectType{}, typeid(void)};
    corm::mapping::Relation relation;
    relation.name = "parent";
    relation.options = corm::cascade_all_delete_orphan;
    for (const auto kind : {corm::mapping::RelationKind::many_to_one, corm::mapping::RelationKind::one_to_one}) {
        relation.kind = kind;
        CHECK_THAT(refusal([&] { builder.add_relation(relation); }),
                   ContainsSubstring("T.parent") && ContainsSubstring("leave out delete_orphan"));
    }
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto address = co_await session.get_one<Address>(1);
        co_await session.load(address, corm::load<&Address::user>);
        const auto jack = address->user.get();
        address.edit().user = nullptr;
        co_await session.commit();
        CHECK(state_of(jack) == ObjectState::persistent);
    });
    CHECK(f.query("select count(*) from users where id = 7") == "1");
}

// Difference D25.
TEST_CASE("CA-13 many-to-many deletes along what the mapping says, and has no orphans", "[conformance]") {
    corm::mapping::MapperBuilder builder{"T", "", "t", corm::mapping::ObjectType{}, typeid(void)};
    corm::mapping::Relation relation;
    relation.name = "others";
    relation.kind = corm::mapping::RelationKind::many_to_many;
    relation.options = corm::cascade_all_delete_orphan;
    CHECK_THAT(refusal([&] { builder.add_relation(relation); }), ContainsSubstring("objects have several owners"));
    Fixture f{std::string{graph_schema} + "insert into items (name) values ('one'), ('two'); insert into keywords "
                                          "(name) values ('a'), ('b'), ('c'); insert into item_keywords values "
                                          "(1, 1), (1, 2), (2, 3);"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto item = co_await session.get_one<OwningItem>(1);
        co_await session.load(item, corm::load<&OwningItem::keywords>);
        const auto kept = item->keywords[0];
        item.edit().keywords.remove(kept);
        co_await session.flush();
        CHECK(state_of(kept) == ObjectState::persistent);
        session.remove(item);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(name, ' ' order by id) from keywords") == "a c");
    CHECK(f.query("select string_agg(item_id || '-' || keyword_id, ' ') from item_keywords") == "2-3");
}

// An unknown cascade does not compile.
TEST_CASE("CA-15 which cascades there are", "[conformance]") {
    constexpr corm::RelationOptions plain;
    STATIC_CHECK(plain.save_update);
    STATIC_CHECK(plain.merge);
    STATIC_CHECK_FALSE(plain.delete_);
    corm::mapping::MapperBuilder builder{"T", "", "t", corm::mapping::ObjectType{}, typeid(void)};
    corm::mapping::Relation relation;
    relation.name = "children";
    relation.options = {.delete_orphan = true};
    CHECK_THAT(refusal([&] { builder.add_relation(relation); }), ContainsSubstring("delete_orphan without delete_"));
}

TEST_CASE("CA-16 deletes that are left to the database", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        session.remove(co_await session.get_one<PassiveOwner>(8));
        f.statements();
        const auto refused = co_await failure(session.flush());
        CHECK(caught<corm::IntegrityError>(refused).sqlstate() == corm::sqlstate::foreign_key_violation);
        CHECK(f.statements() == List{"DELETE users"});
        co_await session.rollback();
        co_await session.execute(
            corm::raw_sql("alter table addresses drop constraint addresses_user_id_fkey, add foreign key (user_id) "
                          "references users on delete cascade"));
        session.remove(co_await session.get_one<PassiveOwner>(8));
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"DELETE users"});
        // Those that were loaded are deleted one by one.
        session.remove(co_await with_addresses<PassiveOwner>(session, 7));
        f.statements();
        co_await session.commit();
        CHECK(f.statements() == List{"DELETE addresses", "DELETE users"});
    });
    CHECK(f.query("select string_agg(user_id::text, ' ') from addresses") == "9");
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

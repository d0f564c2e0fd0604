// LO, AS, IM: what loading relations costs, and what it leaves alone.
#include "graph.hpp"

#include <catch2/catch_test_macros.hpp>

namespace graph {

TEST_CASE("IM-07 parents and children that refer to each other go with their last handle", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        auto user = co_await with_addresses<User>(session, 7);
        const std::weak_ptr<corm::uow::Instance> parent = user.instance(), child = user->addresses[0].instance();
        CHECK(user->addresses[0]->user == user);
        user = {};
        CHECK(parent.expired());
        CHECK(child.expired());
        user = co_await with_addresses<User>(session, 7);
        user->addresses[0].edit()->email = "changed";
        user = {};
        co_await session.commit();
    });
    CHECK(f.query("select email from addresses where id = 1") == "changed");
}

// The load is asked for; it costs nothing.
TEST_CASE("LO-01 a reference to a loaded object costs no statement", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto user = co_await session.get_one<User>(7);
        const auto address = co_await session.get_one<Address>(1);
        f.statements();
        co_await session.load(address, corm::load<&Address::user>);
        CHECK(f.sql() == 0);
        CHECK(address->user == user);
    });
}

TEST_CASE("LO-03 setting one side does not load the other", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await session.get_one<User>(8);
        const auto address = co_await session.get_one<Address>(2);
        f.statements();
        address.edit().user = nullptr;
        CHECK(f.sql() == 0);
        co_await session.load(ed, corm::load<&User::addresses>);
        CHECK(ed->addresses.size() == 2);
        const auto fresh = session.add(Address{.email = "new", .user = ed});
        CHECK(ed->addresses.contains(fresh));
    });
}

TEST_CASE("LO-05 adding and flushing leave relations unloaded that nobody has read", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await session.get_one<User>(8);
        ed.edit().name = "edward";
        co_await session.flush();
        CHECK_FALSE(ed->addresses.is_loaded());
        CHECK(f.statements() == List{"SELECT users", "UPDATE users"});
    });
}

TEST_CASE("LO-07 empty collections and empty references are known", "[conformance]") {
    Fixture f{std::string{stock} + "insert into addresses values (9, null, 'nobody');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto chuck = co_await with_addresses<User>(session, 10);
        CHECK(chuck->addresses.empty());
        const auto lost = co_await session.get_one<Address>(9);
        f.statements();
        co_await session.load(chuck, corm::load<&User::addresses>);
        CHECK_FALSE(lost->user);
        CHECK(f.sql() == 0);
    });
}

TEST_CASE("LO-08 a reference to a missing row is none, and is not asked for again", "[conformance]") {
    Fixture f{std::string{stock} + "alter table addresses drop constraint addresses_user_id_fkey; update addresses set "
                                   "user_id = 99 where id = 1;"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto address = co_await session.get_one<Address>(1);
        co_await session.load(address, corm::load<&Address::user>);
        CHECK_FALSE(address->user);
        f.statements();
        co_await session.load(address, corm::load<&Address::user>);
        CHECK(f.sql() == 0);
    });
}

// One statement for any number: the keys are one array.
TEST_CASE("LO-09 related rows of any number of objects are one statement", "[conformance]") {
    Fixture f{"insert into users select n, 'u' || n from generate_series(1, 1200) n; insert into addresses (user_id, "
              "email) select 1 + n % 100, 'a' from generate_series(1, 500) n;"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto users = co_await session.all(corm::select<User>().with<&User::addresses>());
        CHECK(f.statements() == List{"SELECT users", "SELECT addresses"});
        CHECK(users.size() == 1200);
        session.expunge_all();
        const auto addresses = co_await session.all(corm::select<Address>().with<&Address::user>());
        CHECK(f.statements() == List{"SELECT addresses", "SELECT users"});
        CHECK(addresses[499]->user);
    });
}

TEST_CASE("LO-11 tables that refer to themselves: a statement for each step that is asked for", "[conformance]") {
    Fixture f{"insert into nodes (parent_id, data) values (null, 'n1'), (1, 'n2'), (2, 'n3'), (3, 'n4');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto root = co_await session.first(
            corm::select<Node>().order_by(corm::asc<&Node::id>).with<&Node::children, &Node::children>());
        CHECK(f.sql() == 3);
        const auto grandchild = root->children[0]->children[0];
        CHECK(grandchild->data == "n3");
        CHECK_FALSE(grandchild->children.is_loaded());
    });
}

TEST_CASE("LO-12 loading the second step leaves a changed first one alone", "[conformance]") {
    Fixture f{"insert into nodes (parent_id, data) values (null, 'n1'), (1, 'n2'), (2, 'n3');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto root = co_await session.get_one<Node>(1);
        co_await session.load(root, corm::load<&Node::children>);
        const auto fresh = corm::transient(Node{.data = "new"});
        root.edit().children.push_back(fresh);
        root->children[0].edit()->data = "changed";
        const auto guard = session.no_autoflush();
        const auto again = co_await session.first(
            corm::select<Node>().where(corm::col<&Node::id> == 1).with<&Node::children, &Node::children>());
        CHECK(again->children.size() == 2);
        CHECK(again->children[0]->data == "changed");
        CHECK(again->children[0]->children[0]->data == "n3");
    });
}

TEST_CASE("LO-16 a limit counts parents", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto users = co_await session.all(
            corm::select<User>().order_by(corm::asc<&User::id>).limit(2).offset(1).with<&User::addresses>());
        CHECK(users.size() == 2);
        CHECK(users[0]->addresses.size() == 3);
        CHECK(users[1]->addresses.size() == 1);
    });
}

TEST_CASE("LO-19 relations that were not asked for say so", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto user = co_await session.get_one<User>(7);
        CHECK(refusal([&] { static_cast<void>(user->addresses.size()); }).starts_with("User.addresses was not loaded"));
        const auto address = co_await session.get_one<Address>(1);
        CHECK(refusal([&] { static_cast<void>(address->user.get()); }).starts_with("Address.user was not loaded"));
    });
}

// A new object has the empty collection that it was made with.
TEST_CASE("AS-05 a collection that was never touched is known after the flush", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto user = session.add(User{.name = "u"});
        co_await session.commit();
        f.statements();
        CHECK(user->addresses.empty());
        CHECK(f.sql() == 0);
    });
}

} // namespace graph

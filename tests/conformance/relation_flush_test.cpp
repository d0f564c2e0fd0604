// UO, MM, VE: what a flush writes for linked objects, and in which order.
#include "graph.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace graph {
using Catch::Matchers::ContainsSubstring;

TEST_CASE("UO-01 a parent is inserted before its children, which get its key", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto a1 = corm::transient(Address{.email = "a1"}), a2 = corm::transient(Address{.email = "a2"});
        const auto user = session.add(User{.name = "u1", .addresses = {a1, a2}});
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT users", "INSERT addresses"});
        CHECK(a1->user_id == user->id);
        CHECK(a1->id + 1 == a2->id);
        co_await session.commit();
    });
}

// The lock of several rows is D15.
TEST_CASE("UO-04 deleting a parent sets the keys of loaded children to NULL", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto user = co_await with_addresses<User>(session, 8);
        f.statements();
        session.remove(user);
        co_await session.flush();
        CHECK(f.statements() == List{"LOCK addresses", "UPDATE addresses", "DELETE users"});
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses where user_id is null") == "3");
}

TEST_CASE("UO-05 deleting a parent loads its children first", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto user = co_await session.get_one<User>(8);
        f.statements();
        session.remove(user);
        co_await session.flush();
        CHECK(f.statements() == List{"SELECT addresses", "LOCK addresses", "UPDATE addresses", "DELETE users"});
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses where user_id is null") == "3");
}

// Expired objects are not read for their deletion: the key is known.
TEST_CASE("UO-07 deleting children does not load their parent", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto a2 = co_await session.get_one<Address>(2), a3 = co_await session.get_one<Address>(3);
        session.expire(a2);
        session.expire(a3);
        f.statements();
        session.remove(a2);
        session.remove(a3);
        co_await session.flush();
        CHECK(f.statements() == List{"LOCK addresses", "DELETE addresses"});
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses") == "3");
}

TEST_CASE("UO-11 a tree is inserted level by level", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto n12 = corm::transient(Node{.data = "n12"});
        n12.edit().children = {corm::transient(Node{.data = "n121"}), corm::transient(Node{.data = "n122"}),
                               corm::transient(Node{.data = "n123"})};
        session.add(
            Node{.data = "n1",
                 .children = {corm::transient(Node{.data = "n11"}), n12, corm::transient(Node{.data = "n13"})}});
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT nodes", "INSERT nodes", "INSERT nodes"});
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(data, ' ' order by id) from nodes") == "n1 n11 n12 n13 n121 n122 n123");
}

TEST_CASE("UO-12 a tree is deleted from its leaves", "[conformance]") {
    Fixture f{"insert into nodes (parent_id, data) values (null, 'n1'), (1, 'n2'), (1, 'n3');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto root = co_await session.get_one<Node>(1);
        co_await session.load(root, corm::load<&Node::children>);
        f.statements();
        session.remove(root);
        co_await session.flush();
        CHECK(f.statements() == List{"LOCK nodes", "UPDATE nodes", "DELETE nodes"});
        co_await session.rollback();
        // All of them: one statement, at whose end the server checks the references.
        co_await session.load(root, corm::load<&Node::children, &Node::children>);
        for (const auto& child : root->children)
            session.remove(child);
        session.remove(root);
        f.statements();
        co_await session.commit();
        CHECK(f.statements() == List{"LOCK nodes", "DELETE nodes"});
    });
    CHECK(f.query("select count(*) from nodes") == "0");
}

TEST_CASE("UO-13 many-to-many of a table with itself", "[conformance]") {
    Fixture f{graph_schema};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        std::vector<Ref<Friend>> n;
        for (int i = 0; i < 5; ++i)
            n.push_back(session.add(Friend{}));
        n[0].edit().knows = {n[1], n[2], n[3]};
        n[1].edit().knows = {n[2], n[4]};
        n[3].edit().knows = {n[1]};
        n[4].edit().known_by.push_back(n[3]);
        n[1].edit().favourite = n[4];
        co_await session.flush();
        co_await session.commit();
        std::string pairs;
        for (const auto& [one, other] : {std::pair{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 4}, {3, 1}, {3, 4}})
            pairs += (pairs.empty() ? "" : ",") + std::string{"("} + std::to_string(n[one]->id) + "," +
                     std::to_string(n[other]->id) + ")";
        CHECK(f.query("select count(*) from acquaintances where (one, other) in (" + pairs + ")") == "7");
        CHECK(f.query("select count(*) from acquaintances") == "7");
        CHECK(n[1]->favourite_id == n[4]->id);
        // Pairs of one that is deleted need not be read.
        f.statements();
        session.remove(n[0]);
        co_await session.commit();
        CHECK(f.query("select count(*) from acquaintances") == "4");
    });
}

TEST_CASE("UO-19 a child that moves survives its old parent", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await with_addresses<User>(session, 7), ed = co_await with_addresses<User>(session, 8);
        const auto moved = jack->addresses[0];
        ed.edit().addresses.push_back(moved);
        session.remove(jack);
        co_await session.commit();
    });
    CHECK(f.query("select user_id from addresses where id = 1") == "8");
}

TEST_CASE("UO-20 a child that moves is neither orphaned nor deleted", "[conformance]") {
    Fixture f{std::string{stock} + "alter table addresses alter user_id set not null;"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await with_addresses<Owner>(session, 7), ed = co_await with_addresses<Owner>(session, 8);
        const auto fred = co_await session.get_one<Owner>(9);
        const auto first = jack->addresses[0], second = ed->addresses[0];
        first.edit().user = ed;                  // by the child
        jack.edit().addresses.push_back(second); // by the collection
        session.remove(jack);
        fred.edit().addresses.push_back(second); // and moved on
        co_await session.commit();
        CHECK(second->user == fred);
    });
    CHECK(f.query("select string_agg(id || '-' || user_id, ' ' order by id) from addresses") == "1-8 2-9 3-8 4-8 5-9");
}

// Rows are locked ahead of a batch: D15.
TEST_CASE("UO-15 two rows that refer to each other take a second update", "[conformance]") {
    Fixture f{graph_schema};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto person = session.add(Person{.name = "p"});
        for (int i = 0; i < 4; ++i)
            person.edit().balls.push_back(corm::transient(Ball{}));
        person.edit().favourite = person->balls[2];
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT persons", "INSERT balls", "UPDATE persons"});
        CHECK(person->favourite_id == person->balls[2]->id);
        co_await session.commit();
        CHECK(f.query("select (select favourite_id from persons) || ' ' || count(*) from balls") == "3 4");
        co_await session.refresh(person, corm::load<&Person::balls>);
        f.statements();
        session.remove(person);
        co_await session.commit();
        CHECK(f.statements() == List{"UPDATE persons", "LOCK balls", "DELETE balls", "DELETE persons"});
    });
    CHECK(f.query("select count(*) from balls") == "0");
}

TEST_CASE("UO-16 a circle of rows without a second update is an error", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto a = session.add(Node{.data = "a"}), b = session.add(Node{.data = "b"});
        a.edit().parent = b;
        b.edit().parent = a;
        const auto circle = co_await failure(session.flush());
        CHECK_THAT(message_of(circle), ContainsSubstring("need each other's keys"));
        CHECK(f.sql() == 0);
        co_await session.rollback();
        CHECK(state_of(a) == ObjectState::transient);
    });
}

TEST_CASE("UO-23 a deleted parent's key is taken out of its children in memory", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto child = corm::transient(Node{.data = "child"});
        const auto root = session.add(Node{.data = "root", .children = {child}});
        co_await session.commit();
        CHECK(child->parent_id == root->id);
        session.remove(root);
        co_await session.commit();
        CHECK_FALSE(child->parent_id);
        session.expire_all();
        co_await session.refresh(child);
        CHECK_FALSE(child->parent_id);
    });
}

TEST_CASE("MM-01 associations are written with what they refer to", "[conformance]") {
    Fixture f{std::string{graph_schema} +
              "insert into items (name) values ('one'), ('two'); insert into keywords (name) "
              "values ('red'); insert into item_keywords values (1, 1);"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto one = co_await session.get_one<Item>(1), two = co_await session.get_one<Item>(2);
        co_await session.load(one, corm::load<&Item::keywords>);
        co_await session.load(two, corm::load<&Item::keywords>);
        f.statements();
        one.edit().name = "uno";
        two.edit().keywords.push_back(corm::transient(Keyword{.name = "blue"}));
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT keywords", "UPDATE items", "INSERT item_keywords"});
        const auto red = one->keywords[0], blue = two->keywords[0];
        one.edit().keywords.remove(red);
        one.edit().keywords.push_back(blue);
        co_await session.flush();
        // No value of the one is in the way of the other, so the order is that of all flushes.
        CHECK(f.statements() == List{"INSERT item_keywords", "DELETE item_keywords"});
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(item_id || '-' || keyword_id, ' ' order by item_id) from item_keywords") ==
          "1-2 2-2");
}

TEST_CASE("MM-03 a pair that is set from both sides is one row", "[conformance]") {
    Fixture f{graph_schema};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto item = session.add(Item{.name = "i"});
        const auto keyword = session.add(Keyword{.name = "k"});
        item.edit().keywords.push_back(keyword);
        keyword.edit().items.push_back(item);
        const auto a = session.add(Friend{}), b = session.add(Friend{});
        a.edit().knows.push_back(b);
        b.edit().known_by.push_back(a);
        b.edit().knows.push_back(a);
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from item_keywords") == "1");
    CHECK(f.query("select count(*) from acquaintances") == "2");
}

TEST_CASE("MM-04 deleting one side deletes its pairs alone", "[conformance]") {
    Fixture f{std::string{graph_schema} + "insert into items (name) values ('one'); insert into keywords (name) values "
                                          "('red'), ('blue'); insert into item_keywords values (1, 1), (1, 2);"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        session.remove(co_await session.get_one<Keyword>(1));
        co_await session.commit();
        CHECK(f.query("select count(*) from item_keywords") == "1");
        session.remove(co_await session.get_one<Item>(1));
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from keywords") == "1");
    CHECK(f.query("select count(*) from item_keywords") == "0");
}

namespace twice {

struct Player;
struct Team {
    std::int64_t id = 0;
    Many<Player> players{};
    Many<Player> bench{};
};
BOOST_DESCRIBE_STRUCT(Team, (), (id, players, bench))
struct Player {
    std::int64_t id = 0;
    std::int64_t team_id = 0;
    One<Team> team{};
};
BOOST_DESCRIBE_STRUCT(Player, (), (id, team_id, team))
constexpr auto corm_mapping(corm::type<Team>) {
    return corm::table<Team>("teams")
        .primary_key<&Team::id>()
        .one_to_many<&Team::players, &Player::team_id>()
        .one_to_many<&Team::bench, &Player::team_id>();
}
constexpr auto corm_mapping(corm::type<Player>) {
    return corm::table<Player>("players").primary_key<&Player::id>().many_to_one<&Player::team, &Player::team_id>();
}

} // namespace twice

TEST_CASE("MM-05 two relations with one reverse are an error of the mapping", "[conformance]") {
    const auto player = corm::transient(twice::Player{});
    const auto team = corm::transient(twice::Team{});
    CHECK_THROWS_AS(player.edit().team = team, corm::MappingError);
    CHECK_THAT(refusal([&] { player.edit().team = team; }),
               ContainsSubstring("Player.team") && ContainsSubstring("both players and bench of Team"));
}

TEST_CASE("VE-03 a new child does not count up its parent's version", "[conformance]") {
    struct Local {};
    Fixture f{"create table parents (id bigserial primary key, version int not null); create table kids (id bigserial "
              "primary key, parent_id bigint references parents);"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto user = session.add(User{.name = "u"});
        co_await session.commit();
        f.statements();
        user.edit().addresses.push_back(corm::transient(Address{.email = "a"}));
        co_await session.commit();
        CHECK(f.statements() == List{"INSERT addresses"}); // nothing of the parent's row
    });
}

// Where the key is known, one update does both; each update counts. Difference D27.
TEST_CASE("VE-13 the update that closes a circle checks the version and counts it", "[conformance]") {
    Fixture f{std::string{graph_schema} + "insert into persons (version_id, name) values (1, 'p'); insert into balls "
                                          "(person_id) values (1), (1);"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto person = co_await session.get_one<Person>(1);
        co_await session.load(person, corm::load<&Person::balls>);
        person.edit().name = "both";
        person.edit().favourite = person->balls[0];
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE persons"});
        CHECK(person->version_id == 2);
        // A favourite without a key yet.
        const auto fresh = session.add(Ball{.person = person});
        person.edit().favourite = fresh;
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT balls", "UPDATE persons"});
        CHECK(person->version_id == 3);
        const auto other = session.add(Person{.name = "new"});
        other.edit().favourite = session.add(Ball{.person = other});
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT persons", "INSERT balls", "UPDATE persons"});
        CHECK(other->version_id == 2);
        co_await session.commit();
        CHECK(f.query("select string_agg(version_id::text, ' ' order by id) from persons") == "3 2");
        // Ahead of a delete, which checks what it has counted.
        session.remove(person);
        co_await session.commit();
        CHECK(state_of(person) == ObjectState::detached);
        co_await session.refresh(other, corm::load<&Person::balls>);
        session.remove(other);
        f.query("update persons set version_id = 7");
        const auto stale = co_await failure(session.commit());
        CHECK(threw<corm::StaleDataError>(stale));
        co_await session.rollback();
    });
    CHECK(f.query("select string_agg(name, ' ') from persons") == "new");
}

TEST_CASE("VE-07 a pair that is gone is stale data", "[conformance]") {
    Fixture f{std::string{graph_schema} + "insert into items (name) values ('one'); insert into keywords (name) values "
                                          "('red'); insert into item_keywords values (1, 1);"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto item = co_await session.get_one<Item>(1);
        co_await session.load(item, corm::load<&Item::keywords>);
        f.query("delete from item_keywords");
        item.edit().keywords.clear();
        const auto stale = co_await failure(session.commit());
        CHECK(threw<corm::StaleDataError>(stale));
        co_await session.rollback();
    });
}

} // namespace graph

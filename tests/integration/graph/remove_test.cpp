// What the removal of an object means for those that are related to it.
#include "graph.hpp"

#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace graph_test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// As a tree of nodes, but the database deletes what is not loaded.
struct Leaf;
struct Branch {
    std::int64_t id = 0;
    Many<Leaf> leaves{};
};
BOOST_DESCRIBE_STRUCT(Branch, (), (id, leaves))
struct Leaf {
    std::int64_t id = 0;
    std::int64_t branch_id = 0;
};
BOOST_DESCRIBE_STRUCT(Leaf, (), (id, branch_id))
constexpr auto corm_mapping(corm::type<Branch>) {
    return corm::table<Branch>("branches")
        .primary_key<&Branch::id>()
        .one_to_many<&Branch::leaves, &Leaf::branch_id>({.delete_ = true, .passive_deletes = true});
}
constexpr auto corm_mapping(corm::type<Leaf>) {
    return corm::table<Leaf>("leaves").primary_key<&Leaf::id>();
}
constexpr const char* branches = "create table branches (id bigint primary key);"
                                 "create table leaves (id bigint primary key, branch_id bigint not null references "
                                 "branches on delete cascade);"
                                 "insert into branches values (1); insert into leaves values (1, 1), (2, 1);";

} // namespace

TEST_CASE("children without the cascade lose their parent, and are read for that", "[graph][integration]") {
    Graph g{std::string{library} + "delete from profiles;"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        const auto known = co_await session.get_one<Book>(1);
        static_cast<void>(g.round_trips());
        session.remove(ada);
        co_await session.commit();
        CHECK(g.round_trips() == 2);
        CHECK_FALSE(known->author_id);
        CHECK_FALSE(known->author);
        CHECK(corm::inspect(ada).state() == corm::ObjectState::detached);
    });
    CHECK(g.query("select count(*) from books where author_id is null") == "3");
}

TEST_CASE("a child that moved away in the same flush survives", "[graph][integration]") {
    Graph g{std::string{library} + "delete from profiles;"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1), bob = co_await session.get_one<Author>(2);
        const auto one = co_await session.get_one<Book>(1);
        one.edit().author = bob;
        session.remove(ada);
        co_await session.commit();
        CHECK(one->author_id == 2);
    });
    CHECK(g.query("select string_agg(coalesce(author_id::text, '-'), ' ' order by id) from books") == "2 - 2 -");
}

TEST_CASE("delete: the whole tree goes, loaded or not", "[graph][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'r'), (1, 'a'), (1, 'b'), (2, 'c'), (4, 'd'), (null, "
            "'other');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.get_one<Node>(1);
        const auto leaf = co_await session.get_one<Node>(5);
        session.remove(root);
        co_await session.flush();
        CHECK(corm::inspect(leaf).state() == corm::ObjectState::deleted);
        co_await session.rollback();
        CHECK(corm::inspect(leaf).state() == corm::ObjectState::persistent);
        session.remove(root);
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(name, ' ') from nodes") == "other");
}

TEST_CASE("delete-orphan: what is taken out is deleted, what is moved is not", "[graph][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'r'), (1, 'a'), (1, 'b'), (1, 'c'), (2, 'd'), (null, "
            "'other');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.get_one<Node>(1), other = co_await session.get_one<Node>(6);
        co_await session.load(root, corm::load<&Node::children>);
        const auto a = root->children[0], b = root->children[1], c = root->children[2];
        root.edit().children.remove(a); // with its own child
        other.edit().children.push_back(b);
        c.edit().parent = nullptr;
        const auto fresh = corm::transient(Node{.name = "new"});
        root.edit().children.push_back(fresh);
        CHECK(corm::inspect(fresh).state() == corm::ObjectState::pending);
        root.edit().children.remove(fresh);
        CHECK(corm::inspect(fresh).state() == corm::ObjectState::transient);
        co_await session.commit();
        CHECK(corm::inspect(a).state() == corm::ObjectState::detached);
    });
    CHECK(g.query("select string_agg(name || coalesce(parent_id::text, ''), ' ' order by id) from nodes") ==
          "r b6 other");
}

TEST_CASE("passive deletes: what is not loaded is the database's", "[graph][integration]") {
    Graph g{branches};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto branch = co_await session.get_one<Branch>(1);
        static_cast<void>(g.round_trips());
        session.remove(branch);
        co_await session.commit();
        CHECK(g.round_trips() == 1);
    });
    CHECK(g.query("select count(*) from leaves") == "0");
}

TEST_CASE("many-to-many: the pairs of a removed object go with it", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1);
        const auto blue = co_await session.get_one<Tag>(2);
        co_await session.load(blue, corm::load<&Tag::books>);
        static_cast<void>(g.round_trips());
        session.remove(one);
        co_await session.commit();
        CHECK(g.round_trips() == 1);
        CHECK(blue->books.size() == 1);
        session.remove(blue);
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from book_tags") == "0");
    CHECK(g.query("select count(*) from tags") == "2");
}

TEST_CASE("a removed object takes its row over with new pairs", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1);
        const auto old = co_await session.get_one<Tag>(3);
        session.remove(one);
        session.add(Book{.id = 1, .title = "anew", .tags = {old}});
        co_await session.commit();
    });
    CHECK(g.query("select title || coalesce(author_id::text, '-') from books where id = 1") == "anew-");
    CHECK(g.query("select string_agg(tag_id::text, ' ') from book_tags where book_id = 1") == "3");
}

TEST_CASE("post update: the favourite is let go ahead of its deletion", "[graph][integration]") {
    Graph g{"insert into persons (favourite_id) values (null); insert into balls (person_id) values (1), (1); update "
            "persons set favourite_id = 2;"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto person = co_await session.get_one<Person>(1);
        session.remove(person);
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from balls") == "0");
    CHECK(g.query("select count(*) from persons") == "0");
}

TEST_CASE("a new object that is removed goes out of the relations that it is in", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        const auto red = co_await session.get_one<Tag>(1), blue = co_await session.get_one<Tag>(2);
        co_await session.load(ada, corm::load<&Author::books>);
        co_await session.load(red, corm::load<&Tag::books>);
        const auto kept = ada->books[0];
        const auto draft = session.add(Book{.title = "draft", .author = ada, .tags = {red, blue}});
        CHECK(ada->books.size() == 3);
        session.remove(draft);
        CHECK(corm::inspect(draft).state() == corm::ObjectState::transient);
        CHECK(titles(ada->books) == "one two");
        CHECK(titles(red->books) == "one");
        // Its own books lose it, as those of one that has a row.
        const auto nobody = session.add(Author{.name = "nobody", .books = {kept}});
        session.remove(nobody);
        CHECK_FALSE(kept->author);
        // It may be added after all.
        session.add(draft);
        CHECK(titles(red->books) == "one draft");
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(title || coalesce(author_id::text, '-'), ' ' order by id) from books") ==
          "one- two1 three2 four- draft1");
    CHECK(g.query("select count(*) from book_tags where book_id = 5") == "2");
}

TEST_CASE("a new object that is removed takes along what goes with it", "[graph][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'r'), (1, 'a');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.get_one<Node>(1);
        const auto a = co_await session.get_one<Node>(2);
        const auto fresh = session.add(Node{.name = "new", .parent = root});
        const auto below = session.add(Node{.name = "below", .parent = fresh});
        a.edit().parent = fresh;
        session.remove(fresh);
        CHECK(corm::inspect(below).state() == corm::ObjectState::transient);
        CHECK(corm::inspect(a).is_doomed());
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(name, ' ') from nodes") == "r");
}

TEST_CASE("a new child that is told that it has no parent is not wanted", "[graph][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'r');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.get_one<Node>(1);
        const auto fresh = session.add(Node{.name = "new", .parent = root});
        fresh.edit().parent = nullptr;
        CHECK(corm::inspect(fresh).state() == corm::ObjectState::transient);
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from nodes") == "1");
}

TEST_CASE("an object that was moved and removed is in no collection", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto bob = co_await session.get_one<Author>(2);
        co_await session.load(bob, corm::load<&Author::books>);
        const auto four = co_await session.get_one<Book>(4);
        session.remove(four);
        bob.edit().books.push_back(four);
        co_await session.commit();
        CHECK(titles(bob->books) == "three");
    });
}

TEST_CASE("an expired child of a changed collection is removed with its parent", "[graph][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'r'), (1, 'a'), (1, 'b');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.get_one<Node>(1);
        co_await session.load(root, corm::load<&Node::children>);
        const auto a = root->children[0];
        session.expire(a);
        session.add(Node{.name = "new", .parent = root});
        session.remove(root);
        co_await session.commit();
        CHECK(corm::inspect(a).state() == corm::ObjectState::detached);
    });
    CHECK(g.query("select count(*) from nodes") == "0");
}

TEST_CASE("a removal that a savepoint has undone may be done again", "[graph][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'r'), (1, 'a');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.get_one<Node>(1);
        {
            const corm::Savepoint savepoint = co_await session.begin_nested();
            session.remove(root);
            co_await session.flush();
            co_await savepoint.rollback();
        }
        session.remove(root);
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from nodes") == "0");
}

TEST_CASE("a removal that is taken back behind a refused flush gives back all that followed from it",
          "[graph][integration]") {
    Graph g{std::string{library} + "delete from profiles;"
                                   "insert into nodes (parent_id, name) values (null, 'r'), (1, 'a'), (2, 'b');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.get_one<Node>(1), b = co_await session.get_one<Node>(3);
        const auto ada = co_await session.get_one<Author>(1);
        const auto fresh = session.add(Node{.name = "new", .parent = root});
        const auto stranger = session.add(Author{.name = "stranger"});
        const auto draft = session.add(Book{.title = "draft", .author = stranger});
        session.expunge(stranger);
        session.remove(root);
        session.remove(ada);
        const auto refused = caught<corm::Error>(co_await failure(session.flush()));
        CHECK_THAT(refused.what(), ContainsSubstring("which is not in this session"));
        CHECK(corm::inspect(b).is_doomed());
        session.add(root);
        session.add(ada);
        session.remove(draft);
        CHECK_FALSE(corm::inspect(b).is_doomed());
        CHECK(corm::inspect(fresh).state() == corm::ObjectState::pending);
        co_await session.commit();
        CHECK(fresh->parent_id == 1);
    });
    CHECK(g.query("select string_agg(name, ' ' order by id) from nodes") == "r a b new");
    CHECK(g.query("select count(*) from books where author_id = 1") == "2");
}

TEST_CASE("a collection whose object is gone does not outlive the row of that object", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(4);
        {
            const auto old = co_await session.get_one<Tag>(3);
            co_await session.load(old, corm::load<&Tag::books>);
            co_await session.load(one, corm::load<&Book::tags>);
            old.edit().books.push_back(one); // which owns the book
            co_await session.commit();
        }
        session.remove(co_await session.get_one<Tag>(3));
        co_await session.commit();
        co_await session.load(one, corm::load<&Book::tags>);
        CHECK(one->tags.empty());
    });
}

TEST_CASE("derived tables fit: branches and leaves", "[verify][integration]") {
    CHECK(corm::test::misfit_of<Branch, Leaf>() == "");
}

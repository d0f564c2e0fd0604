// Undone transactions and savepoints: links are as they were.
#include "graph.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace graph_test;

TEST_CASE("a rollback brings collections and links back, flushed or not", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1), bob = co_await session.get_one<Author>(2);
        co_await session.load(both(ada, bob), corm::load<&Author::books>);
        const auto one = ada->books[0];
        bob.edit().books.push_back(one);
        const auto fresh = session.add(Book{.title = "new", .author = ada});
        co_await session.flush();
        CHECK(titles(ada->books) == "two new");
        ada.edit().books.clear();
        co_await session.rollback();
        CHECK(titles(ada->books) == "one two");
        CHECK(titles(bob->books) == "three");
        CHECK(one->author == ada);
        CHECK(one->author_id == 1);
        CHECK(corm::inspect(fresh).state() == corm::ObjectState::transient);
        CHECK(fresh->title == "new");
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(coalesce(author_id::text, '-'), ' ' order by id) from books") == "1 1 2 -");
}

TEST_CASE("a savepoint that is rolled back keeps the links from before it", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1), bob = co_await session.get_one<Author>(2);
        co_await session.load(both(ada, bob), corm::load<&Author::books>);
        const auto one = ada->books[0], two = ada->books[1];
        bob.edit().books.push_back(one);
        {
            const corm::Savepoint savepoint = co_await session.begin_nested();
            bob.edit().books.push_back(two);
            co_await session.flush();
            bob.edit().books.clear();
            co_await savepoint.rollback();
        }
        CHECK(titles(ada->books) == "two");
        CHECK(titles(bob->books) == "three one");
        CHECK(two->author == ada);
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(coalesce(author_id::text, '-'), ' ' order by id) from books") == "2 1 2 -");
}

TEST_CASE("a failed stage of a flush takes the earlier ones back", "[graph][integration]") {
    Graph g{std::string{library} + "alter table books add check (title <> 'bad');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto bad = corm::transient(Book{.title = "bad"});
        const auto author = session.add(Author{.name = "new", .books = {bad}});
        const auto refused = co_await failure(session.commit());
        CHECK(caught<corm::IntegrityError>(refused).sqlstate() == corm::sqlstate::check_violation);
        CHECK(corm::inspect(author).state() == corm::ObjectState::transient);
        CHECK(corm::inspect(bad).state() == corm::ObjectState::transient);
        co_await session.rollback();
        bad.edit().title = "good";
        session.add(author);
        CHECK(corm::inspect(bad).state() == corm::ObjectState::pending);
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from books b join authors a on a.id = b.author_id where title = 'good'") == "1");
}

TEST_CASE("an orphan comes back with its rollback", "[graph][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'r'), (1, 'a');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.get_one<Node>(1);
        co_await session.load(root, corm::load<&Node::children>);
        const auto child = root->children[0];
        root.edit().children.clear();
        co_await session.flush();
        CHECK(corm::inspect(child).state() == corm::ObjectState::deleted);
        co_await session.rollback();
        CHECK(corm::inspect(child).state() == corm::ObjectState::persistent);
        CHECK(root->children[0] == child);
        CHECK(child->parent == root);
    });
    CHECK(g.query("select count(*) from nodes") == "2");
}

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

TEST_CASE("a savepoint undoes links that a second flush within it wrote", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1);
        const auto old = co_await session.get_one<Tag>(3);
        co_await session.load(one, corm::load<&Book::tags>);
        co_await session.load(old, corm::load<&Tag::books>);
        const corm::Savepoint savepoint = co_await session.begin_nested();
        one.edit().title = "other";
        co_await session.flush();
        one.edit().tags.push_back(old);
        co_await session.flush();
        co_await savepoint.rollback();
        CHECK(one->title == "one");
        CHECK(one->tags.size() == 2);
        CHECK(old->books.empty());
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from book_tags") == "3");
}

TEST_CASE("collections that were read of rows that a rollback takes back are not known any more",
          "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        session.add(Book{.author_id = 1, .title = "new"});
        session.remove(co_await session.get_one<Book>(2));
        co_await session.flush();
        co_await session.load(ada, corm::load<&Author::books>);
        CHECK(titles(ada->books) == "one new");
        co_await session.rollback();
        CHECK_FALSE(ada->books.is_loaded());
        co_await session.load(ada, corm::load<&Author::books>);
        CHECK(titles(ada->books) == "one two");

        const corm::Savepoint savepoint = co_await session.begin_nested();
        const auto bob = co_await session.get_one<Author>(2);
        session.add(Book{.author_id = 2, .title = "new"});
        co_await session.load(bob, corm::load<&Author::books>);
        CHECK(titles(bob->books) == "three new");
        co_await savepoint.rollback();
        CHECK_FALSE(bob->books.is_loaded());
        CHECK(titles(ada->books) == "one two");
    });
    g.run([&]() -> corm::Task<> {
        // A rollback behind reads alone takes nothing back.
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        co_await session.load(ada, corm::load<&Author::books>);
        co_await session.rollback();
        CHECK(titles(ada->books) == "one two");
    });
}

TEST_CASE("a link that was taken back before the commit is forgotten with it", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1);
        const auto old = co_await session.get_one<Tag>(3);
        co_await session.load(one, corm::load<&Book::tags>);
        const auto red = one->tags[0], blue = one->tags[1];
        one.edit().tags.push_back(old);
        one.edit().tags.remove(old);
        co_await session.commit();
        session.remove(red);
        co_await session.commit();
        one.edit().title = "other";
        co_await session.flush();
        co_await session.rollback();
        CHECK(one->tags.size() == 1);
        CHECK(one->tags[0] == blue);
        one.edit().tags.push_back(old);
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(book_id || '-' || tag_id, ' ' order by book_id, tag_id) from book_tags") ==
          "1-2 1-3 2-2");
}

TEST_CASE("pairs that were lost with their session are written by the next one", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        Ref<Book> one, four;
        Ref<Tag> old;
        {
            corm::AsyncSession session{g.engine};
            one = co_await session.get_one<Book>(1);
            four = co_await session.get_one<Book>(4);
            old = co_await session.get_one<Tag>(3);
            co_await session.load(one, corm::load<&Book::tags>);
            one.edit().tags.push_back(old);
            four.edit().author = co_await session.get_one<Author>(3);
            co_await session.flush();
        }
        corm::AsyncSession session{g.engine};
        session.add(one);
        session.add(four);
        CHECK(one->tags.size() == 3);
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(tag_id::text, ' ' order by tag_id) from book_tags where book_id = 1") == "1 2 3");
    CHECK(g.query("select author_id from books where id = 4") == "3");
}

TEST_CASE("an object without a row has the collections that it is given", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto fresh = session.add(Author{.name = "new"});
        co_await session.flush();
        session.expire(fresh);
        co_await session.rollback();
        CHECK(fresh->books.empty());
        const auto ada = co_await session.get_one<Author>(1);
        corm::make_transient(ada);
        CHECK(ada->books.empty());
        ada.edit().id = 0;
        session.add(ada);
        session.add(fresh);
        co_await session.commit();
        CHECK(ada->books.empty());
    });
    CHECK(g.query("select string_agg(name, ' ' order by name) from authors") == "Ada Ada Bob Cyd new");
}

TEST_CASE("a foreign key that a rollback left in an object goes with its link", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto author = session.add(Author{.name = "new"});
        const auto book = session.add(Book{.title = "new", .author = author});
        co_await session.flush();
        co_await session.rollback();
        book.edit().author = nullptr;
        session.add(book);
        co_await session.commit();
        CHECK_FALSE(book->author_id);
    });
    CHECK(g.query("select count(*) from books where author_id is null") == "2");
}

TEST_CASE("a deleted child that nobody has kept comes back with its savepoint", "[graph][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'r'), (1, 'a'), (1, 'b'), (2, 'c');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.get_one<Node>(1);
        co_await session.load(root, corm::load<&Node::children, &Node::children>);
        {
            const corm::Savepoint savepoint = co_await session.begin_nested();
            session.remove(root->children[0]);
            co_await session.flush();
            CHECK(root->children.size() == 1);
            co_await savepoint.rollback();
        }
        CHECK_FALSE(root->children.is_loaded());
        co_await session.load(root, corm::load<&Node::children, &Node::children>);
        CHECK(root->children.size() == 2);
        const auto a = root->children[0];
        {
            const corm::Savepoint savepoint = co_await session.begin_nested();
            session.remove(a);
            co_await session.flush();
            co_await savepoint.rollback();
        }
        CHECK((!a->children.is_loaded() || a->children.size() == 1));
    });
}

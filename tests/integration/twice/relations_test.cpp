// Cascades, orphans, and what is known of relations.
#include "fixture.hpp"

using namespace twice;

TEMPLATE_TEST_CASE("adding an object brings those it refers to", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = corm::transient(f.authors.make("a"));
        auto value = f.books.make("b");
        f.books.parent(value) = author;
        const auto book = session.add(std::move(value));
        CHECK(state_of(author) == ObjectState::pending);
        CHECK(f.authors.children(*author).contains(book)); // in step
        const auto page = corm::transient(f.pages.make("p"));
        const auto tag = corm::transient(f.tags.make("t"));
        f.books.children(book.edit()).push_back(page);
        f.books.pairs(book.edit()).push_back(tag);
        CHECK(state_of(page) == ObjectState::pending);
        CHECK(state_of(tag) == ObjectState::pending);
        co_await session.commit();
        CHECK(f.books.foreign_key(*book) == f.authors.key(*author));
        CHECK(f.pages.foreign_key(*page) == f.books.key(*book));
    });
    CHECK(f.query("select a.text || b.text || p.text || t.text from authors a join books b on author_id = a.id"
                  " join pages p on p.book_id = b.id join book_tags x on x.book_id = b.id"
                  " join tags t on t.id = tag_id") == "abpt");
}

TEMPLATE_TEST_CASE("of a pending collection that is replaced the new one is inserted", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto old = corm::transient(f.pages.make("1"));
        auto value = f.books.make("b");
        f.books.children(value) = {old};
        const auto book = session.add(std::move(value));
        CHECK(state_of(old) == ObjectState::pending);
        const auto three = corm::transient(f.pages.make("3")), four = corm::transient(f.pages.make("4"));
        f.books.children(book.edit()) = {three, four};
        CHECK(state_of(old) == ObjectState::transient);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(text, ' ' order by id) from pages") == "3 4");
}

TEMPLATE_TEST_CASE("deleting a parent deletes its children, loaded or not", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto unread = co_await f.books.get_one(session, 2);
        const auto read = co_await with_children(f.books, session, 3);
        const auto page = f.books.children(*read)[0];
        CHECK_THROWS_AS(f.books.children(*unread).size(), corm::NotLoadedError);
        session.remove(unread);
        session.remove(read);
        co_await session.commit();
        CHECK(state_of(page) == ObjectState::detached);
    });
    CHECK(f.query("select (select count(*) from pages) + (select count(*) from book_tags)") == "0");
    CHECK(f.query("select string_agg(text, ' ' order by id) from books") == "j1 e3 f1");
}

TEMPLATE_TEST_CASE("a deletion goes down a tree", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto middle = co_await f.shelves.get_one(session, 2), side = co_await f.shelves.get_one(session, 3);
        session.remove(middle);
        co_await session.flush();
        CHECK(f.query("select count(*) from shelves") == "4"); // not committed
        CHECK(session.contains(side));
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(text, ' ' order by id) from shelves") == "top side");
}

TEMPLATE_TEST_CASE("a child that moves survives its old parent", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto from = co_await with_children(f.books, session, 2), to = co_await with_children(f.books, session, 3);
        const auto last = co_await f.books.get_one(session, 4);
        const auto first = f.books.children(*from)[0], second = f.books.children(*from)[1];
        f.pages.parent(first.edit()) = to;            // by the child
        f.books.children(from.edit()).remove(second); // by the collections
        f.books.children(to.edit()).push_back(second);
        CHECK(f.books.children(*from).empty());
        CHECK(f.books.children(*to).size() == 3);
        session.remove(from);
        f.books.children(last.edit()).push_back(second); // and moved on
        CHECK(f.books.children(*to).size() == 2);
        co_await session.commit();
        CHECK(state_of(first) == ObjectState::persistent);
        CHECK(f.pages.parent(*second) == last);
        CHECK(f.pages.foreign_key(*first) == 3);
    });
    CHECK(f.query("select string_agg(id || '-' || book_id, ' ' order by id) from pages") == "1-3 2-4 3-3");
}

TEMPLATE_TEST_CASE("orphans are deleted", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto book = co_await with_children(f.books, session, 2);
        const auto page = f.books.children(*book)[0];
        f.books.children(book.edit()).clear();
        co_await session.commit();
        CHECK(state_of(page) == ObjectState::detached);
        CHECK(f.query("select count(*) from pages where book_id = 2") == "0");
        // By the child as well; one that was not written yet is not wanted any more.
        const auto third = co_await f.pages.get_one(session, 3);
        const auto fresh = session.add(f.pages.make("fresh"));
        f.pages.parent(fresh.edit()) = book;
        f.books.children(book.edit()).remove(fresh);
        CHECK(state_of(fresh) == ObjectState::transient);
        f.pages.parent(third.edit()) = nullptr;
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from pages") == "0");
    CHECK(f.query("select count(*) from books") == "5");
}

TEMPLATE_TEST_CASE("without delete-orphan a child that is taken away keeps its row", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_children(f.authors, session, 8);
        const auto first = f.authors.children(*ed)[0];
        f.authors.children(ed.edit()).remove(first);
        CHECK_FALSE(f.books.parent(*first));
        co_await session.flush();
        CHECK_FALSE(f.books.foreign_key(*first));
        const auto top = co_await with_children(f.shelves, session, 1);
        const auto side = f.shelves.children(*top)[1];
        CHECK(f.shelves.text(*side) == "side");
        f.shelves.parent(side.edit()) = nullptr;
        session.remove(top); // takes along what is still in it
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(id::text, ' ' order by id) from books where author_id = 8") == "3 4");
    CHECK(f.query("select string_agg(text, ' ') from shelves") == "side");
}

TEMPLATE_TEST_CASE("a pair's other side has no orphans", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto book = co_await f.books.get_one(session, 2);
        co_await session.load(book, f.books.pairs_load());
        const auto blue = f.books.pairs(*book)[1];
        CHECK(f.books.pairs(book.edit()).remove(blue));
        CHECK_FALSE(f.books.pairs(book.edit()).remove(blue));
        co_await session.flush();
        CHECK(state_of(blue) == ObjectState::persistent);
        session.remove(book);
        co_await session.commit();
        CHECK(session.contains(blue));
    });
    CHECK(f.query("select string_agg(text, ' ' order by id) from tags") == "red blue");
    CHECK(f.query("select string_agg(book_id || '-' || tag_id, ' ') from book_tags") == "3-1");
}

TEMPLATE_TEST_CASE("setting one side does not load the other", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await f.authors.get_one(session, 8);
        const auto gone = co_await f.books.get_one(session, 2);
        f.statements();
        f.books.parent(gone.edit()) = nullptr;
        const auto fresh = corm::transient(f.books.make("new"));
        f.authors.children(ed.edit()).push_back(fresh);
        CHECK(f.sql() == 0);
        CHECK_FALSE(f.authors.children(*ed).is_loaded());
        {
            const auto guard = session.no_autoflush();
            co_await session.load(ed, f.authors.children_load());
        }
        CHECK(texts(f.books, f.authors.children(*ed)) == "e2 e3 new");
        CHECK_FALSE(f.authors.children(*ed).contains(gone));
        co_await session.rollback();
        CHECK(texts(f.books, f.authors.children(*ed)) == "e1 e2 e3");
    });
}

TEMPLATE_TEST_CASE("a reference to a loaded object costs no statement, and none is known", "[twice][integration]",
                   Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7);
        const auto book = co_await f.books.get_one(session, 1);
        const auto top = co_await f.shelves.get_one(session, 1);
        f.statements();
        co_await session.load(book, f.books.parent_load());
        co_await session.load(top, f.shelves.parent_load());
        CHECK(f.sql() == 0);
        CHECK(f.books.parent(*book) == jack);
        CHECK_FALSE(f.shelves.parent(*top));
        // An empty collection is known when it was read.
        const auto chuck = co_await with_children(f.authors, session, 10);
        CHECK(f.authors.children(*chuck).empty());
        f.statements();
        co_await session.load(chuck, f.authors.children_load());
        CHECK(f.sql() == 0);
        co_await session.rollback();
    });
}

TEMPLATE_TEST_CASE("related rows of any number of objects are one statement", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto authors = co_await session.all(f.authors.select_with_children());
        CHECK(f.statements() == List{"SELECT authors", "SELECT books"});
        REQUIRE(authors.size() == 4);
        CHECK(texts(f.books, f.authors.children(*authors[1])) == "e1 e2 e3");
        CHECK(f.authors.children(*authors[3]).empty());
        const auto books = co_await session.all(f.books.select());
        f.statements();
        co_await session.load(books, f.books.pairs_load());
        CHECK(f.statements().size() == 1);
        CHECK(texts(f.tags, f.books.pairs(*books[1])) == "red blue");
        CHECK(f.books.pairs(*books[1])[0] == f.books.pairs(*books[2])[0]);
        CHECK(f.books.parent(*books[1]) == authors[1]);
        co_await session.rollback();
    });
}

TEMPLATE_TEST_CASE("a collection that was replaced is not followed any more, and keeps its owner",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_children(f.authors, session, 8);
        auto old = f.authors.children(*ed);
        f.authors.children(ed.edit()).clear();
        old.push_back(corm::transient(f.books.make("nobody's")));
        CHECK(old.size() == 4);
        CHECK(f.authors.children(*ed).empty());
        co_await session.rollback();
        auto again = co_await with_children(f.authors, session, 8);
        auto edit = std::move(again).edit();
        f.authors.children(*edit).clear();
        CHECK(f.authors.children(*edit.ref()).empty());
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from books where author_id = 8") == "0");
}

TEMPLATE_TEST_CASE("expiring everything lets children go", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto authors = co_await session.all(f.authors.select_with_children());
        const std::weak_ptr<corm::uow::Instance> child = f.authors.children(*authors[0])[0].instance();
        CHECK_FALSE(child.expired());
        session.expire_all();
        CHECK(child.expired());
        const auto again = co_await session.all(f.authors.select_with_children());
        CHECK(again == authors);
        CHECK(f.authors.children(*authors[1]).size() == 3);
    });
}

TEMPLATE_TEST_CASE("queued changes of an expired object are the child's", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.autoflush = false}};
        const auto ed = co_await f.authors.get_one(session, 8);
        const auto moved = co_await f.books.get_one(session, 1);
        f.books.parent(moved.edit()) = ed;
        session.expire(ed);
        co_await session.refresh(ed, f.authors.children_load());
        CHECK(f.authors.children(*ed).size() == 4);
        CHECK(f.books.parent(*moved) == ed);
        session.expire(moved);
        co_await session.refresh(ed, f.authors.children_load());
        CHECK(f.authors.children(*ed).size() == 3);
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from books where author_id = 8") == "3");
}

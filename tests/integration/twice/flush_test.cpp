// What a flush writes, in which order, and when a query flushes.
#include "fixture.hpp"

#include <algorithm>
#include <stdexcept>

using namespace twice;

TEMPLATE_TEST_CASE("a parent is inserted before its children, which get its key", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto b1 = corm::transient(f.books.make("b1")), b2 = corm::transient(f.books.make("b2"));
        auto author = f.authors.make("a");
        f.authors.children(author) = {b1, b2};
        const auto added = session.add(std::move(author));
        CHECK(state_of(b2) == ObjectState::pending);
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT authors", "INSERT books"});
        CHECK(f.books.foreign_key(*b1) == f.authors.key(*added));
        CHECK(f.books.key(*b1) + 1 == f.books.key(*b2));
        CHECK(f.books.parent(*b1) == added);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(b.text, ' ' order by b.id) from books b join authors a on a.id = author_id") ==
          "b1 b2");
}

TEMPLATE_TEST_CASE("rows of one table are one insert in the order of add, and one update of what has changed",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto added =
            session.add_all({f.tags.make("e"), f.tags.make("d"), f.tags.make("c"), f.tags.make("b"), f.tags.make("a")});
        co_await session.commit();
        CHECK(f.statements() == List{"INSERT tags"});
        CHECK(f.tags.key(*added[4]) == f.tags.key(*added[0]) + 4);
        for (const std::size_t i : {4U, 0U, 3U, 1U})
            f.tags.set_text(added[i].edit(), "new " + f.tags.text(*added[i]));
        f.tags.set_text(added[2].edit(), "other");
        f.tags.set_text(added[2].edit(), "c"); // no change
        f.statements();
        co_await session.commit();
        CHECK(f.statements() == List{"LOCK tags", "UPDATE tags"});
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select string_agg(text, ', ' order by id) from tags") == "new e, new d, c, new b, new a");
}

TEMPLATE_TEST_CASE("a whole value is assigned to an object", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await with_children(f.authors, session, 7);
        auto value = f.authors.make("assigned", 7);
        f.authors.set_version(value, 1);
        jack.edit() = value;
        CHECK(f.authors.text(*jack) == "assigned");
        CHECK(f.authors.children(*jack).size() == 1); // what was not given leaves what is there
        f.statements();
        co_await session.commit();
        CHECK(f.statements() == List{"UPDATE authors"});
        // A copy of an object is a value of its own.
        auto copy = *jack;
        f.authors.set_text(copy, "copied");
        f.authors.children(copy).clear();
        CHECK(f.authors.text(*jack) == "assigned");
        CHECK(f.authors.children(*jack).size() == 1);
        co_await session.commit();
        CHECK(f.sql() == 0);
        // What it gives of relations replaces what is there.
        const auto old = f.authors.children(*jack)[0], fresh = corm::transient(f.books.make("fresh"));
        copy = *jack;
        f.authors.children(copy) = {fresh};
        jack.edit() = copy;
        CHECK(f.authors.children(*jack)[0] == fresh);
        CHECK_FALSE(f.books.parent(*old));
        co_await session.commit();
    });
    CHECK(f.query("select text || version from authors where id = 7") == "assigned2");
    CHECK(f.query("select string_agg(text, ' ') from books where author_id = 7") == "fresh");
}

TEMPLATE_TEST_CASE("deleting a parent takes it out of its children, loaded or not", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto loaded = co_await with_children(f.authors, session, 8);
        f.statements();
        session.remove(loaded);
        co_await session.flush();
        CHECK(f.statements() == List{"LOCK books", "UPDATE books", "DELETE authors"});
        const auto unread = co_await f.authors.get_one(session, 9);
        const auto book = co_await f.books.get_one(session, 5);
        f.statements();
        session.remove(unread);
        co_await session.flush();
        CHECK(f.statements() == List{"SELECT books", "UPDATE books", "DELETE authors"});
        CHECK_FALSE(f.books.foreign_key(*book));
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from books where author_id is null") == "4");
}

TEMPLATE_TEST_CASE("deleting children does not load their parent", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto p1 = co_await f.pages.get_one(session, 1), p3 = co_await f.pages.get_one(session, 3);
        session.expire(p1);
        session.expire(p3);
        f.statements();
        session.remove(p1);
        session.remove(p3);
        co_await session.flush();
        CHECK(f.statements() == List{"LOCK pages", "DELETE pages"});
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(text, ' ') from pages") == "p2");
}

TEMPLATE_TEST_CASE("a tree is inserted level by level, and deleted at once", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto n12 = corm::transient(f.shelves.make("n12"));
        f.shelves.children(n12.edit()) = {corm::transient(f.shelves.make("n121")),
                                          corm::transient(f.shelves.make("n122"))};
        const auto n11 = corm::transient(f.shelves.make("n11"));
        auto root = f.shelves.make("n1");
        f.shelves.children(root) = {n11, n12};
        const auto added = session.add(std::move(root));
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT shelves", "INSERT shelves", "INSERT shelves"});
        co_await session.commit();
        CHECK(f.query("select string_agg(text, ' ' order by id) from shelves") == "n1 n11 n12 n121 n122");
        CHECK(f.shelves.foreign_key(*n12) == f.shelves.key(*added));
        const auto circle = co_await failure([&]() -> corm::Task<> {
            f.shelves.parent(added.edit()) = n12;
            co_await session.flush();
        }());
        CHECK(circle == nullptr); // rows that are there may stand in each other
        co_await session.rollback();
        session.remove(added);
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from shelves") == "0");
}

TEMPLATE_TEST_CASE("a circle of new rows is an error", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto a = session.add(f.shelves.make("a")), b = session.add(f.shelves.make("b"));
        f.shelves.parent(a.edit()) = b;
        f.shelves.parent(b.edit()) = a;
        const auto circle = co_await failure(session.flush());
        CHECK_THAT(message_of(circle),
                   ContainsSubstring("need each other's keys") && ContainsSubstring(f.shelves.name));
        CHECK(f.sql() == 0);
        co_await session.rollback();
        CHECK(state_of(a) == ObjectState::transient);
    });
}

TEMPLATE_TEST_CASE("removing an object and adding one of the same key updates the row", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto old = co_await with_children(f.books, session, 2);
        session.remove(old);
        const auto p = corm::transient(f.pages.make("new p")), q = corm::transient(f.pages.make("new q"));
        auto value = f.books.make("new", 2);
        f.books.children(value) = {p, q};
        const auto fresh = session.add(std::move(value));
        co_await session.flush();
        CHECK(state_of(old) == ObjectState::deleted);
        CHECK(state_of(fresh) == ObjectState::persistent);
        const auto found = co_await f.books.get(session, 2);
        CHECK(found == fresh);
        const List statements = f.statements();
        CHECK(std::count(statements.begin(), statements.end(), "UPDATE books") == 1);
        CHECK(std::count(statements.begin(), statements.end(), "INSERT books") == 0);
        co_await session.commit();
    });
    CHECK(f.query("select text from books where id = 2") == "new");
    CHECK(f.query("select string_agg(text, ',' order by id) from pages where book_id = 2") == "new p,new q");
}

TEMPLATE_TEST_CASE("a pair is one row, from whichever side", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto book = co_await f.books.get_one(session, 3);
        const auto red = co_await f.tags.get_one(session, 1), blue = co_await f.tags.get_one(session, 2);
        co_await session.load(book, f.books.pairs_load());
        co_await session.load(blue, f.tags.pairs_load());
        CHECK(f.books.pairs(*book).contains(red));
        f.statements();
        f.books.pairs(book.edit()).push_back(blue);
        f.tags.pairs(blue.edit()).push_back(book);
        CHECK(f.tags.pairs(*blue).contains(book));
        f.books.pairs(book.edit()).push_back(corm::transient(f.tags.make("new")));
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT tags", "INSERT book_tags"});
        CHECK(f.query("select count(*) from book_tags") == "3");
        f.books.pairs(book.edit()).remove(red);
        co_await session.flush();
        CHECK(f.statements() == List{"DELETE book_tags"});
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(text, ' ' order by id) from book_tags join tags on id = tag_id "
                  "where book_id = 3") == "blue new");
}

TEMPLATE_TEST_CASE("deleting one side deletes its pairs alone", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        session.remove(co_await f.tags.get_one(session, 2));
        co_await session.commit();
        CHECK(f.query("select string_agg(book_id || '-' || tag_id, ' ') from book_tags") == "2-1 3-1");
        session.remove(co_await f.books.get_one(session, 3));
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(book_id || '-' || tag_id, ' ') from book_tags") == "2-1");
    CHECK(f.query("select string_agg(text, ' ') from tags") == "red");
}

TEMPLATE_TEST_CASE("after a failed flush everything is refused until the rollback", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto conflict = session.add(f.authors.make("conflict", 7));
        const auto failed = co_await failure(session.flush());
        CHECK(threw<corm::IntegrityError>(failed));
        const auto count = co_await failure(session.scalar(f.authors.count()));
        CHECK(message_of(count) == message_of(failed));
        const auto commit = co_await failure(session.commit());
        CHECK(message_of(commit) == message_of(failed));
        co_await session.rollback();
        CHECK(state_of(conflict) == ObjectState::transient);
        f.authors.set_key(conflict.edit(), 0);
        session.add(conflict);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(text, ',' order by id) from authors where id > 100") == "conflict");
}

TEMPLATE_TEST_CASE("a query sends changes first, which others see after the commit", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = session.add(f.authors.make("ed"));
        const auto found = co_await session.all(f.authors.select_by_text("ed"));
        CHECK(f.statements() == List{"INSERT authors", "SELECT authors"});
        CHECK(found == std::vector{ed});
        CHECK(f.query("select count(*) from authors") == "0");
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from authors") == "1");
}

TEMPLATE_TEST_CASE("no_autoflush lasts as long as its scope, however that ends", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = session.add(f.authors.make("ed"));
        std::int64_t inside = -1;
        try {
            const auto guard = session.no_autoflush();
            inside = co_await session.scalar(f.authors.count());
            throw std::runtime_error("out of here");
        } catch (const std::runtime_error&) {
            CHECK(state_of(author) == ObjectState::pending);
        }
        CHECK(inside == 0);
        CHECK(f.statements() == List{"SELECT authors"});
        const auto outside = co_await session.scalar(f.authors.count());
        CHECK(outside == 1);
        CHECK(f.statements() == List{"INSERT authors", "SELECT authors"});
        CHECK(state_of(author) == ObjectState::persistent);
        co_await session.rollback();
    });
}

TEMPLATE_TEST_CASE("an error of changes that a query sent first says so", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        session.add(f.tags.make("bad"));
        const auto error = co_await failure(session.all(f.authors.select()));
        CHECK(threw<corm::IntegrityError>(error));
        CHECK_THAT(message_of(error), ContainsSubstring("ahead of a query (autoflush)"));
        co_await session.rollback();
        // A changed collection as the cause.
        const auto book = co_await with_children(f.books, session, 2);
        f.books.children(book.edit()).push_back(corm::transient(f.pages.make("bad")));
        const auto page = co_await failure(session.all(f.tags.select()));
        CHECK_THAT(message_of(page), ContainsSubstring("ahead of a query (autoflush)"));
        co_await session.rollback();
        session.add(f.tags.make("bad"));
        const auto asked_for = co_await failure(session.flush());
        CHECK_THAT(message_of(asked_for), !ContainsSubstring("autoflush"));
        co_await session.rollback();
    });
    CHECK(f.query("select (select count(*) from tags) + (select count(*) from pages)") == "5");
}

TEMPLATE_TEST_CASE("a refresh, and a load of a relation, send the changes of other objects first",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto book = co_await f.books.get_one(session, 1);
        const auto jack = co_await f.authors.get_one(session, 7), fred = co_await f.authors.get_one(session, 9);
        f.books.set_foreign_key(book.edit(), 9);
        f.authors.set_text(jack.edit(), "dropped");
        f.statements();
        co_await session.refresh(jack);
        CHECK(f.statements() == List{"UPDATE books", "SELECT authors"});
        CHECK(f.authors.text(*jack) == "jack");
        f.books.set_text(book.edit(), "renamed");
        co_await session.load(fred, f.authors.children_load());
        CHECK(f.statements() == List{"UPDATE books", "SELECT books"});
        CHECK(texts(f.books, f.authors.children(*fred)) == "renamed f1");
        CHECK(f.authors.children(*fred).contains(book));
        co_await session.commit();
    });
    CHECK(f.query("select author_id || text from books where id = 1") == "9renamed");
}

TEMPLATE_TEST_CASE("a flush begins a transaction and does not end it", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = co_await f.authors.get_one(session, 8);
        co_await session.commit();
        CHECK_FALSE(session.in_transaction());
        f.authors.set_text(author.edit(), "changed");
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE authors"});
        CHECK(session.in_transaction());
        const auto text = co_await session.one<std::string>(corm::raw_sql("select text from authors where id = 8"));
        CHECK(text == "changed");
        CHECK(f.query("select text from authors where id = 8") == "ed");
        co_await session.rollback();
        CHECK(f.authors.text(*author) == "ed");
        CHECK(f.authors.version(*author) == 1);
    });
    CHECK(f.query("select text from authors where id = 8") == "ed");
}

// Relations that come in the rows of a query, locks on them, and several queries at once.
#include "fixture.hpp"

using namespace twice;

namespace {

const std::string stock_and_loose = std::string{stock} + "insert into books values (6, null, 'loose');";

} // namespace

TEMPLATE_TEST_CASE("a joined relation costs no statement more", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{stock_and_loose};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await f.authors.get_one(session, 8);
        f.statements();
        const auto books = co_await session.all(f.books.select_with_parent());
        CHECK(f.statements() == List{"SELECT books"});
        REQUIRE(books.size() == 6);
        CHECK(f.books.parent(*books[1]) == ed);
        CHECK(f.books.parent(*books[1]) == f.books.parent(*books[2]).get());
        CHECK(f.authors.text(*f.books.parent(*books[0])) == "jack");
        CHECK(f.books.parent(*books[5]).is_loaded());
        CHECK_FALSE(f.books.parent(*books[5]));
        co_await session.load(books, f.books.parent_load());
        CHECK(f.sql() == 0);
        co_await session.rollback();
    });
}

TEMPLATE_TEST_CASE("an expired object comes with its reference by one statement", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto book = co_await f.books.get_one(session, 1);
        const auto jack = co_await f.authors.get_one(session, 7);
        session.expire_all();
        f.statements();
        const auto again = co_await session.one(f.books.select_with_parent().limit(1));
        CHECK(again == book);
        CHECK(f.statements() == List{"SELECT books"});
        CHECK(f.books.parent(*book) == jack);
        CHECK(f.authors.text(*jack) == "jack");
        // Edits that were not flushed are kept.
        f.books.parent(book.edit()) = nullptr;
        f.authors.set_text(jack.edit(), "edited");
        const auto guard = session.no_autoflush();
        static_cast<void>(co_await session.all(f.books.select_with_parent()));
        CHECK_FALSE(f.books.parent(*book));
        CHECK(f.authors.text(*jack) == "edited");
    });
}

TEMPLATE_TEST_CASE("a lock takes joined rows along, and refreshes them", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{stock_and_loose};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine}, other{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7);
        f.query("update authors set text = 'theirs', version = 2 where id = 7");
        const auto locked = co_await session.all(f.books.select_with_locked_parent());
        CHECK(locked.size() == 5); // one has no author
        CHECK(f.books.parent(*locked[0]) == jack);
        CHECK(f.authors.text(*jack) == "theirs");
        CHECK(f.authors.version(*jack) == 2);
        const auto taken = co_await failure(f.authors.get(other, 7, corm::for_update, corm::nowait));
        CHECK(caught<corm::DatabaseError>(taken).sqlstate() == corm::sqlstate::lock_not_available);
        co_await other.rollback();
        const auto free = co_await f.authors.get(other, 10, corm::for_update, corm::nowait);
        CHECK(free);
    });
    // An edit that the lock finds overtaken.
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7);
        const auto guard = session.no_autoflush();
        f.authors.set_text(jack.edit(), "mine");
        f.query("update authors set text = 'others', version = 3 where id = 7");
        const auto stale = co_await failure(session.all(f.books.select_with_locked_parent()));
        CHECK(caught<corm::StaleDataError>(stale).entity() == f.authors.name);
    });
}

TEMPLATE_TEST_CASE("several queries are one round trip", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7);
        f.authors.set_text(jack.edit(), "edited");
        const auto before = f.engine.stats().round_trips;
        const auto [authors, tags, books] =
            co_await session.pipeline(f.authors.select(), f.tags.select_by_text("blue"), f.books.count());
        CHECK(f.engine.stats().round_trips - before == 1); // with the edit
        CHECK(texts(f.authors, authors) == "edited ed fred chuck");
        CHECK(texts(f.tags, tags) == "blue");
        CHECK(books == 5);
        const auto first = co_await session.first(f.tags.select());
        CHECK(f.tags.text(*first) == "red");
        co_await session.rollback();
    });
}

TEMPLATE_TEST_CASE("one row is asked for, and any other number is an error", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto blue = co_await session.one(f.tags.select_by_text("blue"));
        CHECK(f.tags.key(*blue) == 2);
        const auto none = co_await session.one_or_none(f.tags.select_by_text("green"));
        CHECK_FALSE(none);
        const auto missing = co_await failure(session.one(f.tags.select_by_text("green")));
        CHECK(threw<corm::NotFoundError>(missing));
        const auto several = co_await failure(session.one_or_none(f.tags.select()));
        CHECK(threw<corm::NotFoundError>(several));
        const auto last = co_await session.first(f.tags.select().offset(1));
        CHECK(last == blue);
        co_await session.rollback();
    });
}

// Expiry, and reading anew.
#include "fixture.hpp"

using namespace twice;

TEMPLATE_TEST_CASE("an expired object loses its edits and is filled by the next read of its row",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.autoflush = false}};
        const auto tag = co_await f.tags.get_one(session, 1);
        f.tags.set_text(tag.edit(), "edited");
        f.statements();
        session.expire(tag);
        CHECK(freshness_of(tag) == Freshness::expired);
        CHECK_THROWS_AS(f.tags.text(*tag), corm::NotLoadedError);
        CHECK_THROWS_AS(tag.edit(), corm::NotLoadedError);
        CHECK(f.sql() == 0);
        co_await session.refresh(tag);
        CHECK(f.statements() == List{"SELECT tags"});
        CHECK(f.tags.text(*tag) == "red");
        CHECK_FALSE(corm::inspect(tag).is_modified());

        f.tags.set_text(tag.edit(), "flushed");
        co_await session.flush();
        co_await session.execute(corm::raw_sql("update tags set text = 'raw' where id = 1"));
        session.expire(tag);
        const auto found = co_await session.all(f.tags.select_by_text("raw"));
        CHECK(found == std::vector{tag});
        f.statements();
        CHECK(f.tags.text(*tag) == "raw");
        CHECK(f.sql() == 0);
        co_await session.rollback();
    });
    CHECK(f.query("select text from tags where id = 1") == "red");
}

TEMPLATE_TEST_CASE("an edit made before the row was read again is kept", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = co_await f.authors.get_one(session, 10);
        co_await session.commit();
        CHECK(freshness_of(author) == Freshness::stale);
        f.query("update authors set version = 5 where id = 10");
        f.authors.set_text(author.edit(), "mine");
        f.statements();
        const auto guard = session.no_autoflush();
        static_cast<void>(co_await f.authors.get_one(session, 10));
        CHECK(f.statements() == List{"SELECT authors"});
        CHECK(f.authors.text(*author) == "mine");
        CHECK(f.authors.version(*author) == 5);
        CHECK(corm::inspect(author).is_modified());
        session.remove(author);
        static_cast<void>(co_await f.authors.get_one(session, 10, corm::populate_existing));
        CHECK(corm::inspect(author).is_doomed()); // it stays marked
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from authors where id = 10") == "0");
}

TEMPLATE_TEST_CASE("the edit of one attribute is dropped, and others stay", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.autoflush = false}};
        const auto book = co_await f.books.get_one(session, 1);
        f.books.set_text(book.edit(), "edited");
        f.books.set_foreign_key(book.edit(), 8);
        co_await session.execute(corm::raw_sql("update books set text = 'raw' where id = 1"));
        f.statements();
        f.books.expire_text(session, book);
        CHECK(freshness_of(book) == Freshness::stale);
        CHECK(f.books.text(*book) == "j1");
        CHECK(f.books.foreign_key(*book) == 8);
        CHECK(f.sql() == 0);
        static_cast<void>(co_await f.books.get_one(session, 1));
        CHECK(f.statements() == List{"SELECT books"});
        CHECK(f.books.text(*book) == "raw");
        CHECK(f.books.foreign_key(*book) == 8);
        CHECK(session.is_modified(book));
        const auto pending = session.add(f.books.make("p"));
        CHECK_THAT(refusal([&] { f.books.expire_text(session, pending); }), ContainsSubstring("cannot be expired"));
    });
}

TEMPLATE_TEST_CASE("an object whose row is gone leaves the session", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto got = co_await f.authors.get_one(session, 10);
        session.expire_all();
        f.query("delete from authors where id = 10");
        const auto refreshed = co_await failure(session.refresh(got));
        CHECK(threw<corm::NotFoundError>(refreshed));
        CHECK_THAT(message_of(refreshed), ContainsSubstring(std::string{f.authors.name} + "(10)"));
        const auto none = co_await f.authors.get(session, 10);
        CHECK_FALSE(none);
        CHECK_FALSE(session.contains(got));
        CHECK_THROWS_AS(f.authors.text(*got), corm::NotLoadedError);
    });
}

TEMPLATE_TEST_CASE("only objects with a row in this session are expired and refreshed", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto detached = co_await f.authors.get_one(session, 7);
        session.expunge(detached);
        const auto pending = session.add(f.authors.make("p"));
        f.statements();
        for (const auto& author : {detached, pending}) {
            CHECK_THAT(refusal([&] { session.expire(author); }), ContainsSubstring("cannot be expired"));
            const auto refreshed = co_await failure(session.refresh(author));
            CHECK_THAT(message_of(refreshed), ContainsSubstring("cannot be refreshed"));
        }
        CHECK(f.sql() == 0);
        CHECK(f.authors.text(*detached) == "jack");
        CHECK(state_of(pending) == ObjectState::pending);
    });
}

TEMPLATE_TEST_CASE("an expired object without a session says what to do", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = co_await f.authors.get_one(session, 7);
        session.expire(author);
        session.expunge(author);
        CHECK_THAT(refusal([&] { static_cast<void>(f.authors.text(*author)); }),
                   ContainsSubstring(std::string{f.authors.name} + "(7)") && ContainsSubstring("refresh"));
    });
}

TEMPLATE_TEST_CASE("a refresh drops an unflushed change of the key", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto tag = co_await f.tags.get_one(session, 1);
        const auto other = co_await f.authors.get_one(session, 7);
        f.tags.set_key(tag.edit(), 5);
        f.authors.set_text(other.edit(), "sent");
        f.statements();
        co_await session.refresh(tag);
        CHECK(f.statements() == List{"UPDATE authors", "SELECT tags"});
        CHECK(f.tags.key(*tag) == 1);
        CHECK(corm::inspect(tag).identity() == "1");
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(id || text, ',' order by id) from tags") == "1red,2blue");
}

TEMPLATE_TEST_CASE("populate_existing overwrites what is there", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        auto author = co_await f.authors.get_one(session, 8);
        co_await session.execute(corm::raw_sql("update authors set text = 'theirs' where id = 8"));
        f.statements();
        static_cast<void>(co_await f.authors.get_one(session, 8));
        CHECK(f.sql() == 0);
        CHECK(f.authors.text(*author) == "ed");
        static_cast<void>(co_await f.authors.get_one(session, 8, corm::populate_existing));
        CHECK(f.statements() == List{"SELECT authors"});
        CHECK(f.authors.text(*author) == "theirs");
        co_await session.execute(corm::raw_sql("update authors set text = 'newer' where id = 8"));
        author = {};
        author = co_await f.authors.get_one(session, 8);
        CHECK(f.authors.text(*author) == "newer");
        co_await session.rollback();
    });
}

TEMPLATE_TEST_CASE("a value that was read again is the committed one", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto tag = co_await f.tags.get_one(session, 1);
        co_await session.execute(corm::raw_sql("update tags set text = 'raw' where id = 1"));
        session.expire(tag);
        static_cast<void>(co_await f.tags.get_one(session, 1));
        CHECK(f.tags.text(*tag) == "raw");
        CHECK_FALSE(corm::inspect(tag).is_modified());
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select text from tags where id = 1") == "raw");
}

TEMPLATE_TEST_CASE("an expired object and its relation are read in one round trip", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_children(f.authors, session, 8);
        session.expire(ed);
        CHECK_THROWS_AS(f.authors.children(*ed), corm::NotLoadedError);
        f.statements();
        const auto before = f.engine.stats().round_trips;
        co_await session.refresh(ed, f.authors.children_load());
        CHECK(f.engine.stats().round_trips - before == 1);
        CHECK(f.statements() == List{"SELECT authors", "SELECT books"});
        CHECK(f.authors.text(*ed) == "ed");
        CHECK(f.authors.children(*ed).size() == 3);
    });
}

TEMPLATE_TEST_CASE("a refresh reads the relations that it names, known or not, and no others", "[twice][integration]",
                   Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await f.authors.get_one(session, 8);
        f.statements();
        co_await session.refresh(ed);
        CHECK(f.statements() == List{"SELECT authors"});
        CHECK_FALSE(f.authors.children(*ed).is_loaded());
        for (const bool known : {false, true}) {
            co_await session.refresh(ed, f.authors.children_load());
            CHECK(f.statements() == List{"SELECT authors", "SELECT books"});
            CHECK(f.authors.children(*ed).size() == (known ? 4 : 3));
            if (!known)
                co_await session.execute(corm::raw_sql("update books set author_id = 8 where id = 1"));
            f.statements();
        }
        // A reference is what its key says: the object is read behind it, unless the session holds it.
        const auto book = co_await f.books.get_one(session, 5);
        co_await session.execute(corm::raw_sql("update books set author_id = 10 where id = 5"));
        f.statements();
        co_await session.refresh(book, f.books.parent_load());
        CHECK(f.statements() == List{"SELECT books", "SELECT authors"});
        const auto chuck = f.books.parent(*book).get();
        CHECK(f.authors.text(*chuck) == "chuck");
        co_await session.refresh(book, f.books.parent_load());
        CHECK(f.statements() == List{"SELECT books"});
        CHECK(f.books.parent(*book) == chuck);

        // Own edits go, others are sent first.
        f.authors.set_text(ed.edit(), "edited");
        const auto first = f.authors.children(*ed)[0];
        f.books.set_text(first.edit(), "sent");
        co_await session.refresh(ed, f.authors.children_load());
        CHECK(f.statements() == List{"UPDATE books", "SELECT authors", "SELECT books"});
        CHECK(f.authors.text(*ed) == "ed");
        CHECK(f.books.text(*first) == "sent");
        co_await session.rollback();
    });
}

TEMPLATE_TEST_CASE("a query that overwrites what is there overwrites what it loads along", "[twice][integration]",
                   Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.autoflush = false}};
        const auto ed = co_await with_children(f.authors, session, 8);
        const auto second = f.authors.children(*ed)[1], third = f.authors.children(*ed)[2];
        f.books.set_text(third.edit(), "edited");
        f.authors.children(ed.edit()).remove(second);
        const auto plain = f.authors.select_with_children();
        static_cast<void>(co_await session.all(plain));
        CHECK(f.authors.children(*ed).size() == 2);
        CHECK(f.books.text(*third) == "edited");
        auto overwriting = plain;
        overwriting.populate_existing();
        f.statements();
        static_cast<void>(co_await session.all(overwriting));
        CHECK(f.statements() == List{"SELECT authors", "SELECT books"});
        CHECK(f.authors.children(*ed).size() == 3);
        CHECK(f.authors.children(*ed).contains(second));
        CHECK(f.books.parent(*second) == ed);
        CHECK(f.books.text(*third) == "e3");
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
}

TEMPLATE_TEST_CASE("expiry reaches children where the mapping says so", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto book = co_await with_children(f.books, session, 2);
        const auto page = f.books.children(*book)[0];
        const auto jack = co_await with_children(f.authors, session, 7);
        const auto spared = f.authors.children(*jack)[0];
        session.expire(book);
        session.expire(jack);
        CHECK(freshness_of(page) == Freshness::expired);
        CHECK(freshness_of(spared) == Freshness::fresh);
    });
}

TEMPLATE_TEST_CASE("reading an expired object does not read its relations", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto all = co_await session.all(f.authors.select_with_children());
        const auto ed = all.at(1);
        session.expire(ed);
        f.statements();
        const auto same = co_await f.authors.get_one(session, 8);
        CHECK(same == ed);
        CHECK(f.statements() == List{"SELECT authors"});
        CHECK(f.authors.text(*ed) == "ed");
        CHECK_FALSE(f.authors.children(*ed).is_loaded());
        const std::string told = refusal([&] { static_cast<void>(f.authors.children(*ed).size()); });
        CHECK_THAT(told, ContainsSubstring(std::string{f.authors.name} + ".books was not loaded"));
    });
}

// What a rollback restores.
#include "fixture.hpp"

using namespace twice;

TEMPLATE_TEST_CASE("an edited attribute gets the database's value back", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = co_await f.authors.get_one(session, 7);
        f.authors.set_text(author.edit(), "edited");
        co_await session.rollback();
        CHECK(f.authors.text(*author) == "jack");
        CHECK(freshness_of(author) == Freshness::stale);
        f.authors.set_text(author.edit(), "flushed");
        co_await session.flush();
        CHECK(f.authors.version(*author) == 2);
        co_await session.rollback();
        CHECK(f.authors.text(*author) == "jack");
        CHECK(f.authors.version(*author) == 1);
        f.statements();
        static_cast<void>(co_await f.authors.get_one(session, 7));
        CHECK(f.statements() == List{"SELECT authors"});
        CHECK(f.authors.text(*author) == "jack");
    });
    CHECK(f.query("select text || version from authors where id = 7") == "jack1");
}

TEMPLATE_TEST_CASE("what a rollback throws out keeps its own values, and leaves the collection it was in",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_children(f.authors, session, 8);
        f.authors.set_text(ed.edit(), "renamed");
        const auto added = corm::transient(f.books.make("new"));
        f.authors.children(ed.edit()).push_back(added);
        const auto all = co_await session.all(f.books.select_by_foreign_key(8));
        CHECK(all.size() == 4);
        co_await session.rollback();
        CHECK(f.authors.text(*ed) == "ed");
        CHECK(state_of(added) == ObjectState::transient);
        CHECK(f.books.text(*added) == "new");
        co_await session.load(ed, f.authors.children_load());
        CHECK(texts(f.books, f.authors.children(*ed)) == "e1 e2 e3");
        CHECK_FALSE(f.authors.children(*ed).contains(added));
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from books") == "5");
}

TEMPLATE_TEST_CASE("a rollback takes marks back, but not what was committed", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto marked = co_await f.authors.get_one(session, 7), chuck = co_await f.authors.get_one(session, 10);
        session.remove(marked);
        co_await session.rollback();
        CHECK_FALSE(corm::inspect(marked).is_doomed());
        CHECK(session.contains(marked));
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);

        session.remove(chuck);
        co_await session.commit();
        static_cast<void>(co_await f.authors.get_one(session, 8));
        co_await session.rollback();
        CHECK_FALSE(session.contains(chuck));
        CHECK(state_of(chuck) == ObjectState::detached);
    });
    CHECK(f.query("select string_agg(text, ',' order by id) from authors") == "jack,ed,fred");
}

TEMPLATE_TEST_CASE("a rollback takes marks back that came by a cascade, and orphans", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto book = co_await with_children(f.books, session, 2);
        const auto page = f.books.children(*book)[0];
        session.remove(book);
        co_await session.flush();
        CHECK(state_of(page) == ObjectState::deleted);
        co_await session.rollback();
        CHECK(state_of(page) == ObjectState::persistent);
        CHECK_FALSE(corm::inspect(page).is_doomed());
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);

        co_await session.load(book, f.books.children_load());
        CHECK(f.books.children(book.edit()).remove(page));
        co_await session.flush();
        CHECK(state_of(page) == ObjectState::deleted);
        co_await session.rollback();
        CHECK(state_of(page) == ObjectState::persistent);
        co_await session.load(book, f.books.children_load());
        CHECK(f.books.children(*book).contains(page));
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from pages") == "3");
}

TEMPLATE_TEST_CASE("after a key conflict a rollback sorts out who is in the session", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto a1 = session.add(f.authors.make("a1", 1));
        const auto b1 = session.add(f.books.make("b1", 1));
        f.books.parent(b1.edit()) = a1;
        co_await session.commit();
        const auto change = [&] {
            f.authors.set_text(a1.edit(), "changed");
            f.books.set_text(b1.edit(), "changed");
        };
        change();
        const auto a2 = session.add(f.authors.make("a2", 1));
        const auto b2 = session.add(f.books.make("b2", 2));
        const auto failed = co_await failure(session.commit());
        CHECK(threw<corm::IntegrityError>(failed));
        const auto again = co_await failure(session.commit());
        CHECK(message_of(again) == message_of(failed));
        co_await session.rollback();
        CHECK_FALSE((session.contains(a2) || session.contains(b2)));
        CHECK((session.contains(a1) && session.contains(b1)));
        CHECK(f.authors.text(*a1) == "a1");
        CHECK(f.books.text(*b1) == "b1");
        const auto found = co_await f.authors.get_one(session, 1);
        CHECK(found == a1);
        change();
        co_await session.commit();
    });
    CHECK(f.query("select a.text || b.text from authors a join books b on author_id = a.id") == "changedchanged");
}

TEMPLATE_TEST_CASE("what is done to a session that waits for its rollback is discarded", "[twice][integration]",
                   Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7), chuck = co_await f.authors.get_one(session, 10);
        session.add(f.authors.make("conflict", 7));
        const auto failed = co_await failure(session.flush());
        CHECK(threw<corm::IntegrityError>(failed));
        const auto added = session.add(f.authors.make("late"));
        f.authors.set_text(jack.edit(), "late");
        session.remove(chuck);
        co_await session.rollback();
        CHECK_FALSE(session.contains(added));
        CHECK_FALSE(corm::inspect(chuck).is_doomed());
        CHECK(f.authors.text(*jack) == "jack");
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select string_agg(text, ',' order by id) from authors") == "jack,ed,fred,chuck");
}

TEMPLATE_TEST_CASE("a deleted object takes its identity back from one that was loaded meanwhile",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto mine = co_await f.authors.get_one(session, 10);
        session.remove(mine);
        co_await session.flush();
        co_await session.execute(corm::raw_sql("insert into authors values (10, 'other', 9)"));
        const auto other = co_await f.authors.get_one(session, 10);
        CHECK(other != mine);
        CHECK(f.authors.version(*other) == 9);
        co_await session.rollback();
        CHECK(session.contains(mine));
        CHECK_FALSE(session.contains(other));
        CHECK(state_of(other) == ObjectState::detached);
        const auto found = co_await f.authors.get(session, 10);
        CHECK(found == mine);
        CHECK(f.authors.text(*mine) == "chuck");
    });
    CHECK(f.query("select text from authors where id = 10") == "chuck");
}

TEMPLATE_TEST_CASE("an object that was inserted, dropped and loaded again does not block its key",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        auto author = session.add(f.authors.make("u1", 1));
        co_await session.flush();
        author = {};
        author = co_await f.authors.get_one(session, 1);
        co_await session.rollback();
        const auto next = session.add(f.authors.make("u2", 1));
        co_await session.commit();
        CHECK(state_of(next) == ObjectState::persistent);
        const auto found = co_await f.authors.get(session, 1);
        CHECK(found == next);
    });
    CHECK(f.query("select text from authors") == "u2");
}

TEMPLATE_TEST_CASE("a deleted object that was dropped is not resurrected", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        auto low = co_await f.shelves.get_one(session, 4);
        session.remove(low);
        co_await session.flush();
        low = {};
        co_await session.rollback();
        f.statements();
        low = co_await f.shelves.get_one(session, 4);
        CHECK(f.statements() == List{"SELECT shelves"});
        CHECK_FALSE(corm::inspect(low).is_doomed());
        session.remove(low);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(text, ',' order by id) from shelves") == "top,middle,side");
}

TEMPLATE_TEST_CASE("an inserted object keeps the key it was given", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = session.add(f.authors.make("u"));
        co_await session.flush();
        const std::int64_t key = f.authors.key(*author);
        CHECK(key != 0);
        CHECK(corm::inspect(author).identity() == std::to_string(key));
        co_await session.rollback();
        CHECK(state_of(author) == ObjectState::transient);
        CHECK(corm::inspect(author).identity().empty());
        CHECK(f.authors.key(*author) == key);
        session.add(author);
        co_await session.commit();
        CHECK(f.authors.key(*author) == key);
        CHECK(f.query("select id from authors") == std::to_string(key));
    });
}

TEMPLATE_TEST_CASE("an object whose row seemed gone comes back with a rollback", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto chuck = co_await f.authors.get_one(session, 10);
        co_await session.execute(corm::raw_sql("delete from authors where id = 10"));
        session.expire_all();
        const auto none = co_await f.authors.get(session, 10);
        CHECK_FALSE(none);
        CHECK_FALSE(session.contains(chuck));
        co_await session.rollback();
        CHECK(session.contains(chuck));
        const auto back = co_await f.authors.get(session, 10);
        CHECK(back == chuck);
        CHECK(f.authors.text(*chuck) == "chuck");
    });
}

TEMPLATE_TEST_CASE("a later commit of another session is seen after the own one", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        corm::AsyncSession s2{f.engine};
        const auto mine = co_await f.tags.get_one(s1, 1);
        f.tags.set_text(mine.edit(), "mine");
        co_await s1.commit();
        const auto theirs = co_await f.tags.get_one(s2, 1);
        CHECK(f.tags.text(*theirs) == "mine");
        f.tags.set_text(theirs.edit(), "theirs");
        co_await s2.commit();
        CHECK(f.tags.text(*mine) == "mine");
        CHECK(freshness_of(mine) == Freshness::stale);
        static_cast<void>(co_await f.tags.get_one(s1, 1));
        CHECK(f.tags.text(*mine) == "theirs");
    });
}

TEMPLATE_TEST_CASE("links are undone in both directions", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await with_children(f.authors, session, 7),
                   ed = co_await with_children(f.authors, session, 8);
        const auto moved = f.authors.children(*jack)[0], kept = f.authors.children(*ed)[0];
        f.authors.children(ed.edit()).push_back(moved);
        CHECK(f.authors.children(*jack).empty());
        co_await session.flush();
        CHECK(f.books.foreign_key(*moved) == 8);
        f.books.parent(kept.edit()) = nullptr;
        co_await session.rollback();
        CHECK(f.books.foreign_key(*moved) == 7);
        CHECK(f.books.foreign_key(*kept) == 8);
        const std::vector both{jack, ed};
        co_await session.load(both, f.authors.children_load());
        CHECK(texts(f.books, f.authors.children(*jack)) == "j1");
        CHECK(texts(f.books, f.authors.children(*ed)) == "e1 e2 e3");
        CHECK(f.books.parent(*moved) == jack);
        CHECK(f.books.parent(*kept) == ed);
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
}

// Merging, and what an attribute was and is.
#include "fixture.hpp"

using namespace twice;

namespace {

/// added / unchanged / deleted, "-" for nothing.
template <class Table>
std::string history(const Table& table, const typename Table::Ref& ref) {
    const auto text = table.text_history(ref);
    return text.added.value_or("-") + "/" + text.unchanged.value_or("-") + "/" + text.deleted.value_or("-");
}

template <class Mapping>
auto author(const Fixture<Mapping>& f, std::int64_t key, std::string text, std::int32_t version) {
    auto made = f.authors.make(std::move(text), key);
    f.authors.set_version(made, version);
    return made;
}

} // namespace

TEMPLATE_TEST_CASE("merging an object without a key adds a copy", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto source = corm::transient(f.authors.make("fred"));
        const auto merged = co_await session.merge(source);
        CHECK(f.sql() == 0);
        CHECK(merged != source);
        CHECK(state_of(merged) == ObjectState::pending);
        CHECK(state_of(source) == ObjectState::transient);
        CHECK_FALSE(session.contains(source));
        CHECK(f.authors.text(*merged) == "fred");
        co_await session.commit();
        CHECK(f.authors.key(*source) == 0);
        CHECK(f.authors.key(*merged) != 0);
    });
    CHECK(f.query("select count(*) from authors") == "1");
}

TEMPLATE_TEST_CASE("merging an object with a row updates it", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto source = corm::transient(f.tags.make("crimson", 1));
        const auto merged = co_await session.merge(source);
        CHECK(f.statements() == List{"SELECT tags"});
        CHECK(merged != source);
        CHECK(state_of(merged) == ObjectState::persistent);
        CHECK(session.is_modified(merged));
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE tags"});
        // Equal values write nothing.
        auto equal = f.tags.make("crimson", 1);
        static_cast<void>(co_await session.merge(std::move(equal)));
        CHECK_FALSE(session.is_modified(merged));
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select text from tags where id = 1") == "crimson");
}

TEMPLATE_TEST_CASE("a merged collection replaces the one that is there, and orphans are deleted",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto p2 = corm::transient(f.pages.make("p2 again", 2)), p9 = corm::transient(f.pages.make("p9", 9));
        auto value = f.books.make("merged", 2);
        f.books.set_foreign_key(value, 8);
        f.books.children(value) = {p2, p9};
        const auto source = corm::transient(std::move(value));
        const auto merged = co_await session.merge(source);
        CHECK(texts(f.pages, f.books.children(*merged)) == "p2 again p9");
        CHECK(f.books.children(*merged)[1] != p9);
        CHECK(state_of(p9) == ObjectState::transient);
        CHECK_FALSE(f.books.pairs(*merged).is_loaded()); // it was not given
        CHECK(f.query("select count(*) from pages") == "3");
        co_await session.commit();
        CHECK(f.query("select string_agg(text, ' ' order by id) from pages where book_id = 2") == "p2 again p9");
        // The same again writes nothing.
        static_cast<void>(co_await session.merge(source));
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select string_agg(id::text, ' ' order by id) from pages") == "2 3 9");
    CHECK(f.query("select count(*) from book_tags where book_id = 2") == "2");
}

TEMPLATE_TEST_CASE("a collection that was not given is not an empty one", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_children(f.authors, session, 8);
        const auto source = corm::transient(author(f, 8, "edward", 1));
        CHECK(f.authors.children(*source).empty()); // read, and no more
        const auto same = co_await session.merge(source);
        CHECK(same == ed);
        CHECK(f.authors.children(*ed).size() == 3);
        f.authors.children(source.edit()).clear();
        static_cast<void>(co_await session.merge(source));
        CHECK(f.authors.children(*ed).empty());
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from books where author_id is null") == "3");
    CHECK(f.query("select text from authors where id = 8") == "edward");
}

TEMPLATE_TEST_CASE("without loading, a clean object is taken for its row", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession first{f.engine};
        const auto jack = co_await f.authors.get_one(first, 7), ed = co_await with_children(f.authors, first, 8);
        co_await first.close();
        f.statements();

        corm::AsyncSession session{f.engine};
        auto transient = f.authors.make("x", 7);
        const auto no_row = co_await failure(session.merge(std::move(transient), {.load = false}));
        CHECK_THAT(message_of(no_row), ContainsSubstring("has no row"));
        const auto copy = co_await session.merge(jack, {.load = false});
        CHECK(copy != jack);
        CHECK(state_of(copy) == ObjectState::persistent);
        CHECK(f.authors.text(*copy) == "jack");
        CHECK_FALSE(session.is_modified(copy));
        const auto got = co_await f.authors.get_one(session, 7);
        CHECK(got == copy);
        const auto whole = co_await session.merge(ed, {.load = false});
        CHECK(f.authors.children(*whole).size() == 3);
        CHECK(f.authors.children(*whole)[0] != f.authors.children(*ed)[0]);
        CHECK(f.books.parent(*f.authors.children(*whole)[0]) == whole);
        co_await session.flush();
        CHECK(f.sql() == 0);
        const auto last = f.authors.children(*ed)[2];
        f.books.set_text(last.edit(), "changed");
        const auto modified = co_await failure(session.merge(ed, {.load = false}));
        CHECK_THAT(message_of(modified),
                   ContainsSubstring(std::string{f.books.name} + "(4)") && ContainsSubstring("not flushed"));
        f.authors.set_text(copy.edit(), "changed");
        co_await session.commit();
    });
    CHECK(f.query("select text from authors where id = 7") == "changed");
}

TEMPLATE_TEST_CASE("merging checks the version", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        auto equal = author(f, 7, "equal", 1), unset = author(f, 7, "unset", 0);
        const auto merged = co_await session.merge(std::move(equal));
        co_await session.commit();
        CHECK(f.authors.version(*merged) == 2);
        static_cast<void>(co_await session.merge(std::move(unset), {.check_version = false}));
        co_await session.commit();
        CHECK(f.authors.version(*merged) == 3);

        for (const bool held : {true, false}) {
            corm::AsyncSession other{f.engine};
            if (held)
                static_cast<void>(co_await f.authors.get_one(other, 7));
            auto late = author(f, 7, "too late", 1);
            const auto stale = co_await failure(other.merge(std::move(late)));
            CHECK(threw<corm::StaleDataError>(stale));
            co_await other.commit();
        }
    });
    CHECK(f.query("select text || version from authors where id = 7") == "unset3");
}

TEMPLATE_TEST_CASE("several objects of one key are merged into one", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const std::vector three{f.tags.make("one", 50), f.tags.make("two", 50), f.tags.make("three", 50)};
        const auto added = co_await session.merge_all(three);
        CHECK(f.statements() == List{"SELECT tags"});
        CHECK(added[0] == added[1]);
        CHECK(added[0] == added[2]);
        CHECK(f.tags.text(*added[0]) == "three");
        co_await session.commit();
        CHECK(f.query("select string_agg(text, ' ') from tags") == "three");
        const std::vector two{f.tags.make("four", 50), f.tags.make("five", 50)};
        f.statements();
        const auto merged = co_await session.merge_all(two);
        CHECK(merged[0] == added[0]);
        CHECK(merged[1] == added[0]);
        co_await session.commit();
        CHECK(f.statements() == List{"SELECT tags", "UPDATE tags"});
    });
    CHECK(f.query("select string_agg(text, ' ') from tags") == "five");
}

TEMPLATE_TEST_CASE("a set value is added, the old one deleted, until it is sent", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto tag = corm::transient(f.tags.make("hi"));
        CHECK(history(f.tags, tag) == "hi/-/-");
        CHECK(state_of(tag) == ObjectState::transient); // asking changes nothing
        session.add(tag);
        co_await session.flush();
        CHECK(history(f.tags, tag) == "-/hi/-");
        f.tags.set_text(tag.edit(), "there");
        CHECK(history(f.tags, tag) == "there/-/hi");
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE tags"});
        CHECK(history(f.tags, tag) == "-/there/-");
        f.tags.set_text(tag.edit(), "other");
        f.tags.set_text(tag.edit(), "there"); // set back
        CHECK(history(f.tags, tag) == "-/there/-");
        CHECK_FALSE(corm::inspect(tag).is_modified());
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select text from tags") == "there");
}

TEMPLATE_TEST_CASE("an expired attribute has no history, and is not set", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto tag = co_await f.tags.get_one(session, 1);
        session.expire(tag);
        CHECK(history(f.tags, tag) == "-/-/-");
        CHECK_THROWS_AS(f.tags.set_text(tag.edit(), "blind"), corm::NotLoadedError);
        co_await session.refresh(tag);
        f.tags.set_text(tag.edit(), "seen");
        CHECK(history(f.tags, tag) == "seen/-/red");
        co_await session.commit();
    });
    CHECK(f.query("select text from tags where id = 1") == "seen");
}

TEMPLATE_TEST_CASE("the history of a reference", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto book = co_await f.books.get_one(session, 1);
        const auto jack = co_await f.authors.get_one(session, 7), ed = co_await f.authors.get_one(session, 8);
        co_await session.load(book, f.books.parent_load());
        CHECK(f.books.parent_history(book).unchanged.at(0) == jack);
        f.books.parent(book.edit()) = ed;
        const auto replaced = f.books.parent_history(book);
        CHECK(replaced.added.at(0) == ed);
        CHECK(replaced.deleted.at(0) == jack);
        CHECK(corm::inspect(book).is_modified());
        f.books.parent(book.edit()) = nullptr;
        const auto removed = f.books.parent_history(book);
        CHECK(removed.added.empty());
        CHECK(removed.deleted.at(0) == jack);
        co_await session.rollback();
    });
}

TEMPLATE_TEST_CASE("the history of a collection", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_children(f.authors, session, 8);
        const auto first = f.authors.children(*ed)[0];
        CHECK(f.authors.children_history(ed).unchanged.size() == 3);
        const auto fresh = corm::transient(f.books.make("new"));
        f.authors.children(ed.edit()) = {fresh, first};
        const auto history = f.authors.children_history(ed);
        CHECK(history.added == std::vector{fresh});
        CHECK(history.unchanged == std::vector{first});
        co_await session.flush();
        CHECK(f.authors.children_history(ed).unchanged.size() == 2);
        CHECK(f.authors.children_history(ed).deleted.empty());
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(text, ' ' order by id) from books where author_id = 8") == "e1 new");
}

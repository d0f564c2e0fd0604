// Hooks of rows and of flushes.
#include "fixture.hpp"

#include "support/refused.hpp"

using namespace twice;

namespace {

/// A fixture whose engine has hooks.
template <class Mapping>
struct Hooked {
    static corm::EngineOptions with(std::shared_ptr<corm::SessionHooks> hooks) {
        corm::EngineOptions options;
        options.hooks = std::move(hooks);
        return options;
    }

    std::shared_ptr<corm::SessionHooks> hooks = std::make_shared<corm::SessionHooks>();
    Fixture<Mapping> f{stock, with(hooks)};
};

} // namespace

TEMPLATE_TEST_CASE("rows are announced before the flush and reported behind it", "[twice][integration]", Structs,
                   Records) {
    Hooked<TestType> h;
    Fixture<TestType>& f = h.f;
    List said;
    using Author = typename std::remove_cvref_t<decltype(f.authors)>::Ref;
    using Tag = typename std::remove_cvref_t<decltype(f.tags)>::Ref;
    for (const auto& [event, word] : {std::pair{corm::RowEvent::before_insert, "inserting "},
                                      {corm::RowEvent::after_insert, "inserted "},
                                      {corm::RowEvent::before_update, "updating "},
                                      {corm::RowEvent::after_update, "updated "},
                                      {corm::RowEvent::before_delete, "deleting "},
                                      {corm::RowEvent::after_delete, "deleted "}})
        f.authors.on(*h.hooks, event, [&f, &said, word = std::string{word}](const Author& author) {
            said.push_back(word + f.authors.text(*author));
        });
    f.tags.on(*h.hooks, corm::RowEvent::before_insert, [&](const Tag&) { said.push_back("tag"); });
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7), chuck = co_await f.authors.get_one(session, 10);
        f.authors.set_text(jack.edit(), "jim");
        session.remove(chuck);
        session.add(f.authors.make("new"));
        session.add(f.books.make("a book"));
        co_await session.flush();
        CHECK(said ==
              List{"inserting new", "updating jim", "deleting chuck", "inserted new", "updated jim", "deleted chuck"});
        said.clear();
        session.add(f.tags.make("t"));
        co_await session.commit();
        CHECK(said == List{"tag"});
    });
}

TEMPLATE_TEST_CASE("a row's own hook may change its columns, and nothing else", "[twice][integration]", Structs,
                   Records) {
    Hooked<TestType> h;
    Fixture<TestType>& f = h.f;
    using Author = typename std::remove_cvref_t<decltype(f.authors)>::Ref;
    Author ed;
    List said;
    f.authors.on(*h.hooks, corm::RowEvent::before_update,
                 [&](const Author& author) { f.authors.set_text(author.edit(), f.authors.text(*author) + "!"); });
    f.authors.on(*h.hooks, corm::RowEvent::after_update, [&](const Author& author) -> corm::Task<> {
        said.push_back(co_await corm::test::refused([&] { f.authors.set_text(author.edit(), "touched"); }));
        said.push_back(co_await corm::test::refused([&] { f.authors.set_text(ed.edit(), "touched"); }));
    });
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        ed = co_await f.authors.get_one(session, 8);
        const auto jack = co_await f.authors.get_one(session, 7);
        f.authors.set_text(jack.edit(), "jim");
        co_await session.commit();
        CHECK(f.authors.text(*jack) == "jim!");
        CHECK(f.authors.text(*ed) == "ed");
    });
    ed = {};
    CHECK(f.query("select text || version from authors where id = 7") == "jim!2");
    REQUIRE(said.size() == 2);
    for (const std::string& text : said)
        CHECK_THAT(text, ContainsSubstring("edit() was called by the after_update hook of " +
                                           std::string{f.authors.name} + "(7)"));
}

TEMPLATE_TEST_CASE("a load hook runs once for each object that a row becomes", "[twice][integration]", Structs,
                   Records) {
    Hooked<TestType> h;
    Fixture<TestType>& f = h.f;
    using Book = typename std::remove_cvref_t<decltype(f.books)>::Ref;
    List said;
    f.books.on(*h.hooks, corm::RowEvent::load, [&](const Book& book) { said.push_back(f.books.text(*book)); });
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_children(f.authors, session, 8);
        CHECK(said == List{"e1", "e2", "e3"});
        said.clear();
        const auto all = co_await session.all(f.books.select());
        CHECK(said == List{"j1", "f1"});
        said.clear();
        session.expire(all[0]);
        co_await session.refresh(all[0]);
        CHECK(said.empty()); // the object was there
        co_await session.rollback();
    });
}

TEMPLATE_TEST_CASE("what was flushed is told, and is the object that a hook loads", "[twice][integration]", Structs,
                   Records) {
    Hooked<TestType> h;
    Fixture<TestType>& f = h.f;
    using Object = typename std::remove_cvref_t<decltype(f.books)>::Object;
    bool same = false;
    h.hooks->after_flush([&](const corm::SessionHandle& session, const corm::FlushedObjects& flushed) -> corm::Task<> {
        const auto inserted = flushed.template inserted<Object>();
        if (inserted.empty())
            co_return;
        const auto book = inserted.front();
        co_await session->load(book, f.books.parent_load());
        const auto jack = f.books.parent(*book).get();
        co_await session->load(jack, f.authors.children_load());
        const auto found = co_await session->all(f.books.select_by_foreign_key(7));
        same = found.back() == book && f.authors.children(*jack).contains(book) && found.size() == 2;
    });
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        auto value = f.books.make("new");
        f.books.set_foreign_key(value, 7);
        const auto book = session.add(std::move(value));
        co_await session.flush();
        CHECK(same);
        CHECK(state_of(book) == ObjectState::persistent);
        co_await session.commit();
    });
}

// Functions of the program at points of every session: when they run, and what comes of what they do.
#include "graph.hpp"
#include "hooks.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace graph_test {
using Catch::Matchers::ContainsSubstring;

TEST_CASE("hooks: what runs before a flush is written by it, in the same round trip", "[hooks][integration]") {
    Hooked h;
    h.hooks->before_flush([&](const corm::SessionHandle& session) -> corm::Task<void> {
        h.say("before_flush");
        for (corm::Ref<Author>& author : session->new_<Author>())
            author.edit().name += "!";
        session->add(Tag{.label = "by a hook"});
        const std::int64_t tags = co_await session->scalar(corm::count<Tag>());
        CHECK(tags == 0);
    });
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        co_await session.get<Author>(1);
        const auto author = session.add(Author{.name = "Ada"});
        g.round_trips();
        co_await session.commit();
        CHECK(g.round_trips() == 2); // the query of the hook, and everything else
        CHECK(author->name == "Ada!");
        co_await session.commit(); // nothing to flush
    });
    CHECK(h.said() == List{"before_flush"});
    CHECK(g.query("select name || (select label from tags) from authors") == "Ada!by a hook");
}

TEST_CASE("hooks: rows are announced before the flush and reported behind it", "[hooks][integration]") {
    Hooked h;
    const auto on = [&](corm::RowEvent event) {
        h.hooks->on<Author>(event, [&h, event](corm::Ref<Author> author) {
            h.say(std::string{to_string(event)} + " " + author->name + (author->id != 0 ? " with a key" : ""));
        });
    };
    for (const auto event : {corm::RowEvent::before_insert, corm::RowEvent::after_insert, corm::RowEvent::before_update,
                             corm::RowEvent::after_update, corm::RowEvent::before_delete, corm::RowEvent::after_delete})
        on(event);
    h.hooks->after_flush([&](const corm::SessionHandle&, const corm::FlushedObjects& flushed) -> corm::Task<void> {
        h.say("after_flush " + std::to_string(flushed.inserted<Author>().size()) +
              std::to_string(flushed.updated<Author>().size()) + std::to_string(flushed.deleted<Author>().size()) +
              std::to_string(flushed.inserted<Book>().size()));
        co_return;
    });
    Graph g{"insert into authors (name) values ('old'), ('gone'), ('same');", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto old = co_await session.get_one<Author>(1);
        const auto gone = co_await session.get_one<Author>(2);
        const auto same = co_await session.get_one<Author>(3);
        co_await session.load(gone, corm::load<&Author::books>, corm::load<&Author::profile>);
        session.add(Author{.name = "a"});
        session.add(Author{.name = "b"});
        old.edit().name = "new";
        same.edit().name = "same"; // no change in the end
        session.remove(gone);
        g.round_trips();
        co_await session.commit();
        CHECK(g.round_trips() == 2); // the hooks run between the flush and the COMMIT
    });
    CHECK(h.said() == List{"before_insert a", "before_insert b", "before_update new with a key",
                           "before_delete gone with a key", "after_insert a with a key", "after_insert b with a key",
                           "after_update new with a key", "after_delete gone with a key", "after_flush 2110"});
}

TEST_CASE("hooks: a row's own hook may change its columns", "[hooks][integration]") {
    Hooked h;
    h.hooks
        ->before_insert<Author>([](corm::Ref<Author> author) { author.edit().name += " (new)"; })
        // Waiting for something else in between is no different.
        .before_update<Author>([](corm::Ref<Author> author) -> corm::Task<void> {
            co_await turn();
            author.edit().name += " (edited)";
        });
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto author = session.add(Author{.name = "Ada"});
        g.round_trips();
        co_await session.commit();
        CHECK(g.round_trips() == 1);
        CHECK(author->name == "Ada (new)");
        author.edit().name = "Bea";
        co_await session.commit();
        CHECK(g.round_trips() == 1);
        CHECK(author->name == "Bea (edited)");
    });
    CHECK(g.query("select name from authors") == "Bea (edited)");
}

TEST_CASE("hooks: rows that a removal reaches are announced as well", "[hooks][integration]") {
    Hooked h;
    h.hooks->before_delete<Profile>([&](corm::Ref<Profile> profile) { h.say("delete " + profile->motto); })
        .before_update<Book>(
            [&](corm::Ref<Book> book) { h.say("update " + book->title + (book->author_id ? "" : " without author")); })
        .after_update<Book>([&](corm::Ref<Book> book) { h.say("updated " + book->title); })
        .before_update<Author>([&](corm::Ref<Author>) { h.say("an author is none of them"); });
    Graph g{library, h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.remove(co_await session.get_one<Author>(1));
        co_await session.commit();
        // A foreign key that waits for a key of the same flush.
        const auto book = co_await session.get_one<Book>(4);
        book.edit().author = session.add(Author{.name = "Eve"});
        co_await session.flush();
        CHECK(book->author_id == 4);
        co_await session.commit();
    });
    CHECK(h.said() == List{"update one without author", "update two without author", "delete onwards", "updated one",
                           "updated two", "update four without author", "updated four"});
    CHECK(g.query("select count(*) from books where author_id is null") == "2");
}

TEST_CASE("hooks: load runs once for each object that a row becomes", "[hooks][integration]") {
    Hooked h;
    h.hooks->load<Author>([&](corm::Ref<Author> author) { h.say(author->name); })
        .load<Book>([&](corm::Ref<Book> book) -> corm::Task<void> {
            co_await turn();
            h.say(book->title);
        });
    Graph g{library, h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        g.round_trips();
        const auto ada = co_await session.get_one<Author>(1);
        CHECK(h.said() == List{"Ada"});
        co_await session.get_one<Author>(1);
        co_await session.refresh(ada);
        CHECK(h.said().empty());
        const auto all = co_await session.all(corm::select<Author>().order_by(corm::asc<&Author::id>));
        CHECK(h.said() == List{"Bob", "Cyd"});
        co_await session.load(all, corm::load<&Author::books>);
        CHECK(h.sorted() == List{"one", "three", "two"});
        const auto book = co_await session.one(corm::select<Book>().where(corm::col<&Book::title> == "four"));
        CHECK(h.said() == List{"four"});
        CHECK(g.round_trips() == 5);
        const auto merged = co_await session.merge(*ada);
        CHECK(merged == ada);
        co_await session.close();
        const auto joined = co_await session.all(
            corm::select<Book>().order_by(corm::asc<&Book::id>).with_joined<&Book::author, &Author::profile>());
        CHECK(h.said() == List{"one", "two", "three", "four", "Ada", "Bob"});
        const auto more = co_await session.all(corm::select<Book>().with_joined<&Book::author>());
        CHECK(h.said().empty());
        co_await session.close();
        Author rob{.id = 2, .name = "Rob"}; // a variable: g++ 12 destroys it twice inside of the expression
        const auto again = co_await session.merge(std::move(rob));
        CHECK(h.said() == List{"Bob"});
        CHECK(again->name == "Rob");
    });
}

TEST_CASE("hooks: the end of a transaction", "[hooks][integration]") {
    Hooked h;
    h.all_of_sessions();
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Author{.name = "Ada"});
        co_await session.commit();
        CHECK(h.said() == List{"before_commit", "before_flush", "after_flush", "after_commit"});
        co_await session.rollback(); // there is nothing to roll back
        CHECK(h.said().empty());
        session.add(Author{.name = "Bob"});
        co_await session.flush();
        CHECK(h.said() == List{"before_flush", "after_flush"});
        co_await session.rollback();
        CHECK(h.said() == List{"after_rollback"});
        // One that fails waits for its rollback.
        session.add(Author{.id = 1, .name = "twice"});
        caught<corm::IntegrityError>(co_await failure(session.commit()));
        CHECK(h.said() == List{"before_commit", "before_flush"});
        co_await session.close();
        CHECK(h.said() == List{"after_rollback"});
    });
}

TEST_CASE("hooks: engine.transaction runs them for each attempt", "[hooks][integration]") {
    Hooked h;
    h.all_of_sessions();
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        int attempts = 0;
        co_await g.engine.transaction([&](corm::AsyncSession& session) -> corm::Task<void> {
            session.add(Author{.name = "Ada"});
            co_await session.flush();
            if (++attempts == 1)
                co_await session.execute(corm::raw_sql("do $$ begin raise exception using errcode = '40001'; end $$"));
        });
        CHECK(h.said() == List{"before_flush", "after_flush", "after_rollback", "before_flush", "after_flush",
                               "before_commit", "after_commit"});
        const auto error = co_await failure(g.engine.transaction([&](corm::AsyncSession&) -> corm::Task<void> {
            throw std::runtime_error("no");
            co_return;
        }));
        CHECK(std::string{caught<std::runtime_error>(error).what()} == "no");
        CHECK(h.said() == List{"after_rollback"});
    });
    CHECK(g.query("select count(*) from authors") == "1");
}

TEST_CASE("hooks: a commit that has happened is not reported as undone", "[hooks][integration]") {
    Hooked h;
    h.hooks->after_commit([](const corm::SessionHandle&) { throw std::runtime_error("too late"); })
        .after_rollback([&](const corm::SessionHandle&) { h.say("after_rollback"); });
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        const auto error = co_await failure(g.engine.transaction([](corm::AsyncSession& session) -> corm::Task<void> {
            session.add(Author{.name = "Ada"});
            co_return;
        }));
        CHECK(std::string{caught<std::runtime_error>(error).what()} == "too late");
    });
    CHECK(h.said().empty());
    CHECK(g.query("select count(*) from authors") == "1");
}

TEST_CASE("hooks: what is changed behind a flush is left to the next, and a commit takes it along",
          "[hooks][integration]") {
    Hooked h;
    h.hooks->after_flush([&](const corm::SessionHandle& session, const corm::FlushedObjects& flushed) {
        for (const corm::Ref<Author>& author : flushed.inserted<Author>())
            session->add(Tag{.label = "insert of " + std::to_string(author->id)});
    });
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Author{.name = "Ada"});
        co_await session.flush();
        CHECK(session.new_<Tag>().size() == 1);
        session.add(Author{.name = "Bob"});
        g.round_trips();
        co_await session.commit();
        CHECK(g.round_trips() == 3);
    });
    CHECK(g.query("select string_agg(label, ', ' order by id) from tags") == "insert of 1, insert of 2");
}

TEST_CASE("hooks: what is changed behind the flush of begin_nested is outside", "[hooks][integration]") {
    Hooked h;
    bool endless = false;
    h.hooks->after_flush([&](const corm::SessionHandle& session, const corm::FlushedObjects& flushed) {
        for (const corm::Ref<Author>& author : flushed.inserted<Author>())
            session->add(Tag{.label = author->name});
        if (endless)
            session->add(Tag{.label = "again"});
    });
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Author{.name = "Ada"});
        const auto savepoint = co_await session.begin_nested();
        CHECK(session.new_<Tag>().empty());
        session.add(Author{.name = "Bob"});
        co_await session.flush();
        co_await savepoint.rollback();
        session.add(Author{.name = "Cyd"});
        const auto error = co_await failure(session.nested([&]() -> corm::Task<> {
            session.add(Author{.name = "Dan"});
            co_await session.flush();
            throw std::runtime_error("undone");
        }));
        CHECK(std::string{caught<std::runtime_error>(error).what()} == "undone");
        co_await session.commit();
        session.add(Author{.name = "Eve"});
        endless = true;
        const auto refused = co_await failure([](corm::AsyncSession& nesting) -> corm::Task<> {
            static_cast<void>(co_await nesting.begin_nested());
        }(session));
        CHECK_THAT(caught<corm::Error>(refused).what(),
                   Catch::Matchers::ContainsSubstring("begin_nested() has flushed 100 times"));
        co_await session.rollback();
    });
    CHECK(g.query("select string_agg(label, ', ' order by id) from tags") == "Ada, Cyd");
    CHECK(g.query("select string_agg(name, ', ' order by id) from authors") == "Ada, Cyd");
}

TEST_CASE("hooks: autoflush and savepoints run them as well", "[hooks][integration]") {
    Hooked h;
    h.all_of_sessions();
    Graph g{"", h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Author{.name = "Ada"});
        const auto all = co_await session.all(corm::select<Author>());
        CHECK(all.size() == 1);
        CHECK(h.said() == List{"before_flush", "after_flush"});
        session.add(Author{.name = "Bob"});
        const auto savepoint = co_await session.begin_nested();
        CHECK(h.said() == List{"before_flush", "after_flush"});
        session.add(Author{.name = "Cyd"});
        co_await savepoint.release();
        CHECK(h.said() == List{"before_flush", "after_flush"});
        co_await session.commit();
        CHECK(h.said() == List{"before_commit", "after_commit"});
    });
}

TEST_CASE("hooks: rows of tables that are mapped at run time", "[hooks][integration]") {
    Hooked h;
    std::weak_ptr<const corm::Mapper> gone;
    Graph g{"create table notes (id bigint primary key, body text not null);", [&] { return h.options(); }()};
    {
        const std::shared_ptr<const corm::Mapper> notes =
            corm::define("notes").column<std::int64_t>("id").column<std::string>("body").primary_key({"id"}).build();
        const std::shared_ptr<const corm::Mapper> others =
            corm::define("others").column<std::int64_t>("id").primary_key({"id"}).build();
        gone = notes;
        h.hooks->on<corm::Record>(corm::RowEvent::before_insert, notes, [](corm::Ref<corm::Record> note) {
            note.edit().set("body", note->get<std::string>("body") + "!");
        });
        h.hooks->on<corm::Record>(corm::RowEvent::before_insert, others,
                                  [&](const corm::Ref<corm::Record>&) { h.say("of another table"); });
        g.run([&]() -> corm::Task<> {
            corm::AsyncSession session{g.engine};
            corm::Record note{notes};
            note.set("id", std::int64_t{1});
            note.set("body", std::string{"hello"});
            session.add(std::move(note));
            co_await session.commit();
        });
    }
    CHECK(h.said().empty());
    CHECK(g.query("select body from notes") == "hello!");
    CHECK(gone.expired());
}

} // namespace graph_test

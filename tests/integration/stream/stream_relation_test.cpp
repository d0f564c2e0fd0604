// Streams of objects that come with others, and hooks that see them.
#include "integration/graph/hooks.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace graph_test;

namespace {

corm::query::Select<Author> authors() {
    return corm::select<Author>().order_by(corm::asc<&Author::id>);
}
corm::query::Select<Book> books() {
    return corm::select<Book>().order_by(corm::asc<&Book::id>);
}

} // namespace

TEST_CASE("relations of streamed objects are read batch by batch", "[stream][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto stream =
            session.stream(authors().with<&Author::books>().with<&Author::books, &Book::tags>(), {.batch = 2});
        const auto two = co_await stream.next_batch(2);
        CHECK(g.round_trips() == 3); // authors, books, tags
        CHECK(titles(two[0]->books) == "one two");
        CHECK(titles(two[1]->books) == "three");
        CHECK(two[0]->books[0]->tags.size() == 2);
        const Ref<Author> third = co_await stream.next();
        CHECK(third->books.empty());
        CHECK(g.round_trips() == 2);
        const Ref<Author> none = co_await stream.next();
        CHECK_FALSE(none);
    });
}

TEST_CASE("relations to one object come in the rows of a stream", "[stream][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto stream = session.stream(books().with_joined<&Book::author>(), {.batch = 3});
        std::string names;
        while (const Ref<Book> book = co_await stream.next())
            names += book->title + ": " + (book->author ? book->author->name : "nobody") + "; ";
        CHECK(names == "one: Ada; two: Ada; three: Bob; four: nobody; ");
        CHECK(g.round_trips() == 2);
    });
}

TEST_CASE("an error of reading relations ends the stream", "[stream][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        co_await session.execute(corm::raw_sql("set local statement_timeout = 0"));
        const auto stream = session.stream(authors().with<&Author::books>(), {.batch = 1});
        const Ref<Author> first = co_await stream.next();
        CHECK(titles(first->books) == "one two");
        co_await session.execute(corm::raw_sql("alter table books rename column title to heading"));
        CHECK(caught<corm::DatabaseError>(co_await failure(stream.next())).sqlstate().code() == "42703");
        co_await session.rollback();
        CHECK(std::string{caught<corm::Error>(co_await failure(stream.next())).what()}.find("which failed") !=
              std::string::npos);
    });
}

TEST_CASE("hooks see the objects of a stream as they come", "[stream][integration]") {
    Hooked hooked;
    hooked.hooks->on<Author>(corm::RowEvent::load, [&](const Ref<Author>& author) { hooked.say(author->name); });
    Graph g{library, hooked.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto stream = session.stream(authors(), {.batch = 2});
        const Ref<Author> first = co_await stream.next();
        CHECK(first->name == "Ada");
        CHECK(hooked.said() == List{"Ada", "Bob"});
        const auto rest = co_await stream.next_batch(5);
        CHECK(rest.size() == 2);
        CHECK(hooked.said() == List{"Cyd"});
    });
}

TEST_CASE("a hook that throws ends the stream, and not the transaction", "[stream][integration]") {
    Hooked hooked;
    hooked.hooks->on<Author>(corm::RowEvent::load, [](const Ref<Author>& author) {
        if (author->name == "Cyd")
            throw std::domain_error("not that one");
    });
    Graph g{library, hooked.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto stream = session.stream(authors(), {.batch = 2});
        const auto two = co_await stream.next_batch(2);
        CHECK(two.size() == 2);
        const auto error = co_await failure(stream.next());
        CHECK_NOTHROW(caught<std::domain_error>(error));
        CHECK(std::string{caught<corm::Error>(co_await failure(stream.next())).what()}.find("which failed") !=
              std::string::npos);
        const auto open = co_await session.one<std::int64_t>(
            corm::raw_sql("select count(*) from pg_cursors where name like 'corm%'"));
        CHECK(open == 0);
        co_await session.commit();
    });
}

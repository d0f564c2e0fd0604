// Reading relations: what it costs, and what it does to objects that are known already.
#include "graph.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace graph_test;
using Catch::Matchers::ContainsSubstring;

namespace {

corm::query::Select<Author> authors() {
    return corm::select<Author>().order_by(corm::asc<&Author::id>);
}
corm::query::Select<Book> books() {
    return corm::select<Book>().order_by(corm::asc<&Book::id>);
}

} // namespace

TEST_CASE("one-to-many of a whole vector is one statement, and costs nothing again", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto all = co_await session.all(authors());
        CHECK_FALSE(all[0]->books.is_loaded());
        CHECK_THROWS_AS(all[0]->books.size(), corm::NotLoadedError);
        static_cast<void>(g.round_trips());
        co_await session.load(all, corm::load<&Author::books>);
        CHECK(g.round_trips() == 1);
        CHECK(titles(all[0]->books) == "one two");
        CHECK(titles(all[1]->books) == "three");
        CHECK(all[2]->books.empty());
        CHECK(all[0]->books[1]->author == all[0]);
        co_await session.load(all, corm::load<&Author::books>);
        co_await session.load(all[0]->books, corm::load<&Book::author>);
        CHECK(g.round_trips() == 0);
    });
}

TEST_CASE("to-one: what the session holds costs nothing, a NULL is known, a missing row is none",
          "[graph][integration]") {
    Graph g{std::string{library} + "alter table books drop constraint books_author_id_fkey; update books set author_id "
                                   "= 99 where id = 3;"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto all = co_await session.all(books());
        CHECK(all[3]->author.is_loaded());
        CHECK_FALSE(all[3]->author);
        static_cast<void>(g.round_trips());
        co_await session.load(all, corm::load<&Book::author>);
        CHECK(g.round_trips() == 1);
        CHECK(all[0]->author->name == "Ada");
        CHECK(all[0]->author == all[1]->author.get());
        CHECK_FALSE(all[2]->author);
        const auto again = co_await session.get_one<Book>(2);
        co_await session.load(again, corm::load<&Book::author>);
        CHECK(g.round_trips() == 0);
    });
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        const auto book = co_await session.get_one<Book>(1);
        static_cast<void>(g.round_trips());
        co_await session.load(book, corm::load<&Book::author>);
        CHECK(g.round_trips() == 0);
        CHECK(book->author == ada);
    });
}

TEST_CASE("several relations are one round trip, each further step one more", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto all = co_await session.all(authors());
        static_cast<void>(g.round_trips());
        co_await session.load(all, corm::load<&Author::books, &Book::tags>, corm::load<&Author::profile>);
        CHECK(g.round_trips() == 2);
        CHECK(all[0]->profile->motto == "onwards");
        CHECK_FALSE(all[1]->profile);
        const auto one = all[0]->books[0];
        CHECK(one->tags.size() == 2);
        CHECK(one->tags[1]->label == "blue");
        CHECK(one->tags[1] == all[0]->books[1]->tags[0]);
        CHECK_FALSE(one->tags[0]->books.is_loaded());
        co_await session.load(one->tags, corm::load<&Tag::books>);
        CHECK(one->tags[1]->books.size() == 2);
        CHECK(one->tags[1]->books.contains(one));
    });
}

TEST_CASE("a query may ask for relations: its limit counts its own rows", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto two = co_await session.all(authors().limit(2).with<&Author::books>());
        CHECK(g.round_trips() == 2);
        CHECK(two.size() == 2);
        CHECK(titles(two[0]->books) == "one two");
        CHECK(titles(two[1]->books) == "three");
        const auto first = co_await session.first(books().with<&Book::author, &Author::profile>());
        CHECK(first->author->profile->motto == "onwards");
        const auto [some, n] = co_await session.pipeline(books().with<&Book::tags>(), corm::count<Tag>());
        CHECK(some[0]->tags.size() == 2);
        CHECK(some[3]->tags.empty());
        CHECK(n == 3);
    });
}

TEST_CASE("what a to-one relation refers to stays for as long as its owner", "[graph][integration]") {
    Graph g{library};
    std::vector<Ref<Book>> kept;
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        kept = co_await session.all(books().limit(3).with<&Book::author>());
        co_await session.commit();
    });
    CHECK(kept[0]->author->name == "Ada");
    CHECK(kept[2]->author->name == "Bob");
}

TEST_CASE("a composite key, and children that do not know their parent", "[graph][integration]") {
    Graph g{
        "insert into sheets values (2026, 1), (2026, 2); insert into cells (sheet_year, sheet_number) values (2026, "
        "2), (2026, 2), (2026, 1), (null, 1);"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto sheets =
            co_await session.all(corm::select<Sheet>().order_by(corm::asc<&Sheet::number>).with<&Sheet::cells>());
        CHECK(g.round_trips() == 2);
        CHECK(sheets[0]->cells.size() == 1);
        CHECK(sheets[1]->cells.size() == 2);
        CHECK(sheets[1]->cells[0]->id == 1);
    });
}

TEST_CASE("relations of an earlier transaction are readable, and read anew by load", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.one(authors().limit(1).with<&Author::books>());
        co_await session.commit();
        g.query("insert into books (author_id, title) values (1, 'five')");
        CHECK(titles(ada->books) == "one two");
        co_await session.load(ada, corm::load<&Author::books>);
        CHECK(titles(ada->books) == "one two five");
        session.expire(ada);
        CHECK_THROWS_AS(ada->books.size(), corm::NotLoadedError);
        co_await session.load(ada, corm::load<&Author::books>);
        co_await session.refresh(ada);
        CHECK(titles(ada->books) == "one two five");
    });
}

TEST_CASE("unflushed links are part of what is loaded", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto all = co_await session.all(authors());
        const auto one = co_await session.get_one<Book>(1);
        const auto four = co_await session.get_one<Book>(4);
        one.edit().author = all[1];
        four.edit().author = all[0];
        const auto fresh = session.add(Book{.title = "new", .author = all[0]});
        const auto guard = session.no_autoflush();
        co_await session.load(all, corm::load<&Author::books>);
        CHECK(titles(all[0]->books) == "two new four");
        CHECK(titles(all[1]->books) == "three one");
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(title || coalesce(author_id::text, '-'), ' ' order by id) from books") ==
          "one2 two1 three2 four1 new1");
}

TEST_CASE("what cannot be loaded says why", "[graph][integration]") {
    Graph g{std::string{library} + "insert into profiles (author_id, motto) values (2, 'x'); alter table profiles drop "
                                   "constraint profiles_author_id_key; update profiles set author_id = 1;"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine}, other{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        const auto foreign = co_await failure(other.load(ada, corm::load<&Author::books>));
        CHECK_THAT(caught<corm::Error>(foreign).what(), ContainsSubstring("Author(1) is persistent or of another"));
        const auto several = co_await failure(session.load(ada, corm::load<&Author::profile>));
        CHECK_THAT(caught<corm::MappingError>(several).what(), ContainsSubstring("Author(1).profile has 2 rows"));
        const auto fresh = session.add(Author{.name = "new"});
        co_await session.load(fresh, corm::load<&Author::books>);
        CHECK(fresh->books.empty());
    });
}

TEST_CASE("a pair that was added to a collection that is not loaded says nothing of its other pairs",
          "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1), three = co_await session.get_one<Book>(3);
        const auto red = co_await session.get_one<Tag>(1), old = co_await session.get_one<Tag>(3);
        red.edit().books.push_back(three);
        one.edit().tags.push_back(old);
        {
            const auto guard = session.no_autoflush();
            co_await session.load(one, corm::load<&Book::tags>);
        }
        CHECK(one->tags.size() == 3);
        CHECK(one->tags.contains(red));
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(book_id || '-' || tag_id, ' ' order by book_id, tag_id) from book_tags") ==
          "1-1 1-2 1-3 2-2 3-1");
}

TEST_CASE("a pair that is there already is refused by the server, or known and not written", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto book = co_await session.get_one<Book>(1);
        const auto red = co_await session.get_one<Tag>(1);
        book.edit().tags.push_back(red);
        const auto error = co_await failure(session.flush());
        CHECK(caught<corm::IntegrityError>(error).sqlstate() == corm::SqlState{"23505"});
        co_await session.rollback();

        co_await session.load(book, corm::load<&Book::tags>);
        book.edit().tags.push_back(red);
        CHECK(book->tags.size() == 2);
        static_cast<void>(g.round_trips());
        co_await session.flush();
        CHECK(g.round_trips() == 0);
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from book_tags") == "3");
}

TEST_CASE("a child leaves a parent that is expired", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        session.expire(ada);
        co_await session.load(ada, corm::load<&Author::books>);
        const auto one = co_await session.get_one<Book>(1);
        one.edit().author = nullptr;
        co_await session.commit();
        co_await session.refresh(ada);
        co_await session.load(ada, corm::load<&Author::books>);
        CHECK(titles(ada->books) == "two");
    });
}

TEST_CASE("an object of a collection that nobody has kept is read again", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1);
        co_await session.load(one, corm::load<&Book::tags>);
        {
            const auto red = one->tags[0];
            co_await session.load(red, corm::load<&Tag::books>);
            auto old = co_await session.get_one<Tag>(3);
            co_await session.load(old, corm::load<&Tag::books>);
            old.edit().books.push_back(one); // it owns the book, so that this does not own it
            co_await session.flush();
        }
        CHECK_THROWS_AS(one->tags[2], corm::NotLoadedError);
        // Its pair would stay.
        CHECK_THROWS_AS(one.edit().tags.clear(), corm::NotLoadedError);
        CHECK(one->tags.size() == 3);
        co_await session.load(one, corm::load<&Book::tags>);
        CHECK(one->tags[2]->label == "old");
    });
}

TEST_CASE("an object joins another session without what it refers to", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        Ref<Book> one;
        {
            corm::AsyncSession session{g.engine};
            const auto ada = co_await session.get_one<Author>(1);
            co_await session.load(ada, corm::load<&Author::books>);
            one = ada->books[0];
            co_await session.commit();
        }
        corm::AsyncSession session{g.engine};
        session.add(one);
        co_await session.load(one, corm::load<&Book::author>);
        CHECK(one->author->name == "Ada");
    });
}

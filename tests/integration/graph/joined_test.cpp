// Relations that are read by the statement of a query, and collections in the order of their mapping.
#include "graph.hpp"

#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace graph_test;
using Catch::Matchers::ContainsSubstring;
using corm::col;

namespace joined_test {

/// Cells that know their sheet: a key of two parts.
struct Sheet {
    std::int32_t year = 0;
    std::int32_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Sheet, (), (year, number))
struct Cell {
    std::int64_t id = 0;
    std::optional<std::int32_t> sheet_year{};
    std::optional<std::int32_t> sheet_number{};
    One<Sheet> sheet{};
};
BOOST_DESCRIBE_STRUCT(Cell, (), (id, sheet_year, sheet_number, sheet))
constexpr auto corm_mapping(corm::type<Sheet>) {
    return corm::table<Sheet>("sheets").primary_key<&Sheet::year, &Sheet::number>();
}
constexpr auto corm_mapping(corm::type<Cell>) {
    return corm::table<Cell>("cells")
        .primary_key<&Cell::id>()
        .many_to_one<&Cell::sheet, &Cell::sheet_year, &Cell::sheet_number>();
}

/// The books of an author by title, the books of a tag by author from none and the last to the first.
struct Title;
struct Writer {
    std::int64_t id = 0;
    Many<Title> titles{};
};
BOOST_DESCRIBE_STRUCT(Writer, (), (id, titles))
struct Label {
    std::int64_t id = 0;
    Many<Title> titles{};
};
BOOST_DESCRIBE_STRUCT(Label, (), (id, titles))
struct Title {
    std::int64_t id = 0;
    std::optional<std::int64_t> author_id{};
    std::string title{};
};
BOOST_DESCRIBE_STRUCT(Title, (), (id, author_id, title))
constexpr auto corm_mapping(corm::type<Writer>) {
    return corm::table<Writer>("authors")
        .primary_key<&Writer::id>()
        .one_to_many<&Writer::titles, &Title::author_id>()
        .order_by<&Writer::titles, &Title::title, corm::descending<&Title::id>>();
}
constexpr auto corm_mapping(corm::type<Label>) {
    return corm::table<Label>("tags")
        .primary_key<&Label::id>()
        .many_to_many<&Label::titles>(corm::association("book_tags", {"tag_id"}, {"book_id"}))
        .order_by<&Label::titles, corm::descending<&Title::author_id>, &Title::title>();
}
constexpr auto corm_mapping(corm::type<Title>) {
    return corm::table<Title>("books").primary_key<&Title::id>();
}

/// Orders that come too early.
struct Hasty {
    std::int64_t id = 0;
    Many<Title> titles{};
};
BOOST_DESCRIBE_STRUCT(Hasty, (), (id, titles))
constexpr auto corm_mapping(corm::type<Hasty>) {
    return corm::table<Hasty>("hasty")
        .primary_key<&Hasty::id>()
        .order_by<&Hasty::titles, &Title::title>()
        .one_to_many<&Hasty::titles, &Title::author_id>();
}

} // namespace joined_test

using joined_test::Label;
using joined_test::Title;
using joined_test::Writer;

namespace {

corm::query::Select<Book> books() {
    return corm::select<Book>().order_by(corm::asc<&Book::id>);
}

std::string ids(const Many<Title>& titles) {
    std::string all;
    for (const Ref<Title>& title : titles)
        all += (all.empty() ? "" : " ") + std::to_string(title->id);
    return all;
}

constexpr const char* no_reference = "alter table books drop constraint books_author_id_fkey;";

} // namespace

TEST_CASE("collections come in the order of their mapping, however they are read", "[graph][integration]") {
    Graph g{"insert into authors (name) values ('Ada'), ('Bob'); insert into tags (label) values ('red');"
            "insert into books (author_id, title) values (1, 'c'), (1, 'a'), (1, 'b'), (2, 'z'), (1, 'a'), (null, 'n');"
            "insert into book_tags values (1, 1), (2, 1), (4, 1), (5, 1), (6, 1);"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Writer>(1);
        co_await session.load(ada, corm::load<&Writer::titles>);
        CHECK(ids(ada->titles) == "5 2 3 1");
        const auto red = co_await session.one(corm::select<Label>().with<&Label::titles>());
        CHECK(ids(red->titles) == "6 4 2 5 1"); // NULL is the highest
        // In memory nothing is sorted.
        ada.edit().titles.push_back(session.add(Title{.title = "aa"}));
        CHECK(ids(ada->titles) == "5 2 3 1 0");
        co_await session.commit();
        CHECK(ids(ada->titles) == "5 2 3 1 7");
        co_await session.load(ada, corm::load<&Writer::titles>);
        CHECK(ids(ada->titles) == "5 2 7 3 1");
    });
    try {
        static_cast<void>(corm::select<joined_test::Hasty>());
        FAIL("the order was taken");
    } catch (const corm::MappingError& error) {
        CHECK_THAT(error.what(), ContainsSubstring("Hasty.titles is ordered before it is related; write order_by"));
    }
}

TEST_CASE("a joined relation costs no round trip: objects, NULLs and missing rows", "[graph][integration]") {
    Graph g{std::string{library} + no_reference + "update books set author_id = 99 where id = 3;"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto all = co_await session.all(books().with_joined<&Book::author>());
        CHECK(all.size() == 4);
        CHECK(all[0]->author->name == "Ada");
        CHECK(all[1]->author == all[0]->author.get());
        CHECK(all[2]->author.is_loaded());
        CHECK_FALSE(all[2]->author);
        CHECK_FALSE(all[3]->author);
        const auto ada = co_await session.get_one<Author>(1);
        CHECK(ada == all[0]->author.get());
        co_await session.load(all, corm::load<&Book::author>);
        CHECK(g.round_trips() == 1);
        // A query may go on from what it has joined.
        const auto first =
            co_await session.first(books().with_joined<&Book::author>().with<&Book::author, &Author::books>());
        CHECK(g.round_trips() == 2);
        CHECK(titles(first->author->books) == "one two");
    });
}

TEST_CASE("paths, several relations and the other end of a one-to-one", "[graph][integration]") {
    Graph g{std::string{library} + "insert into nodes (parent_id, name) values (null, 'a'), (1, 'b'), (2, 'c');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto all = co_await session.all(books().with_joined<&Book::author, &Author::profile>());
        CHECK(all[0]->author->profile->motto == "onwards");
        CHECK(all[0]->author->profile->author == all[0]->author.get());
        CHECK(all[2]->author->profile.is_loaded());
        CHECK_FALSE(all[2]->author->profile);
        CHECK_FALSE(all[3]->author);
        CHECK(g.round_trips() == 1);
        const auto leaf = co_await session.one(
            corm::select<Node>().where(col<&Node::name> == "c").with_joined<&Node::parent, &Node::parent>());
        CHECK(leaf->parent->name == "b");
        CHECK(leaf->parent->parent->name == "a");
        CHECK_FALSE(leaf->parent->parent->parent);
        CHECK_FALSE(leaf->parent->children.is_loaded());
        CHECK(g.round_trips() == 1);
    });
    Graph composite{"insert into sheets values (2026, 1), (2026, 2); insert into cells (sheet_year, sheet_number) "
                    "values (2026, 2), (2026, 1), (null, 1);"};
    composite.run([&]() -> corm::Task<> {
        using joined_test::Cell;
        corm::AsyncSession session{composite.engine};
        const auto cells =
            co_await session.all(corm::select<Cell>().order_by(corm::asc<&Cell::id>).with_joined<&Cell::sheet>());
        CHECK(composite.round_trips() == 1);
        CHECK(cells[0]->sheet->number == 2);
        CHECK(cells[1]->sheet->number == 1);
        CHECK(cells[2]->sheet.is_loaded());
        CHECK_FALSE(cells[2]->sheet);
    });
}

TEST_CASE("an inner join leaves rows out, and limits count what is left", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto query = books().with_inner_joined<&Book::author>();
        const auto all = co_await session.all(query);
        CHECK(all.size() == 3);
        CHECK(co_await session.scalar(corm::count(query)) == 3);
        CHECK(co_await session.scalar(corm::count(books().with_joined<&Book::author>())) == 4);
        const auto last = co_await session.one(
            corm::select<Book>().order_by(corm::desc<&Book::id>).limit(1).with_inner_joined<&Book::author>());
        CHECK(last->title == "three");
        const auto deep = co_await session.all(books().with_inner_joined<&Book::author, &Author::profile>());
        CHECK(deep.size() == 2);
        const auto offset = co_await session.first(books().offset(1).with_joined<&Book::author>());
        CHECK(offset->author->name == "Ada");
    });
}

TEST_CASE("a pipeline joins, and goes on reading behind it", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto [all, n] = co_await session.pipeline(books().with_joined<&Book::author>(), corm::count<Tag>());
        CHECK(g.round_trips() == 1);
        CHECK(all[2]->author->name == "Bob");
        CHECK(n == 3);
    });
}

TEST_CASE("a joined row fills what is stale, keeps edits, and populate_existing reaches it", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        g.query("update authors set name = 'Theirs' where id = 1");
        const auto one = co_await session.one(books().limit(1).with_joined<&Book::author>());
        CHECK(one->author == ada);
        CHECK(ada->name == "Ada");
        {
            const auto guard = session.no_autoflush();
            ada.edit().name = "Mine";
            static_cast<void>(co_await session.one(books().limit(1).with_joined<&Book::author>()));
            CHECK(ada->name == "Mine");
            static_cast<void>(co_await session.one(books().limit(1).with_joined<&Book::author>().populate_existing()));
            CHECK(ada->name == "Theirs");
        }
        co_await session.commit();
        g.query("update authors set name = 'Later' where id = 1");
        CHECK(ada->name == "Theirs");
        static_cast<void>(co_await session.all(books().with_joined<&Book::author>()));
        CHECK(ada->name == "Later");
    });
}

TEST_CASE("unflushed links are kept, and a foreign key that the row does not have is read behind it",
          "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1), two = co_await session.get_one<Book>(2);
        const auto bob = co_await session.get_one<Author>(2);
        const auto guard = session.no_autoflush();
        one.edit().author = bob;
        two.edit().author_id = 3;
        static_cast<void>(g.round_trips());
        const auto all = co_await session.all(books().with_joined<&Book::author>());
        CHECK(g.round_trips() == 2);
        CHECK(one->author == bob);
        CHECK(two->author->name == "Cyd");
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(author_id::text, ' ' order by id) from books") == "2 3 2");
    // Its row has no author any more; what the session has of it says otherwise.
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto three = co_await session.get_one<Book>(3);
        g.query("update books set author_id = null where id = 3");
        static_cast<void>(g.round_trips());
        static_cast<void>(co_await session.all(books().with_joined<&Book::author>()));
        CHECK(three->author->name == "Bob");
        CHECK(g.round_trips() == 1);
    });
}

TEST_CASE("a one-to-one that leads to several rows says so", "[graph][integration]") {
    Graph g{std::string{library} + "alter table profiles drop constraint profiles_author_id_key; insert into profiles "
                                   "(author_id, motto) values (1, 'x');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto several = co_await failure(session.all(corm::select<Author>().with_joined<&Author::profile>()));
        CHECK_THAT(caught<corm::MappingError>(several).what(),
                   ContainsSubstring("Author(1).profile has several rows; map it as one_to_many"));
    });
}

TEST_CASE("changes of a one-to-one that are not flushed are laid over the rows", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto profile = co_await session.get_one<Profile>(1);
        const auto cyd = co_await session.get_one<Author>(3);
        const auto guard = session.no_autoflush();
        profile.edit().author = cyd;
        const auto authors = co_await session.all(
            corm::select<Author>().order_by(corm::asc<&Author::id>).with_joined<&Author::profile>());
        CHECK(authors[0]->profile.is_loaded());
        CHECK_FALSE(authors[0]->profile);
        CHECK(cyd->profile == profile);
        CHECK(profile->author == cyd);
        co_await session.commit();
    });
    CHECK(g.query("select author_id from profiles") == "3");
}

TEST_CASE("an object that is gone from the database leaves the session with the join that misses it",
          "[graph][integration]") {
    Graph g{std::string{library} + no_reference};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto bob = co_await session.get_one<Author>(2);
        g.query("delete from authors where id = 2");
        static_cast<void>(g.round_trips());
        const auto all = co_await session.all(books().with_joined<&Book::author>());
        CHECK(g.round_trips() == 1);
        CHECK_FALSE(all[2]->author);
        CHECK(corm::inspect(bob).state() == corm::ObjectState::deleted);
    });
}

TEST_CASE("derived tables fit: joined relations", "[verify][integration]") {
    CHECK(corm::test::misfit_of<joined_test::Sheet, joined_test::Cell>() == "");
    CHECK(corm::test::misfit_of<joined_test::Writer, joined_test::Label, joined_test::Title>() == "");
}

// Links become foreign keys and rows of associations, in as few round trips as keys have to be known.
#include "graph.hpp"

#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace graph_test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Texts of a fixed length, spelled in several ways.
struct Country {
    std::int64_t id = 0;
    std::string code{};
    std::string region{};
    std::vector<std::string> codes{};
};
BOOST_DESCRIBE_STRUCT(Country, (), (id, code, region, codes))
constexpr auto corm_mapping(corm::type<Country>) {
    return corm::table<Country>("countries")
        .primary_key<&Country::id>()
        .sql_type<&Country::code>("CHAR(3)")
        .sql_type<&Country::region>("char (4)")
        .sql_type<&Country::codes>("Char(3)[]");
}

} // namespace

TEST_CASE("a new graph is saved level by level: two round trips for parents and children", "[graph][integration]") {
    Graph g;
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto first = corm::transient(Book{.title = "one"});
        const auto second = corm::transient(Book{.title = "two"});
        const auto ada = session.add(Author{.name = "Ada", .books = {first, second}});
        co_await session.commit();
        CHECK(g.round_trips() == 2);
        CHECK(ada->id != 0);
        CHECK(first->author_id == ada->id);
        CHECK(corm::inspect(second).state() == corm::ObjectState::persistent);
        // Children of a parent with a row need no round trip of their own.
        session.add(Book{.title = "three", .author = ada});
        ada.edit().books.push_back(corm::transient(Book{.title = "four"}));
        ada.edit().name = "Ada L.";
        co_await session.commit();
        CHECK(g.round_trips() == 1);
        CHECK(ada->version == 1);
        CHECK(titles(ada->books) == "one two three four");
    });
    CHECK(g.query("select string_agg(title, ' ' order by id) from books where author_id = 1") == "one two three four");
}

TEST_CASE("a child that is moved, and one that is taken out, are updates of their rows", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1), bob = co_await session.get_one<Author>(2);
        co_await session.load(both(ada, bob), corm::load<&Author::books>);
        const auto one = ada->books[0], two = ada->books[1], three = bob->books[0];
        bob.edit().books.push_back(one);
        two.edit().author = nullptr;
        three.edit().author = ada;
        static_cast<void>(g.round_trips());
        co_await session.commit();
        CHECK(g.round_trips() == 1);
        CHECK(one->author_id == 2);
        CHECK_FALSE(two->author_id);
        CHECK(ada->version == 0); // a link is no change of the parent's row
        co_await session.commit();
        CHECK(g.round_trips() == 0);
    });
    CHECK(g.query("select string_agg(title || coalesce(author_id::text, '-'), ' ' order by id) from books") ==
          "one2 two- three1 four-");
}

TEST_CASE("the foreign key that the program writes itself counts where no link was changed", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto book =
            co_await session.first(corm::select<Book>().order_by(corm::asc<&Book::id>).with<&Book::author>());
        book.edit().author_id = 2;
        co_await session.flush();
        CHECK_FALSE(book->author.is_loaded());
        co_await session.load(book, corm::load<&Book::author>);
        CHECK(book->author->name == "Bob");
        session.add(Book{.author_id = 3, .title = "raw"});
        co_await session.commit();
    });
    CHECK(g.query("select author_id from books where title = 'raw'") == "3");
}

TEST_CASE("many-to-many: pairs are written once, whichever side they were made on", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1), two = co_await session.get_one<Book>(2);
        const auto all = co_await session.all(corm::select<Tag>().order_by(corm::asc<&Tag::id>).with<&Tag::books>());
        co_await session.load(both(one, two), corm::load<&Book::tags>);
        static_cast<void>(g.round_trips());
        one.edit().tags.remove(all[0]);
        two.edit().tags.push_back(all[2]);
        all[2].edit().books.push_back(two);
        all[2].edit().books.push_back(one);
        one.edit().tags.push_back(corm::transient(Tag{.label = "new"}));
        co_await session.commit();
        CHECK(g.round_trips() == 2); // the key of the new tag
        CHECK(all[0]->books.empty());
        CHECK(one->tags.size() == 3);
        // Of a collection that is not loaded as well.
        const auto three = co_await session.get_one<Book>(3);
        three.edit().tags.push_back(all[0]);
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(book_id || '-' || tag_id, ' ' order by book_id, tag_id) from book_tags") ==
          "1-2 1-3 1-4 2-2 2-3 3-1");
}

TEST_CASE("a pair that somebody else has deleted is stale data", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1);
        co_await session.load(one, corm::load<&Book::tags>);
        g.query("delete from book_tags where tag_id = 2");
        one.edit().tags.clear();
        const auto error = caught<corm::StaleDataError>(co_await failure(session.commit()));
        CHECK_THAT(error.what(), ContainsSubstring("book_tags with key (1, 2)"));
        co_await session.rollback();
        CHECK(one->tags.size() == 2);
    });
    CHECK(g.query("select count(*) from book_tags") == "1");
}

TEST_CASE("a tree of 10,000 nodes: three round trips to save, three to load, four to remove", "[graph][integration]") {
    Graph g;
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = corm::transient(Node{.name = "root"});
        for (int i = 0; i < 99; ++i) {
            const auto middle = corm::transient(Node{.name = "middle"});
            root.edit().children.push_back(middle);
            for (int j = 0; j < 100; ++j)
                middle.edit().children.push_back(corm::transient(Node{.name = "leaf"}));
        }
        session.add(root);
        co_await session.commit();
        CHECK(g.round_trips() == 3);
    });
    CHECK(g.query("select count(*) from nodes") == "10000");
    CHECK(g.query("select count(*) from nodes l join nodes m on l.parent_id = m.id join nodes r on m.parent_id = r.id "
                  "where r.parent_id is null") == "9900");
    g.run([&]() -> corm::Task<> {
        static_cast<void>(g.round_trips());
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.one(
            corm::select<Node>().where(corm::col<&Node::parent_id>.is_null()).with<&Node::children, &Node::children>());
        CHECK(g.round_trips() == 3);
        CHECK(root->children.size() == 99);
        CHECK(root->children[98]->children.size() == 100);
        CHECK(root->children[98]->children[99]->parent->parent == root);
        co_await session.rollback();
    });
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = co_await session.one(corm::select<Node>().where(corm::col<&Node::parent_id>.is_null()));
        static_cast<void>(g.round_trips());
        session.remove(root);
        co_await session.commit();
        CHECK(g.round_trips() == 4);
    });
    CHECK(g.query("select count(*) from nodes") == "0");
}

TEST_CASE("one-to-one: the one that is replaced goes", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        co_await session.load(ada, corm::load<&Author::profile>);
        const auto old = ada->profile.get();
        ada.edit().profile = nullptr;
        co_await session.flush();
        CHECK(corm::inspect(old).state() == corm::ObjectState::deleted);
        ada.edit().profile = corm::transient(Profile{.motto = "again"});
        co_await session.commit();
        CHECK(ada->profile->author_id == 1);
    });
    CHECK(g.query("select string_agg(author_id || motto, ' ') from profiles") == "1again");
}

TEST_CASE("children that do not know their parent follow its collection", "[graph][integration]") {
    Graph g{
        "insert into sheets values (2026, 1); insert into cells (sheet_year, sheet_number) values (2026, 1), (2026, "
        "1), (null, null);"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto sheet = co_await session.get_one<Sheet>(corm::key(2026, 1));
        const auto loose = co_await session.get_one<Cell>(3);
        co_await session.load(sheet, corm::load<&Sheet::cells>);
        const auto first = sheet->cells[0], second = sheet->cells[1];
        sheet.edit().cells.remove(first);
        const auto other = session.add(Sheet{.year = 2026, .number = 2, .cells = {loose}});
        sheet.edit().cells.remove(second);
        other.edit().cells.push_back(second);
        other.edit().cells.push_back(corm::transient(Cell{}));
        static_cast<void>(g.round_trips());
        co_await session.commit();
        CHECK(g.round_trips() == 1);
        CHECK_FALSE(first->sheet_year);
    });
    CHECK(g.query("select string_agg(id || '-' || coalesce(sheet_number::text, '-'), ' ' order by id) from cells") ==
          "1-- 2-2 3-2 4-2");
}

TEST_CASE("a circle of new rows: closed by an update where the mapping says so", "[graph][integration]") {
    Graph g;
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto favourite = corm::transient(Ball{});
        const auto person = session.add(Person{.balls = {corm::transient(Ball{}), favourite, corm::transient(Ball{})}});
        person.edit().favourite = favourite;
        co_await session.commit();
        CHECK(g.round_trips() == 3);
        CHECK(person->favourite_id == favourite->id);
        CHECK(g.query("select favourite_id = (select max(id) - 1 from balls) from persons") == "t");

        const auto a = corm::transient(Node{}), b = corm::transient(Node{});
        a.edit().parent = b;
        b.edit().parent = a;
        session.add(a);
        const auto circle = caught<corm::Error>(co_await failure(session.commit()));
        CHECK_THAT(circle.what(), ContainsSubstring("new objects need each other's keys") &&
                                      ContainsSubstring("Node, Node") && ContainsSubstring("post_update"));
        co_await session.rollback();
        CHECK(corm::inspect(a).state() == corm::ObjectState::transient);
    });
    CHECK(g.query("select count(*) from nodes") == "0");
}

TEST_CASE("links that cannot be written are refused before anything is sent", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        co_await session.load(ada, corm::load<&Author::books>);
        static_cast<void>(g.round_trips());
        const auto draft = corm::transient(Book{.title = "draft"});
        draft.edit().author = ada; // no cascade from the child
        ada.edit().name = "other";
        co_await session.flush();
        CHECK(corm::inspect(draft).state() == corm::ObjectState::transient);

        const auto person = session.add(Person{});
        co_await session.flush();
        const auto lonely = session.add(Ball{});
        const auto refused = co_await failure(session.flush());
        CHECK(caught<corm::IntegrityError>(refused).sqlstate() == corm::sqlstate::foreign_key_violation);
        co_await session.rollback();
        static_cast<void>(person);
        static_cast<void>(lonely);
    });
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine, {.autocommit = true}};
        session.add(Author{.name = "new", .books = {corm::transient(Book{.title = "x"})}});
        const auto refused = caught<corm::Error>(co_await failure(session.flush()));
        CHECK_THAT(refused.what(), ContainsSubstring("use a session without autocommit"));
    });
    CHECK(g.query("select count(*) from authors") == "3");
}

TEST_CASE("the links of an object that is read meanwhile are kept for its flush", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1), two = co_await session.get_one<Book>(2);
        const auto bob = co_await session.get_one<Author>(2);
        const auto old = co_await session.get_one<Tag>(3);
        one.edit().author = bob;
        one.edit().tags.push_back(old);
        two.edit().title = "other";
        // Writes what else there is; the locked object itself only afterwards.
        co_await session.get_one<Book>(1, corm::for_update);
        CHECK(one->author == bob);
        co_await session.commit();
        CHECK(one->author_id == 2);
    });
    CHECK(g.query("select author_id from books where id = 1") == "2");
    CHECK(g.query("select string_agg(tag_id::text, ' ' order by tag_id) from book_tags where book_id = 1") == "1 2 3");
}

TEST_CASE("what is read anew lets go of its links, and other sides of them with it", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1), bob = co_await session.get_one<Author>(2);
        const auto red = co_await session.get_one<Tag>(1), old = co_await session.get_one<Tag>(3);
        co_await session.load(both(ada, bob), corm::load<&Author::books>);
        co_await session.load(both(red, old), corm::load<&Tag::books>);
        const auto one = ada->books[0];
        one.edit().author = bob;
        old.edit().books.push_back(one);
        red.edit().books.remove(one);
        old.edit().label = "older";
        co_await session.refresh(one);
        CHECK(one->author_id == 1);
        co_await session.load(both(ada, bob), corm::load<&Author::books>);
        CHECK(titles(ada->books) == "one two");
        CHECK(titles(bob->books) == "three");
        one.edit().author = bob;
        one.edit().author = ada;
        session.expire(one);
        CHECK(ada->books.is_loaded());
        co_await session.refresh(one);
        one.edit().author = bob;
        session.expire(one);
        co_await session.load(both(ada, bob), corm::load<&Author::books>);
        CHECK(titles(ada->books) == "one two");
        co_await session.commit();
    });
    CHECK(g.query("select author_id from books where id = 1") == "1");
}

TEST_CASE("a pair that one side knows is not written again from the other", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto one = co_await session.get_one<Book>(1), two = co_await session.get_one<Book>(2);
        const auto red = co_await session.get_one<Tag>(1), blue = co_await session.get_one<Tag>(2);
        co_await session.load(both(red, blue), corm::load<&Tag::books>);
        one.edit().tags.push_back(red);
        blue.edit().books.remove(two);
        two.edit().tags.push_back(blue);
        co_await session.commit();
        CHECK(red->books.size() == 1);
        CHECK(blue->books.size() == 2);
    });
    CHECK(g.query("select string_agg(book_id || '-' || tag_id, ' ' order by book_id, tag_id) from book_tags") ==
          "1-1 1-2 2-2");
}

TEST_CASE("an edit that a lock leaves out of the flush is kept without a handle", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        {
            const auto one = co_await session.get_one<Book>(1), two = co_await session.get_one<Book>(2);
            one.edit().title = "first";
            two.edit().title = "second";
            co_await session.get_one<Book>(1, corm::for_update);
        }
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(title, ' ' order by id) from books where id < 3") == "first second");
}

TEST_CASE("the parent of an object that is read meanwhile may be removed", "[graph][integration]") {
    Graph g{std::string{library} + "delete from profiles;"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        const auto one = co_await session.get_one<Book>(1);
        co_await session.commit();
        session.remove(ada);
        one.edit().title = "first";
        co_await session.get_one<Book>(1);
        CHECK_FALSE(one->author_id);
        co_await session.commit();
    });
    CHECK(g.query("select title || coalesce(author_id::text, '-') from books where id = 1") == "first-");
}

TEST_CASE("the pair of two new objects that were linked afterwards is written", "[graph][integration]") {
    Graph g;
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto book = session.add(Book{.title = "new"});
        const auto tag = session.add(Tag{.label = "new"});
        book.edit().tags.push_back(tag);
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from book_tags") == "1");
}

TEST_CASE("a pair that was added to a collection that is not loaded is taken back from the other side",
          "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto three = co_await session.get_one<Book>(3);
        const auto tag = session.add(Tag{.label = "new"});
        three.edit().tags.push_back(tag);
        tag.edit().books.clear();
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from book_tags where book_id = 3") == "0");
}

TEST_CASE("values of a fixed length are written whole, however the mapping spells their type", "[graph][integration]") {
    Graph g{"create table countries (id bigint generated by default as identity primary key, code char(3) not null, "
            "region char(4) not null, codes char(3)[] not null);"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        for (const char* const code : {"USA", "DEU"})
            session.add(Country{.code = code, .region = "west", .codes = {"abc", code}});
        co_await session.commit();
        const auto countries = co_await session.all(corm::select<Country>().order_by(corm::asc<&Country::id>));
        CHECK(countries[0]->code == "USA");
        CHECK(countries[1]->code == "DEU");
        CHECK(countries[1]->region == "west");
        CHECK(countries[1]->codes == std::vector<std::string>{"abc", "DEU"});
        for (const Ref<Country>& country : countries)
            country.edit().code = "new";
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(code, ' ') from countries") == "new new");
    CHECK(g.query("select string_agg(distinct region || codes::text, ' ' order by region || codes::text) from "
                  "countries") == "west{abc,DEU} west{abc,USA}");
}

TEST_CASE("a new row comes behind the one that it refers to, whichever was added first", "[graph][integration]") {
    Graph g;
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto root = corm::transient(Node{.id = 100, .name = "root"});
        const auto child = session.add(Node{.name = "child", .parent = root});
        session.add(Node{.id = 101, .name = "below", .parent = child});
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(name || coalesce(parent_id::text, '-'), ' ' order by name desc) from nodes") ==
          "root- child100 below1");
}

TEST_CASE("an old row may move to a new one of its table that has a key already", "[graph][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'old');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto old = co_await session.get_one<Node>(1);
        const auto fresh = session.add(Node{.id = 100, .name = "new"});
        old.edit().parent = fresh;
        co_await session.commit();
        CHECK(old->parent_id == 100);
    });
    CHECK(g.query("select parent_id from nodes where id = 1") == "100");
}

TEST_CASE("a new object keeps its pairs when it loses its parent in the same flush", "[graph][integration]") {
    Graph g{"insert into authors (name) values ('Ada');"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto ada = co_await session.get_one<Author>(1);
        session.remove(ada);
        const auto tag = session.add(Tag{.label = "new"});
        const auto book = session.add(Book{.title = "new"});
        book.edit().author = ada;
        tag.edit().books.push_back(book);
        co_await session.commit();
        CHECK_FALSE(book->author_id);
    });
    CHECK(g.query("select count(*) from book_tags") == "1");
}

TEST_CASE("derived tables fit: countries", "[verify][integration]") {
    CHECK(corm::test::misfit_of<Country>() == "");
}

// Merging graphs: what it costs, what becomes of collections, and what is left alone.
#include "graph.hpp"
#include "hooks.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace graph_test;
using Catch::Matchers::ContainsSubstring;
using corm::ObjectState;
using corm::transient;

namespace {

// Functions, because g++ 12 makes temporary structs in awaited expressions wrongly.
Ref<Book> book(std::int64_t id, std::string title) {
    return transient(Book{.id = id, .title = std::move(title)});
}
Ref<Tag> tag(std::int64_t id, std::string label) {
    return transient(Tag{.id = id, .label = std::move(label)});
}
Ref<Node> node(std::int64_t id, std::string name, Many<Node> children = {}) {
    return transient(Node{.id = id, .name = std::move(name), .children = std::move(children)});
}
template <class T>
ObjectState state_of(const Ref<T>& ref) {
    return corm::inspect(ref).state();
}

/// An author with everything, in no session.
corm::Task<Ref<Author>> detached_author(const Graph& g, std::int64_t id) {
    corm::AsyncSession session{g.engine};
    Ref<Author> author = co_await session.get_one<Author>(id);
    co_await session.load(author, corm::load<&Author::books, &Book::tags>, corm::load<&Author::profile>);
    session.expunge_all();
    co_return author;
}

} // namespace

TEST_CASE("a graph of values is merged by a round trip for its rows and one for its collections",
          "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        const Ref<Book> one = book(1, "one, second edition"), fresh = transient(Book{.title = "fresh"});
        one.edit().tags = {tag(2, "blue"), tag(3, "very old")};
        const Ref<Profile> profile = transient(Profile{.id = 1, .motto = "upwards"});
        const Ref<Author> source =
            transient(Author{.id = 1, .name = "Ada L.", .books = {fresh, one}, .profile = profile});
        corm::AsyncSession session{g.engine};
        const std::uint64_t statements = g.engine.stats().statements;
        static_cast<void>(g.round_trips());
        const Ref<Author> merged = co_await session.merge(source);
        CHECK(g.round_trips() == 2);
        // BEGIN, four tables, three relations.
        CHECK(g.engine.stats().statements - statements == 8);
        CHECK(merged != source);
        CHECK(titles(merged->books) == "fresh one, second edition");
        const Ref<Book> found = co_await session.get_one<Book>(1);
        CHECK(merged->books[1] == found);
        CHECK(merged->books[1]->author == merged);
        CHECK(merged->profile->motto == "upwards");
        for (const auto state : {state_of(source), state_of(one), state_of(fresh), state_of(profile)})
            CHECK(state == ObjectState::transient);
        CHECK(source->books[1] == one);
        CHECK(fresh->id == 0);
        co_await session.commit();
        CHECK(fresh->id == 0);
        CHECK(merged->books[0]->id > 4);
        CHECK(g.query("select string_agg(motto, ';') from profiles") == "upwards");
        // An object that cannot be without its owner goes.
        const Ref<Author> alone = transient(Author{.id = 1, .name = "Ada", .version = 1, .profile = nullptr});
        static_cast<void>(co_await session.merge(alone));
        CHECK_FALSE(merged->profile);
        co_await session.commit();
        CHECK(merged->books.size() == 2);
    });
    CHECK(g.query("select string_agg(title, '; ' order by title) from books where author_id = 1") ==
          "fresh; one, second edition");
    // What was taken out stays, without an author.
    CHECK(g.query("select count(*) from books where title = 'two' and author_id is null") == "1");
    CHECK(g.query("select count(*) from profiles") == "0");
    CHECK(g.query("select string_agg(tag_id::text, ' ' order by tag_id) from book_tags where book_id = 1") == "2 3");
    CHECK(g.query("select string_agg(label, ' ' order by id) from tags") == "red blue very old");
}

TEST_CASE("objects that the session holds cost nothing, whatever their number", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        const Ref<Author> source = co_await detached_author(g, 1);
        source->books[0].edit()->title = "changed";
        corm::AsyncSession session{g.engine};
        const Ref<Author> known = co_await session.get_one<Author>(1);
        co_await session.load(known, corm::load<&Author::books, &Book::tags>, corm::load<&Author::profile>);
        static_cast<void>(g.round_trips());
        const Ref<Author> merged = co_await session.merge(source);
        CHECK(g.round_trips() == 0);
        CHECK(merged == known);
        CHECK(session.dirty<Author>().empty());
        CHECK(session.dirty<Tag>().empty());
        CHECK(session.dirty<Book>() == std::vector{known->books[0]});
        // Where only a collection is not known, it takes one.
        corm::AsyncSession other{g.engine};
        const Ref<Author> again = co_await other.get_one<Author>(1);
        const auto books = co_await other.all(corm::select<Book>().with<&Book::tags>());
        static_cast<void>(g.round_trips());
        static_cast<void>(co_await other.merge(source));
        CHECK(g.round_trips() == 1);
    });
}

TEST_CASE("a tree of any depth is merged by two round trips", "[graph][integration]") {
    Graph g{"insert into nodes (parent_id, name) values (null, 'a'), (1, 'b'), (2, 'c'), (3, 'd'), (3, 'e');"};
    g.run([&]() -> corm::Task<> {
        const Ref<Node> source = node(1, "A", {node(2, "B", {node(3, "C", {node(0, "f"), node(4, "D")})})});
        corm::AsyncSession session{g.engine};
        static_cast<void>(g.round_trips());
        const Ref<Node> merged = co_await session.merge(source);
        CHECK(g.round_trips() == 2);
        CHECK(merged->children[0]->children[0]->children[1]->name == "D");
        co_await session.commit();
    });
    CHECK(g.query(
              "select string_agg(name || coalesce(parent_id::text, ''), ' ' order by name collate \"C\") from nodes") ==
          "A B1 C2 D3 f3");
}

TEST_CASE("a merge leaves alone what its source does not know", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const Ref<Author> ada = co_await session.get_one<Author>(1);
        co_await session.load(ada, corm::load<&Author::books>);
        // Never given; not loaded; given away with its row.
        const Ref<Author> bare = transient(Author{.id = 1, .name = "a"});
        static_cast<void>(co_await session.merge(bare));
        corm::AsyncSession other{g.engine};
        const Ref<Author> plain = co_await other.get_one<Author>(1);
        const Ref<Author> bob = co_await other.get_one<Author>(2);
        other.expunge_all();
        static_cast<void>(co_await session.merge(plain));
        corm::make_transient(bob);
        static_cast<void>(co_await session.merge(bob));
        CHECK(titles(ada->books) == "one two");
        co_await session.commit();
        // A copy of what was read is something given.
        Ref<Author> read = co_await detached_author(g, 1);
        Author copy = *read;
        copy.books.remove(read->books[0]);
        static_cast<void>(co_await session.merge(copy));
        CHECK(titles(ada->books) == "two");
        co_await session.rollback();
    });
    CHECK(g.query("select count(*) from books where author_id is not null") == "3");
}

TEST_CASE("a child that its source says is elsewhere moves", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession form{g.engine};
        const auto two =
            co_await form.all(corm::select<Author>().order_by(corm::asc<&Author::id>).limit(2).with<&Author::books>());
        form.expunge_all();
        const Ref<Author> ada = two[0], bob = two[1];
        bob.edit().books.push_back(ada->books[0]);
        CHECK(titles(ada->books) == "two");
        corm::AsyncSession session{g.engine};
        const auto merged = co_await session.merge_all(both(ada, bob));
        CHECK(titles(merged[0]->books) == "two");
        CHECK(titles(merged[1]->books) == "three one");
        co_await session.commit();
        // The reference alone says so as well, and so does a foreign key that was written.
        const Ref<Book> three = bob->books[0];
        three.edit().author = ada;
        static_cast<void>(co_await session.merge(three));
        co_await session.commit();
        CHECK(g.query("select author_id from books where id = 3") == "1");
        corm::AsyncSession last{g.engine};
        const auto loose =
            co_await last.all(corm::select<Book>().where(corm::col<&Book::id> == 2).with<&Book::author>());
        last.expunge_all();
        loose[0].edit().author_id = 3;
        static_cast<void>(co_await session.merge(loose[0]));
        co_await session.commit();
        CHECK(g.query("select author_id from books where id = 2") == "3");
        // No object, where there was one.
        loose[0].edit().author = nullptr;
        static_cast<void>(co_await session.merge(loose[0]));
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(id || coalesce('-' || author_id, ''), ' ' order by id) from books") ==
          "1-2 2 3-1 4");
}

TEST_CASE("an object that is found by way of a child or of a pair keeps its other ones", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        // Linking has made both sides say something.
        const Ref<Author> author = transient(Author{.id = 1, .name = "Ada L."});
        const Ref<Tag> blue = tag(2, "navy");
        const Ref<Book> source = transient(Book{.id = 3, .title = "three"});
        source.edit().author = author;
        source.edit().tags.push_back(blue);
        CHECK(author->books.size() == 1);
        CHECK(blue->books.size() == 1);
        corm::AsyncSession session{g.engine};
        static_cast<void>(co_await session.merge(source));
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(id::text, ' ' order by id) from books where author_id = 1") == "1 2 3");
    CHECK(g.query("select string_agg(book_id::text, ' ' order by book_id) from book_tags where tag_id = 2") == "1 2 3");
    CHECK(g.query("select (select name from authors where id = 1) || label from tags where id = 2") == "Ada L.navy");
}

TEST_CASE("children that do not know their parent, by a composite key", "[graph][integration]") {
    Graph g{"insert into sheets values (2024, 1), (2024, 2); insert into cells (sheet_year, sheet_number) values "
            "(2024, 1), (2024, 1), (2024, 2);"};
    g.run([&]() -> corm::Task<> {
        const Ref<Cell> kept = transient(Cell{.id = 2}), moved = transient(Cell{.id = 3}), fresh = transient(Cell{});
        const Ref<Sheet> source = transient(Sheet{.year = 2024, .number = 1, .cells = {kept, moved, fresh}});
        corm::AsyncSession session{g.engine};
        const Ref<Sheet> merged = co_await session.merge(source);
        CHECK(merged->cells.size() == 3);
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(id || coalesce('-' || sheet_number, ''), ' ' order by id) from cells") ==
          "1 2-1 3-1 4-1");
}

TEST_CASE("objects of the session may be part of a merged graph", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const Ref<Tag> red = co_await session.get_one<Tag>(1);
        const Ref<Author> bob = co_await session.get_one<Author>(2);
        const Ref<Book> source = transient(Book{.id = 1, .title = "one", .author = bob, .tags = {red}});
        const Ref<Book> merged = co_await session.merge(source);
        CHECK(merged->author == bob);
        CHECK(merged->tags.size() == 1);
        CHECK(merged->tags[0] == red);
        CHECK(state_of(source) == ObjectState::transient);
        co_await session.commit();
    });
    CHECK(g.query("select author_id from books where id = 1") == "2");
    CHECK(g.query("select string_agg(tag_id::text, ' ') from book_tags where book_id = 1") == "1");
}

TEST_CASE("what is given says what it holds, in whatever order", "[graph][integration]") {
    const bool child_first = GENERATE(true, false);
    Graph g{"insert into nodes (parent_id, name) values (null, 'a'), (1, 'b'), (1, 'c');"};
    g.run([&]() -> corm::Task<> {
        const Ref<Node> child = node(2, "B"), parent = node(1, "A", {child});
        const auto given = child_first ? both(child, parent) : both(parent, child);
        corm::AsyncSession session{g.engine};
        static_cast<void>(co_await session.merge_all(given));
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(name || coalesce(parent_id::text, ''), ' ' order by name) from nodes") == "A B1");
}

TEST_CASE("a foreign key that is written into a copy counts, and so does a link", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const auto books = co_await session.all(
            corm::select<Book>().where(corm::col<&Book::id> < 3).order_by(corm::asc<&Book::id>).with<&Book::author>());
        const Ref<Author> bob = co_await session.get_one<Author>(2);
        Book written = *books[0], linked = *books[1];
        written.author_id = 3;
        linked.author = bob;
        static_cast<void>(co_await session.merge(written));
        static_cast<void>(co_await session.merge(linked));
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(id || '-' || author_id, ' ' order by id) from books where id < 3") == "1-3 2-2");
}

TEST_CASE("an object of the session whose removal a merge has sent is inserted again", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const Ref<Tag> red = co_await session.get_one<Tag>(1);
        session.remove(red);
        // Nothing has to be read, so nothing is sent.
        const Ref<Tag> kept = co_await session.merge(red);
        CHECK(kept == red);
        CHECK(session.deleted<Tag>().empty());
        session.remove(red);
        const Ref<Book> source = transient(Book{.id = 3, .title = "three", .tags = {red}});
        const Ref<Book> merged = co_await session.merge(source);
        CHECK(merged->tags[0] != red);
        CHECK(merged->tags[0]->label == "red");
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(label, ' ' order by id) from tags") == "red blue old");
    CHECK(g.query("select string_agg(tag_id::text, ' ') from book_tags where book_id = 3") == "1");
}

TEST_CASE("a merge that is refused has changed nothing", "[graph][integration]") {
    Graph g{std::string{library} + "insert into sheets values (2024, 1); insert into cells default values;"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const Ref<Author> ada = co_await session.get_one<Author>(1);
        co_await session.load(ada, corm::load<&Author::books>);
        const auto expect_untouched = [&] {
            CHECK(titles(ada->books) == "one two");
            CHECK(session.dirty<Author>().empty());
            CHECK(session.dirty<Book>().empty());
            CHECK(session.new_<Book>().empty());
            CHECK(session.new_<Tag>().empty());
        };
        // The version of one that is found on the way.
        const Ref<Author> stale = transient(Author{.id = 2, .name = "Bob", .version = 7});
        const Ref<Book> one = transient(Book{.id = 1, .title = "changed", .author = stale, .tags = {tag(0, "new")}});
        const auto refused = co_await failure(session.merge(one));
        CHECK_THAT(caught<corm::StaleDataError>(refused).what(), ContainsSubstring("Author with key 2"));
        expect_untouched();
        // An object that is gone.
        Ref<Author> parent = transient(Author{.id = 3, .name = "Cyd"});
        const Ref<Book> orphan = transient(Book{.id = 2, .title = "changed"});
        parent.edit().books = {orphan};
        parent = {};
        const auto gone = co_await failure(session.merge(orphan));
        CHECK_THAT(caught<corm::NotLoadedError>(gone).what(),
                   ContainsSubstring("Book") && ContainsSubstring("author") && ContainsSubstring("keep a handle"));
        expect_untouched();
        // An object of the session that cannot be read.
        const Ref<Author> bob = co_await session.get_one<Author>(2);
        session.expire(bob);
        const Ref<Book> two = transient(Book{.id = 2, .title = "changed", .author = bob});
        const auto unread = co_await failure(session.merge(two));
        CHECK_THAT(caught<corm::NotLoadedError>(unread).what(), ContainsSubstring("Author(2)"));
        expect_untouched();
        // One of a collection, which does not know where it is.
        const Ref<Cell> cell = co_await session.get_one<Cell>(1);
        const Ref<Sheet> sheet = transient(Sheet{.year = 2024, .number = 1, .cells = {transient(Cell{}), cell}});
        session.expire(cell);
        const auto expired = co_await failure(session.merge(sheet));
        CHECK_THAT(caught<corm::NotLoadedError>(expired).what(), ContainsSubstring("Cell(1)"));
        CHECK(session.new_<Cell>().empty());
        co_await session.commit();
    });
    CHECK(g.query("select count(*) from books where title = 'changed'") == "0");
}

TEST_CASE("a merge whose reads fail has added nothing", "[graph][integration]") {
    Graph g{std::string{library} + "alter table books rename column title to heading;"};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const Ref<Author> ada = co_await session.get_one<Author>(1);
        const Ref<Author> source = transient(Author{.id = 1, .name = "x", .books = {book(1, "one"), book(9, "new")}});
        const auto failed = co_await failure(session.merge(source));
        CHECK(caught<corm::DatabaseError>(failed).sqlstate() == corm::SqlState{"42703"});
        CHECK(session.new_<Book>().empty());
        CHECK(ada->name == "Ada");
        co_await session.rollback();
    });
}

TEST_CASE("what a merge has linked is undone by a rollback", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const Ref<Author> ada = co_await session.get_one<Author>(1);
        co_await session.load(ada, corm::load<&Author::books>);
        const Ref<Book> one = ada->books[0], two = ada->books[1]; // nobody else would keep them
        const Ref<Author> source = transient(Author{.id = 1, .name = "x", .books = {book(3, "three"), book(0, "new")}});
        static_cast<void>(co_await session.merge(source));
        CHECK(titles(ada->books) == "three new");
        co_await session.flush();
        co_await session.rollback();
        CHECK(titles(ada->books) == "one two");
        CHECK(one->author == ada);
        CHECK(two->author == ada);
        CHECK(ada->name == "Ada");
    });
    CHECK(g.query("select count(*) from books where author_id = 1") == "2");
}

TEST_CASE("a graph without changes is taken for its rows without a statement", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        const Ref<Author> source = co_await detached_author(g, 1);
        corm::AsyncSession session{g.engine};
        const Ref<Book> known = co_await session.get_one<Book>(1);
        static_cast<void>(g.round_trips());
        const Ref<Author> copy = co_await session.merge(source, {.load = false});
        CHECK(copy != source);
        CHECK(copy->books[0] == known);
        CHECK(copy->books[0]->author == copy);
        CHECK(copy->books[0]->tags.size() == 2);
        CHECK(copy->profile->motto == "onwards");
        CHECK(copy->profile->author == copy);
        CHECK(copy->books[1] != source->books[1]);
        CHECK(session.dirty<Author>().empty());
        CHECK(session.dirty<Book>().empty());
        co_await session.load(copy, corm::load<&Author::books, &Book::tags>);
        co_await session.flush();
        CHECK(g.round_trips() == 0);
        // One change anywhere, and nothing is taken.
        corm::AsyncSession other{g.engine};
        source->books[1].edit()->tags.clear();
        const auto relinked = co_await failure(other.merge(source, {.load = false}));
        CHECK_THAT(caught<corm::Error>(relinked).what(),
                   ContainsSubstring("Book(2)") && ContainsSubstring("not flushed"));
        source.edit().books.push_back(book(0, "new"));
        const auto fresh = co_await failure(other.merge(source, {.load = false}));
        CHECK_THAT(caught<corm::Error>(fresh).what(), ContainsSubstring("merge() without loading"));
        CHECK_FALSE(other.in_transaction());
    });
}

TEST_CASE("a merge sends unflushed changes of relations ahead, and finds what they insert", "[graph][integration]") {
    Graph g{library};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        const Ref<Author> cyd = co_await session.get_one<Author>(3);
        session.add(Book{.id = 50, .title = "pending", .author = cyd});
        session.remove(co_await session.get_one<Book>(4));
        const Ref<Author> source =
            transient(Author{.id = 3, .name = "Cyd", .books = {book(50, "merged"), book(4, "again")}});
        const Ref<Author> merged = co_await session.merge(source);
        CHECK(merged == cyd);
        CHECK(titles(merged->books) == "merged again");
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(id || title, ' ' order by id) from books where author_id = 3") ==
          "4again 50merged");
}

TEST_CASE("hooks: a merge shows what it reads, and what it sends ahead", "[hooks][integration]") {
    Hooked h;
    bool adds = true;
    h.hooks->on<Author>(corm::RowEvent::load, [&](const Ref<Author>& author) { h.say("load " + author->name); })
        .on<Book>(corm::RowEvent::load, [&](const Ref<Book>& book) { h.say("load " + book->title); })
        .before_insert<Tag>([&](Ref<Tag> tag) {
            h.say("insert " + tag->label);
            tag.edit().label += "!";
        })
        .before_flush([&](const corm::SessionHandle& session) {
            if (std::exchange(adds, false))
                session->add(Tag{.label = "by a hook"});
        });
    Graph g{library, h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        session.add(Tag{.id = 60, .label = "pending"});
        const Ref<Book> one = book(1, "first"), again = book(3, "third");
        one.edit().tags = {tag(60, "merged")};
        const Ref<Author> source = transient(Author{.id = 1, .name = "a", .books = {one, again}});
        const Ref<Author> merged = co_await session.merge(source);
        CHECK(h.sorted() ==
              List{"insert by a hook", "insert pending", "load Ada", "load one", "load three", "load two"});
        CHECK(titles(merged->books) == "first third");
        CHECK(merged->books[0]->tags[0]->label == "merged");
        co_await session.commit();
    });
    CHECK(g.query("select string_agg(label, ' ' order by id) from tags where id > 3") == "by a hook! merged");
}

TEST_CASE("hooks: a merge reads what a hook has expired, and refuses what a dropped savepoint has forgotten",
          "[hooks][integration]") {
    Hooked h;
    std::optional<Ref<Author>> expired;
    std::optional<corm::Savepoint> savepoint;
    h.hooks
        ->after_flush([&](const corm::SessionHandle& session, const corm::FlushedObjects&) {
            if (expired)
                session->expire(*expired);
        })
        .load<Book>([&](const Ref<Book>&) { savepoint.reset(); });
    Graph g{library, h.options()};
    g.run([&]() -> corm::Task<> {
        corm::AsyncSession session{g.engine};
        expired = co_await session.get_one<Author>(2);
        session.add(Tag{.label = "pending"});
        const Ref<Author> bob = transient(Author{.id = 2, .name = "b"});
        const Ref<Author> merged = co_await session.merge(bob);
        CHECK(merged == *expired);
        CHECK(merged->name == "b");
        co_await session.commit();

        savepoint = co_await session.begin_nested();
        session.add(Tag{.label = "undone"});
        const Ref<Author> source = transient(Author{.id = 1, .name = "a", .books = {book(1, "first"), book(0, "new")}});
        const auto forgotten = co_await failure(session.merge(source));
        CHECK_THAT(caught<corm::NotLoadedError>(forgotten).what(), ContainsSubstring("let go meanwhile"));
        CHECK_FALSE(savepoint);
        CHECK(session.new_<Book>().empty());
        CHECK(session.dirty<Author>().empty());
        co_await session.rollback();
    });
    CHECK(g.query("select string_agg(name, ' ' order by id) from authors") == "Ada b Cyd");
}

// Links in memory: both sides in step, who keeps whom alive, and what joins a session.
#include "unit/uow/graph.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace graph_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::uow::ObjectState;

namespace {

template <class T>
Ref<T> transient(T value) {
    return Ref<T>{uow_test::make(std::move(value))};
}
template <class T>
ObjectState state(const Ref<T>& ref) {
    return ref.instance()->state;
}

} // namespace

TEST_CASE("a child that is added to its parent's collection knows its parent", "[uow][unit]") {
    const Ref<Author> ada = transient(Author{.name = "Ada"});
    const Ref<Book> book = transient(Book{.title = "notes"});
    ada.edit().books.push_back(book);
    CHECK(book->author == ada);
    CHECK(ada->books.size() == 1);
    // Once is enough.
    ada.edit().books.push_back(book);
    CHECK(ada->books.size() == 1);

    const Ref<Author> bob = transient(Author{.name = "Bob"});
    bob.edit().books.push_back(book);
    CHECK(ada->books.empty());
    CHECK(book->author == bob);
    CHECK(bob.edit().books.remove(book));
    CHECK_FALSE(bob.edit().books.remove(book));
    CHECK_FALSE(book->author);
}

TEST_CASE("a parent that is given to its child has it in its collection", "[uow][unit]") {
    const Ref<Author> ada = transient(Author{.name = "Ada"}), bob = transient(Author{.name = "Bob"});
    const Ref<Book> book = transient(Book{.title = "notes"});
    book.edit().author = ada;
    CHECK(ada->books.contains(book));
    book.edit().author = bob;
    CHECK(ada->books.empty());
    CHECK(bob->books[0] == book);
    book.edit().author = nullptr;
    CHECK(bob->books.empty());
    CHECK_FALSE(book->author.get());
}

TEST_CASE("replacing a collection lets go of what is not in it, and keeps its order", "[uow][unit]") {
    const Ref<Author> ada = transient(Author{});
    const Ref<Book> a = transient(Book{}), b = transient(Book{}), c = transient(Book{});
    ada.edit().books = {a, b};
    ada.edit().books = {c, b};
    CHECK_FALSE(a->author);
    CHECK(b->author == ada);
    CHECK(c->author == ada);
    CHECK(ada->books[0] == c);
    CHECK(ada->books[1] == b);
    ada.edit().books.clear();
    CHECK(ada->books.empty());
    CHECK_FALSE(b->author);
}

TEST_CASE("many-to-many: both sides have each other", "[uow][unit]") {
    const Ref<Book> one = transient(Book{}), two = transient(Book{});
    const Ref<Tag> red = transient(Tag{}), blue = transient(Tag{});
    one.edit().tags = {red, blue};
    two.edit().tags.push_back(red);
    CHECK(red->books.size() == 2);
    CHECK(blue->books[0] == one);
    red.edit().books.remove(one);
    CHECK(one->tags.size() == 1);
    CHECK(one->tags[0] == blue);
}

TEST_CASE("one-to-one: each has one partner", "[uow][unit]") {
    const Ref<Author> ada = transient(Author{}), bob = transient(Author{});
    const Ref<Profile> first = transient(Profile{}), second = transient(Profile{});
    ada.edit().profile = first;
    CHECK(first->author == ada);
    second.edit().author = ada;
    CHECK(ada->profile == second);
    CHECK_FALSE(first->author);
    bob.edit().profile = second;
    CHECK_FALSE(ada->profile);
    CHECK(second->author == bob);
}

TEST_CASE("a graph that the caller drops is freed, whatever is linked to what", "[uow][unit]") {
    std::vector<std::weak_ptr<corm::uow::Instance>> all;
    {
        const Ref<Author> ada = transient(Author{});
        const Ref<Book> book = transient(Book{});
        const Ref<Tag> tag = transient(Tag{});
        const Ref<Profile> profile = transient(Profile{});
        ada.edit().books.push_back(book);
        book.edit().tags.push_back(tag);
        tag.edit().books.push_back(book);
        profile.edit().author = ada;
        const Ref<Node> a = transient(Node{}), b = transient(Node{});
        a.edit().parent = b;
        b.edit().parent = a; // a circle of parents
        all = {ada.instance(), book.instance(), tag.instance(), profile.instance(), a.instance(), b.instance()};
    }
    for (const auto& weak : all)
        CHECK(weak.expired());
}

TEST_CASE("a parent owns its children, a child its parent if that is not so", "[uow][unit]") {
    const auto session = Session::create();
    Ref<Author> ada = author(session, 1);
    load_books(session, ada, {7});
    Ref<Book> kept = ada->books[0];
    std::weak_ptr<corm::uow::Instance> parent = ada.instance();
    ada = {};
    CHECK(parent.expired());
    CHECK_THROWS_MATCHES(kept->author.get(), corm::NotLoadedError,
                         MessageMatches(ContainsSubstring("Book.author refers to an object that nobody has kept")));

    // Nobody has read the collection: the book keeps its author.
    const Ref<Book> other = book(session, 8, 2);
    load<&Book::author>(session, other,
                        [](auto& rows) { rows.row(std::int64_t{2}, std::string{"author 2"}, std::int64_t{1}); });
    CHECK(other->author->name == "author 2");
}

TEST_CASE("a long chain is destroyed without a deep stack", "[uow][unit]") {
    Ref<Node> root = transient(Node{});
    Ref<Node> last = root;
    for (int i = 0; i < 100'000; ++i) {
        Ref<Node> next = transient(Node{});
        last.edit().children.push_back(next);
        last = std::move(next);
    }
    std::weak_ptr<corm::uow::Instance> end = last.instance();
    last = {};
    root = {};
    CHECK(end.expired());
}

TEST_CASE("linking to an object of a session takes the other one along, from the side that has the option",
          "[uow][unit]") {
    const auto session = Session::create();
    const Ref<Author> ada = author(session, 1);
    const Ref<Book> book = transient(Book{.title = "new"});
    ada.edit().books.push_back(book); // not loaded, and need not be
    CHECK(state(book) == ObjectState::pending);
    CHECK(book->author == ada);
    CHECK_FALSE(ada->books.is_loaded());

    const Ref<Book> old = graph_test::book(session, 5);
    const Ref<Author> bob = transient(Author{.name = "Bob"});
    old.edit().author = bob;
    CHECK(state(bob) == ObjectState::pending);

    // From the child alone the child does not join: it would be saved by an assignment.
    load_books(session, ada, {});
    const Ref<Book> draft = transient(Book{});
    draft.edit().author = ada;
    CHECK(state(draft) == ObjectState::transient);
    CHECK(ada->books.contains(draft));
}

TEST_CASE("add takes the whole graph along", "[uow][unit]") {
    const auto session = Session::create();
    const Ref<Tag> tag = transient(Tag{.label = "old"});
    const Ref<Book> book = transient(Book{.title = "notes", .tags = {tag}});
    const Ref<Author> ada = added(session, Author{.name = "Ada", .books = {book}});
    CHECK(state(book) == ObjectState::pending);
    CHECK(state(tag) == ObjectState::pending);
    CHECK(book->author == ada);
    CHECK(tag->books[0] == book);
    CHECK(session->uow.added().size() == 3);
    const Ref<Book> second = added(session, Book{.title = "more", .author = ada});
    CHECK(ada->books.size() == 2);
    CHECK(ada->books[1] == second);
}

TEST_CASE("objects of two sessions cannot be linked, and nothing is changed then", "[uow][unit]") {
    const auto one = Session::create(), two = Session::create();
    const Ref<Author> ada = author(one, 1);
    const Ref<Book> theirs = book(two, 7);
    CHECK_THROWS_MATCHES(ada.edit().books.push_back(theirs), corm::Error,
                         MessageMatches(ContainsSubstring("belongs to another session")));
    CHECK_THROWS_MATCHES(theirs.edit().author = ada, corm::Error,
                         MessageMatches(ContainsSubstring("Book(7).author cannot refer to Author(1)")));
    CHECK_FALSE(theirs->author);
}

TEST_CASE("a whole struct that is assigned leaves relations alone that it does not mention", "[uow][unit]") {
    const auto session = Session::create();
    const Ref<Author> ada = author(session, 1);
    load_books(session, ada, {7, 8});
    ada.edit() = Author{.id = 1, .name = "Ada"};
    CHECK(ada->books.size() == 2);
    ada.edit() = Author{.id = 1, .name = "Ada", .books = {find<Book>(session, 8)}};
    CHECK(ada->books.size() == 1);

    const Ref<Author> unread = author(session, 2);
    unread.edit() = Author{.id = 2, .name = "Bob"};
    CHECK_FALSE(unread->books.is_loaded());
    CHECK_THROWS_AS(unread.edit().books = {find<Book>(session, 8)}, corm::NotLoadedError);
    CHECK_THROWS_AS(unread.edit().books.clear(), corm::NotLoadedError);
}

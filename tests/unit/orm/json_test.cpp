// Objects and what they are related to as JSON.
#include "json_entities.hpp"
#include "unit/uow/graph.hpp"

#include <corm/base/error.hpp>
#include <corm/json.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <vector>

using namespace graph_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::to_json;
using corm::to_json_text;

namespace json_test {

template <class T>
Ref<T> transient(T value) {
    return Ref<T>{uow_test::make(std::move(value))};
}

TEST_CASE("relations that are not loaded are left out, loaded ones are not", "[json][unit]") {
    const auto session = uow_test::Session::create();
    const Ref<Author> ada = author(session, 1);
    CHECK(to_json_text(ada) == R"({"id":1,"name":"author 1"})");
    load_books(session, ada, {7, 8});
    CHECK(to_json_text(ada) ==
          R"({"id":1,"name":"author 1","books":[{"id":7,"author_id":1,"title":"book 7","author":1},)"
          R"({"id":8,"author_id":1,"title":"book 8","author":1}]})");
    load_tags(session, ada->books[0], {});
    CHECK(to_json_text(ada->books[0]).ends_with(R"("tags":[]})"));
    // A foreign key that is NULL needs no loading.
    CHECK(to_json_text(book(session, 9)) == R"({"id":9,"author_id":null,"title":"book 9","author":null})");
}

TEST_CASE("an object on the way that leads back to it is its key, from either end", "[json][unit]") {
    const Ref<Author> ada = transient(Author{.id = 1, .name = "Ada"});
    const Ref<Book> notes = transient(Book{.id = 7, .title = "notes"});
    const Ref<Profile> profile = transient(Profile{.id = 5});
    ada.edit().books.push_back(notes);
    ada.edit().profile = profile;
    CHECK(to_json_text(ada) ==
          R"({"id":1,"name":"Ada","books":[{"id":7,"author_id":null,"title":"notes","author":1,"tags":[]}],)"
          R"("profile":{"id":5,"author_id":0,"author":1}})");
    CHECK(to_json_text(notes) == R"({"id":7,"author_id":null,"title":"notes","author":{"id":1,"name":"Ada",)"
                                 R"("books":[7],"profile":{"id":5,"author_id":0,"author":1}},"tags":[]})");
    // The struct behind a handle is the same object; a copy of it is another one.
    CHECK(to_json_text(*ada) == to_json_text(ada));
    const Author copy = *ada;
    CHECK(to_json(copy).at("books").at(0).at("author").is_object());
}

TEST_CASE("an object that is reached on several ways is written on each", "[json][unit]") {
    const Ref<Tag> red = transient(Tag{.id = 1, .label = "red"});
    const Ref<Author> ada = transient(Author{.id = 1});
    for (std::int64_t id = 1; id <= 2; ++id) {
        const Ref<Book> book = transient(Book{.id = id});
        book.edit().tags.push_back(red);
        ada.edit().books.push_back(book);
    }
    const auto value = to_json(ada);
    CHECK(value.at("books").at(0).at("tags").at(0).at("label") == "red");
    CHECK(value.at("books").at(1).at("tags").at(0).at("label") == "red");
    // The way back is there too, as books are linked from both sides.
    CHECK(value.at("books").at(0).at("tags").at(0).at("books").at(0) == 1);
    CHECK(value.at("books").at(0).at("tags").at(0).at("books").at(1).at("id") == 2);
}

TEST_CASE("composite keys are arrays", "[json][unit]") {
    const Ref<Grid> grid = transient(Grid{.year = 2024, .name = "a"});
    grid.edit().rows.push_back(transient(Row{.id = 3}));
    CHECK(to_json_text(grid) == R"({"year":2024,"name":"a","rows":[{"id":3,"year":0,"name":"","grid":[2024,"a"]}]})");
}

TEST_CASE("a tree, downwards and upwards", "[json][unit]") {
    const Ref<Node> root = transient(Node{.id = 1, .name = "root"});
    const Ref<Node> leaf = transient(Node{.id = 2, .name = "leaf"});
    root.edit().children.push_back(leaf);
    CHECK(to_json_text(root) == R"({"id":1,"parent_id":null,"name":"root","parent":null,"children":[)"
                                R"({"id":2,"parent_id":null,"name":"leaf","parent":1,"children":[]}]})");
    CHECK(to_json(leaf).at("parent").at("children").at(0) == 2);
}

TEST_CASE("handles, ranges and Boost.JSON", "[json][unit]") {
    const Ref<Tag> red = transient(Tag{.id = 1, .label = "red"});
    const Ref<Book> book = transient(Book{.id = 7, .tags = {red}});
    const std::string text = R"({"id":1,"label":"red","books":[]})";
    const Ref<Tag> alone = transient(Tag{.id = 1, .label = "red"});
    CHECK(to_json_text(alone) == text);
    CHECK(to_json_text(Ref<Tag>{}) == "null");
    CHECK(to_json_text(std::vector<Ref<Tag>>{}) == "[]");
    CHECK(to_json_text(std::vector<Ref<Tag>>{alone, {}, alone}) == "[" + text + ",null," + text + "]");
    CHECK(to_json_text(std::vector<Tag>(2, *alone)) == "[" + text + "," + text + "]");
    CHECK(to_json_text(book->tags) == "[" + to_json_text(red) + "]");
    CHECK(to_json_text(book->author) == "null");
    CHECK(boost::json::serialize(boost::json::value_from(alone)) == text);
    CHECK(boost::json::value_from(std::vector{alone}).at(0) == to_json(alone));
}

TEST_CASE("members that are left out, and members that are chosen", "[json][unit]") {
    const Ref<Account> account = transient(
        Account{.id = 1, .login = "ada", .password_hash = "secret", .session_token = "secret", .recovery = nullptr});
    CHECK(to_json_text(account) == R"({"id":1,"login":"ada"})");

    Card first{};
    first.id = 1;
    first.pin = "secret";
    first.shown = "**** 1234";
    const Ref<Card> card = transient(first);
    card.edit().next = card;
    CHECK(to_json_text(card) == R"({"id":1,"shown":"**** 1234","next":1})");

    const Ref<Secret> left = transient(Secret{.id = 4711});
    const Ref<Secret> right = transient(Secret{.id = 4712});
    left.edit().twin = right;
    right.edit().twin = left;
    CHECK(to_json_text(left) == R"({"twin":{"twin":null}})");
}

TEST_CASE("what reading would refuse is refused by name", "[json][unit]") {
    const auto session = uow_test::Session::create();
    Ref<Author> ada = author(session, 1);
    load_books(session, ada, {7});
    const Ref<Book> notes = ada->books[0];
    ada = {};
    CHECK_THROWS_MATCHES(to_json_text(notes), corm::NotLoadedError,
                         MessageMatches(ContainsSubstring("Book.author refers to an object that nobody has kept")));
    const Ref<Author> bob = author(session, 2);
    bob.instance()->freshness = corm::uow::Freshness::expired;
    CHECK_THROWS_AS(to_json_text(bob), corm::NotLoadedError);
    const Ref<Book> book = transient(Book{.id = 8});
    const Ref<Tag> tag = transient(Tag{.id = 1});
    book.edit().tags.push_back(tag);
    tag.instance()->freshness = corm::uow::Freshness::expired;
    CHECK_THROWS_AS(to_json_text(book), corm::NotLoadedError);
}

TEST_CASE("handles that have outlived their session", "[json][unit]") {
    auto session = uow_test::Session::create();
    const Ref<Author> ada = author(session, 1);
    load_books(session, ada, {7});
    session.reset();
    CHECK(to_json(ada).at("books").at(0).at("id") == 7);
}

TEST_CASE("errors name the way", "[json][unit]") {
    const Ref<Author> ada = transient(Author{.id = 1});
    ada.edit().books.push_back(transient(Book{.id = 1}));
    ada.edit().books.push_back(transient(Book{.id = 2, .title = "\xff"}));
    CHECK_THROWS_MATCHES(to_json_text(ada), corm::ConversionError,
                         MessageMatches(ContainsSubstring("JSON member 'books[1].title': ")));
    CHECK_THROWS_MATCHES(to_json_text(std::vector{Ref<Author>{}, ada}), corm::ConversionError,
                         MessageMatches(ContainsSubstring("JSON member '[1].books[1].title': ")));
}

TEST_CASE("chains and tangles that no document should hold end in an error", "[json][unit]") {
    const Ref<Node> root = transient(Node{.id = 0});
    Ref<Node> last = root;
    for (std::int64_t id = 1; id < 200; ++id) {
        const Ref<Node> next = transient(Node{.id = id});
        last.edit().children.push_back(next);
        last = next;
    }
    CHECK_THROWS_MATCHES(to_json_text(root), corm::ConversionError,
                         MessageMatches(ContainsSubstring("nested deeper than 256 levels")));

    // Every way through it: more than 9! of them.
    std::vector<Ref<Tag>> tags;
    std::vector<Ref<Book>> books;
    for (std::int64_t id = 0; id < 9; ++id) {
        tags.push_back(transient(Tag{.id = id}));
        books.push_back(transient(Book{.id = id}));
    }
    for (const Ref<Book>& book : books) {
        for (const Ref<Tag>& tag : tags)
            book.edit().tags.push_back(tag);
    }
    CHECK_THROWS_MATCHES(to_json_text(books), corm::ConversionError,
                         MessageMatches(ContainsSubstring("one of more than 100000 objects that one object brings "
                                                          "along") &&
                                        ContainsSubstring("corm::json_without")));
}

} // namespace json_test

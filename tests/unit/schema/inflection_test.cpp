// Plurals of names.
#include "schema/inflection.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

using corm::schema::plural;
using corm::schema::singular;

TEST_CASE("regular words have a plural and get back from it", "[schema][unit]") {
    const std::pair<std::string, std::string> words[] = {
        {"order", "orders"},       {"address", "addresses"}, {"box", "boxes"},
        {"branch", "branches"},    {"dish", "dishes"},       {"category", "categories"},
        {"day", "days"},           {"status", "statuses"},   {"bus", "buses"},
        {"house", "houses"},       {"clause", "clauses"},    {"case", "cases"},
        {"database", "databases"}, {"size", "sizes"},        {"page", "pages"},
        {"archive", "archives"},   {"area", "areas"},        {"alias", "aliases"},
        {"lens", "lenses"},        {"process", "processes"}, {"license", "licenses"},
        {"key", "keys"},           {"schema", "schemas"},    {"image", "images"},
    };
    for (const auto& [one, many] : words) {
        INFO(one);
        CHECK(plural(one) == many);
        CHECK(singular(many) == one);
        // Whoever names tables by one of the two.
        CHECK(plural(many) == many);
        CHECK(singular(one) == one);
    }
}

TEST_CASE("irregular words are known", "[schema][unit]") {
    const std::pair<std::string, std::string> words[] = {
        {"person", "people"}, {"child", "children"}, {"movie", "movies"}, {"analysis", "analyses"},
        {"cache", "caches"},  {"index", "indexes"},  {"quiz", "quizzes"}, {"shelf", "shelves"},
        {"menu", "menus"},    {"woman", "women"},
    };
    for (const auto& [one, many] : words) {
        INFO(one);
        CHECK(plural(one) == many);
        CHECK(singular(many) == one);
        CHECK(plural(many) == many);
        CHECK(singular(one) == one);
    }
}

TEST_CASE("words that are not counted stay as they are", "[schema][unit]") {
    for (const char* word : {"news", "metadata", "series", "equipment"}) {
        CHECK(plural(word) == word);
        CHECK(singular(word) == word);
    }
}

TEST_CASE("the last word of a name is the one that counts", "[schema][unit]") {
    CHECK(plural("order_line") == "order_lines");
    CHECK(plural("orders_line") == "orders_lines");
    CHECK(singular("order_lines") == "order_line");
    CHECK(plural("sales_person") == "sales_people");
    CHECK(plural("OrderLine") == "OrderLines");
    CHECK(plural("SalesPerson") == "SalesPeople");
    CHECK(plural("a.child") == "a.children");
    CHECK(plural("woolmen") == "woolmens"); // no word of its own
}

TEST_CASE("the case of a name is kept", "[schema][unit]") {
    CHECK(plural("Order") == "Orders");
    CHECK(plural("ORDER") == "ORDERS");
    CHECK(plural("CATEGORY") == "CATEGORIES");
    CHECK(singular("CATEGORIES") == "CATEGORY");
    CHECK(plural("Person") == "People");
    CHECK(plural("A") == "As");
}

TEST_CASE("names that end otherwise than with a letter", "[schema][unit]") {
    CHECK(plural("measurement_2025") == "measurement_2025_list");
    CHECK(plural("odd\"") == "odd\"_list");
    CHECK(plural("tail_") == "tail__list");
    CHECK(plural("").size() == 5);
    CHECK(singular("measurement_2025") == "measurement_2025");
    CHECK(singular("").empty());
    CHECK(plural("menü") == "menüs");
    CHECK(singular("menüs") == "menü");
}

TEST_CASE("words that are too short to be a plural are none", "[schema][unit]") {
    CHECK(singular("as") == "as");
    CHECK(singular("s") == "s");
    CHECK(singular("ids") == "id");
    CHECK(singular("pies") == "pie");
    CHECK(singular("uses") == "use");
}

// What relations are called.
#include "relations.hpp"

using namespace corm::test;

namespace {

/// The name of the one relation that a table of these columns has to "target".
std::string name_beside(const Names& columns, const Names& referring, const Names& target_columns,
                        const std::string& target = "target") {
    Names key{"key"};
    Names all = columns;
    all.push_back("key");
    const Database database = model({table(target, target_columns, target_columns),
                                     with(table("own", all, key), reference(referring, target, target_columns))});
    const Names names = names_at(database, "own");
    REQUIRE(names.size() == 1);
    return names[0];
}

std::string name_to_one(const std::string& column, const std::string& target_column = "id",
                        const std::string& target = "target") {
    return name_beside({column}, {column}, {target_column}, target);
}

} // namespace

TEST_CASE("a relation to one is called as its column, without what makes that a key", "[schema][unit]") {
    CHECK(name_to_one("author_id") == "author");
    CHECK(name_to_one("authorId") == "author");
    CHECK(name_to_one("author_uuid") == "author");
    CHECK(name_to_one("author_fk") == "author");
    CHECK(name_to_one("country_code", "code") == "country");
    CHECK(name_to_one("parent_country_code", "code") == "parent_country");
    CHECK(name_to_one("Autor_id") == "Autor");
}

TEST_CASE("a column that is no more than its stem needs another name beside it", "[schema][unit]") {
    CHECK(name_to_one("author") == "author_ref");
    CHECK(name_to_one("id") == "id_ref");
    CHECK(name_to_one("_id") == "_id_ref");
    CHECK(name_to_one("Id") == "Id_ref");
    CHECK(name_to_one("country", "code", "country") == "country_ref");
}

TEST_CASE("a name that a column has already is not given", "[schema][unit]") {
    CHECK(name_beside({"author_id", "author"}, {"author_id"}, {"id"}) == "author_id_ref");
    CHECK(name_beside({"author_id", "author", "author_id_ref"}, {"author_id"}, {"id"}, "people") == "author_id_person");
    CHECK(name_beside({"author_id", "author", "author_id_ref", "author_id_person"}, {"author_id"}, {"id"}, "people") ==
          "author_2");
    CHECK(name_beside({"author_id", "author", "author_id_ref", "author_id_person", "author_2"}, {"author_id"}, {"id"},
                      "people") == "author_3");
}

TEST_CASE("several columns are called by what they have in common", "[schema][unit]") {
    CHECK(name_beside({"place_country", "place_number"}, {"place_country", "place_number"}, {"country", "number"}) ==
          "place");
    CHECK(name_beside({"a_b_x", "a_b_y"}, {"a_b_x", "a_b_y"}, {"x", "y"}) == "a_b");
    CHECK(name_beside({"country", "number"}, {"country", "number"}, {"country", "number"}) == "country_number_ref");
    // No underscore, no word.
    CHECK(name_beside({"north", "nose"}, {"north", "nose"}, {"a", "b"}) == "north_nose_ref");
}

TEST_CASE("two relations that want one name both give way", "[schema][unit]") {
    const Database database = model(
        {table("a", {"id"}, {"id"}),
         with(with(table("own", {"key", "x_id", "xId"}, {"key"}), reference({"x_id"}, "a")), reference({"xId"}, "a"))});
    CHECK(names_at(database, "own") == Names{"xId_ref", "x_id_ref"});
    // Adding one of them does not depend on which was there first.
    Database turned = database;
    std::swap(turned.tables[1].foreign_keys[0], turned.tables[1].foreign_keys[1]);
    CHECK(names_at(turned, "own") == Names{"xId_ref", "x_id_ref"});
}

TEST_CASE("one column may refer to two tables", "[schema][unit]") {
    const Database database =
        model({table("a", {"id"}, {"id"}), table("b", {"id"}, {"id"}),
               with(with(table("own", {"key", "x_id"}, {"key"}), reference({"x_id"}, "a")), reference({"x_id"}, "b"))});
    CHECK(names_at(database, "own") == Names{"x_id_a", "x_id_b"});
}

TEST_CASE("the other side is called by the table that refers", "[schema][unit]") {
    const auto names = [](const std::string& own, bool unique = false) {
        return names_at(model({table("target", {"id"}, {"id"}),
                               with(table(own, {"key", "any_id"}, unique ? Names{"any_id"} : Names{"key"}),
                                    reference({"any_id"}, "target"))}),
                        "target");
    };
    CHECK(names("book") == Names{"books"});
    CHECK(names("books") == Names{"books"});
    CHECK(names("category") == Names{"categories"});
    CHECK(names("passport", true) == Names{"passport"});
    CHECK(names("passports", true) == Names{"passport"});
}

TEST_CASE("of several references to one table, the one that is called as it has the plain name", "[schema][unit]") {
    Table address = table("address", {"key", "customer_id", "billing_customer_id"}, {"key"});
    address =
        with(with(address, reference({"customer_id"}, "customer")), reference({"billing_customer_id"}, "customer"));
    const Database database = model({table("customer", {"id"}, {"id"}), address});
    CHECK(names_at(database, "customer") == Names{"addresses", "billing_customer_addresses"});
    CHECK(names_at(database, "address") == Names{"billing_customer", "customer"});

    Table message = table("message", {"key", "sender_id", "recipient_id"}, {"key"});
    message = with(with(message, reference({"sender_id"}, "users")), reference({"recipient_id"}, "users"));
    CHECK(names_at(model({table("users", {"id"}, {"id"}), message}), "users") ==
          Names{"recipient_messages", "sender_messages"});
}

TEST_CASE("a table that refers to itself has a parent and children", "[schema][unit]") {
    const Database database =
        model({with(table("category", {"id", "parent_id"}, {"id"}), reference({"parent_id"}, "category"))});
    CHECK(names_at(database, "category") == Names{"children", "parent"});

    Table employee = with(table("employee", {"id", "manager_id"}, {"id"}), reference({"manager_id"}, "employee"));
    CHECK(names_at(model({employee}), "employee") == Names{"manager", "manager_employees"});
    employee.unique = {{.name = "u", .columns = {"manager_id"}}};
    CHECK(names_at(model({employee}), "employee") == Names{"manager", "manager_employee"});

    Table list = with(table("node", {"id", "parent_id"}, {"parent_id"}), reference({"parent_id"}, "node"));
    CHECK(names_at(model({list}), "node") == Names{"child", "parent"});
}

TEST_CASE("tables of one name in different schemas are told apart", "[schema][unit]") {
    Table one = with(table("book", {"key", "author_id"}, {"key"}), reference({"author_id"}, "author"));
    Table other = one;
    other.schema = "other";
    const Database database = model({table("author", {"id"}, {"id"}), one, other});
    CHECK(names_at(database, "author") == Names{"other_author_books", "s_author_books"});
}

TEST_CASE("a relation from the other side gives way to one of the table's own", "[schema][unit]") {
    // A circle: an employee is of a department, whose only head is an employee.
    Table department = table("department", {"id", "head_id"}, {"id"});
    department.unique = {{.name = "u", .columns = {"head_id"}}};
    department = with(department, reference({"head_id"}, "employee"));
    const Table employee =
        with(table("employee", {"id", "department_id"}, {"id"}), reference({"department_id"}, "department"));
    const Database database = model({department, employee});
    CHECK(names_at(database, "employee") == Names{"department", "head_department"});
    CHECK(names_at(database, "department") == Names{"employees", "head"});
}

TEST_CASE("many to many is called by the column that leads to the other side", "[schema][unit]") {
    const auto reviewed = [](const std::string& name) {
        Table made = table(name, {"book_id", "reviewer_id"}, {"book_id", "reviewer_id"});
        return with(with(made, reference({"book_id"}, "books")), reference({"reviewer_id"}, "people"));
    };
    Database database = model({table("books", {"id"}, {"id"}), table("people", {"id"}, {"id"}), reviewed("review")});
    CHECK(names_at(database, "books") == Names{"reviewers"});
    CHECK(names_at(database, "people") == Names{"books"});

    database.tables.push_back(reviewed("recheck"));
    sort(database);
    CHECK(names_at(database, "books") == Names{"reviewers_by_recheck", "reviewers_by_review"});
    CHECK(names_at(database, "people") == Names{"books_by_recheck", "books_by_review"});
}

TEST_CASE("pairs of one table are called by both ends", "[schema][unit]") {
    Table follows = table("follows", {"follower_id", "followee_id"}, {"follower_id", "followee_id"});
    follows = with(with(follows, reference({"follower_id"}, "users")), reference({"followee_id"}, "users"));
    const Database database = model({table("users", {"id"}, {"id"}), follows});
    CHECK(names_at(database, "users") == Names{"followee_users", "follower_users"});
}

TEST_CASE("no table has two relations of one name, or one that is a column", "[schema][unit]") {
    // Every name that the rules could think of is taken by a column or wanted twice.
    Table own = table("own", {"key", "x_id", "x", "x_id_ref", "x_id_own", "owns", "x_owns", "s_x_owns"}, {"key"});
    own = with(own, reference({"x_id"}, "own", {"key"}));
    Table other = with(table("other", {"key", "own_id"}, {"key"}), reference({"own_id"}, "own", {"key"}));
    own.columns.push_back({.name = "others"});
    own.columns.push_back({.name = "own_others"});
    own.columns.push_back({.name = "s_own_others"});
    CHECK(names_at(model({own, other}), "own") == Names{"others_2", "x_2", "x_owns_2"});
}

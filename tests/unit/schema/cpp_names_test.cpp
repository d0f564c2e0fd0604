// Names of a database as identifiers of C++, and text of C++.
#include "schema/cpp_names.hpp"
#include "schema/cpp_text.hpp"
#include "schema/qualified_text.hpp"

#include <corm/schema/cpp.hpp>

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <string>
#include <vector>

using namespace corm::schema;
using Names = std::vector<std::string>;

TEST_CASE("what can stand in a program as it is", "[schema][unit]") {
    for (const char* name : {"a", "name", "_id", "Order", "a1_b2_", "select", "EOF_"})
        CHECK(is_identifier(name));
    for (const char* name : {"", "1a", "a b", "a-b", "gr\xc3\xbcn", "class", "co_await", "xor_eq", "NULL", "errno",
                             "a__b", "_Id", "__a", "std", "corm", "boost"})
        CHECK_FALSE(is_identifier(name));
}

TEST_CASE("the nearest identifier for a member", "[schema][unit]") {
    CHECK(member_identifier("name") == "name");
    CHECK(member_identifier("new") == "new_");
    CHECK(member_identifier("2nd") == "column_2nd");
    CHECK(member_identifier("Ref.erence") == "Ref_erence");
    CHECK(member_identifier("a__b") == "a_b");
    CHECK(member_identifier("_Id") == "Id");
    CHECK(member_identifier("a (b)") == "a_b");
    CHECK(member_identifier("new__") == "new_");
    CHECK(member_identifier("\xc3\xa4\xc3\xb6") == "column");
    CHECK(member_identifier(" ") == "column");
    CHECK(member_identifier("stdin") == "stdin_");
}

TEST_CASE("the nearest identifier for a type", "[schema][unit]") {
    CHECK(type_identifier("order_line") == "OrderLine");
    CHECK(type_identifier("OrderLine") == "OrderLine");
    CHECK(type_identifier("2nd") == "Type2nd");
    CHECK(type_identifier("a.b \"c\"") == "ABC");
    CHECK(type_identifier("NULL") == "NULL_");
    CHECK(type_identifier("") == "Type");
}

TEST_CASE("types that want the same name give way to each other", "[schema][unit]") {
    std::set<std::string> taken{"Taken"};
    const std::vector<Names> lists{
        {"User", "AppUser"}, {"User", "CrmUser"}, {"Order", "Orders"}, {"Taken", "AppTaken"}, {"Same"}, {"Same"}};
    CHECK(choose_names(lists, taken) == Names{"AppUser", "CrmUser", "Order", "AppTaken", "Same", "Same_2"});
    CHECK(taken.contains("CrmUser"));
    CHECK(taken.contains("Same_2"));
}

TEST_CASE("members keep their names where they can", "[schema][unit]") {
    const Names names{"a-b", "a_b", "a b", "class", "class_", "Taken", "id"};
    CHECK(member_identifiers(names, {"Taken"}) ==
          Names{"a_b_2", "a_b", "a_b_3", "class__2", "class_", "Taken_2", "id"});
}

TEST_CASE("namespaces for what is generated", "[schema][unit]") {
    for (const char* name : {"model", "shop::tables", "A::b2"})
        CHECK(is_cpp_namespace(name));
    for (const char* name : {"", "::a", "a::", "a:b", "a::class", "std", "a::std", "corm::x", "_a", "a.b"})
        CHECK_FALSE(is_cpp_namespace(name));
}

TEST_CASE("texts and comments of a program", "[schema][unit]") {
    CHECK(string_literal("customers") == "\"customers\"");
    CHECK(string_literal("a\"b\\c") == "\"a\\\"b\\\\c\"");
    CHECK(string_literal("a\t1") == "\"a\\0111\"");
    CHECK(string_literal("?\?=") == "\"?\\?=\"");
    CHECK(string_literal("\xc3\xa4\xe2\x80\xae") == "\"\xc3\xa4\\342\\200\\256\"");

    CHECK(comment("// ", "").empty());
    CHECK(comment("// ", "one\ntwo \\") == "// one\n// two\n");
    CHECK(comment("// ", "a\r\n\nb\xe2\x80\xae") == "// a\n//\n// b\n");

    CHECK(list_text("f(", Names{}, ")") == "f()");
    CHECK(list_text("f(", Names{"a", "b"}, ")") == "f(a, b)");
    const std::string item(40, 'x');
    CHECK(list_text("f(", Names{item, item, item}, ")") == "f(" + item + ", " + item + ",\n    " + item + ")");
    CHECK(list_text("\n" + std::string(60, 'y') + "\nf(", Names{item, item}, ")").ends_with("x, " + item + ")"));
}

TEST_CASE("names with a schema as SQL writes them", "[schema][unit]") {
    const auto is = [](const char* text, const QualifiedName& name) { return qualified_name(text) == name; };
    CHECK(is("customer", {"", "customer"}));
    CHECK(is("app.Customer", {"app", "Customer"}));
    CHECK(is("\"Odd.Schema\".\"Tab.le \"\"q\"\"\"", {"Odd.Schema", "Tab.le \"q\""}));
    CHECK(is("app.\"x\"", {"app", "x"}));
    for (const char* text : {"", ".", "a.", ".a", "a.b.c", "\"a", "\"\"", "a\"b\"", "\"a\"b", "a.\"b"})
        CHECK_FALSE(qualified_name(text));
}

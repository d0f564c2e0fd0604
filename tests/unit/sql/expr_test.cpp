#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace corm::sql;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using sql_test::show;
using sql_test::text;
using sql_test::value;

namespace {
const Expr a = column("a");
const Expr b = column("b");
const Expr c = column("c");
const Expr seven = value(std::int32_t{7});

Expr equal(const Expr& left, const Expr& right) {
    return binary(BinaryOperator::equal, left, right);
}
} // namespace

TEST_CASE("each binary operator has its SQL", "[sql][unit]") {
    const std::pair<BinaryOperator, const char*> operators[] = {
        {BinaryOperator::equal, "="},
        {BinaryOperator::not_equal, "<>"},
        {BinaryOperator::less, "<"},
        {BinaryOperator::less_equal, "<="},
        {BinaryOperator::greater, ">"},
        {BinaryOperator::greater_equal, ">="},
        {BinaryOperator::is_distinct_from, "IS DISTINCT FROM"},
        {BinaryOperator::is_not_distinct_from, "IS NOT DISTINCT FROM"},
        {BinaryOperator::like, "LIKE"},
        {BinaryOperator::not_like, "NOT LIKE"},
        {BinaryOperator::ilike, "ILIKE"},
        {BinaryOperator::not_ilike, "NOT ILIKE"},
        {BinaryOperator::add, "+"},
        {BinaryOperator::subtract, "-"},
        {BinaryOperator::multiply, "*"},
        {BinaryOperator::divide, "/"},
    };
    for (const auto& [op, sql] : operators)
        CHECK(show(binary(op, a, seven)) == "\"a\" " + std::string{sql} + " $1 | int4:7");
}

TEST_CASE("unary operators", "[sql][unit]") {
    CHECK(show(unary(UnaryOperator::is_null, a)) == "\"a\" IS NULL");
    CHECK(show(unary(UnaryOperator::is_not_null, a)) == "\"a\" IS NOT NULL");
    CHECK(show(unary(UnaryOperator::logical_not, equal(a, b))) == "NOT \"a\" = \"b\"");
    CHECK(show(unary(UnaryOperator::negate, unary(UnaryOperator::negate, a))) == "(- (- \"a\"))");
}

TEST_CASE("parentheses follow precedence", "[sql][unit]") {
    CHECK(show(both(equal(a, b), either(equal(b, c), equal(a, c)))) ==
          "\"a\" = \"b\" AND (\"b\" = \"c\" OR \"a\" = \"c\")");
    CHECK(show(either(both(equal(a, b), equal(b, c)), equal(a, c))) ==
          "\"a\" = \"b\" AND \"b\" = \"c\" OR \"a\" = \"c\"");
    CHECK(show(unary(UnaryOperator::logical_not, both(equal(a, b), equal(b, c)))) ==
          "NOT (\"a\" = \"b\" AND \"b\" = \"c\")");
    CHECK(show(unary(UnaryOperator::logical_not, unary(UnaryOperator::logical_not, a))) == "NOT (NOT \"a\")");
    CHECK(show(equal(equal(a, b), c)) == "(\"a\" = \"b\") = \"c\"");
    CHECK(show(equal(a, equal(b, c))) == "\"a\" = (\"b\" = \"c\")");
    CHECK(show(unary(UnaryOperator::is_null, equal(a, b))) == "\"a\" = \"b\" IS NULL");
    CHECK(show(equal(unary(UnaryOperator::is_null, a), b)) == "(\"a\" IS NULL) = \"b\"");
    CHECK(show(binary(BinaryOperator::subtract, a, binary(BinaryOperator::subtract, b, c))) ==
          "\"a\" - (\"b\" - \"c\")");
    CHECK(show(binary(BinaryOperator::multiply, binary(BinaryOperator::add, a, b), c)) == "(\"a\" + \"b\") * \"c\"");
    CHECK(show(cast(binary(BinaryOperator::add, a, b), "int8")) == "(\"a\" + \"b\")::int8");
    CHECK(show(between(a, b, equal(b, c))) == "\"a\" BETWEEN \"b\" AND (\"b\" = \"c\")");
}

TEST_CASE("chains of AND and of OR are flat", "[sql][unit]") {
    CHECK(show(both(both(a, b), both(c, a))) == "\"a\" AND \"b\" AND \"c\" AND \"a\"");
    CHECK(show(either(a, either(b, c))) == "\"a\" OR \"b\" OR \"c\"");
    CHECK(show(both(Expr{}, a)) == "\"a\"");
    CHECK(show(either(a, Expr{})) == "\"a\"");
    CHECK_FALSE(both(Expr{}, Expr{}));
}

TEST_CASE("membership", "[sql][unit]") {
    corm::types::Parameters array;
    corm::types::ArrayParameter values{array, corm::types::value_type<std::int32_t>, 2};
    for (const std::int32_t i : {7, 8})
        values.add(&i);
    values.finish();
    const Expr parameter_array = parameter(array, 0);
    CHECK(show(in_array(a, parameter_array)) == "\"a\" = ANY($1) | oid 1007:36");
    CHECK(show(in_array(a, parameter_array, true)) == "\"a\" <> ALL($1) | oid 1007:36");
    CHECK(show(in_array(a, cast(parameter_array, "int8[]"))) == "\"a\" = ANY($1::int8[]) | oid 1007:36");
    CHECK(show(in_list(a, {seven, value(std::int32_t{8})})) == "\"a\" IN ($1, $2) | int4:7 | int4:8");
    CHECK(show(in_list(a, {seven}, true)) == "\"a\" NOT IN ($1) | int4:7");
    CHECK(show(both(in_list(a, {}), b)) == "false AND \"b\"");
    CHECK(show(in_list(a, {}, true)) == "true");
}

TEST_CASE("between, calls, casts and counts", "[sql][unit]") {
    CHECK(show(between(a, seven, value(std::int32_t{9}))) == "\"a\" BETWEEN $1 AND $2 | int4:7 | int4:9");
    CHECK(show(between(a, b, c, true)) == "\"a\" NOT BETWEEN \"b\" AND \"c\"");
    CHECK(show(equal(call("", "lower", {a}), text("x"))) == "\"lower\"(\"a\") = $1 | text:x");
    CHECK(show(call("app", "f", {a, seven})) == "\"app\".\"f\"(\"a\", $1) | int4:7");
    CHECK(show(call("", "now", {})) == "\"now\"()");
    CHECK(show(cast(seven, "int8")) == "$1::int8 | int4:7");
    CHECK(show(count_star()) == "count(*)");
}

TEST_CASE("values are encoded when the expression is built", "[sql][unit]") {
    std::string name = "before";
    const Expr expression = value(name);
    name = "after";
    CHECK(show(expression) == "$1 | text:before");
    CHECK(show(value(std::optional<std::int64_t>{})) == "$1 | int8:NULL");
    CHECK(show(value(std::optional<std::int64_t>{-1})) == "$1 | int8:-1");
    CHECK_THROWS_AS(text(std::string{"a\0b", 3}), corm::ConversionError);
}

TEST_CASE("columns of another table are refused", "[sql][unit]") {
    const Expr qualified = column("app", "users", "age");
    CHECK(show(qualified) == "\"users\".\"age\"");
    CHECK(show(qualified, {"app", "users"}) == "\"age\"");
    CHECK_THROWS_MATCHES(show(qualified, {"app", "orders"}), corm::MappingError,
                         MessageMatches(ContainsSubstring("column users.age is used in a statement on orders")));
    CHECK_THROWS_AS(show(qualified, {"", "users"}), corm::MappingError);
}

TEST_CASE("LIKE patterns take escaped text literally", "[sql][unit]") {
    CHECK(escape_like("50%_\\x") == "50\\%\\_\\\\x");
    CHECK(escape_like("") == "");
    CHECK(escape_like("plain") == "plain");
}

TEST_CASE("nesting is bounded", "[sql][unit]") {
    Expr deep = a;
    for (int depth = 1; depth < Expr::max_depth; ++depth)
        deep = unary(UnaryOperator::logical_not, deep);
    CHECK(show(deep).size() > 5'000);
    CHECK_THROWS_MATCHES(unary(UnaryOperator::logical_not, deep), corm::MappingError,
                         MessageMatches(ContainsSubstring("nests deeper than 1000")));
    CHECK_THROWS_AS(show(Expr{}), corm::MappingError);
}

// Functions, operators, casts: each is executed.
#include "company.hpp"
#include "support/fits.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using namespace std::chrono;
using Catch::Matchers::ContainsSubstring;
using corm::col;
using corm::select;

using Names = std::vector<std::string>;

namespace {

/// Its arrays are of other types than their members say.
struct Tagged {
    std::int32_t id = 0;
    Names tags{};
    Names words{};
    Names moods{};
};
BOOST_DESCRIBE_STRUCT(Tagged, (), (id, tags, words, moods))
constexpr auto corm_mapping(corm::type<Tagged>) {
    return corm::table<Tagged>("tagged")
        .primary_key<&Tagged::id>()
        .sql_type<&Tagged::tags>("citext[]")
        .sql_type<&Tagged::words>("varchar(20)[]")
        .sql_type<&Tagged::moods>("feeling[]");
}

constexpr const char* array_types = "create extension citext; create type feeling as enum ('sad', 'glad');";

template <class... Items>
auto of_ada(const Items&... items) {
    return select(items...).template from<Employee>().where(col<&Employee::id> == 1);
}

} // namespace

TEST_CASE("Arithmetic has the types of the server's results", "[query][integration]") {
    Company c;
    const auto row = c.one(of_ada(col<&Employee::salary> / 7, col<&Employee::salary> % 7, -col<&Employee::salary>,
                                  col<&Employee::rating> * 2,
                                  corm::Numeric{"1.50"} * corm::cast<corm::Numeric>(col<&Employee::salary>),
                                  10 - col<&Employee::id>, (col<&Employee::id> + 1) * (col<&Employee::id> + 2)));
    CHECK(row == std::tuple{128, 4, -900, std::optional{9.0}, corm::Numeric{"1350.00"}, 9, 6});
    using namespace corm;
    static_assert(std::is_same_v<decltype(col<&Employee::salary> + std::int64_t{1})::expression_type, std::int64_t>);
    static_assert(
        std::is_same_v<decltype(col<&Employee::salary> * col<&Department::budget>)::expression_type, Numeric>);
    static_assert(std::is_same_v<decltype(col<&Employee::salary> * col<&Employee::rating>)::expression_type,
                                 std::optional<double>>);
    static_assert(std::is_same_v<decltype(sum(col<&Employee::salary>))::expression_type, std::optional<std::int64_t>>);
    static_assert(std::is_same_v<decltype(avg(col<&Employee::salary>))::expression_type, std::optional<Numeric>>);
}

TEST_CASE("Dates and times", "[query][integration]") {
    Company c;
    const Date day{2000y / 12 / 31};
    const auto row = c.one(of_ada(col<&Employee::hired> - day, col<&Employee::hired> + 30,
                                  corm::extract<corm::DatePart::year>(col<&Employee::hired>),
                                  corm::extract<corm::DatePart::month>(col<&Employee::hired>),
                                  corm::to_char(col<&Employee::hired>, "YYYY/MM")));
    CHECK(row == std::tuple{1, Date{2001y / 1 / 31}, 2001, 1, std::string{"2001/01"}});
    CHECK(c.one(select(corm::now() - corm::now())) == corm::types::Interval{});
    const auto year = corm::extract<corm::DatePart::year>(col<&Employee::hired>);
    CHECK(c.all(select(year, corm::count()).from<Employee>().group_by(year).order_by(year.desc()).limit(2)) ==
          std::vector<std::tuple<std::int32_t, std::int64_t>>{{2021, 1}, {2020, 1}});
    CHECK(c.one(select(corm::count())
                    .from<Employee>()
                    .where(col<&Employee::hired>.between(Date{2010y / 1 / 1}, Date{2012y / 1 / 1}) &&
                           corm::date_trunc("year", col<&Employee::hired>) < corm::now())) == 2);
}

TEST_CASE("Text", "[query][integration]") {
    Company c;
    const auto row =
        c.one(of_ada(corm::lower(col<&Employee::name>), corm::upper(col<&Employee::name>),
                     corm::length(col<&Employee::name>), corm::concat(col<&Employee::name>, "-", col<&Employee::name>),
                     corm::substring(col<&Employee::name>, 2, 2), corm::replace(col<&Employee::name>, "d", "bb"),
                     corm::position(col<&Employee::name>, "a"), corm::trim(corm::concat(" ", col<&Employee::name>))));
    CHECK(row == std::tuple{std::string{"ada"}, std::string{"ADA"}, 3, std::string{"Ada-Ada"}, std::string{"da"},
                            std::string{"Abba"}, 3, std::string{"Ada"}});
    CHECK(c.all(select(col<&Employee::name>)
                    .from<Employee>()
                    .where(corm::lower(col<&Employee::name>).like("%d%") && corm::length(col<&Employee::name>) == 2)
                    .order_by(corm::lower(col<&Employee::name>).asc())) == Names{"Di", "Ed"});
}

TEST_CASE("NULL: coalesce, nullif, greatest, least, distinctness", "[query][integration]") {
    Company c;
    using Row = std::tuple<double, std::optional<std::int32_t>, std::int32_t, std::int32_t>;
    CHECK(c.all(select(corm::coalesce(col<&Employee::rating>, 0.0), corm::nullif(col<&Employee::salary>, 500),
                       corm::greatest(col<&Employee::salary>, 600), corm::least(col<&Employee::salary>, 600))
                    .from<Employee>()
                    .where(col<&Employee::id> <= 2)
                    .order_by(corm::asc<&Employee::id>)) ==
          std::vector<Row>{{4.5, 900, 900, 600}, {0.0, std::nullopt, 600, 500}});
    CHECK(c.one(select(corm::count()).from<Employee>().where(corm::is_distinct_from(col<&Employee::rating>, 4.5))) ==
          4);
    CHECK(c.one(select(corm::count())
                    .from<Employee>()
                    .where(corm::is_not_distinct_from(col<&Employee::rating> + 0.0, std::optional<double>{4.5}))) == 1);
    CHECK(c.one(of_ada(corm::not_null(corm::sum(col<&Employee::salary>).over(corm::window())))) == 900);
}

TEST_CASE("case_when", "[query][integration]") {
    Company c;
    const auto label = corm::case_when(col<&Employee::rating>.is_null(), "none")
                           .when(col<&Employee::rating> >= 3.0, "good")
                           .otherwise_null();
    CHECK(c.all(select(label).from<Employee>().order_by(corm::asc<&Employee::id>)) ==
          std::vector<std::optional<std::string>>{"good", "none", "good", std::nullopt, "none"});
    CHECK(c.one(select(corm::sum(corm::case_when(col<&Employee::salary> > 400, 1).otherwise(0))).from<Employee>()) ==
          3);
    CHECK(c.one(select(corm::sum(corm::case_when(col<&Employee::salary> > 400, col<&Employee::salary>).otherwise(0)))
                    .from<Employee>()) == 2100);
}

TEST_CASE("JSON", "[query][integration]") {
    Company c;
    const auto names = [&](const corm::Condition& condition) {
        return c.all(select(col<&Employee::name>).from<Employee>().where(condition).order_by(corm::asc<&Employee::id>));
    };
    CHECK(names(corm::json_text(col<&Employee::profile>, "city") == "Paris") == Names{"Bob", "Ed"});
    CHECK(names(corm::json_has(col<&Employee::profile>, "city")) == Names{"Ada", "Bob", "Cy", "Ed"});
    CHECK(names(corm::json_contains(col<&Employee::profile>, corm::types::JsonText{R"({"tags": ["x"]})"})) ==
          Names{"Ada"});
    CHECK(names(corm::json_text_at(col<&Employee::profile>, {"tags", "0"}) == "x") == Names{"Ada"});
    CHECK(names(corm::cast<std::int32_t>(corm::json_text(col<&Employee::profile>, "age")) > 30) == Names{"Ada"});
    CHECK(names(corm::json_text(corm::json_get(col<&Employee::profile>, "tags"), 0) == "x") == Names{"Ada"});
}

TEST_CASE("Arrays", "[query][integration]") {
    Company c;
    const auto names = [&](const corm::Condition& condition) {
        return c.all(select(col<&Employee::name>).from<Employee>().where(condition).order_by(corm::asc<&Employee::id>));
    };
    CHECK(names(corm::array_contains(col<&Employee::skills>, Names{"code"})) == Names{"Ada", "Bob", "Di"});
    CHECK(names(corm::array_overlaps(col<&Employee::skills>, Names{"math", "talk"})) == Names{"Ada", "Cy", "Di"});
    CHECK(names(corm::array_has(col<&Employee::skills>, "math")) == Names{"Ada"});
    CHECK(names(corm::cardinality(col<&Employee::skills>) == 0) == Names{"Ed"});
    const auto skill = corm::rows_of(corm::function<std::string>("unnest", col<&Employee::skills>), "s", "skill");
    CHECK(c.one(select(corm::array_agg(col<&Employee::name>).order_by(corm::desc<&Employee::name>))
                    .from<Employee>()
                    .where(col<&Employee::id> <= 2)) == Names{"Bob", "Ada"});
}

TEST_CASE("The mapping of the arrays fits its table", "[query][integration]") {
    CHECK(corm::test::misfit_of<Tagged>(array_types) == "");
}

TEST_CASE("Values beside arrays have the type that the mapping declares", "[query][integration]") {
    Company c{std::string{array_types} +
              "create table tagged (id int primary key, tags citext[] not null, words varchar(20)[] not null,"
              " moods feeling[] not null);"
              "insert into tagged values (1, '{Abc,x}', '{Abc,x}', '{sad}'), (2, '{}', '{}', '{}');"};
    const auto ids = [&](const corm::Condition& condition) {
        return c.all(select(col<&Tagged::id>).from<Tagged>().where(condition));
    };
    using Ids = std::vector<std::int32_t>;
    const auto t = corm::alias<Tagged>("t");
    const auto of_alias = [&](const corm::Condition& condition) {
        return c.all(select(t[col<&Tagged::id>]).from(t).where(condition));
    };
    CHECK(ids(corm::array_has(col<&Tagged::tags>, "ABC")) == Ids{1});
    CHECK(ids(corm::array_has(col<&Tagged::words>, "ABC")).empty());
    CHECK(ids(corm::array_has(col<&Tagged::words>, "Abc")) == Ids{1});
    CHECK(ids(corm::array_has(col<&Tagged::moods>, "sad")) == Ids{1});
    CHECK(of_alias(corm::array_has(t[col<&Tagged::tags>], "ABC")) == Ids{1});
    CHECK(ids(corm::array_contains(col<&Tagged::tags>, Names{"ABC", "X"})) == Ids{1});
    CHECK(ids(corm::array_contains(col<&Tagged::words>, Names{"Abc", "x"})) == Ids{1});
    CHECK(ids(corm::array_contains(col<&Tagged::moods>, Names{"sad"})) == Ids{1});
    CHECK(ids(corm::array_overlaps(col<&Tagged::tags>, Names{"ABC", "y"})) == Ids{1});
    CHECK(ids(corm::array_overlaps(col<&Tagged::words>, Names{"Abc", "y"})) == Ids{1});
    CHECK(of_alias(corm::array_overlaps(t[col<&Tagged::words>], Names{"Abc", "y"})) == Ids{1});
    CHECK(of_alias(t[col<&Tagged::words>] == Names{"Abc", "x"}) == Ids{1});
}

TEST_CASE("Search", "[query][integration]") {
    Company c{"insert into projects values (10, 'The quick brown foxes jump'), (11, 'Lazy dogs sleep');"};
    const auto titles = [&](std::string_view words) {
        return c.all(select(col<&Project::title>)
                         .from<Project>()
                         .where(corm::matches_search(col<&Project::title>, words))
                         .order_by(corm::search_rank(col<&Project::title>, words).desc()));
    };
    CHECK(titles("jumping fox") == Names{"The quick brown foxes jump"});
    CHECK(titles("fox -brown").empty());
    CHECK(titles("'; drop table projects; --").empty());
    CHECK_THROWS_WITH(corm::matches_search(col<&Project::title>, "x", "english', 'x'"),
                      ContainsSubstring("text search configuration"));
    CHECK(c.one(select(corm::count())
                    .from<Project>()
                    .where(corm::matches_search(col<&Project::title>, "foxes", "simple"))) == 1);
}

TEST_CASE("Functions and operators by name", "[query][integration]") {
    Company c{
        "create schema tools; create function tools.\"Twice it\"(int) returns int language sql as 'select 2 * $1';"};
    CHECK(
        c.one(of_ada(corm::function<double>("sqrt", 16.0), corm::function_in<std::int32_t>("tools", "Twice it", 21),
                     corm::operation<std::string>(col<&Employee::name>, "||", "!"), corm::abs(-col<&Employee::salary>),
                     corm::round(corm::Numeric{"2.345"} * corm::cast<corm::Numeric>(col<&Employee::id>), 2))) ==
        std::tuple{4.0, 42, std::string{"Ada!"}, 900, corm::Numeric{"2.35"}});
    for (const char* symbol : {"", "=; drop", "a", "/*", "--", "(", "' '"})
        CHECK_THROWS_AS(corm::operation<bool>(col<&Employee::name>, symbol, "x"), corm::MappingError);
    // A name of a function is an identifier, whatever it holds.
    CHECK(text_of(select(corm::function<bool>("f\"(); drop table x; --", 1))) ==
          "SELECT \"f\"\"(); drop table x; --\"($1)");
    CHECK(c.one(select(corm::literal<-3>() + corm::literal<5>())) == 2);
}

TEST_CASE("Values of every shape stay values", "[query][integration]") {
    Company c;
    for (const std::string hostile :
         {"'; drop table projects; --", "\" or 1=1", "$1", "\\", "%", "a\nb", "\xF0\x9F\xA6\x8A"}) {
        CHECK(c.one(select(corm::expression(hostile))) == hostile);
        CHECK(c.one(of_ada(corm::concat(col<&Employee::name>, hostile))) == "Ada" + hostile);
        CHECK(c.one(of_ada(corm::case_when(col<&Employee::id> == 1, hostile).otherwise("no"))) == hostile);
        CHECK(c.one(of_ada(corm::coalesce(corm::nullif(col<&Employee::name>, "Ada"), hostile))) == hostile);
        CHECK(c.one(select(corm::string_agg(col<&Employee::name>, hostile))
                        .from<Employee>()
                        .where(col<&Employee::id> <= 2)) == "Ada" + hostile + "Bob");
        CHECK(c.one(of_ada(corm::expression(1).as(hostile))) == 1);
    }
    CHECK(c.one(select(corm::count()).from<Project>()) == 3);
}

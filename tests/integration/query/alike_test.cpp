// Columns, aliases, labels and expressions stand where any of the others does.
#include "company.hpp"
#include "support/fits.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using namespace std::chrono;
using Catch::Matchers::ContainsSubstring;
using corm::col;
using corm::select;

using Names = std::vector<std::string>;

TEST_CASE("The values of in() are one parameter of any expression", "[query][integration]") {
    Company c;
    const auto e = corm::alias<Employee>("e");
    const auto of = [&](const corm::Condition& condition) {
        return select(e[col<&Employee::name>]).from(e).where(condition).order_by(e[col<&Employee::id>]);
    };
    CHECK_THAT(text_of(of(e[col<&Employee::id>].in({1, 2, 3}))), ContainsSubstring("WHERE \"e\".\"id\" = ANY($1)"));
    CHECK(c.all(of(e[col<&Employee::id>].in({1, 3}))) == Names{"Ada", "Cy"});
    CHECK(c.all(of(e[col<&Employee::id>].not_in({1, 3}))) == Names{"Bob", "Di", "Ed"});
    CHECK(c.all(of(e[col<&Employee::id>].in(std::vector<std::int32_t>{}))).empty());
    CHECK(c.all(of(e[col<&Employee::id>].not_in(std::vector<std::int32_t>{}))).size() == 5);
    CHECK(c.all(of((e[col<&Employee::salary>] * 2).in(std::vector<std::int64_t>{1'000, 1LL << 40}))) == Names{"Bob"});
    CHECK(c.all(of(corm::lower(e[col<&Employee::name>]).in({"ada", "DI"}))) == Names{"Ada"});
    CHECK(c.all(of(e[col<&Employee::hired>].in({Date{2001y / 1 / 1}}))) == Names{"Ada"});
    CHECK(c.all(of(e[col<&Employee::rating>].in({4.5, 2.5}))) == Names{"Ada", "Di"});
    // There are no arrays of arrays.
    CHECK(c.all(of(e[col<&Employee::skills>].in({Names{"talk"}, Names{}}))) == Names{"Cy", "Ed"});
    const std::vector<corm::Expression<std::int32_t>> others{corm::expression(100), e[col<&Employee::id>] * 250};
    CHECK(c.all(of(e[col<&Employee::salary>].in(others))) == Names{"Bob", "Ed"});
    // More than a statement has parameters.
    std::vector<std::int32_t> many(70'000);
    for (std::size_t i = 0; i < many.size(); ++i)
        many[i] = static_cast<std::int32_t>(i) + 4;
    CHECK(c.all(of(e[col<&Employee::id>].in(many))) == Names{"Di", "Ed"});
}

TEST_CASE("Text of an expression is matched literally, as that of a column", "[query][integration]") {
    Company c{"insert into projects values (4, '100% Loom'), (5, 'loom_100');"};
    const auto p = corm::alias<Project>("p");
    const auto titles = [&](const corm::Condition& condition) {
        return c.all(select(p[col<&Project::title>]).from(p).where(condition).order_by(p[col<&Project::id>]));
    };
    const auto title = p[col<&Project::title>];
    CHECK(titles(title.starts_with("100%")) == Names{"100% Loom"});
    CHECK(titles(title.ends_with("_100")) == Names{"loom_100"});
    CHECK(titles(title.contains("%")) == Names{"100% Loom"});
    CHECK(titles(title.contains("oom")) == Names{"loom", "100% Loom", "loom_100"});
    CHECK(titles(title.istarts_with("LOOM")) == Names{"loom", "loom_100"});
    CHECK(titles(title.iends_with("LOOM")) == Names{"loom", "100% Loom"});
    CHECK(titles(title.icontains("_1")) == Names{"loom_100"});
}

TEST_CASE("Columns are compared with numbers of another kind and stand between expressions", "[query][integration]") {
    Company c;
    const auto names = [&](const corm::Condition& condition) {
        return c.all(
            select(col<&Employee::name>).from<Employee, Department>().where(condition).order_by(col<&Employee::id>));
    };
    CHECK(names(col<&Employee::salary> >= col<&Department::budget> && col<&Department::name> == "sales") ==
          Names{"Ada", "Bob", "Cy", "Di"});
    CHECK(names(col<&Employee::salary>.between(col<&Department::budget>, col<&Department::budget> * 2) &&
                col<&Department::name> == "sales") == Names{"Bob", "Di"});
    CHECK(names(col<&Employee::salary>.between(600, col<&Department::budget>) &&
                col<&Department::name> == "research") == Names{"Ada", "Cy"});
    CHECK(names(col<&Employee::id> == col<&Department::id>) == Names{"Ada", "Bob", "Cy"});
}

TEST_CASE("exists of an alias", "[query][integration]") {
    Company c;
    const auto member = corm::alias<Employee>("member");
    const auto leads = member[col<&Employee::boss_id>] == col<&Employee::id>;
    const auto names = [&](const corm::Condition& condition) {
        return c.all(select(col<&Employee::name>).from<Employee>().where(condition).order_by(col<&Employee::id>));
    };
    CHECK(names(corm::exists(member, leads)) == Names{"Ada", "Cy"});
    CHECK(names(corm::not_exists(member, leads && member[col<&Employee::salary>] < 400)) ==
          Names{"Ada", "Bob", "Di", "Ed"});
}

TEST_CASE("What is labelled is grouped and ordered by its name in C++", "[query][integration]") {
    Company c;
    const auto year = corm::extract<corm::DatePart::year>(col<&Employee::hired>).as("year");
    const auto decade = (year / 10 * 10).as("decade");
    const auto query = select(decade, corm::sum(year), corm::count().as("people"))
                           .from<Employee>()
                           .group_by(decade)
                           .order_by(decade.desc());
    CHECK_THAT(text_of(query), ContainsSubstring(" AS \"decade\", ") && ContainsSubstring(" AS \"people\" FROM"));
    using Row = std::tuple<std::int32_t, std::optional<std::int64_t>, std::int64_t>;
    CHECK(c.all(query) == std::vector<Row>{{2020, 4041, 2}, {2010, 4021, 2}, {2000, 2001, 1}});
    CHECK(c.all(select(year).from<Employee>().order_by(year).limit(2)) == std::vector<std::int32_t>{2001, 2010});
    const auto boss = col<&Employee::boss_id>.as("boss");
    const auto team = corm::subquery("team", select(boss, corm::count().as("size")).from<Employee>().group_by(boss));
    CHECK(c.all(select(team.column<std::int64_t>("size")).from(team).order_by(team[boss])) ==
          std::vector<std::int64_t>{2, 2, 1});
}

TEST_CASE("Without a direction the order is ascending", "[query][integration]") {
    Company c;
    const auto query =
        select(col<&Employee::name>).from<Employee>().order_by(col<&Employee::department_id>, -col<&Employee::salary>);
    CHECK_THAT(text_of(query),
               ContainsSubstring("ORDER BY \"employees\".\"department_id\", (- \"employees\".\"salary\")"));
    CHECK(c.all(query) == Names{"Ada", "Bob", "Cy", "Di", "Ed"});
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto all = co_await session.all(select<Employee>().order_by(col<&Employee::salary>).limit(1));
        CHECK(all.at(0)->name == "Ed");
    });
}

namespace {

/// Its text is an enum of the server's.
struct Word {
    std::int32_t id = 0;
    std::string mood;
};
BOOST_DESCRIBE_STRUCT(Word, (), (id, mood))
constexpr auto corm_mapping(corm::type<Word>) {
    return corm::table<Word>("words").primary_key<&Word::id>().sql_type<&Word::mood>("feeling");
}

constexpr const char* words = R"(
    create type feeling as enum ('sad', 'fine', 'glad');
    create table words (id int primary key, mood feeling not null);
    insert into words values (1, 'sad'), (2, 'fine'), (3, 'glad');
)";

} // namespace

TEST_CASE("Values beside a column of an alias have the type that its mapping declares", "[query][integration]") {
    CHECK(corm::test::misfit_of<Word>("create type feeling as enum ('sad', 'fine', 'glad');") == "");
    Company c{words};
    const auto w = corm::alias<Word>("w");
    const auto mood = w[col<&Word::mood>];
    const auto ids = [&](const corm::Condition& condition) {
        return c.all(select(w[col<&Word::id>]).from(w).where(condition).order_by(w[col<&Word::id>].asc()));
    };
    using Ids = std::vector<std::int32_t>;
    CHECK(ids(mood == "fine") == Ids{2});
    CHECK(ids(mood > "sad") == Ids{2, 3}); // by the order of the enum, not of the text
    CHECK(ids(mood.between("fine", "glad")) == Ids{2, 3});
    CHECK(ids(mood.in({"sad", "glad"})) == Ids{1, 3});
    CHECK(ids(corm::cast<std::string>(mood) == corm::cast<std::string>(std::string{"sad"})) == Ids{1});
    CHECK(text_of(select(w[col<&Word::id>]).from(w).where(mood == "fine")) ==
          "SELECT \"w\".\"id\" FROM \"words\" AS \"w\" WHERE \"w\".\"mood\" = $1::feeling");
}

TEST_CASE("Days are added to dates", "[query][integration]") {
    Company c;
    using namespace std::chrono;
    CHECK(c.one(select(col<&Employee::hired> + days{31}).from<Employee>().where(col<&Employee::id> == 1)) ==
          Date{2001y / 2 / 1});
    CHECK(c.one(select(col<&Employee::hired> - days{1}).from<Employee>().where(col<&Employee::id> == 1)) ==
          Date{2000y / 12 / 31});
}

// Items, joins, groups and order: the text, and what the server makes of it.
#include "company.hpp"
#include "support/fits.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using namespace std::chrono;
using Catch::Matchers::ContainsSubstring;
using corm::col;
using corm::select;

using Names = std::vector<std::string>;

TEST_CASE("The mappings of the company fit its tables", "[query][integration]") {
    CHECK(corm::test::misfit_of<Department, Employee, Project>() == "");
}

TEST_CASE("Columns and expressions are read into tuples", "[query][integration]") {
    Company c;
    const auto query = select(col<&Employee::name>, col<&Employee::salary> * 2 + 1, col<&Employee::rating>)
                           .from<Employee>()
                           .where(col<&Employee::salary> - 100 >= 400)
                           .order_by(col<&Employee::salary>.desc());
    CHECK(text_of(query) ==
          "SELECT \"employees\".\"name\", \"employees\".\"salary\" * $1 + $2, \"employees\".\"rating\" "
          "FROM \"hr\".\"employees\" WHERE \"employees\".\"salary\" - $3 >= $4 ORDER BY "
          "\"employees\".\"salary\" DESC");
    using Row = std::tuple<std::string, std::int32_t, std::optional<double>>;
    CHECK(c.all(query) == std::vector<Row>{{"Ada", 1801, 4.5}, {"Cy", 1401, 3.0}, {"Bob", 1001, std::nullopt}});
}

TEST_CASE("One item is read as itself", "[query][integration]") {
    Company c;
    CHECK(
        c.all(select(col<&Employee::name>).from<Employee>().order_by(corm::asc<&Employee::name>).limit(2).offset(1)) ==
        Names{"Bob", "Cy"});
    CHECK(c.one(select(corm::count()).from<Employee>()) == 5);
    CHECK(c.one(select(corm::count(col<&Employee::rating>)).from<Employee>()) == 3);
}

TEST_CASE("Several sources are combined, each row with each", "[query][integration]") {
    Company c;
    const auto older = corm::alias<Employee>("older");
    const auto younger = corm::alias<Employee>("younger");
    const auto pairs = select(older[col<&Employee::name>], younger[col<&Employee::name>], col<&Department::name>)
                           .from<Department, Project>()
                           .from(older, younger)
                           .where(older[col<&Employee::hired>] < younger[col<&Employee::hired>])
                           .where(younger[col<&Employee::id>] <= 3)
                           .where(col<&Department::id> == younger[col<&Employee::department_id>])
                           .where(col<&Project::title> == "idle")
                           .order_by(younger[col<&Employee::id>].asc(), older[col<&Employee::id>].asc());
    CHECK_THAT(text_of(pairs), ContainsSubstring("FROM \"departments\" CROSS JOIN \"projects\" CROSS JOIN "
                                                 "\"hr\".\"employees\" AS \"older\" CROSS JOIN "
                                                 "\"hr\".\"employees\" AS \"younger\" WHERE"));
    CHECK(c.all(pairs) == std::vector<std::tuple<std::string, std::string, std::string>>{
                              {"Ada", "Bob", "research"}, {"Ada", "Cy", "sales"}, {"Bob", "Cy", "sales"}});
    auto stored = select(corm::count());
    stored.from<Department, Project>().where(col<&Department::id> == col<&Project::id>);
    CHECK(c.one(stored) == 3);
}

TEST_CASE("Rows with objects yield those of the identity map", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const corm::Ref<Employee> ada = co_await session.get<Employee>(1);
        const auto boss = corm::alias<Employee>("boss");
        const auto rows =
            co_await session.all(select(corm::entity<Employee>, boss, boss[col<&Employee::name>].as("boss_name"))
                                     .from<Employee>()
                                     .join(boss, boss[col<&Employee::id>] == col<&Employee::boss_id>)
                                     .order_by(corm::asc<&Employee::id>));
        REQUIRE(rows.size() == 4);
        CHECK(std::get<0>(rows[0])->name == "Bob");
        CHECK(std::get<1>(rows[0]) == ada);
        CHECK(std::get<2>(rows[3]) == "Cy");
        CHECK(std::get<1>(rows[3]) == std::get<1>(rows[2]));
        // Edits of objects that came this way are flushed.
        std::get<0>(rows[0]).edit().salary = 501;
        co_await session.commit();
        const std::int32_t salary =
            co_await session.scalar(select(col<&Employee::salary>).from<Employee>().where(col<&Employee::id> == 2));
        CHECK(salary == 501);
    });
}

TEST_CASE("An object that an outer join did not find is an empty handle", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto rows = co_await session.all(select(corm::entity<Employee>, corm::entity<Department>)
                                                   .from<Employee>()
                                                   .left_join<&Employee::department>()
                                                   .order_by(corm::asc<&Employee::id>));
        REQUIRE(rows.size() == 5);
        CHECK(std::get<1>(rows[0])->name == "research");
        CHECK(std::get<1>(rows[1]) == std::get<1>(rows[0]));
        CHECK_FALSE(std::get<1>(rows[4]));
        const auto only = co_await session.all(
            select(corm::entity<Department>).from<Department>().order_by(corm::asc<&Department::id>));
        CHECK(only.at(0) == std::get<1>(rows[0]));
    });
}

TEST_CASE("Joins along relations", "[query][integration]") {
    Company c;
    const auto to_one = select(col<&Employee::name>, col<&Department::name>)
                            .from<Employee>()
                            .join<&Employee::department>()
                            .where(col<&Department::budget> > 500)
                            .order_by(corm::asc<&Employee::id>);
    CHECK(text_of(to_one) ==
          "SELECT \"employees\".\"name\", \"departments\".\"name\" FROM \"hr\".\"employees\" JOIN \"departments\" ON "
          "\"employees\".\"department_id\" = \"departments\".\"id\" WHERE \"departments\".\"budget\" > $1 ORDER BY "
          "\"employees\".\"id\"");
    CHECK(c.all(to_one) == std::vector<std::tuple<std::string, std::string>>{{"Ada", "research"}, {"Bob", "research"}});

    const auto to_many = select(col<&Project::title>, corm::count())
                             .from<Project>()
                             .join<&Project::members>()
                             .group_by(col<&Project::id>)
                             .order_by(corm::asc<&Project::id>);
    CHECK(c.all(to_many) == std::vector<std::tuple<std::string, std::int64_t>>{{"engine", 2}, {"loom", 2}});

    const auto boss = corm::alias<Employee>("boss");
    CHECK(c.all(select(boss[col<&Employee::name>], corm::count())
                    .from<Employee>()
                    .join<&Employee::boss>("boss")
                    .group_by(boss[col<&Employee::name>])
                    .order_by(boss[col<&Employee::name>].asc())) ==
          std::vector<std::tuple<std::string, std::int64_t>>{{"Ada", 2}, {"Cy", 2}});
}

TEST_CASE("Columns of an outer join are read as what can be NULL", "[query][integration]") {
    Company c;
    auto joined = [](auto item) {
        return select(col<&Employee::name>, item)
            .template from<Employee>()
            .template left_join<Department>(col<&Department::id> == col<&Employee::department_id>)
            .where(col<&Employee::id> >= 4)
            .order_by(corm::asc<&Employee::id>);
    };
    CHECK_THAT(refusal(joined(col<&Department::name>)),
               ContainsSubstring("departments.name is selected from an outer join") && ContainsSubstring("nullable("));
    CHECK_THAT(refusal(joined(col<&Department::id> + 1)),
               ContainsSubstring("departments.id is selected from an outer"));
    CHECK(c.all(joined(corm::nullable(col<&Department::name>))) ==
          std::vector<std::tuple<std::string, std::optional<std::string>>>{{"Di", "sales"}, {"Ed", std::nullopt}});
    CHECK(c.all(joined(corm::coalesce(col<&Department::name>, "nowhere"))) ==
          std::vector<std::tuple<std::string, std::string>>{{"Di", "sales"}, {"Ed", "nowhere"}});
    CHECK(c.all(joined(corm::count(col<&Department::id>).over(corm::window()))) ==
          std::vector<std::tuple<std::string, std::int64_t>>{{"Di", 1}, {"Ed", 1}});
    const auto right =
        select(corm::nullable(col<&Employee::name>), col<&Department::name>)
            .from<Employee>()
            .joined<Department>(corm::JoinKind::right, col<&Department::id> == col<&Employee::department_id>)
            .where(col<&Department::id> == 3);
    CHECK(c.all(right) == std::vector<std::tuple<std::optional<std::string>, std::string>>{{std::nullopt, "empty"}});
}

TEST_CASE("Groups: aggregates, having, filters and what has to be grouped", "[query][integration]") {
    Company c;
    const auto total = corm::sum(col<&Employee::salary>).as("total");
    const auto query = select(col<&Employee::department_id>, total, corm::avg(col<&Employee::rating>),
                              corm::count().filter(col<&Employee::salary> > 600),
                              corm::string_agg(col<&Employee::name>, "+").order_by(corm::desc<&Employee::name>))
                           .from<Employee>()
                           .where(col<&Employee::department_id>.is_not_null())
                           .group_by(col<&Employee::department_id>)
                           .having(corm::count() > 1)
                           .order_by(corm::label("total").desc());
    CHECK_THAT(text_of(query), ContainsSubstring("count(*) FILTER (WHERE \"employees\".\"salary\" > $2)") ||
                                   ContainsSubstring("\"count\"(*) FILTER (WHERE"));
    using Row = std::tuple<std::optional<std::int32_t>, std::optional<std::int64_t>, std::optional<double>,
                           std::int64_t, std::optional<std::string>>;
    CHECK(c.all(query) == std::vector<Row>{{1, 1400, 4.5, 1, "Bob+Ada"}, {2, 1000, 2.75, 1, "Di+Cy"}});

    CHECK_THAT(refusal(select(col<&Employee::name>, corm::count()).from<Employee>()),
               ContainsSubstring("employees.name is in the items of a query that groups rows"));
    CHECK_THAT(refusal(select(corm::count()).from<Employee>().order_by(corm::asc<&Employee::name>)),
               ContainsSubstring("order_by()"));
    CHECK_THAT(refusal(select(corm::count()).from<Employee>().having(col<&Employee::salary> > 3)),
               ContainsSubstring("having()"));
    // Who groups by the key has grouped everything of the table.
    const auto by_key = select(col<&Employee::name>, corm::count())
                            .from<Employee>()
                            .join<&Employee::projects>()
                            .group_by(col<&Employee::id>)
                            .order_by(corm::asc<&Employee::name>);
    CHECK(c.all(by_key) == std::vector<std::tuple<std::string, std::int64_t>>{{"Ada", 2}, {"Bob", 1}, {"Di", 1}});
}

TEST_CASE("An expression with values is grouped by itself when it is one object", "[query][integration]") {
    Company c;
    const auto band = corm::case_when(col<&Employee::salary> >= 700, "high").otherwise("low");
    const auto query = select(band, corm::count()).from<Employee>().group_by(band).order_by(band.asc());
    CHECK(text_of(query) ==
          "SELECT CASE WHEN \"employees\".\"salary\" >= $1 THEN $2 ELSE $3 END, \"count\"(*) FROM \"hr\".\"employees\" "
          "GROUP BY CASE WHEN \"employees\".\"salary\" >= $1 THEN $2 ELSE $3 END ORDER BY CASE WHEN "
          "\"employees\".\"salary\" >= $1 THEN $2 ELSE $3 END");
    CHECK(c.all(query) == std::vector<std::tuple<std::string, std::int64_t>>{{"high", 2}, {"low", 3}});
}

TEST_CASE("distinct, and the first of each group", "[query][integration]") {
    Company c;
    CHECK(c.all(select(col<&Employee::department_id>)
                    .from<Employee>()
                    .distinct()
                    .order_by(corm::asc<&Employee::department_id>.nulls_first()))
              .size() == 3);
    CHECK(c.all(select(col<&Employee::name>)
                    .from<Employee>()
                    .distinct_on(col<&Employee::department_id>)
                    .order_by(corm::asc<&Employee::department_id>, corm::desc<&Employee::salary>)) ==
          Names{"Ada", "Cy", "Ed"});
}

TEST_CASE("Windows", "[query][integration]") {
    Company c;
    const auto by_department =
        corm::window().partition_by(col<&Employee::department_id>).order_by(corm::desc<&Employee::salary>);
    const auto query =
        select(col<&Employee::name>, corm::rank().over(by_department),
               corm::sum(col<&Employee::salary>)
                   .over(corm::window().order_by(corm::asc<&Employee::id>).rows(corm::preceding(1), corm::current_row)),
               corm::lag(col<&Employee::name>).over(corm::window().order_by(corm::asc<&Employee::id>)))
            .from<Employee>()
            .order_by(corm::asc<&Employee::id>);
    CHECK_THAT(text_of(query),
               ContainsSubstring("\"rank\"() OVER (PARTITION BY \"employees\".\"department_id\" ORDER BY "
                                 "\"employees\".\"salary\" DESC)") &&
                   ContainsSubstring("ROWS BETWEEN $1 PRECEDING AND CURRENT ROW"));
    using Row = std::tuple<std::string, std::int64_t, std::optional<std::int64_t>, std::optional<std::string>>;
    CHECK(c.all(query) == std::vector<Row>{{"Ada", 1, 900, std::nullopt},
                                           {"Bob", 2, 1400, "Ada"},
                                           {"Cy", 1, 1200, "Bob"},
                                           {"Di", 2, 1000, "Cy"},
                                           {"Ed", 1, 400, "Di"}});
    CHECK_THROWS_AS(corm::window().rows(corm::preceding(-1), corm::current_row), corm::MappingError);
}

TEST_CASE("A column of nothing that the query reads is refused with its name", "[query][integration]") {
    CHECK_THAT(refusal(select(col<&Department::name>).from<Employee>()),
               ContainsSubstring("column departments.name is used in a statement on employees"));
    CHECK_THAT(refusal(select(col<&Department::name>)), ContainsSubstring("no table"));
    const auto other = corm::alias<Employee>("other");
    CHECK_THAT(refusal(select(other[col<&Employee::id>]).from<Employee>()),
               ContainsSubstring("does not read from other"));
    CHECK_THAT(refusal(select(col<&Employee::id>).from<Employee>().from<Employee>()),
               ContainsSubstring("reads twice from \"employees\"") && ContainsSubstring("corm::alias"));
    CHECK_THROWS_AS(other[col<&Department::id>], corm::MappingError);
}

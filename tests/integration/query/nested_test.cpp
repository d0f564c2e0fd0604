// Queries within queries, sets of rows, common tables, relations as conditions.
#include "company.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using Catch::Matchers::ContainsSubstring;
using corm::col;
using corm::select;

using Names = std::vector<std::string>;
using Counted = std::vector<std::tuple<std::string, std::int64_t>>;

TEST_CASE("Subqueries as values, members and conditions", "[query][integration]") {
    Company c;
    const auto other = corm::alias<Employee>("other");
    const auto average = select(corm::avg(other[col<&Employee::salary>]))
                             .from(other)
                             .where(other[col<&Employee::department_id>] == col<&Employee::department_id>);
    const auto above = select(col<&Employee::name>)
                           .from<Employee>()
                           .where(col<&Employee::salary> > corm::scalar(average))
                           .order_by(corm::asc<&Employee::id>);
    CHECK(text_of(above) ==
          "SELECT \"employees\".\"name\" FROM \"hr\".\"employees\" WHERE \"employees\".\"salary\" > "
          "(SELECT \"avg\"(\"other\".\"salary\") FROM \"hr\".\"employees\" AS \"other\" WHERE "
          "\"other\".\"department_id\" = \"employees\".\"department_id\") ORDER BY \"employees\".\"id\"");
    CHECK(c.all(above) == Names{"Ada", "Cy"});

    const auto rich = select(col<&Department::id>).from<Department>().where(col<&Department::budget> > 500);
    const auto names = [&](const corm::Condition& condition) {
        return c.all(select(col<&Employee::name>).from<Employee>().where(condition).order_by(corm::asc<&Employee::id>));
    };
    CHECK(names(col<&Employee::department_id>.in(rich)) == Names{"Ada", "Bob"});
    CHECK(names(col<&Employee::department_id>.not_in(rich)) == Names{"Cy", "Di"});
    CHECK(names((col<&Employee::department_id> + 0).in(rich)) == Names{"Ada", "Bob"});
    CHECK(names(corm::exists<Department>(col<&Department::id> == col<&Employee::department_id> &&
                                         col<&Department::name> == "sales")) == Names{"Cy", "Di"});
    CHECK(names(corm::not_exists(rich.erased().columns.empty()
                                     ? rich
                                     : select(col<&Department::id>)
                                           .from<Department>()
                                           .where(col<&Department::id> == col<&Employee::department_id>))) ==
          Names{"Ed"});
    const auto salaries =
        select(other[col<&Employee::salary>]).from(other).where(other[col<&Employee::boss_id>] == col<&Employee::id>);
    CHECK(names(col<&Employee::salary> > corm::all_of(salaries) && corm::exists(salaries)) == Names{"Ada", "Cy"});
    CHECK(names(col<&Employee::salary> - 200 == corm::any_of(salaries)) == Names{"Ada"});

    const auto teams =
        select(col<&Employee::name>, corm::array_of(select(other[col<&Employee::name>])
                                                        .from(other)
                                                        .where(other[col<&Employee::boss_id>] == col<&Employee::id>)
                                                        .order_by(other[col<&Employee::id>].asc())))
            .from<Employee>()
            .where(col<&Employee::id> <= 2)
            .order_by(corm::asc<&Employee::id>);
    CHECK(c.all(teams) == std::vector<std::tuple<std::string, Names>>{{"Ada", {"Bob", "Cy"}}, {"Bob", {}}});
}

TEST_CASE("Conditions on related rows work in a query for objects as well", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto found =
            co_await session.all(select<Employee>()
                                     .where(corm::any<&Employee::projects>(col<&Project::title> == "engine"))
                                     .order_by(corm::asc<&Employee::id>));
        REQUIRE(found.size() == 2);
        CHECK(found[1]->name == "Bob");
        const auto in_sales = co_await session.all(
            select<Employee>().where(corm::has<&Employee::department>(col<&Department::name> == "sales")));
        CHECK(in_sales.size() == 2);
        const auto empty = co_await session.all(select<Department>().where(corm::none<&Department::employees>()));
        REQUIRE(empty.size() == 1);
        CHECK(empty[0]->name == "empty");
        const auto member = corm::alias<Employee>("member");
        const auto leaders = co_await session.all(
            select<Employee>().where(corm::any<&Employee::team>(member, member[col<&Employee::salary>] < 200)));
        REQUIRE(leaders.size() == 1);
        CHECK(leaders[0]->name == "Cy");
        CHECK_THROWS_AS(corm::any<&Employee::team>(), corm::MappingError);
        // Two relations with the joined statement's own aliases around them.
        const auto joined = co_await session.all(select<Employee>()
                                                     .where(corm::any<&Employee::projects>())
                                                     .with_joined<&Employee::department>()
                                                     .order_by(corm::asc<&Employee::id>));
        REQUIRE(joined.size() == 3);
        CHECK(joined[2]->department->name == "sales");
    });
}

TEST_CASE("Subqueries and common tables as sources", "[query][integration]") {
    Company c;
    const auto total = corm::sum(col<&Employee::salary>).as("total");
    const auto totals =
        select(col<&Employee::department_id>, total).from<Employee>().group_by(col<&Employee::department_id>);
    for (const corm::RowSource& source : {corm::subquery("totals", totals), corm::cte("totals", totals),
                                          corm::cte("totals", totals, true), corm::cte("totals", totals, false)}) {
        const auto query = select(col<&Department::name>, source[total])
                               .from<Department>()
                               .join(source, source[col<&Employee::department_id>] == col<&Department::id>)
                               .order_by(source[total].desc());
        CHECK(c.all(query) ==
              std::vector<std::tuple<std::string, std::optional<std::int64_t>>>{{"research", 1400}, {"sales", 1000}});
    }
    const auto common = corm::cte("totals", totals);
    const auto twice = common.as("again");
    // The greatest, by the same common table.
    const auto greatest = select(common[total])
                              .from(common)
                              .where(common[total] == corm::scalar(select(corm::max(twice[total])).from(twice)));
    CHECK(text_of(greatest) ==
          "WITH \"totals\" AS (SELECT \"employees\".\"department_id\" AS \"department_id\", "
          "\"sum\"(\"employees\".\"salary\") AS \"total\" FROM \"hr\".\"employees\" GROUP BY "
          "\"employees\".\"department_id\") SELECT \"totals\".\"total\" FROM \"totals\" WHERE \"totals\".\"total\" = "
          "(SELECT \"max\"(\"again\".\"total\") FROM \"totals\" AS \"again\")");
    CHECK(c.all(greatest) == std::vector<std::optional<std::int64_t>>{1400});

    CHECK_THROWS_WITH(common.column<std::int64_t>("sum"),
                      ContainsSubstring("\"totals\" has no column \"sum\"") && ContainsSubstring("\"total\""));
    CHECK_THROWS_WITH(common.column<std::int32_t>("total"), ContainsSubstring("is of type int8"));
    CHECK_THROWS_WITH(common.column<std::int64_t>("total"), ContainsSubstring("can be NULL"));
    const auto other = corm::cte("totals", totals);
    CHECK_THAT(refusal(select(common[total], other.as("o")[total]).from(common).from(other.as("o"))),
               ContainsSubstring("two common tables") && ContainsSubstring("totals"));
}

TEST_CASE("Lateral subqueries see what stands in front of them", "[query][integration]") {
    Company c;
    const auto best = corm::lateral("best", select(col<&Employee::name>)
                                                .from<Employee>()
                                                .where(col<&Employee::department_id> == col<&Department::id>)
                                                .order_by(corm::desc<&Employee::salary>)
                                                .limit(1));
    CHECK(c.all(select(col<&Department::name>, corm::nullable(best[col<&Employee::name>]))
                    .from<Department>()
                    .left_join(best, corm::always())
                    .order_by(corm::asc<&Department::id>)) ==
          std::vector<std::tuple<std::string, std::optional<std::string>>>{
              {"research", "Ada"}, {"sales", "Cy"}, {"empty", std::nullopt}});
    // Without `lateral` it sees nothing of it.
    const auto plain = corm::subquery(
        "plain",
        select(col<&Employee::name>).from<Employee>().where(col<&Employee::department_id> == col<&Department::id>));
    CHECK_THAT(refusal(select(plain[col<&Employee::name>]).from<Department>().join(plain, corm::always())),
               ContainsSubstring("departments.id"));
}

TEST_CASE("Recursive common tables", "[query][integration]") {
    Company c;
    const auto depth = corm::expression(0).as("depth");
    const auto chain = corm::recursive("chain",
                                       select(col<&Employee::id>, col<&Employee::name>, depth)
                                           .from<Employee>()
                                           .where(col<&Employee::boss_id>.is_null()),
                                       [&](const corm::RowSource& above) {
                                           return select(col<&Employee::id>, col<&Employee::name>, above[depth] + 1)
                                               .from<Employee>()
                                               .join(above, above[col<&Employee::id>] == col<&Employee::boss_id>);
                                       });
    const auto query = select(chain[col<&Employee::name>], chain[depth])
                           .from(chain)
                           .order_by(chain[depth].asc(), chain[col<&Employee::name>].asc());
    CHECK_THAT(text_of(query),
               ContainsSubstring("WITH RECURSIVE \"chain\" AS ((SELECT") && ContainsSubstring(")) SELECT"));
    CHECK(c.all(query) ==
          std::vector<std::tuple<std::string, std::int32_t>>{{"Ada", 0}, {"Bob", 1}, {"Cy", 1}, {"Di", 2}, {"Ed", 2}});
    const auto numbers = corm::rows_of(corm::function<std::int32_t>("generate_series", 1, 4), "n", "value");
    CHECK(c.all(select(numbers.column<std::int32_t>("value") * 10).from(numbers)) ==
          std::vector<std::int32_t>{10, 20, 30, 40});
}

TEST_CASE("Sets of rows", "[query][integration]") {
    Company c;
    const auto people = select(col<&Employee::name>).from<Employee>().where(col<&Employee::id> <= 2);
    const auto coders =
        select(col<&Employee::name>).from<Employee>().where(corm::array_has(col<&Employee::skills>, "code"));
    const auto ordered = [](auto query) { return query.order_by(corm::label("name").asc()); };
    CHECK(c.all(ordered(corm::union_all(people, coders))) == Names{"Ada", "Ada", "Bob", "Bob", "Di"});
    CHECK(c.all(ordered(corm::union_distinct(people, coders)).limit(2)) == Names{"Ada", "Bob"});
    CHECK(c.all(ordered(corm::intersect(people, coders))) == Names{"Ada", "Bob"});
    CHECK(c.all(corm::except(coders, people)) == Names{"Di"});
    CHECK(text_of(corm::except(coders, people)) == "(SELECT \"employees\".\"name\" AS \"name\" FROM "
                                                   "\"hr\".\"employees\" WHERE $1 = ANY(\"employees\".\"skills\")) "
                                                   "EXCEPT (SELECT \"employees\".\"name\" AS \"name\" FROM "
                                                   "\"hr\".\"employees\" WHERE \"employees\".\"id\" <= $2)");
    const auto all = corm::subquery("both", corm::union_all(people, coders));
    CHECK(c.all(select(all[col<&Employee::name>], corm::count())
                    .from(all)
                    .group_by(all[col<&Employee::name>])
                    .order_by(corm::count().desc(), all[col<&Employee::name>].asc())) ==
          Counted{{"Ada", 2}, {"Bob", 2}, {"Di", 1}});
    CHECK_THROWS_AS(corm::union_all(select(corm::entity<Employee>).from<Employee>(),
                                    select(corm::entity<Employee>).from<Employee>()),
                    corm::MappingError);
}

namespace {

struct Total {
    std::string department;
    std::int64_t people = 0;
    std::optional<std::int64_t> salaries{};
};
BOOST_DESCRIBE_STRUCT(Total, (), (department, people, salaries))

struct WrongTotal {
    std::string department;
    std::int32_t people = 0;
    std::int64_t salaries = 0;
    bool extra = false;
};
BOOST_DESCRIBE_STRUCT(WrongTotal, (), (department, people, salaries, extra))

auto totals() {
    return select(corm::labelled(col<&Department::name>, "department"), corm::count().as("people"),
                  corm::sum(col<&Employee::salary>).as("salaries"))
        .from<Department>()
        .join<&Department::employees>()
        .group_by(col<&Department::name>)
        .order_by(corm::label("people").desc(), corm::label("department").asc());
}

} // namespace

TEST_CASE("Rows are read into described structs by the names of the columns", "[query][integration]") {
    Company c;
    const std::vector<Total> rows = c.all(totals().into<Total>());
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].department == "research");
    CHECK(rows[0].people == 2);
    CHECK(rows[1].salaries == 1000);
    try {
        static_cast<void>(totals().into<WrongTotal>());
        FAIL("nothing was thrown");
    } catch (const corm::MappingError& error) {
        CHECK_THAT(error.what(), ContainsSubstring("WrongTotal") && ContainsSubstring("\"people\" is of type int8") &&
                                     ContainsSubstring("\"salaries\" can be NULL") &&
                                     ContainsSubstring("no column \"extra\""));
    }
}

TEST_CASE("How many rows are wanted", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto names = select(col<&Employee::name>).from<Employee>().order_by(corm::asc<&Employee::id>);
        const auto nobody = select(col<&Employee::name>).from<Employee>().where(col<&Employee::id> == 9);
        const std::optional<std::string> first = co_await session.first(names);
        CHECK(first == "Ada");
        const std::optional<std::string> none = co_await session.first(nobody);
        CHECK_FALSE(none);
        const std::optional<std::string> maybe = co_await session.one_or_none(nobody);
        CHECK_FALSE(maybe);
        const std::int64_t count = co_await session.count(names);
        CHECK(count == 5);
        const bool some = co_await session.exists(names);
        CHECK(some);
        const bool any = co_await session.exists(nobody);
        CHECK_FALSE(any);
        bool refused = false;
        try {
            static_cast<void>(co_await session.one(names));
        } catch (const corm::NotFoundError&) {
            refused = true;
        }
        CHECK(refused);
        const auto [people, departments, found] = co_await session.pipeline(
            names, corm::count<Department>(), select(corm::entity<Department>).from<Department>());
        CHECK(people.size() == 5);
        CHECK(departments == 3);
        CHECK(found.size() == 3);
    });
}

TEST_CASE("Readers run them, unless they call what corm does not know", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession reader = c.engine.reader();
        const auto query = select(corm::count()).from<Employee>();
        for (int i = 0; i < 3; ++i) {
            const std::int64_t count = co_await reader.scalar(query);
            CHECK(count == 5);
        }
        CHECK(c.engine.stats().lane_reads > 0);
        const std::uint64_t before = c.engine.stats().lane_reads;
        for (int i = 0; i < 3; ++i)
            static_cast<void>(co_await reader.scalar(select(corm::function<std::int32_t>("pg_backend_pid"))));
        CHECK(c.engine.stats().lane_reads == before);
    });
}

TEST_CASE("Plans of queries", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto composed = select(col<&Employee::name>).from<Employee>().where(col<&Employee::id> == 3);
        const std::string plan = co_await session.explain(composed);
        CHECK_THAT(plan, ContainsSubstring("Scan") && ContainsSubstring("employees") && ContainsSubstring("(id = 3)"));
        const corm::ExplainOptions analyzed{.analyze = true, .verbose = true, .json = true};
        const std::string json = co_await session.explain(composed, analyzed);
        CHECK_THAT(json, ContainsSubstring("\"Actual Rows\": 1"));
        const std::string objects = co_await session.explain(select<Project>().where(corm::any<&Project::members>()));
        CHECK_THAT(objects, ContainsSubstring("memberships"));
        const std::string raw = co_await session.explain(corm::raw_sql("SELECT $1 + 1", 41));
        CHECK_THAT(raw, ContainsSubstring("Result"));
        const auto change = corm::delete_from<Employee>().where(col<&Employee::id> == 3);
        const std::string written = co_await session.explain(change);
        CHECK_THAT(written, ContainsSubstring("Delete on employees"));
        bool refused = false;
        try {
            static_cast<void>(co_await session.explain(change, analyzed));
        } catch (const corm::Error&) {
            refused = true;
        }
        CHECK(refused);
        const std::int64_t people = co_await session.count(select(col<&Employee::id>).from<Employee>());
        CHECK(people == 5);
    });
}

TEST_CASE("Locks, and of which tables", "[query][integration]") {
    Company c;
    const auto query = select(corm::entity<Employee>, col<&Department::name>)
                           .from<Employee>()
                           .join<&Employee::department>()
                           .where(col<&Employee::id> == 1)
                           .for_update()
                           .of<Employee>()
                           .skip_locked();
    CHECK_THAT(text_of(query), ContainsSubstring(" FOR UPDATE OF \"employees\" SKIP LOCKED"));
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession first{c.engine};
        corm::AsyncSession second{c.engine};
        const auto mine = co_await first.all(query);
        CHECK(mine.size() == 1);
        const auto theirs = co_await second.all(query);
        CHECK(theirs.empty());
        // The department is not locked.
        const auto department = co_await second.get<Department>(1, corm::for_update, corm::nowait);
        CHECK(department->name == "research");
    });
    CHECK_THROWS_AS(select(col<&Employee::id>).from<Employee>().nowait(), corm::MappingError);
    CHECK_THROWS_AS(select(col<&Employee::id>).from<Employee>().of<Employee>(), corm::MappingError);
}

TEST_CASE("Queries for values are streamed", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto numbers = corm::rows_of(corm::function<std::int32_t>("generate_series", 1, 1000), "n", "value");
        const auto value = numbers.column<std::int32_t>("value");
        auto rows = session.stream(select(value, value * 2).from(numbers).where(value % 3 == 0), {.batch = 50});
        std::int64_t seen = 0;
        while (const auto row = co_await rows.next()) {
            CHECK(std::get<1>(*row) == 2 * std::get<0>(*row));
            ++seen;
        }
        CHECK(seen == 333);
        auto names = session.stream(select(col<&Employee::name>).from<Employee>().order_by(corm::asc<&Employee::id>));
        const std::vector<std::string> all = co_await names.next_batch(100);
        CHECK(all == Names{"Ada", "Bob", "Cy", "Di", "Ed"});
    });
}

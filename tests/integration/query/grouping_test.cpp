// Grouping sets on a server: what is NULL in which rows, and what the server takes as grouped.
#include "company.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using Catch::Matchers::ContainsSubstring;
using corm::col;
using corm::select;

TEST_CASE("Subtotals and a total come with the groups", "[query][integration]") {
    Company c;
    const auto department = col<&Employee::department_id>;
    const auto boss = col<&Employee::boss_id>;
    using Row =
        std::tuple<std::optional<std::int32_t>, std::optional<std::int32_t>, std::int32_t, std::optional<std::int64_t>>;
    const auto which = corm::grouping(department, boss);
    const auto rolled = select(department, boss, which, corm::sum(col<&Employee::salary>))
                            .from<Employee>()
                            .group_by(corm::rollup(department, boss))
                            .order_by(which.asc(), department.asc(), boss.asc());
    CHECK(c.all(rolled) == std::vector<Row>{{1, 1, 0, 500},
                                            {1, {}, 0, 900},
                                            {2, 1, 0, 700},
                                            {2, 3, 0, 300},
                                            {{}, 3, 0, 100},
                                            {1, {}, 1, 1400},
                                            {2, {}, 1, 1000},
                                            {{}, {}, 1, 100}, // of no department, by any boss
                                            {{}, {}, 3, 2500}});
    const auto cubed = select(which, corm::count()).from<Employee>().group_by(corm::cube(department, boss));
    std::vector<std::tuple<std::int32_t, std::int64_t>> counts =
        c.all(select(which, corm::count())
                  .from<Employee>()
                  .group_by(corm::cube(department, boss))
                  .having(corm::grouping(department) == 1)
                  .order_by(which.asc(), corm::count().desc()));
    CHECK(counts == std::vector<std::tuple<std::int32_t, std::int64_t>>{{2, 2}, {2, 2}, {2, 1}, {3, 5}});
    CHECK(c.all(cubed).size() == 5 + 3 + 3 + 1);
}

TEST_CASE("Sets are of what they name, and of nothing", "[query][integration]") {
    Company c;
    const auto name = col<&Department::name>;
    // An expression with a value in it is the same one in items, sets and orders.
    const auto band = col<&Employee::salary> / 500;
    using Row = std::tuple<std::optional<std::string>, std::optional<std::int32_t>, std::int64_t>;
    const auto query = select(corm::nullable(name), corm::nullable(band), corm::count())
                           .from<Employee>()
                           .join<&Employee::department>()
                           .group_by(corm::grouping_sets(name, corm::group(name, band), corm::group()))
                           .order_by(corm::grouping(name, band).asc(), name.asc(), band.asc());
    CHECK(
        c.all(query) ==
        std::vector<Row>{
            {"research", 1, 2}, {"sales", 0, 1}, {"sales", 1, 1}, {"research", {}, 2}, {"sales", {}, 2}, {{}, {}, 4}});
    // What every set has is not NULL; what the server takes for grouped by a key of every set is taken for it here.
    const auto each = select(col<&Department::id>, name, corm::count())
                          .from<Employee>()
                          .join<&Employee::department>()
                          .group_by(corm::grouping_sets(corm::group(col<&Department::id>, col<&Employee::boss_id>),
                                                        col<&Department::id>))
                          .order_by(col<&Department::id>.asc(), corm::count().desc())
                          .limit(1);
    CHECK(c.one(each) == std::tuple<std::int32_t, std::string, std::int64_t>{1, "research", 2});
    // An expression that is grouped as a whole has its value though a part of it is left out.
    const auto whole = select(band, corm::count())
                           .from<Employee>()
                           .group_by(band, corm::rollup(col<&Employee::salary>))
                           .order_by(corm::grouping(col<&Employee::salary>).desc(), band.asc())
                           .limit(1);
    CHECK(c.one(whole) == std::tuple<std::int32_t, std::int64_t>{0, 2});
    // Without rows there is one group, of nothing.
    const auto none = select(corm::nullable(name), corm::count())
                          .from<Department>()
                          .where(col<&Department::id> > 100)
                          .group_by(corm::rollup(name));
    CHECK(c.all(none) ==
          std::vector<std::tuple<std::optional<std::string>, std::int64_t>>{{std::optional<std::string>{}, 0}});
}

TEST_CASE("Objects are of groups that have all of them", "[query][integration]") {
    Company c;
    const auto id = col<&Department::id>;
    // Rows without a budget would be objects whose budget is NULL.
    CHECK_THAT(refusal(select(corm::entity<Department>, corm::count())
                           .from<Department>()
                           .group_by(corm::rollup(id, col<&Department::name>, col<&Department::budget>))),
               ContainsSubstring("departments.id is left out by some of the groups") &&
                   ContainsSubstring("is part of an object that is selected"));
    // Only their number is asked for.
    CHECK_THAT(refusal(corm::count(select(corm::entity<Department>)
                                       .from<Department>()
                                       .group_by(corm::rollup(id, col<&Department::name>, col<&Department::budget>)))),
               ContainsSubstring("compiled: SELECT count(*) FROM ("));
    const auto boss = col<&Employee::boss_id>;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto rows = co_await session.all(select(corm::entity<Department>, boss, corm::count())
                                                   .from<Employee>()
                                                   .join<&Employee::department>()
                                                   .group_by(id, corm::rollup(boss))
                                                   .order_by(id.asc(), corm::grouping(boss).desc()));
        REQUIRE(rows.size() == 6);
        CHECK(std::get<0>(rows[0])->name == "research");
        CHECK(std::get<2>(rows[0]) == 2);
        CHECK(std::get<0>(rows[3])->budget == corm::Numeric{"300"});
        co_await session.commit();
    });
}

TEST_CASE("Totals as a subquery, and through coalesce and case", "[query][integration]") {
    Company c;
    const auto name = col<&Department::name>;
    const auto label = corm::case_when(corm::grouping(name) == 1, "all").otherwise(corm::nullable(name)).as("label");
    const auto people = corm::count().as("people");
    const auto totals = corm::subquery(
        "totals", select(label, people).from<Employee>().join<&Employee::department>().group_by(corm::rollup(name)));
    const auto query = select(totals[label], totals[people]).from(totals).order_by(totals[people].desc()).limit(1);
    CHECK(c.one(query) == std::tuple<std::optional<std::string>, std::int64_t>{"all", 4});
    CHECK_THAT(refusal(select(name).from<Department>().group_by(corm::rollup(name))),
               ContainsSubstring("departments.name is left out by some of the groups"));
    const auto named = select(corm::coalesce(name, "all"), corm::count())
                           .from<Department>()
                           .group_by(corm::rollup(name))
                           .order_by(corm::grouping(name).desc())
                           .limit(1);
    CHECK(c.one(named) == std::tuple<std::string, std::int64_t>{"all", 3});
}

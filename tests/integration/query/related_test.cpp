// Conditions on relations to one object: by handle and by key, of loaded objects and of what the database has.
#include "company.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::col;
using corm::select;

namespace {

using Names = std::vector<std::string>;

Names names(const std::vector<corm::Ref<Employee>>& found) {
    Names all;
    for (const corm::Ref<Employee>& each : found)
        all.push_back(each->name);
    return all;
}

corm::query::Select<Employee> employees(const corm::Condition& condition) {
    return select<Employee>().where(condition).order_by(corm::asc<&Employee::id>);
}

} // namespace

TEST_CASE("Collections that contain an object", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto engine = co_await session.get<Project>(1);
        const auto loom = co_await session.get<Project>(2);
        auto found = co_await session.all(employees(corm::contains<&Employee::projects>(engine)));
        CHECK(names(found) == Names{"Ada", "Bob"});
        found = co_await session.all(employees(!corm::contains<&Employee::projects>(engine)));
        CHECK(names(found) == Names{"Cy", "Di", "Ed"});
        found = co_await session.all(
            employees(corm::contains<&Employee::projects>(engine) && corm::contains<&Employee::projects>(2)));
        CHECK(names(found) == Names{"Ada"});
        // Beside rows that are joined by the same tables.
        const auto pairs = co_await session.all(select(col<&Employee::name>, col<&Project::title>)
                                                    .from<Employee>()
                                                    .join<&Employee::projects>()
                                                    .where(corm::contains<&Employee::projects>(loom))
                                                    .order_by(corm::asc<&Employee::id>, corm::asc<&Project::id>));
        CHECK(pairs ==
              std::vector<std::tuple<std::string, std::string>>{{"Ada", "engine"}, {"Ada", "loom"}, {"Di", "loom"}});
        found =
            co_await session.all(employees(corm::contains<&Employee::team>(4)).with_joined<&Employee::department>());
        REQUIRE(found.size() == 1);
        CHECK(found[0]->department->name == "sales");
        const auto ed = co_await session.get<Employee>(5);
        found = co_await session.all(employees(corm::contains<&Employee::team>(ed)));
        CHECK(names(found) == Names{"Cy"});
        const auto departments =
            co_await session.all(select<Department>().where(!corm::contains<&Department::employees>(ed)));
        CHECK(departments.size() == 3);
    });
}

TEST_CASE("What refers to an object, and what cannot be asked for", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto ada = co_await session.get<Employee>(1);
        auto found = co_await session.all(employees(corm::refers_to<&Employee::boss>(ada)));
        CHECK(names(found) == Names{"Bob", "Cy"});
        found = co_await session.all(employees(!corm::refers_to<&Employee::boss>(1)));
        CHECK(names(found) == Names{"Di", "Ed"}); // who has none fulfils neither
        const auto with_boss =
            co_await session.one(select<Employee>().where(col<&Employee::id> == 4).with_joined<&Employee::boss>());
        found = co_await session.all(employees(corm::refers_to<&Employee::boss>(with_boss->boss)));
        CHECK(names(found) == Names{"Di", "Ed"});

        // A link that is not flushed yet goes first; an object without a row is no object of the database.
        const auto fay = session.add(Employee{.id = 6, .name = "Fay"});
        CHECK_THROWS_MATCHES(corm::refers_to<&Employee::boss>(fay), corm::MappingError,
                             MessageMatches(ContainsSubstring("a condition on Employee.boss is given ") &&
                                            ContainsSubstring("which has no row; flush the session first")));
        CHECK_THROWS_MATCHES(corm::contains<&Employee::team>(corm::Ref<Employee>{}), corm::MappingError,
                             MessageMatches(ContainsSubstring("Employee.team is given an empty handle")));
        fay.edit().boss = ada;
        found = co_await session.all(employees(corm::refers_to<&Employee::boss>(ada)));
        CHECK(names(found) == Names{"Bob", "Cy", "Fay"});
        found = co_await session.all(employees(corm::contains<&Employee::team>(fay)));
        CHECK(names(found) == Names{"Ada"});
        co_await session.commit();
        // Behind the commit, and of a session that is gone.
        session.expire(ada);
        found = co_await session.all(employees(corm::contains<&Employee::team>(ada)));
        CHECK(found.empty());
        session.expunge(fay);
        found = co_await session.all(employees(corm::contains<&Employee::team>(fay)));
        CHECK(names(found) == Names{"Ada"});
        corm::AsyncSession other{c.engine};
        found = co_await other.all(employees(corm::refers_to<&Employee::boss>(ada)));
        CHECK(names(found) == Names{"Bob", "Cy", "Fay"});
    });
}

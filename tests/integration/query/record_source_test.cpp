// Values of tables mapped at run time.
#include "company.hpp"

#include <corm/orm/registry.hpp>

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using Catch::Matchers::ContainsSubstring;
using corm::col;
using corm::column;
using corm::select;

namespace {

std::shared_ptr<const corm::Mapper> staff() {
    return corm::define("employees", "hr")
        .column<std::int32_t>("id")
        .column<std::string>("name")
        .column<std::optional<std::int32_t>>("boss_id")
        .column<std::optional<std::int32_t>>("department_id")
        .column<std::int32_t>("salary")
        .column<corm::TextForm>("hired", "date")
        .column<std::vector<std::string>>("skills")
        .primary_key({"id"})
        .build();
}

struct Earner {
    std::string name;
    std::int32_t salary = 0;

    bool operator==(const Earner&) const = default;
};
BOOST_DESCRIBE_STRUCT(Earner, (), (name, salary))

} // namespace

TEST_CASE("Columns of records are read as values", "[query][integration]") {
    Company c;
    const auto staff_table = staff();
    const auto name = column<std::string>(staff_table, "name");
    const auto salary = column<std::int32_t>(staff_table, "salary");
    const auto department = column<std::optional<std::int32_t>>(staff_table, "department_id");
    const auto rich =
        select(name, salary).from(staff_table).where(column(staff_table, "salary") > 600).order_by(salary.asc());
    CHECK(c.all(rich) == std::vector<std::tuple<std::string, std::int32_t>>{{"Cy", 700}, {"Ada", 900}});
    CHECK(c.all(rich.into<Earner>()) == std::vector<Earner>{{"Cy", 700}, {"Ada", 900}});
    const auto sums = select(department, corm::sum(salary), corm::count())
                          .from(staff_table)
                          .where(salary > 100)
                          .group_by(corm::rollup(department))
                          .order_by(corm::grouping(department).asc(), department.asc());
    CHECK(c.all(sums) ==
          std::vector<std::tuple<std::optional<std::int32_t>, std::optional<std::int64_t>, std::int64_t>>{
              {1, 1400, 2}, {2, 1000, 2}, {{}, 2400, 4}});
    const auto skilled = column<std::vector<std::string>>(staff_table, "skills");
    CHECK(c.all(select(name).from(staff_table).where(corm::array_has(skilled, "talk")).order_by(name.asc())) ==
          std::vector<std::string>{"Cy", "Di"});
    // Whatever the type is: 900 is more than 1000 as a text.
    const auto pay = column<corm::TextForm>(staff_table, "salary");
    const auto listed = c.all(select(pay, column<std::optional<corm::TextForm>>(staff_table, "boss_id"))
                                  .from(staff_table)
                                  .where(pay < corm::TextForm{"1000"})
                                  .order_by(pay.desc())
                                  .limit(1));
    REQUIRE(listed.size() == 1);
    CHECK(std::get<0>(listed[0]).text == "900");
    CHECK(std::get<1>(listed[0]) == std::nullopt);
    const auto hired = column<corm::TextForm>(staff_table, "hired");
    CHECK(c.one(select(hired).from(staff_table).where(hired > corm::TextForm{"2021-01-01"})).text == "2021-12-31");
}

TEST_CASE("Records are joined with themselves, with structs and with rows of the program's own",
          "[query][integration]") {
    Company c;
    const auto staff_table = staff();
    const auto name = column<std::string>(staff_table, "name");
    const auto boss = corm::alias(staff_table, "boss");
    const auto pairs = select(name, corm::nullable(boss.column<std::string>("name")))
                           .from(staff_table)
                           .left_join(boss, boss.column<std::int32_t>("id") ==
                                                column<std::optional<std::int32_t>>(staff_table, "boss_id"))
                           .order_by(column<std::int32_t>(staff_table, "id").asc())
                           .limit(2);
    CHECK(c.all(pairs) ==
          std::vector<std::tuple<std::string, std::optional<std::string>>>{{"Ada", {}}, {"Bob", "Ada"}});
    const auto department = column<std::optional<std::int32_t>>(staff_table, "department_id");
    CHECK(c.all(select(col<&Department::name>, corm::count())
                    .from<Department>()
                    .join(staff_table, department == col<&Department::id>)
                    .group_by(col<&Department::name>)
                    .order_by(col<&Department::name>.asc())) ==
          std::vector<std::tuple<std::string, std::int64_t>>{{"research", 2}, {"sales", 2}});
    const std::vector<std::int32_t> ids{5, 2};
    const auto wanted = corm::values("wanted", {"id"}, ids).with_ordinality();
    CHECK(c.all(select(name)
                    .from(wanted)
                    .join(staff_table, column<std::int32_t>(staff_table, "id") == wanted.column<0>())
                    .order_by(wanted.ordinality().asc())) == std::vector<std::string>{"Ed", "Bob"});
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto in_use = co_await session.all(
            select<Department>().where(corm::exists(staff_table, department == col<&Department::id>)));
        CHECK(in_use.size() == 2);
        const std::optional<std::string> first =
            co_await session.first(select(name).from(staff_table).order_by(name.desc()));
        CHECK(first == "Ed");
        co_await session.commit();
    });
}

TEST_CASE("A query of a mapper that was disposed of is refused", "[query][integration]") {
    corm::Registry registry;
    const std::shared_ptr<const corm::Mapper> things =
        registry.define(corm::define("things").column<std::int64_t>("id").primary_key({"id"}));
    CHECK(refusal(select(column<std::int64_t>(things, "id")).from(things)) ==
          "compiled: SELECT \"things\".\"id\" AS \"id\" FROM \"things\"");
    registry.dispose(things);
    CHECK_THROWS_WITH(column<std::int64_t>(things, "id"), ContainsSubstring("disposed"));
    CHECK_THROWS_WITH(select(corm::count()).from(things), ContainsSubstring("disposed"));
}

// Where an easy answer would be wrong: names that hide each other, parentheses, NULLs and types that nest.
#include "company.hpp"
#include "support/fits.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using Catch::Matchers::ContainsSubstring;
using corm::col;
using corm::select;

namespace {

/// Of the same name as hr.employees, in another schema.
struct Archived {
    std::int32_t id = 0;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Archived, (), (id, name))
constexpr auto corm_mapping(corm::type<Archived>) {
    return corm::table<Archived>("employees").schema("arch").primary_key<&Archived::id>();
}

/// Its text is an enum of the server's.
struct Person {
    std::int32_t id = 0;
    std::string mood;
};
BOOST_DESCRIBE_STRUCT(Person, (), (id, mood))
constexpr auto corm_mapping(corm::type<Person>) {
    return corm::table<Person>("persons").primary_key<&Person::id>().sql_type<&Person::mood>("feeling");
}

struct Draft {
    std::int32_t id = 0;
    std::optional<corm::types::JsonText> body{};
};
BOOST_DESCRIBE_STRUCT(Draft, (), (id, body))
constexpr auto corm_mapping(corm::type<Draft>) {
    return corm::table<Draft>("drafts").primary_key<&Draft::id>();
}

constexpr const char* feelings = "create type feeling as enum ('sad', 'fine', 'glad');";
const std::string persons = std::string{feelings} + "create table persons (id int primary key, mood feeling not null);"
                                                    "insert into persons values (1, 'sad'), (2, 'fine'), (3, 'glad');";

using Ids = std::vector<std::int32_t>;

} // namespace

TEST_CASE("The mappings of the corners fit their tables", "[query][integration]") {
    CHECK(corm::test::misfit_of<Archived>() == "");
    CHECK(corm::test::misfit_of<Person>(feelings) == "");
    CHECK(corm::test::misfit_of<Draft>() == "");
}

TEST_CASE("Operators by name have parentheses around their parts and themselves", "[query][integration]") {
    Company c;
    const auto id = col<&Employee::id>;
    const auto of_bob = [&](const auto& expression) {
        return c.one(select(expression).template from<Employee>().where(id == 2));
    };
    CHECK(of_bob(corm::operation<double>(corm::cast<double>(id + id), "^", 2.0)) == 16);
    CHECK(of_bob(corm::operation<std::int32_t>(id, "-", id - id)) == 2);
    CHECK(of_bob(corm::operation<std::int32_t>(corm::operation<std::int32_t>(id, "+", id), "*", id)) == 8);
    CHECK(of_bob(corm::operation<std::int32_t>(id, "&", 3) * 2) == 4);
    CHECK(of_bob(-corm::operation<std::int32_t>(id, "+", 1)) == -3);
    CHECK(of_bob(corm::cast<std::string>(corm::operation<std::int32_t>(id, "+", 1))) == "3");
}

TEST_CASE("What a nearer name would hide is refused", "[query][integration]") {
    CHECK_THAT(refusal(select(col<&Employee::id>)
                           .from<Employee>()
                           .where(corm::exists<Archived>(col<&Archived::id> == col<&Employee::id>))),
               ContainsSubstring("called employees") && ContainsSubstring("corm::alias"));
    const auto archived = corm::alias<Archived>("archived");
    CHECK_THAT(refusal(select(col<&Employee::id>)
                           .from<Employee>()
                           .where(corm::exists(archived, archived[col<&Archived::id>] == col<&Employee::id>))),
               ContainsSubstring("compiled: "));
    const auto hidden = corm::alias<Employee>("departments");
    CHECK_THAT(refusal(select(col<&Department::id>)
                           .from<Department>()
                           .where(corm::exists(hidden, hidden[col<&Employee::department_id>] == col<&Department::id>))),
               ContainsSubstring("something else called departments"));
    const auto x = corm::alias<Department>("x");
    const auto other = corm::alias<Employee>("x");
    CHECK_THAT(
        refusal(select(x[col<&Department::id>])
                    .from(x)
                    .where(corm::exists(other, other[col<&Employee::department_id>] == x[col<&Department::id>]))),
        ContainsSubstring("give one of them another name"));
    const auto common = corm::cte("departments", select(col<&Employee::id>).from<Employee>());
    CHECK_THAT(
        refusal(
            select(common[col<&Employee::id>]).from(common).where(corm::exists<Department>(col<&Department::id> == 1))),
        ContainsSubstring("a common table is called \"departments\""));
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto t = corm::alias<Project>("t");
        bool refused = false;
        try {
            static_cast<void>(co_await session.all(select<Employee>().with_joined<&Employee::department>().where(
                corm::exists(t, t[col<&Project::id>] == col<&Employee::id>))));
        } catch (const corm::MappingError&) {
            refused = true;
        }
        CHECK(refused);
    });
}

TEST_CASE("Rows that were put together take no more clauses of their own", "[query][integration]") {
    Company c;
    const auto both =
        corm::union_all(select(col<&Employee::id>).from<Employee>(), select(col<&Project::id>).from<Project>());
    CHECK_THAT(refusal(corm::Query<std::int32_t>{both}.where(col<&Employee::id> == 1)),
               ContainsSubstring("corm::subquery"));
    CHECK_THAT(refusal(corm::Query<std::int32_t>{both}.distinct()), ContainsSubstring("corm::subquery"));
    CHECK_THROWS_AS(corm::union_all(select(col<&Employee::id>).from<Employee>().for_update(), both),
                    corm::MappingError);
    // What starts or goes on may have clauses, and be put together.
    const auto n = corm::expression(1).as("n");
    const auto counted = corm::recursive(
        "counted", select(n).order_by(corm::label("n").asc()).limit(1),
        [&](const corm::RowSource& before) { return select(before[n] + 1).from(before).where(before[n] < 4); });
    CHECK(c.all(select(counted[n]).from(counted).order_by(counted[n])) == Ids{1, 2, 3, 4});
}

TEST_CASE("Text beside whatever comes of a column has the type that its mapping declares", "[query][integration]") {
    Company c{persons};
    const auto mood = col<&Person::mood>;
    const auto ids = [&](const corm::Condition& condition) {
        return c.all(select(col<&Person::id>).from<Person>().where(condition).order_by(col<&Person::id>));
    };
    CHECK(ids(corm::nullable(mood) == "fine") == Ids{2});
    CHECK(ids(corm::nullable(mood) > "sad") == Ids{2, 3});
    CHECK(ids(corm::is_distinct_from(mood, "sad")) == Ids{2, 3});
    CHECK(ids(corm::coalesce(corm::nullable(mood), "sad") == "glad") == Ids{3});
    CHECK(ids(corm::case_when(col<&Person::id> == 1, "glad").otherwise(mood) == "glad") == Ids{1, 3});
    const auto s = corm::subquery("s", select(col<&Person::id>, mood).from<Person>());
    CHECK(c.all(select(s[col<&Person::id>]).from(s).where(s[mood] == "fine")) == Ids{2});
    const auto best = select(corm::max(mood)).from<Person>();
    CHECK(c.one(select(corm::count()).from<Person>().having(corm::max(mood) == "glad")) == 3);
    CHECK(c.one(best) == "glad");
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const std::int64_t written = co_await session.execute(
            corm::update<Person>()
                .set<&Person::mood>(corm::case_when(col<&Person::id> == 1, "fine").otherwise(mood))
                .all_rows());
        CHECK(written == 3);
    });
}

TEST_CASE("A column of a source is the one that was selected", "[query][integration]") {
    const auto s = corm::subquery("s", select(col<&Department::name>, col<&Department::id>).from<Department>());
    CHECK_NOTHROW(s[col<&Department::name>]);
    CHECK_THROWS_WITH(s[col<&Employee::name>], ContainsSubstring("does not select Employee.name"));
    const auto twice = corm::subquery(
        "twice", select(col<&Department::id>, col<&Employee::id>).from<Department>().join<&Department::employees>());
    CHECK_THROWS_WITH(twice[col<&Department::id>], ContainsSubstring("several columns called \"id\""));
}

TEST_CASE("Common types and NULLs of what chooses", "[query][integration]") {
    Company c;
    const auto of_bob = [&](const auto& expression) {
        return c.one(select(expression).template from<Employee>().where(col<&Employee::id> == 2));
    };
    CHECK(of_bob(corm::greatest(col<&Employee::salary>, 0.5)) == 500.0);
    CHECK(of_bob(corm::coalesce(col<&Employee::salary>, std::int64_t{1} << 40)) == 500);
    CHECK(
        of_bob(corm::case_when(col<&Employee::id> == 1, 0).otherwise(corm::cast<corm::Numeric>(col<&Employee::id>))) ==
        corm::Numeric{2});
    const auto forgotten = corm::case_when(col<&Employee::id> == 1, 1)
                               .when(col<&Employee::id> == 2, corm::nullif(col<&Employee::salary>, 500))
                               .otherwise(0);
    static_assert(std::is_same_v<decltype(forgotten)::expression_type, std::optional<std::int32_t>>);
    CHECK_FALSE(of_bob(forgotten));
    CHECK(of_bob(corm::literal<100'000>() * col<&Employee::salary> * 1'000'000) == 50'000'000'000'000);
    // Grouped by what holds no values, built twice.
    CHECK(c.all(select(corm::concat(col<&Employee::name>, col<&Employee::name>))
                    .from<Employee>()
                    .where(col<&Employee::id> == 1)
                    .group_by(corm::concat(col<&Employee::name>, col<&Employee::name>))) ==
          std::vector<std::string>{"AdaAda"});
    const auto total = corm::sum(col<&Employee::salary>).as("total");
    CHECK(c.all(select(total).from<Employee>().group_by(col<&Employee::department_id>).having(total > 1000)).size() ==
          1);
}

TEST_CASE("NULLs of an outer join are seen through what stands around it", "[query][integration]") {
    const auto joined =
        select(col<&Department::id>, col<&Employee::name>).from<Department>().left_join<&Department::employees>();
    const auto s = corm::subquery("s", joined);
    CHECK_THAT(refusal(select(s[col<&Department::id>]).from(s)),
               ContainsSubstring("employees.name is selected from an outer"));
    CHECK_THAT(refusal(corm::union_all(joined, joined)), ContainsSubstring("outer join"));
    // Conditions of a CASE are no values.
    CHECK_THAT(refusal(select(col<&Department::id>, corm::case_when(col<&Employee::salary> > 500, 1).otherwise(0))
                           .from<Department>()
                           .left_join<&Department::employees>()),
               ContainsSubstring("compiled: "));
}

TEST_CASE("Questions about queries with objects, limits and deadlines", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto objects = select(corm::entity<Employee>, col<&Employee::name>).from<Employee>();
        const bool some = co_await session.exists(objects);
        CHECK(some);
        const std::int64_t count = co_await session.count(objects);
        CHECK(count == 5);
        const auto none = co_await session.first(select(col<&Employee::id>).from<Employee>().limit(0));
        CHECK_FALSE(none);
    });
}

TEST_CASE("Questions about queries that are ordered by a label", "[query][integration]") {
    Company c;
    const auto team = select(col<&Employee::boss_id>, corm::sum(col<&Employee::salary>).as("total"))
                          .from<Employee>()
                          .group_by(col<&Employee::boss_id>)
                          .order_by(corm::label("total").desc());
    // Names that collide are those of a subquery, where they may.
    const auto twice = select(col<&Employee::id>.as("n"), col<&Employee::salary>.as("n"), col<&Employee::id>.as("m"))
                           .from<Employee>()
                           .order_by(corm::label("m"));
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto rows = co_await session.all(team);
        CHECK(rows.size() == 3);
        const std::int64_t groups = co_await session.count(team);
        CHECK(groups == 3);
        const std::int64_t counted = co_await session.scalar(corm::count(team));
        CHECK(counted == 3);
        const bool any = co_await session.exists(team);
        CHECK(any);
        const std::int64_t all = co_await session.count(twice);
        CHECK(all == 5);
        const bool some = co_await session.exists(twice);
        CHECK(some);
    });
}

TEST_CASE("NULLs are looked for once in what chooses, however deep it nests", "[query][integration]") {
    Company c;
    const auto boss = corm::alias<Employee>("boss");
    corm::Expression<std::string> name = corm::coalesce(boss[col<&Employee::name>], boss[col<&Employee::name>]);
    for (int i = 0; i < 60; ++i)
        name = corm::coalesce(name, boss[col<&Employee::name>]);
    const auto refused = select(name).from<Employee>().left_join(boss, boss[col<&Employee::id>] == 1);
    CHECK_THAT(refusal(refused), ContainsSubstring("selected from an outer join"));
    const auto fine = select(corm::coalesce(name, "none"))
                          .from<Employee>()
                          .left_join(boss, boss[col<&Employee::id>] == 1)
                          .where(col<&Employee::id> == 2);
    CHECK(c.one(fine) == "Ada");
}

TEST_CASE("JSON beside JSON", "[query][integration]") {
    Company c;
    CHECK(c.all(select(col<&Employee::name>)
                    .from<Employee>()
                    .where(corm::json_get(col<&Employee::profile>, "age") == corm::types::JsonText{"36"})) ==
          std::vector<std::string>{"Ada"});
    CHECK(c.one(select(corm::coalesce(corm::json_get(col<&Employee::profile>, "none"), corm::types::JsonText{"[]"}))
                    .from<Employee>()
                    .where(col<&Employee::id> == 1))
              .text == "[]");
}

TEST_CASE("JSON of the program's own is json or jsonb by what it is chosen with", "[query][integration]") {
    const corm::types::JsonText empty{"{}"};
    for (const char* type : {"json", "jsonb"}) {
        Company c{std::string{"create table drafts (id int primary key, body "} + type +
                  "); insert into drafts values (1, null), (2, '[1]');"};
        const auto body = col<&Draft::body>;
        const auto texts = [&](const auto& expression) {
            std::vector<std::string> found;
            for (const auto& each : c.all(select(expression).template from<Draft>().order_by(col<&Draft::id>)))
                found.push_back(each.text);
            return found;
        };
        using Texts = std::vector<std::string>;
        CHECK(texts(corm::coalesce(body, empty)) == Texts{"{}", "[1]"});
        CHECK(texts(corm::not_null(corm::case_when(body.is_null(), empty).otherwise(body))) == Texts{"{}", "[1]"});
        CHECK(texts(corm::case_when(body.is_null(), empty).otherwise(empty)) == Texts{"{}", "{}"});
        c.run([&]() -> corm::Task<> {
            corm::AsyncSession session{c.engine};
            const std::int64_t written = co_await session.execute(
                corm::update<Draft>().set<&Draft::body>(corm::coalesce(body, empty)).all_rows());
            CHECK(written == 2);
        });
    }
}

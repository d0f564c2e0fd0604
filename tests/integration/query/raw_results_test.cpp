// Raw SQL: named arguments, and what its rows are read into.
#include "company.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;
using corm::arg;
using corm::raw_sql;

namespace {

struct Line {
    std::int32_t id = 0;
    std::string name;
    double rating = 0;
    std::int32_t department_id = 0;
};
BOOST_DESCRIBE_STRUCT(Line, (), (id, name, rating, department_id))

struct Careful {
    std::int32_t id = 0;
    std::optional<double> rating{};
    std::optional<std::int32_t> department_id{};
};
BOOST_DESCRIBE_STRUCT(Careful, (), (id, rating, department_id))

class Looks final : public corm::trace::Tracer {
public:
    void statement(const corm::trace::StatementFinish& event) noexcept override {
        times += event.sql.find("attnotnull") != std::string_view::npos ? 1 : 0;
    }
    int times = 0;
};

struct Checked : Company {
    explicit Checked(bool on = true) : Company({}, {.check_raw_results = on}) {}

    template <class T>
    std::string refusal(corm::query::RawStatement sql) {
        std::string said;
        run([&]() -> corm::Task<> {
            corm::AsyncSession session{engine};
            try {
                static_cast<void>(co_await session.all<T>(sql));
            } catch (const corm::Error& error) {
                said = error.what();
            }
        });
        return said;
    }
};

} // namespace

TEST_CASE("Named arguments reach their places on the server", "[query][integration]") {
    Company c;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto names = co_await session.all<std::string>(
            raw_sql("SELECT name FROM hr.employees WHERE (salary > :least OR name = :name) AND salary <> :least + 200"
                    " AND name <> ':least' /* :none */ ORDER BY id",
                    arg<"name">("Ed"), arg<"least">(500)));
        CHECK(names == std::vector<std::string>{"Ada", "Ed"});
        const std::string hostile = "'; DROP TABLE hr.employees; -- :least";
        CHECK(co_await session.one<std::string>(raw_sql("SELECT :it::text", arg<"it">(hostile))) == hostile);
        const auto sliced = co_await session.one<std::vector<std::int32_t>>(
            raw_sql("SELECT (ARRAY[1,2,3,4])[:low:(:high)::int]", arg<"low">(2), arg<"high">(3)));
        CHECK(sliced == std::vector<std::int32_t>{2, 3});
        const auto [salary, rows] = co_await session.pipeline(
            corm::rows_as<std::int32_t>(raw_sql("SELECT max(salary) FROM hr.employees WHERE id < :id", arg<"id">(3))),
            raw_sql("UPDATE hr.employees SET rating = :rating WHERE id = :id", arg<"id">(3),
                    arg<"rating">(std::optional<double>{})));
        CHECK(salary == std::vector<std::int32_t>{900});
        CHECK(rows == 1);
    });
}

TEST_CASE("Every column that does not fit is in one error, whether there are rows or not", "[query][integration]") {
    Checked plain{false};
    for (const bool empty : {true, false}) {
        const std::string said = plain.refusal<Line>(
            raw_sql("SELECT name AS id, id AS name, department_id FROM hr.employees WHERE id < $1", empty ? 0 : 10));
        CHECK_THAT(said, ContainsSubstring("a result cannot be read into Line: no column \"rating\"; \"id\": column of "
                                           "type with OID 25 cannot be read into int4"));
        CHECK_THAT(said, ContainsSubstring("\"name\": column of type with OID 23 cannot be read into std::string"));
    }
    // NULLs are found when they come, all of a row at once.
    CHECK_THAT(plain.refusal<Line>(raw_sql("SELECT * FROM hr.employees WHERE id < $1", 2)), Equals(""));
    const std::string nulls = plain.refusal<Line>(raw_sql("SELECT * FROM hr.employees WHERE id = $1", 5));
    CHECK_THAT(nulls, ContainsSubstring("rating: NULL cannot be read"));
    CHECK_THAT(nulls, ContainsSubstring("; department_id: NULL cannot be read"));
}

TEST_CASE("Columns that may be NULL are found before a NULL comes", "[query][integration]") {
    Checked c;
    const std::string said = c.refusal<Line>(raw_sql("SELECT * FROM hr.employees WHERE id = 1"));
    CHECK_THAT(said,
               Equals("raw SQL cannot be read into Line for sure: \"rating\" is hr.employees.rating, which may be "
                      "NULL; \"department_id\" is hr.employees.department_id, which may be NULL; read into "
                      "std::optional, or keep NULL out in the query, by coalesce() for one"));
    // Each time, also without a row, and in a pipeline.
    CHECK(c.refusal<Line>(raw_sql("SELECT * FROM hr.employees WHERE id = 1")) == said);
    CHECK(c.refusal<Line>(raw_sql("SELECT * FROM hr.employees WHERE false")) == said);
    CHECK_THAT(c.refusal<std::tuple<std::int32_t>>(raw_sql("SELECT boss_id FROM hr.employees WHERE id = 2")),
               ContainsSubstring("into a tuple for sure: \"boss_id\" is hr.employees.boss_id"));
    CHECK_THAT(
        c.refusal<std::int32_t>(raw_sql("UPDATE hr.employees SET salary = salary WHERE id = 2 RETURNING boss_id")),
        ContainsSubstring("\"boss_id\" is hr.employees.boss_id"));
    corm::test::run_coroutine(c.context, [&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        std::string piped;
        try {
            static_cast<void>(co_await session.pipeline(
                raw_sql("SELECT 1"), corm::rows_as<double>(raw_sql("SELECT rating FROM hr.employees WHERE id = 1"))));
        } catch (const corm::MappingError& error) {
            piped = error.what();
        }
        CHECK_THAT(piped, ContainsSubstring("hr.employees.rating"));
        // The transaction is as usable as before.
        CHECK(co_await session.one<int>(raw_sql("SELECT 1")) == 1);
        corm::AsyncSession reader = c.engine.reader();
        std::string read;
        try {
            static_cast<void>(
                co_await reader.all<double>(raw_sql("SELECT rating FROM hr.employees WHERE id = 1").pure()));
        } catch (const corm::MappingError& error) {
            read = error.what();
        }
        CHECK_THAT(read, ContainsSubstring("hr.employees.rating"));
    });
    // What can be NULL, what the query keeps from being so, and what the server does not tell.
    CHECK(c.refusal<Careful>(raw_sql("SELECT id, rating, department_id FROM hr.employees")).empty());
    CHECK(c.refusal<double>(raw_sql("SELECT coalesce(rating, 0) FROM hr.employees")).empty());
    c.database.query("create view rated as select id, rating from hr.employees where rating is not null;"
                     "create domain given as int not null; create table domains (g given, n int)");
    CHECK(c.refusal<std::tuple<int, double>>(raw_sql("SELECT id, rating FROM rated")).empty());
    CHECK(c.refusal<int>(raw_sql("SELECT g FROM domains")).empty());
    CHECK_THAT(c.refusal<int>(raw_sql("SELECT n FROM domains")), ContainsSubstring("domains.n"));
}

TEST_CASE("A statement is looked at once for each type", "[query][integration]") {
    const corm::test::Database database{schema};
    corm::test::TimedContext context;
    const auto looks = std::make_shared<Looks>();
    corm::Engine engine{context.get_executor(), database.url(), {.tracer = looks, .check_raw_results = true}};
    const std::string text =
        "SELECT id, name, salary AS department_id, 1.0::float8 AS rating, salary FROM hr.employees";
    corm::test::run_coroutine(context, [&]() -> corm::Task<> {
        for (int i = 0; i < 3; ++i) {
            corm::AsyncSession session{engine};
            static_cast<void>(co_await session.all<Line>(corm::unsafe_sql(text)));
            CHECK(looks->times == 1);
        }
        corm::AsyncSession session{engine};
        static_cast<void>(co_await session.all<Careful>(corm::unsafe_sql(text)));
        CHECK(looks->times == 2);
        // Nothing to ask about.
        static_cast<void>(co_await session.all<int>(raw_sql("SELECT 1")));
        CHECK(looks->times == 2);
    });
}

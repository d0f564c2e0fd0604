// What the tests of composed queries share: departments, employees with bosses, and projects.
#pragma once

#include "support/coroutine.hpp"
#include "support/server.hpp"
#include "support/timed_executor.hpp"

#include <corm/query.hpp>
#include <corm/sql/compile.hpp>

#include <boost/describe/class.hpp>
#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace company {

using Date = std::chrono::sys_days;

struct Employee;
struct Project;

struct Department {
    std::int32_t id = 0;
    std::string name;
    corm::Numeric budget{};
    corm::Many<Employee> employees{};
};
BOOST_DESCRIBE_STRUCT(Department, (), (id, name, budget, employees))

struct Employee {
    std::int32_t id = 0;
    std::string name;
    std::optional<std::int32_t> boss_id{};
    std::optional<std::int32_t> department_id{};
    std::int32_t salary = 0;
    Date hired{};
    std::vector<std::string> skills{};
    corm::types::JsonText profile{};
    std::optional<double> rating{};
    corm::One<Employee> boss{};
    corm::Many<Employee> team{};
    corm::One<Department> department{};
    corm::Many<Project> projects{};
};
BOOST_DESCRIBE_STRUCT(Employee, (),
                      (id, name, boss_id, department_id, salary, hired, skills, profile, rating, boss, team, department,
                       projects))

struct Project {
    std::int32_t id = 0;
    std::string title;
    corm::Many<Employee> members{};
};
BOOST_DESCRIBE_STRUCT(Project, (), (id, title, members))

constexpr auto corm_mapping(corm::type<Department>) {
    return corm::table<Department>("departments")
        .primary_key<&Department::id>()
        .one_to_many<&Department::employees, &Employee::department_id>();
}
constexpr auto corm_mapping(corm::type<Employee>) {
    return corm::table<Employee>("employees")
        .schema("hr")
        .primary_key<&Employee::id>()
        .many_to_one<&Employee::boss, &Employee::boss_id>()
        .one_to_many<&Employee::team, &Employee::boss_id>()
        .many_to_one<&Employee::department, &Employee::department_id>()
        .many_to_many<&Employee::projects>(corm::association("memberships", {"employee_id"}, {"project_id"}));
}
constexpr auto corm_mapping(corm::type<Project>) {
    return corm::table<Project>("projects")
        .primary_key<&Project::id>()
        .many_to_many<&Project::members>(corm::association("memberships", {"project_id"}, {"employee_id"}));
}

inline constexpr const char* schema = R"(
    create schema hr;
    create table departments (id int primary key, name text not null, budget numeric not null);
    create table hr.employees (id int primary key, name text not null, boss_id int references hr.employees,
        department_id int references departments, salary int not null, hired date not null, skills text[] not null,
        profile jsonb not null, rating float8);
    create table projects (id int primary key, title text not null);
    create table memberships (employee_id int not null references hr.employees, project_id int not null references
        projects, primary key (employee_id, project_id));
    insert into departments values (1, 'research', 1000.50), (2, 'sales', 300), (3, 'empty', 1);
    insert into hr.employees values
        (1, 'Ada', null, 1, 900, '2001-01-01', '{math,code}', '{"city": "London", "tags": ["x"], "age": 36}', 4.5),
        (2, 'Bob', 1, 1, 500, '2010-05-05', '{code}', '{"city": "Paris"}', null),
        (3, 'Cy', 1, 2, 700, '2011-07-01', '{talk}', '{"city": null}', 3.0),
        (4, 'Di', 3, 2, 300, '2020-02-29', '{talk,code}', '{}', 2.5),
        (5, 'Ed', 3, null, 100, '2021-12-31', '{}', '{"city": "Paris"}', null);
    insert into projects values (1, 'engine'), (2, 'loom'), (3, 'idle');
    insert into memberships values (1, 1), (1, 2), (2, 1), (4, 2);
)";

/// A database with the five employees, and a session at a time.
class Company {
public:
    explicit Company(const std::string& setup = {}, const corm::EngineOptions& options = {})
        : database(schema + setup), engine(context.get_executor(), database.url(), options) {}

    template <class Row>
    std::vector<Row> all(corm::Query<Row> query) {
        std::vector<Row> rows;
        corm::test::run_coroutine(context, [&]() -> corm::Task<> {
            corm::AsyncSession session{engine};
            rows = co_await session.all(std::move(query));
        });
        return rows;
    }
    template <class Row>
    Row one(corm::Query<Row> query) {
        std::vector<Row> rows = all(std::move(query));
        REQUIRE(rows.size() == 1);
        return std::move(rows.front());
    }
    template <class Coroutine>
    void run(Coroutine coroutine) {
        corm::test::run_coroutine(context, std::move(coroutine));
    }

    corm::test::Database database;
    corm::test::TimedContext context;
    corm::Engine engine;
};

template <class Row>
std::string text_of(const corm::Query<Row>& query) {
    return corm::sql::compile(query.erased().statement).text;
}

/// What the query is refused with before anything is sent.
template <class Row>
std::string refusal(const corm::Query<Row>& query) {
    try {
        return "compiled: " + text_of(query);
    } catch (const corm::MappingError& error) {
        return error.what();
    }
}

} // namespace company

#include <corm/trace/log.hpp>
#include <corm/trace/span.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace corm;
using namespace corm::trace;
using namespace std::chrono_literals;

namespace {

void collect(void* lines, std::string_view line) noexcept {
    static_cast<std::vector<std::string>*>(lines)->emplace_back(line);
}

StatementFinish statement(std::string_view sql) {
    StatementFinish event;
    event.sql = sql;
    event.parameters = 2;
    event.parameter_bytes = 12;
    event.rows = 3;
    event.elapsed = 420us;
    event.round_trip = 17;
    event.backend = 4711;
    return event;
}

} // namespace

TEST_CASE("a statement is one line", "[trace][unit]") {
    std::vector<std::string> lines;
    LogTracer tracer{{.sql_limit = 20}, &collect, &lines};
    StatementFinish event = statement("SELECT a\nFROM t");
    event.where = std::source_location::current();
    tracer.statement(event);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "execute 0.42 ms rows=3 trip=17 backend=4711 log_test.cpp:" + std::to_string(event.where.line()) +
                          " parameters=2 (12 bytes): SELECT a FROM t");
    event = statement("SELECT something, something_else FROM t");
    event.failed = true;
    event.sqlstate = sqlstate::undefined_column;
    event.parameters = 0;
    tracer.statement(event);
    REQUIRE(lines.size() == 2);
    CHECK(lines[1].starts_with("execute 0.42 ms failed=42703 rows=3 trip=17 backend=4711"));
    CHECK(lines[1].ends_with(": SELECT something, so..."));
}

TEST_CASE("quick statements can be left out, failures are not", "[trace][unit]") {
    std::vector<std::string> lines;
    LogTracer tracer{{.slower_than = 1ms}, &collect, &lines};
    StatementFinish event = statement("SELECT 1");
    tracer.statement(event);
    CHECK(lines.empty());
    event.failed = true;
    tracer.statement(event);
    event.failed = false;
    event.elapsed = 2ms;
    tracer.statement(event);
    CHECK(lines.size() == 2);
}

TEST_CASE("operations are written on request", "[trace][unit]") {
    std::vector<std::string> lines;
    const OperationFinish event{.id = 1,
                                .operation = Operation::acquire,
                                .subject = "postgresql://app@db/shop",
                                .where = {},
                                .elapsed = 5ms,
                                .failed = false,
                                .sqlstate = {}};
    LogTracer{{}, &collect, &lines}.finish(event);
    CHECK(lines.empty());
    LogTracer{{.operations = true}, &collect, &lines}.finish(event);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "acquire 5.00 ms: postgresql://app@db/shop");
}

TEST_CASE("a plan is a line for each of its own, under the head of its statement", "[trace][unit]") {
    std::vector<std::string> lines;
    const SlowPlan event{.sql = "SELECT a\nFROM t",
                         .plan = "Sort\n  ->  Seq Scan on t\n        Filter: (a > 7)",
                         .elapsed = 120ms,
                         .where = std::source_location::current()};
    LogTracer{{.plans = false}, &collect, &lines}.plan(event);
    CHECK(lines.empty());
    LogTracer{{}, &collect, &lines}.plan(event);
    const std::string head = "plan 120.00 ms log_test.cpp:" + std::to_string(event.where.line());
    CHECK(lines == std::vector<std::string>{head + ": SELECT a FROM t", head + "| Sort", head + "|   ->  Seq Scan on t",
                                            head + "|         Filter: (a > 7)"});
}

TEST_CASE("notices", "[trace][unit]") {
    std::vector<std::string> lines;
    LogTracer tracer{{}, &collect, &lines};
    tracer.notice("a lease is held for long", {});
    tracer.notice("the server sent a notice of severity WARNING", SqlState{"01000"});
    CHECK(lines == std::vector<std::string>{"notice: a lease is held for long",
                                            "notice 01000: the server sent a notice of severity WARNING"});
}

TEST_CASE("operation ids are unique, operations have names", "[trace][unit]") {
    CHECK(next_operation_id() != next_operation_id());
    CHECK(to_string(Operation::retry) == "retry");
}

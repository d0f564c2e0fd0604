// Rows that come one by one and are put together, and results that are too large.
#include "pipeline_fixture.hpp"
#include "wire/capped_rows.hpp"

#include <libpq-fe.h>

using namespace corm::test;
using corm::types::Format;
using corm::wire::CappedRows;
using corm::wire::excess;
using corm::wire::Result;
using corm::wire::ResultCap;

namespace {

/// A row of two binary columns, the second NULL where it is null.
Result row(std::string first, const char* second) {
    pg_result* made = PQmakeEmptyPGresult(nullptr, PGRES_SINGLE_TUPLE);
    std::string names[] = {"a", "b"};
    PGresAttDesc columns[2]{};
    for (int i = 0; i < 2; ++i) {
        columns[i].name = names[i].data();
        columns[i].typid = static_cast<Oid>(25 + i);
        columns[i].format = 1;
    }
    REQUIRE(PQsetResultAttrs(made, 2, columns) != 0);
    REQUIRE(PQsetvalue(made, 0, 0, first.data(), static_cast<int>(first.size())) != 0);
    std::string text = second != nullptr ? second : "";
    REQUIRE(PQsetvalue(made, 0, 1, second != nullptr ? text.data() : nullptr,
                       second != nullptr ? static_cast<int>(text.size()) : -1) != 0);
    return Result{made};
}

} // namespace

TEST_CASE("rows that come one by one are a result like another", "[wire][unit]") {
    CappedRows rows;
    CHECK(rows.empty());
    for (int i = 0; i < 100; ++i)
        rows.add(row(std::string(static_cast<std::size_t>(i), 'x'), i % 2 == 0 ? "even" : nullptr).get());
    CHECK(rows.rows() == 100);
    CHECK(rows.bytes() > 100 * 50);
    const Result all = rows.finish(Result{});
    CHECK(rows.empty());
    REQUIRE(all.row_count() == 100);
    CHECK(all.column_count() == 2);
    CHECK(all.column_name(1) == "b");
    CHECK(all.column_oid(1) == 26);
    CHECK(all.field(0, 0).size == 0);
    CHECK_FALSE(all.field(0, 0).is_null());
    CHECK(all.field(7, 0).size == 7);
    CHECK(all.field(7, 0).format == Format::binary);
    CHECK(all.field(7, 1).is_null());
    CHECK(std::string(all.field(8, 1).data, 4) == "even");
}

TEST_CASE("a result without rows stays what it is", "[wire][unit]") {
    CappedRows rows;
    const Result last = rows.finish(row("only", "one"));
    CHECK(last.row_count() == 1);
}

TEST_CASE("what is beyond a cap is named", "[wire][unit]") {
    CHECK(excess({}, 1'000'000, 1'000'000).empty());
    CHECK(excess({.rows = 10}, 10, 1'000'000).empty());
    CHECK(excess({.rows = 10}, 11, 0) == "more than 10 rows, which is the cap (max_rows, at_most)");
    CHECK(excess({.bytes = 10}, 1'000'000, 10).empty());
    CHECK(excess({.bytes = 10}, 1, 11) == "more than 10 bytes, which is the cap (max_bytes, at_most_bytes)");
    CHECK_FALSE(ResultCap{}.is_set());
}

TEST_CASE("a result that comes whole is held against its cap", "[wire][unit]") {
    PipelineFixture f;
    auto sent = request({"BEGIN", "SELECT 1", "UPDATE t"});
    sent.statements[1].cap.bytes = 1;
    const auto reply = f.run(std::move(sent));
    CHECK_NOTHROW(caught<corm::ResultTooLarge>(reply.error));
    CHECK(caught<corm::ResultTooLarge>(reply.error).sql() == "SELECT 1");
    CHECK(reply.overflowed);
    CHECK(reply.failed_in_statement);
    CHECK(reply.results.size() == 1);
    CHECK(f.run(request({"ROLLBACK", "SELECT 1"})).error == nullptr);
}

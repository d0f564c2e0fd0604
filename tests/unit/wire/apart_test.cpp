// Statements that are apart: each under a Sync of its own, in one request.
#include "pipeline_fixture.hpp"

#include <algorithm>

using namespace corm;
using namespace corm::test;

namespace {

wire::Request apart(std::initializer_list<std::string> texts) {
    wire::Request made = request(texts);
    made.apart = made.repeatable = true;
    return made;
}

std::ptrdiff_t count(const std::vector<std::string>& sent, const std::string& what) {
    return std::count(sent.begin(), sent.end(), what);
}

const FakePq::Failure stale_once{"0A000", "ERROR", "RevalidateCachedQuery", {}, 1};

} // namespace

TEST_CASE("statements that are apart fail alone", "[wire][unit][apart]") {
    PipelineFixture f;
    f.pq->failures["SELECT bad"] = {"22012"};
    f.pq->failures["SELECT worse"] = {"42703"};
    SECTION("all at once") {}
    SECTION("answers in pieces, and a socket that is full") {
        f.pq->answers_per_read = 1;
        f.pq->blocked_flushes = 5;
    }
    const wire::Reply reply = f.run(apart({"SELECT 1", "SELECT bad", "SELECT 2", "SELECT worse", "SELECT 3"}));
    CHECK_FALSE(reply.error);
    REQUIRE(reply.errors.size() == 5);
    REQUIRE(reply.results.size() == 5);
    for (const std::size_t good : {0U, 2U, 4U}) {
        CHECK_FALSE(reply.errors[good]);
        CHECK(reply.results[good].tag() == "SELECT 1");
    }
    CHECK(caught<DatabaseError>(reply.errors[1]).sqlstate().code() == "22012");
    CHECK(caught<DatabaseError>(reply.errors[3]).sqlstate().code() == "42703");
    CHECK(std::count(f.pq->sent.begin(), f.pq->sent.end(), "<Sync>") == 5);
    CHECK_FALSE(f.fsm.lost());
    CHECK_FALSE(f.run(request({"SELECT 1"})).error);
}

TEST_CASE("Statements of one text do not fail for the Parse of another", "[wire][unit][apart]") {
    PipelineFixture f;
    f.pq->failures["parse:SELECT 1"] = f.pq->failures["SELECT 1"] = {.sqlstate = "42P01"};
    wire::Reply reply = f.run(apart({"SELECT 1", "SELECT 1", "SELECT 2", "SELECT 2"}));
    REQUIRE(reply.errors.size() == 4);
    for (const std::size_t each : {0, 1})
        CHECK(caught<DatabaseError>(reply.errors[each]).sqlstate().code() == "42P01");
    CHECK_FALSE(reply.errors[2]);
    CHECK_FALSE(reply.errors[3]);
    // Prepared by then.
    f.pq->failures.clear();
    f.pq->sent.clear();
    reply = f.run(apart({"SELECT 2", "SELECT 2"}));
    CHECK(count(f.pq->sent, "parse:SELECT 2") == 0);
    CHECK_FALSE(reply.errors[0]);
    CHECK_FALSE(reply.errors[1]);
}

TEST_CASE("Every statement that meets a changed table is told so", "[wire][unit][apart]") {
    const std::initializer_list<std::string> texts{"SELECT 1", "SELECT 2", "SELECT 1", "SELECT 3"};
    PipelineFixture f;
    static_cast<void>(f.run(apart(texts)));
    SECTION("by a plan that is stale") {
        for (const char* sql : {"SELECT 1", "SELECT 2"})
            f.pq->failures[sql] = {.sqlstate = "0A000", .routine = "RevalidateCachedQuery"};
    }
    SECTION("by statements that somebody dropped") {
        f.pq->forget_prepared();
    }
    const bool dropped = f.pq->prepared() == 0;
    wire::Reply reply = f.run(apart(texts));
    CHECK_FALSE(reply.error);
    REQUIRE(reply.errors.size() == 4);
    for (const std::size_t each : {0, 1, 2})
        CHECK(caught<DatabaseError>(reply.errors[each]).is_stale_plan());
    CHECK(static_cast<bool>(reply.errors[3]) == dropped);
    f.pq->failures.clear();
    f.pq->sent.clear();
    reply = f.run(apart(texts));
    for (const std::exception_ptr& error : reply.errors)
        CHECK_FALSE(error);
    CHECK(count(f.pq->sent, "DEALLOCATE ALL") == 1);
    CHECK(count(f.pq->sent, "parse:SELECT 1") == 1);
}

TEST_CASE("A connection that is lost among statements that are apart fails the request", "[wire][unit][apart]") {
    PipelineFixture f;
    f.pq->failures["SELECT 2"] = {.sqlstate = "57P01", .severity = "FATAL"};
    const wire::Reply reply = f.run(apart({"SELECT 1", "SELECT 2", "SELECT 3"}));
    CHECK(caught<ConnectionError>(reply.error).safe_to_retry());
    CHECK_FALSE(reply.failed_in_statement);
}

TEST_CASE("Answers that come when nobody waits any more are read to the end", "[wire][unit][apart]") {
    PipelineFixture f;
    f.pq->answers_per_read = 1;
    f.pq->failures["SELECT 3"] = {.sqlstate = "22012"};
    wire::Want want = f.fsm.begin(apart({"SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"}), false, false);
    for (int i = 0; i < 3; ++i)
        want = f.fsm.on_readable();
    const wire::Reply early = f.fsm.reply_early(std::make_exception_ptr(Error("nobody waits")), "it was cancelled");
    CHECK(early.error);
    for (int turns = 0; want != wire::Want::done && turns < 100; ++turns)
        want = f.fsm.on_readable();
    REQUIRE(f.fsm.done());
    CHECK(f.fsm.status() == wire::TransactionStatus::idle);
    static_cast<void>(f.fsm.take_reply());
    f.pq->answers_per_read = 1000;
    const wire::Reply reply = f.run(apart({"SELECT 1", "SELECT 2"}));
    CHECK_FALSE(reply.error);
    CHECK(reply.results.size() == 2);
}

TEST_CASE("the place of an error is that of its statement", "[wire][unit][apart]") {
    PipelineFixture f;
    f.pq->failures["SELECT bad"] = {"22012"};
    wire::Request asked = apart({"SELECT 1", "SELECT bad"});
    asked.statements[1].where = std::source_location::current();
    const auto line = asked.statements[1].where.line();
    const wire::Reply reply = f.run(std::move(asked));
    CHECK(caught<DatabaseError>(reply.errors.at(1)).where().line() == line);
}

TEST_CASE("a request that may run twice is sent again wherever its plan was stale", "[wire][unit][apart]") {
    PipelineFixture f;
    f.run(request({"SELECT 1", "SELECT 2", "SELECT 3"}));
    f.pq->failures["SELECT 3"] = stale_once;
    wire::Request asked = request({"SELECT 1", "SELECT 2", "SELECT 3"});
    SECTION("it may") {
        asked.repeatable = true;
        const wire::Reply reply = f.run(std::move(asked));
        CHECK_FALSE(reply.error);
        CHECK(reply.results.size() == 3);
    }
    SECTION("it may not") {
        CHECK(caught<DatabaseError>(f.run(std::move(asked)).error).is_stale_plan());
    }
}

// Requests whose statements are apart, or may run twice: what lanes send.
#include "pipeline_fixture.hpp"

#include <algorithm>
#include <vector>

using namespace corm;
using namespace corm::test;

namespace {

using Texts = std::vector<std::string>;
const FakePq::Failure stale_once{"0A000", "ERROR", "RevalidateCachedQuery", {}, 1};

wire::Request apart(std::vector<const char*> texts) {
    wire::Request made;
    for (const char* text : texts)
        made.statements.emplace_back().sql = std::make_shared<const std::string>(text);
    made.apart = made.repeatable = true;
    return made;
}

} // namespace

TEST_CASE("statements that are apart fail alone", "[wire][unit]") {
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

TEST_CASE("the place of an error is that of its statement", "[wire][unit]") {
    PipelineFixture f;
    f.pq->failures["SELECT bad"] = {"22012"};
    wire::Request asked = apart({"SELECT 1", "SELECT bad"});
    asked.statements[1].where = std::source_location::current();
    const auto line = asked.statements[1].where.line();
    const wire::Reply reply = f.run(std::move(asked));
    CHECK(caught<DatabaseError>(reply.errors.at(1)).where().line() == line);
}

TEST_CASE("the end of the connection concerns all statements that are apart", "[wire][unit]") {
    PipelineFixture f;
    f.pq->failures["SELECT bad"] = {"57P01", "FATAL"};
    const wire::Reply reply = f.run(apart({"SELECT 1", "SELECT bad", "SELECT 2"}));
    CHECK(caught<ConnectionError>(reply.error).safe_to_retry());
    CHECK_FALSE(reply.failed_in_statement);
    CHECK(f.fsm.lost());
}

TEST_CASE("a stale plan of statements that are apart is told, and made anew for the next request", "[wire][unit]") {
    PipelineFixture f;
    f.run(apart({"SELECT 1", "SELECT 2"}));
    f.pq->failures["SELECT 1"] = stale_once;
    const wire::Reply reply = f.run(apart({"SELECT 1", "SELECT 2"}));
    CHECK_FALSE(reply.error);
    CHECK(caught<DatabaseError>(reply.errors.at(0)).is_stale_plan());
    CHECK_FALSE(reply.errors.at(1));
    const wire::Reply again = f.run(apart({"SELECT 1", "SELECT 2"}));
    CHECK_FALSE(again.errors.at(0));
    CHECK_FALSE(again.errors.at(1));
}

TEST_CASE("a request that may run twice is sent again wherever its plan was stale", "[wire][unit]") {
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

// Prepared statements that the server cannot use any more.
#include "pipeline_fixture.hpp"

#include <algorithm>
#include <vector>

using namespace corm;
using namespace corm::test;

namespace {

using Texts = std::vector<std::string>;
const FakePq::Failure stale_once{"0A000", "ERROR", "RevalidateCachedQuery", {}, 1};

} // namespace

TEST_CASE("a statement that someone dropped is prepared again, unnoticed", "[wire][unit]") {
    PipelineFixture f;
    f.run(request({"BEGIN", "SELECT 1", "COMMIT"}));
    f.pq->forget_prepared();
    f.pq->sent.clear();
    const wire::Reply reply = f.run(request({"BEGIN", "SELECT 1", "COMMIT"}));
    REQUIRE_FALSE(reply.error);
    CHECK(reply.results.size() == 3);
    CHECK(f.pq->commits == 2);
    CHECK(f.pq->sent == Texts{"BEGIN", "SELECT 1", "COMMIT", "<Sync>", "DEALLOCATE ALL", "<Sync>", "parse:BEGIN",
                              "BEGIN", "parse:SELECT 1", "SELECT 1", "parse:COMMIT", "COMMIT", "<Sync>"});
}

TEST_CASE("a stale plan is made anew, unnoticed, where nothing of the request has taken effect", "[wire][unit]") {
    PipelineFixture f;
    f.run(request({"BEGIN", "SELECT 1", "COMMIT"}));
    f.pq->failures["SELECT 1"] = stale_once;
    SECTION("in a transaction that the request begins") {
        f.pq->sent.clear();
        REQUIRE_FALSE(f.run(request({"BEGIN", "SELECT 1", "COMMIT"})).error);
        CHECK(std::count(f.pq->sent.begin(), f.pq->sent.end(), "ROLLBACK") == 1);
        CHECK(f.pq->commits == 2);
    }
    SECTION("as the first statement outside of transactions") {
        REQUIRE_FALSE(f.run(request({"SELECT 1"})).error);
    }
    SECTION("not behind a statement that may have committed by itself") {
        const auto error = caught<DatabaseError>(f.run(request({"CALL p()", "SELECT 1"})).error);
        CHECK(error.is_stale_plan());
        CHECK_FALSE(f.run(request({"SELECT 1"})).error);
    }
    SECTION("not when nobody waits any more") {
        f.fsm.begin(request({"SELECT 1"}), false);
        static_cast<void>(f.fsm.reply_early(std::make_exception_ptr(Error("enough")), "the operation was cancelled"));
        f.fsm.on_readable();
        REQUIRE(f.fsm.done());
        static_cast<void>(f.fsm.take_reply());
        CHECK_FALSE(f.run(request({"SELECT 1"})).error);
    }
}

TEST_CASE("F71: a stale plan inside of a transaction fails it, and is not met again", "[wire][unit][F71]") {
    PipelineFixture f;
    f.run(request({"SELECT 1", "SELECT 2"}));
    f.run(request({"BEGIN"}));
    f.pq->failures["SELECT 1"] = stale_once;
    const auto error = caught<DatabaseError>(f.run(request({"SELECT 1"})).error);
    CHECK(error.is_stale_plan());
    CHECK(error.is_retryable());
    CHECK(std::string{error.what()}.find("run the transaction again") != std::string::npos);
    CHECK_FALSE(f.run(request({"BEGIN", "SELECT 1", "SELECT 2", "COMMIT"}), true).error);
    // Two Syncs carry ROLLBACK with the dropping of the old statements, and the request.
    CHECK(f.pq->commits == 1);
}

TEST_CASE("a statement that stays unusable fails after one more try", "[wire][unit]") {
    PipelineFixture f;
    f.run(request({"SELECT 1"}));
    f.pq->failures["SELECT 1"] = {"0A000", "ERROR", "RevalidateCachedQuery"};
    f.pq->sent.clear();
    CHECK(caught<DatabaseError>(f.run(request({"SELECT 1"})).error).is_stale_plan());
    CHECK(std::count(f.pq->sent.begin(), f.pq->sent.end(), "SELECT 1") == 2);
}

TEST_CASE("a name that is taken on the server is cleared there", "[wire][unit]") {
    PipelineFixture f;
    f.run(request({"SELECT 1", "DISCARD ALL"})); // the fake server keeps what the client believes gone
    CHECK_FALSE(f.run(request({"SELECT 1"})).error);
}

TEST_CASE("statements of others are no business of the cache", "[wire][unit]") {
    PipelineFixture f;
    f.run(request({"SELECT 1"}));
    f.pq->failures["EXECUTE theirs"] = {"26000", "ERROR", {}, "prepared statement \"theirs\" does not exist"};
    const auto error = caught<DatabaseError>(f.run(request({"EXECUTE theirs"})).error);
    CHECK_FALSE(error.is_stale_plan());
    f.pq->sent.clear();
    CHECK_FALSE(f.run(request({"SELECT 1"})).error);
    CHECK(f.pq->sent == Texts{"SELECT 1", "<Sync>"});
}

TEST_CASE("what one connection of a pool finds stale, the others prepare anew", "[wire][unit]") {
    const auto pq = std::make_shared<FakePq>(), other = std::make_shared<FakePq>();
    const auto epoch = std::make_shared<wire::StatementEpoch>();
    PipelineFixture one{epoch, pq}, two{epoch, other};
    one.run(request({"SELECT 1"}));
    two.run(request({"SELECT 1", "SELECT 2"}));
    two.run(request({"BEGIN"}));
    pq->failures["SELECT 1"] = stale_once;
    REQUIRE_FALSE(one.run(request({"SELECT 1"})).error);
    // In a transaction statements go unnamed until they can be dropped.

    other->sent.clear();
    REQUIRE_FALSE(two.run(request({"SELECT 2"})).error);
    CHECK(other->sent == Texts{"SELECT 2", "<Sync>"});
    REQUIRE_FALSE(two.run(request({"COMMIT"})).error);
    other->sent.clear();
    REQUIRE_FALSE(two.run(request({"SELECT 1"})).error);
    CHECK(other->sent == Texts{"DEALLOCATE ALL", "<Sync>", "parse:SELECT 1", "SELECT 1", "<Sync>"});
}

TEST_CASE("the epoch moves on once a second at most", "[wire][unit]") {
    wire::StatementEpoch epoch;
    const TimePoint start = Clock::now();
    epoch.advance(start);
    epoch.advance(start + std::chrono::milliseconds{999});
    CHECK(epoch.now() == 1);
    epoch.advance(start + std::chrono::seconds{1});
    CHECK(epoch.now() == 2);
}

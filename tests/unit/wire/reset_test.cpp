// A reset of the session that travels in front of a request.
#include "pipeline_fixture.hpp"

#include <algorithm>

using namespace corm;
using namespace corm::test;
using Texts = std::vector<std::string>;

namespace {

/// What was sent, from the first `from` on.
Texts sent_from(const PipelineFixture& f, const std::string& from) {
    return {std::find(f.pq->sent.begin(), f.pq->sent.end(), from), f.pq->sent.end()};
}

} // namespace

TEST_CASE("F22: a reset is a transaction of its own under the Sync of the request", "[wire][unit][F22]") {
    PipelineFixture f;
    const wire::Reply reply = f.run(request({"SELECT 1"}), true, true);
    REQUIRE_FALSE(reply.error);
    CHECK(reply.results.size() == 1); // the reset's own answers are not part of it
    CHECK(f.fsm.round_trips() == 1);
    CHECK(f.pq->sent.front() == "ROLLBACK");
    CHECK(sent_from(f, "BEGIN").size() + 1 == f.pq->sent.size());
    CHECK(sent_from(f, "COMMIT") == Texts{"COMMIT", "parse:SELECT 1", "SELECT 1", "<Sync>"});
    CHECK(std::count(f.pq->sent.begin(), f.pq->sent.end(), "DEALLOCATE ALL") == 0);
}

TEST_CASE("F23: nothing of a request is run behind a reset that fails", "[wire][unit][F23]") {
    PipelineFixture f;
    f.pq->failures["DISCARD TEMP"] = {"57014"};
    const wire::Reply reply = f.run(request({"BEGIN", "UPDATE t", "COMMIT"}), false, true);
    CHECK_FALSE(reply.sent);
    CHECK_FALSE(reply.in_doubt);
    CHECK(reply.results.empty());
    CHECK(caught<ConnectionError>(reply.error).safe_to_retry());
    CHECK(f.fsm.lost());
    CHECK(f.pq->commits == 0);
}

TEST_CASE("F23: a statement that has to stand alone is not guarded by the reset", "[wire][unit][F23]") {
    PipelineFixture f;
    f.pq->failures["DISCARD TEMP"] = {"57014"};
    wire::Request vacuum = request({"VACUUM"});
    vacuum.statements[0].alone = true;
    vacuum.statements[0].prepare = false;
    const wire::Reply reply = f.run(std::move(vacuum), false, true);
    CHECK(sent_from(f, "COMMIT") == Texts{"COMMIT", "<Sync>", "VACUUM", "<Sync>"});
    CHECK(reply.sent);
    CHECK_FALSE(caught<ConnectionError>(reply.error).safe_to_retry());
}

TEST_CASE("F22: statements that the program prepared go with everything else that is prepared", "[wire][unit][F22]") {
    PipelineFixture f;
    REQUIRE_FALSE(f.run(request({"SELECT 1", "PREPARE"})).error); // the fake's tag is the text
    f.pq->sent.clear();
    f.pq->forget_prepared();
    REQUIRE_FALSE(f.run(request({"SELECT 1"}), false, true).error);
    CHECK(sent_from(f, "DEALLOCATE ALL") == Texts{"DEALLOCATE ALL", "COMMIT", "parse:SELECT 1", "SELECT 1", "<Sync>"});
    f.pq->sent.clear();
    REQUIRE_FALSE(f.run(request({"SELECT 1"}), false, true).error);
    CHECK(sent_from(f, "COMMIT") == Texts{"COMMIT", "SELECT 1", "<Sync>"});
}

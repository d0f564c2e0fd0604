#include "pipeline_fixture.hpp"

#include <algorithm>

using namespace corm;
using namespace corm::test;
using wire::TransactionStatus;
using Texts = std::vector<std::string>;

TEST_CASE("statements travel under one Sync and are answered in order", "[wire][unit]") {
    PipelineFixture f;
    const wire::Reply reply = f.run(request({"BEGIN", "SELECT 1", "UPDATE t"}));
    REQUIRE_FALSE(reply.error);
    REQUIRE(reply.results.size() == 3);
    CHECK(reply.results[1].tag() == "SELECT 1");
    CHECK(reply.results[2].affected_rows() == 1);
    CHECK(reply.sent);
    CHECK(f.fsm.status() == TransactionStatus::in_transaction);
    CHECK(f.fsm.round_trips() == 1);
    CHECK(f.pq->sent ==
          Texts{"parse:BEGIN", "BEGIN", "parse:SELECT 1", "SELECT 1", "parse:UPDATE t", "UPDATE t", "<Sync>"});
}

TEST_CASE("a statement is parsed once", "[wire][unit]") {
    PipelineFixture f;
    f.run(request({"SELECT 1", "SELECT 1"}));
    f.pq->sent.clear();
    REQUIRE_FALSE(f.run(request({"SELECT 1"})).error);
    CHECK(f.pq->sent == Texts{"SELECT 1", "<Sync>"});
    wire::Request unnamed = request({"SELECT 1"});
    unnamed.statements[0].prepare = false;
    REQUIRE_FALSE(f.run(std::move(unnamed)).error);
    CHECK(f.pq->prepared() == 1);
}

TEST_CASE("answers in pieces and a full socket change nothing", "[wire][unit]") {
    PipelineFixture f;
    f.pq->answers_per_read = 1;
    f.pq->blocked_flushes = 3;
    const wire::Reply reply = f.run(request({"BEGIN", "SELECT 1", "COMMIT"}));
    REQUIRE_FALSE(reply.error);
    CHECK(reply.results.size() == 3);
    CHECK(f.pq->commits == 1);
}

TEST_CASE("a failure ends the request where it happened", "[wire][unit]") {
    PipelineFixture f;
    f.pq->failures["UPDATE t"] = {"23505"};
    const wire::Reply reply = f.run(request({"BEGIN", "UPDATE t", "SELECT 1", "COMMIT"}));
    CHECK(reply.results.size() == 1);
    CHECK(reply.failed_in_statement);
    const auto error = caught<IntegrityError>(reply.error);
    CHECK(error.sqlstate() == sqlstate::unique_violation);
    CHECK(error.diagnostics().sql == "UPDATE t");
    CHECK(f.fsm.status() == TransactionStatus::failed);
    CHECK(f.pq->commits == 0);
    CHECK_FALSE(f.fsm.lost());

    SECTION("what was to be parsed behind it leaves the cache") {
        CHECK(f.pq->prepared() == 2);
        CHECK(f.fsm.cache().size() == 2);
        f.pq->failures.clear();
        const wire::Reply again = f.run(request({"BEGIN", "UPDATE t", "SELECT 1", "COMMIT"}), true);
        REQUIRE_FALSE(again.error);
        CHECK(again.results.size() == 4);
        CHECK(f.pq->commits == 1);
    }
    SECTION("ROLLBACK in front is not part of the reply") {
        f.pq->sent.clear();
        const wire::Reply after = f.run(request({"SELECT 2"}), true);
        REQUIRE_FALSE(after.error);
        CHECK(after.results.size() == 1);
        CHECK(f.pq->sent == Texts{"ROLLBACK", "parse:SELECT 2", "SELECT 2", "<Sync>"});
        CHECK(f.fsm.status() == TransactionStatus::idle);
    }
}

TEST_CASE("COMMIT of a failed transaction is an error", "[wire][unit]") {
    PipelineFixture f;
    f.pq->failures["SELECT bad"] = {"22012"};
    f.run(request({"BEGIN", "SELECT bad"}));
    const wire::Reply reply = f.run(request({"COMMIT"}));
    CHECK(reply.failed_in_statement);
    CHECK(reply.results.empty());
    CHECK(caught<DatabaseError>(reply.error).sqlstate() == sqlstate::failed_transaction);
    CHECK(f.pq->commits == 0);
    CHECK(f.fsm.status() == TransactionStatus::idle);
}

TEST_CASE("what the end of the connection means", "[wire][unit]") {
    PipelineFixture f;
    SECTION("told by an error before COMMIT: it did not happen") {
        f.pq->failures["UPDATE t"] = {"57P01", "FATAL"};
        const wire::Reply reply = f.run(request({"BEGIN", "UPDATE t", "COMMIT"}));
        const auto error = caught<ConnectionError>(reply.error);
        CHECK(error.sqlstate() == sqlstate::admin_shutdown);
        CHECK(error.safe_to_retry());
    }
    SECTION("told by the answer to COMMIT: unknown") {
        f.pq->failures["COMMIT"] = {"57P01", "FATAL"};
        caught<CommitOutcomeUnknown>(f.run(request({"BEGIN", "UPDATE t", "COMMIT"})).error);
    }
    SECTION("told by a notice to an idle session") {
        f.run(request({"SELECT 1"}));
        f.pq->hang_up("57P05");
        CHECK_FALSE(f.fsm.read_idle_input());
        const auto error = caught<ConnectionError>(f.fsm.loss({}));
        CHECK(error.sqlstate().code() == "57P05");
        CHECK(error.safe_to_retry());
        CHECK(std::string{error.what()}.find("idle_session_timeout") != std::string::npos);
    }
    SECTION("without a word") {
        f.run(request({"SELECT 1"}));
        f.pq->hang_up();
        const auto error = caught<ConnectionError>(f.run(request({"SELECT 1"})).error);
        CHECK(error.sqlstate().empty());
        CHECK_FALSE(error.safe_to_retry());
    }
    CHECK(f.fsm.lost());
    CHECK(f.fsm.status() == TransactionStatus::broken);
}

TEST_CASE("statements beyond the window are held back", "[wire][unit]") {
    PipelineFixture f;
    f.pq->answers_per_read = 1;
    wire::Request large;
    constexpr std::size_t count = 400;
    for (std::size_t i = 0; i < count; ++i)
        large.statements.push_back(statement("SELECT 1", 200'000));
    wire::Want want = f.fsm.begin(std::move(large), false);
    const auto executed = [&] { return std::count(f.pq->sent.begin(), f.pq->sent.end(), "SELECT 1"); };
    CHECK(executed() == 6);
    CHECK(f.pq->sent.back() == "<Flush>");
    for (int turns = 0; want != wire::Want::done && turns < 10'000; ++turns)
        want = f.fsm.on_readable();
    const wire::Reply reply = f.fsm.take_reply();
    REQUIRE_FALSE(reply.error);
    CHECK(reply.results.size() == count);
    CHECK(f.fsm.round_trips() == 1);
}

TEST_CASE("a failure keeps what is held back from being sent", "[wire][unit]") {
    PipelineFixture f;
    f.pq->failures["SELECT bad"] = {"22012"};
    wire::Request large = request({"SELECT bad"});
    for (int i = 0; i < 100; ++i)
        large.statements.push_back(statement("SELECT 1", 200'000));
    CHECK(f.run(std::move(large)).failed_in_statement);
    CHECK(std::count(f.pq->sent.begin(), f.pq->sent.end(), "SELECT 1") < 10);
    CHECK_FALSE(f.run(request({"SELECT 1"})).error);
}

TEST_CASE("an early reply tells what is known", "[wire][unit]") {
    PipelineFixture f;
    const auto late = std::make_exception_ptr(TimeoutError("late", Phase::execute));
    f.fsm.begin(request({"BEGIN", "SELECT 1"}), false);
    caught<TimeoutError>(f.fsm.reply_early(late, "the deadline passed").error);
    f.fsm.on_readable();
    REQUIRE(f.fsm.done());
    static_cast<void>(f.fsm.take_reply());
    f.fsm.begin(request({"COMMIT"}), false);
    const wire::Reply doubtful = f.fsm.reply_early(late, "the deadline passed");
    CHECK(doubtful.in_doubt);
    CHECK(std::string{caught<CommitOutcomeUnknown>(doubtful.error).what()}.starts_with("the deadline passed while"));
}

TEST_CASE("a COMMIT that is held back is not sent when nobody waits any more", "[wire][unit]") {
    PipelineFixture f;
    f.pq->answers_per_read = 1;
    wire::Request large = request({"BEGIN"});
    for (int i = 0; i < 20; ++i)
        large.statements.push_back(statement("UPDATE t", 200'000));
    large.statements.push_back(statement("COMMIT"));
    large.statements.back().expected_tag = "COMMIT";
    large.commits = true;
    f.fsm.begin(std::move(large), false);
    const wire::Reply reply =
        f.fsm.reply_early(std::make_exception_ptr(TimeoutError("late", Phase::execute)), "the deadline passed");
    caught<TimeoutError>(reply.error);
    CHECK_FALSE(reply.in_doubt);
    for (int turns = 0; !f.fsm.done() && turns < 1'000; ++turns)
        f.fsm.on_readable();
    REQUIRE(f.fsm.done());
    static_cast<void>(f.fsm.take_reply());
    CHECK(f.pq->commits == 0);
    CHECK(f.fsm.status() == TransactionStatus::in_transaction);
}

TEST_CASE("a Sync that is held back commits nothing when nobody waits any more", "[wire][unit]") {
    PipelineFixture f;
    f.pq->answers_per_read = 1;
    wire::Request large;
    for (int i = 0; i < 20; ++i)
        large.statements.push_back(statement("UPDATE t", 200'000));
    large.commits = true;
    const auto give_up = [&] {
        f.fsm.begin(std::move(large), false);
        const wire::Reply reply = f.fsm.reply_early(std::make_exception_ptr(Error("enough")), "it was cancelled");
        CHECK(std::string{caught<Error>(reply.error).what()} == "enough");
        CHECK_FALSE(reply.in_doubt);
        for (int turns = 0; !f.fsm.done() && turns < 1'000; ++turns)
            f.fsm.on_readable();
        REQUIRE(f.fsm.done());
        CHECK(std::count(f.pq->sent.begin(), f.pq->sent.end(), "UPDATE t") == 6);
        CHECK(std::vector(f.pq->sent.end() - 2, f.pq->sent.end()) == std::vector<std::string>{"ROLLBACK", "<Sync>"});
    };
    SECTION("what stands before it is undone") {
        give_up();
        CHECK_FALSE(f.fsm.take_reply().error);
    }
    SECTION("a cancel that meets the ROLLBACK is no loss") {
        f.pq->failures["ROLLBACK"] = {"57014"};
        give_up();
        static_cast<void>(f.fsm.take_reply());
        f.pq->failures.clear();
    }
    CHECK_FALSE(f.fsm.lost());
    CHECK_FALSE(f.run(request({"SELECT 1"})).error);
}

TEST_CASE("without a transaction block the Sync commits", "[wire][unit]") {
    PipelineFixture f;
    f.pq->answers_per_read = 1;
    wire::Request what = request({"UPDATE t"});
    what.commits = true;
    SECTION("success is known with its answer, not before") {
        wire::Want want = f.fsm.begin(std::move(what), false);
        while (want != wire::Want::done) {
            CHECK(f.fsm.outcome_unknown());
            want = f.fsm.on_readable();
        }
        CHECK_FALSE(f.fsm.outcome_unknown());
        CHECK_FALSE(f.fsm.take_reply().error);
    }
    SECTION("a loss in front of its answer leaves it unknown") {
        f.fsm.begin(std::move(what), false);
        f.fsm.on_readable(); // parsed
        f.fsm.on_readable(); // updated
        REQUIRE_FALSE(f.fsm.done());
        f.pq->break_at(f.pq->calls());
        f.fsm.on_readable();
        REQUIRE(f.fsm.done());
        caught<CommitOutcomeUnknown>(f.fsm.take_reply().error);
    }
    SECTION("it may fail, and the connection goes on") {
        f.pq->sync_failure = {"23503"};
        const wire::Reply reply = f.run(std::move(what));
        CHECK(caught<IntegrityError>(reply.error).sqlstate() == sqlstate::foreign_key_violation);
        CHECK_FALSE(f.run(request({"SELECT 1"})).error);
    }
}

TEST_CASE("F64: what the protocol cannot carry is refused before sending", "[wire][unit][F64]") {
    CHECK_THROWS_AS(wire::PipelineFsm::check(request({std::string("SELECT \0 1", 10)})), ConversionError);
    wire::Request many = request({"SELECT 1"});
    for (int i = 0; i < 65'536; ++i)
        many.statements[0].parameters.add_null(23);
    CHECK_THROWS_AS(wire::PipelineFsm::check(many), ConversionError);
    CHECK_NOTHROW(wire::PipelineFsm::check(request({"SELECT 1"})));
}

// The script runs once for each call of libpq, which is where the connection breaks.
TEST_CASE("a connection that breaks at any step tells the truth about COMMIT", "[wire][unit]") {
    std::size_t unknown = 0, safe = 0;
    for (std::size_t step = 0;; ++step) {
        PipelineFixture f;
        f.pq->answers_per_read = 1;
        f.pq->blocked_flushes = 2;
        f.run(request({"SELECT 1"}));
        f.pq->break_at(f.pq->calls() + step);
        const wire::Reply reply = f.run(request({"BEGIN", "UPDATE t", "COMMIT"}));
        INFO("broken at step " << step);
        if (!f.pq->is_broken()) {
            REQUIRE_FALSE(reply.error);
            break;
        }
        CHECK(f.fsm.lost());
        CHECK(f.fsm.done());
        try {
            if (reply.error)
                std::rethrow_exception(reply.error);
            CHECK(f.pq->commits == 1);
            CHECK(reply.results.size() == 3);
        } catch (const CommitOutcomeUnknown&) {
            ++unknown;
        } catch (const ConnectionError& e) {
            ++safe;
            CHECK(f.pq->commits == 0);
            CHECK(e.safe_to_retry());
        }
    }
    CHECK(unknown > 3);
    CAPTURE(safe);
}

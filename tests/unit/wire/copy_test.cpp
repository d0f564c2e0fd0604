// COPY between two pipelines.
#include "pipeline_fixture.hpp"

#include <algorithm>
#include <utility>
#include <vector>

using namespace corm;
using namespace corm::test;
using wire::TransactionStatus;

namespace {

using Texts = std::vector<std::string>;
constexpr const char* copy_text = "COPY t FROM STDIN";

/// Lines that are known from the beginning, and what it hears of them.
class Lines final : public wire::CopySource {
public:
    explicit Lines(std::string text) : lines(std::move(text)) {}
    std::string_view bytes(std::span<const wire::Result> results) override {
        ++asked;
        seen = results.size();
        if (refuse)
            std::rethrow_exception(refuse);
        return lines;
    }
    void copied(std::int64_t rows) override {
        taken = rows;
        if (rows != std::count(lines.begin(), lines.end(), '\n'))
            throw Error("fewer rows");
    }

    std::string lines;
    std::exception_ptr refuse;
    int asked = 0;
    std::size_t seen = 0;
    std::int64_t taken = -1;
};

/// `text` is a COPY of the lines wherever it occurs.
wire::Request with_copy(std::initializer_list<std::string> texts, const std::shared_ptr<Lines>& lines) {
    wire::Request made = request(texts);
    for (wire::Statement& each : made.statements) {
        if (*each.sql == copy_text)
            each.copy = lines;
    }
    return made;
}

struct CopyFixture : PipelineFixture {
    std::shared_ptr<Lines> lines = std::make_shared<Lines>("a\nb\n");

    /// Drives the machine until it waits for the server behind `sent`.
    wire::Want drive_to(wire::Want want, const std::string& sent) {
        for (int turns = 0; pq->sent.back() != sent; ++turns) {
            REQUIRE(want != wire::Want::done);
            REQUIRE(turns < 1'000);
            want = want == wire::Want::read_write ? fsm.on_writable() : fsm.on_readable();
        }
        return want;
    }
    wire::Reply drive_to_end(wire::Want want) {
        for (int turns = 0; want != wire::Want::done; ++turns) {
            REQUIRE(turns < 10'000);
            want = want == wire::Want::read_write ? fsm.on_writable() : fsm.on_readable();
        }
        return fsm.take_reply();
    }
};

} // namespace

TEST_CASE("a COPY stands between two pipelines, with its answer among theirs", "[wire][unit]") {
    CopyFixture f;
    const wire::Reply reply = f.run(with_copy({"BEGIN", "SELECT 1", copy_text, "UPDATE t", "COMMIT"}, f.lines));
    REQUIRE_FALSE(reply.error);
    REQUIRE(reply.results.size() == 5);
    CHECK(reply.results[2].affected_rows() == 2);
    CHECK(f.lines->seen == 2);
    CHECK(f.lines->taken == 2);
    CHECK(f.pq->copied == "a\nb\n");
    CHECK(f.pq->commits == 1);
    CHECK(f.pq->sent == Texts{"parse:BEGIN", "BEGIN", "parse:SELECT 1", "SELECT 1", "<Sync>", copy_text, "<CopyDone>",
                              "parse:UPDATE t", "UPDATE t", "parse:COMMIT", "COMMIT", "<Sync>"});
    // The first pipeline, the command, the rows, the second pipeline.
    CHECK(f.fsm.round_trips() == 4);
    CHECK(f.fsm.status() == TransactionStatus::idle);
    CHECK_FALSE(f.run(request({"SELECT 1"})).error);
}

TEST_CASE("a COPY may be the first or the last of a request, or follow another", "[wire][unit]") {
    CopyFixture f;
    REQUIRE_FALSE(f.run(with_copy({"BEGIN", copy_text}, f.lines)).error);
    CHECK(f.fsm.round_trips() == 3);
    CHECK(f.fsm.status() == TransactionStatus::in_transaction);
    f.pq->copied.clear();
    f.pq->sent.clear();
    f.lines->lines = "a\n";
    SECTION("first and last") {
        REQUIRE_FALSE(f.run(with_copy({copy_text}, f.lines)).error);
        CHECK(f.pq->sent == Texts{copy_text, "<CopyDone>"});
    }
    SECTION("behind what the connection owes") {
        REQUIRE_FALSE(f.run(with_copy({copy_text}, f.lines), true).error);
        CHECK(f.pq->sent == Texts{"ROLLBACK", "<Sync>", copy_text, "<CopyDone>"});
    }
    SECTION("another") {
        const auto first = std::make_shared<Lines>("");
        wire::Request both = with_copy({copy_text, copy_text, "COMMIT"}, f.lines);
        both.statements[0].copy = first;
        const wire::Reply reply = f.run(std::move(both));
        REQUIRE_FALSE(reply.error);
        CHECK(f.lines->seen == 1);
        CHECK(f.pq->sent ==
              Texts{copy_text, "<CopyDone>", copy_text, "<CopyDone>", "parse:COMMIT", "COMMIT", "<Sync>"});
        CHECK(f.pq->commits == 1);
    }
}

TEST_CASE("many rows go in chunks, and a full socket is waited for", "[wire][unit]") {
    CopyFixture f;
    f.pq->answers_per_read = 1;
    f.pq->blocked_flushes = 7;
    f.pq->full_buffers = 3;
    f.lines->lines.clear();
    for (int i = 0; i < 50'000; ++i)
        f.lines->lines += "a row of some length\n";
    const std::size_t before = f.pq->calls();
    const wire::Reply reply = f.run(with_copy({"BEGIN", copy_text, "COMMIT"}, f.lines));
    REQUIRE_FALSE(reply.error);
    CHECK(f.pq->copied == f.lines->lines);
    CHECK(f.lines->taken == 50'000);
    // A flush behind each chunk of 64 KiB.
    CHECK(f.pq->calls() - before > 2 * f.lines->lines.size() / 65'536);
}

TEST_CASE("what the server says against a COPY ends the request there", "[wire][unit]") {
    CopyFixture f;
    SECTION("before it takes rows") {
        f.pq->failures[copy_text] = {"0A000"};
        const wire::Reply reply = f.run(with_copy({"BEGIN", copy_text, "COMMIT"}, f.lines));
        CHECK(reply.results.size() == 1);
        CHECK(reply.failed_in_statement);
        const auto error = caught<DatabaseError>(reply.error);
        CHECK(error.sqlstate() == sqlstate::feature_not_supported);
        CHECK(error.diagnostics().sql == copy_text);
        CHECK(f.pq->copied.empty());
    }
    SECTION("about a row") {
        f.pq->failures[std::string{"rows:"} + copy_text] = {"23505"};
        const wire::Reply reply = f.run(with_copy({"BEGIN", copy_text, "COMMIT"}, f.lines));
        CHECK(reply.results.size() == 1);
        CHECK(reply.failed_in_statement);
        caught<IntegrityError>(reply.error);
    }
    CHECK(f.lines->taken == -1);
    CHECK(f.pq->commits == 0);
    CHECK_FALSE(f.fsm.lost());
    CHECK(f.fsm.status() == TransactionStatus::failed);
    f.pq->failures.clear();
    CHECK_FALSE(f.run(with_copy({"BEGIN", copy_text, "COMMIT"}, f.lines), true).error);
}

TEST_CASE("a refusal that comes while rows are sent is not waited for again", "[wire][unit]") {
    CopyFixture f;
    f.pq->failures[std::string{"row:"} + copy_text] = {"23505"};
    f.lines->lines.assign(200'000, '\n');
    wire::Want want = f.fsm.begin(with_copy({"BEGIN", copy_text, "COMMIT"}, f.lines), false);
    for (int turns = 0; want != wire::Want::done; ++turns) {
        REQUIRE(turns < 100);
        // A socket with nothing to read wakes nobody.
        REQUIRE((want == wire::Want::read_write || f.pq->readable()));
        want = f.pq->readable() ? f.fsm.on_readable() : f.fsm.on_writable();
    }
    const wire::Reply reply = f.fsm.take_reply();
    CHECK(reply.results.size() == 1);
    caught<IntegrityError>(reply.error);
    CHECK(f.fsm.status() == TransactionStatus::failed);
}

TEST_CASE("what fails ahead of a COPY, or in making its rows, keeps it from being sent", "[wire][unit]") {
    CopyFixture f;
    SECTION("a statement ahead") {
        f.pq->failures["SELECT bad"] = {"22012"};
        const wire::Reply reply = f.run(with_copy({"BEGIN", "SELECT bad", copy_text, "COMMIT"}, f.lines));
        CHECK(reply.results.size() == 1);
        CHECK(f.lines->asked == 0);
        CHECK(f.fsm.status() == TransactionStatus::failed);
    }
    SECTION("its rows") {
        f.lines->refuse = std::make_exception_ptr(MappingError("no"));
        const wire::Reply reply = f.run(with_copy({"BEGIN", "SELECT 1", copy_text, "COMMIT"}, f.lines));
        CHECK(reply.results.size() == 2);
        CHECK(reply.failed_in_statement);
        caught<MappingError>(reply.error);
        CHECK(f.fsm.status() == TransactionStatus::in_transaction);
    }
    CHECK(std::count(f.pq->sent.begin(), f.pq->sent.end(), copy_text) == 0);
    CHECK(f.pq->commits == 0);
    CHECK_FALSE(f.run(request({"SELECT 1"}), true).error);
}

TEST_CASE("a COPY that took fewer rows keeps what is behind it from being sent", "[wire][unit]") {
    CopyFixture f;
    f.pq->kept_out = 1;
    const wire::Reply reply = f.run(with_copy({"BEGIN", copy_text, "UPDATE t", "COMMIT"}, f.lines));
    CHECK(f.lines->taken == 1);
    CHECK(reply.results.size() == 1);
    CHECK(reply.failed_in_statement);
    CHECK(std::string{caught<Error>(reply.error).what()} == "fewer rows");
    CHECK(f.pq->commits == 0);
    CHECK(f.fsm.status() == TransactionStatus::in_transaction);
}

TEST_CASE("a COPY that nobody waits for is given up, and nothing behind it is sent", "[wire][unit]") {
    CopyFixture f;
    const auto reason = std::make_exception_ptr(TimeoutError("late", Phase::execute));
    f.pq->answers_per_read = 1;
    f.lines->lines.assign(200'000, '\n');
    wire::Want want = f.fsm.begin(with_copy({"BEGIN", copy_text, "COMMIT"}, f.lines), false);
    SECTION("in the pipeline ahead: it is not sent") {
        caught<TimeoutError>(f.fsm.reply_early(reason, "the deadline passed").error);
        static_cast<void>(f.drive_to_end(want));
        CHECK(f.lines->asked == 0);
    }
    SECTION("before it takes rows") {
        want = f.drive_to(want, copy_text);
        caught<TimeoutError>(f.fsm.reply_early(reason, "the deadline passed").error);
        static_cast<void>(f.drive_to_end(want));
        CHECK(f.pq->copied.empty());
        CHECK(f.pq->sent.back() == "<CopyFail>");
    }
    SECTION("among its rows") {
        want = f.drive_to(want, copy_text);
        f.pq->blocked_flushes = 2;
        want = f.fsm.on_readable();
        REQUIRE(want == wire::Want::read_write);
        f.pq->blocked_flushes = 0;
        f.fsm.give_up();
        static_cast<void>(f.drive_to_end(want));
        CHECK(f.pq->copied.size() < f.lines->lines.size());
        CHECK(f.pq->sent.back() == "<CopyFail>");
    }
    SECTION("when it has them all") {
        want = f.drive_to(want, "<CopyDone>");
        f.fsm.give_up();
        static_cast<void>(f.drive_to_end(want));
        CHECK(f.lines->taken == 200'000);
        CHECK(f.fsm.status() == TransactionStatus::in_transaction);
    }
    CHECK(f.pq->commits == 0);
    CHECK_FALSE(f.fsm.lost());
    // The pool sends a ROLLBACK ahead of the next request.
    CHECK_FALSE(f.run(request({"SELECT 1"}), true).error);
}

TEST_CASE("a request with a COPY that meets a stale plan behind it is sent again whole", "[wire][unit]") {
    CopyFixture f;
    f.run(request({"UPDATE t"}));
    f.pq->failures["UPDATE t"] = {"0A000", "ERROR", "RevalidateCachedQuery", {}, 1};
    const wire::Reply reply = f.run(with_copy({"BEGIN", copy_text, "UPDATE t", "COMMIT"}, f.lines));
    REQUIRE_FALSE(reply.error);
    CHECK(reply.results.size() == 4);
    CHECK(f.lines->asked == 2);
    CHECK(f.pq->copied == "a\nb\na\nb\n");
    CHECK(std::count(f.pq->sent.begin(), f.pq->sent.end(), "ROLLBACK") == 1);
    CHECK(f.pq->commits == 1);
}

TEST_CASE("the end of the connection in a COPY is told with its reason", "[wire][unit]") {
    CopyFixture f;
    f.pq->failures[std::string{"rows:"} + copy_text] = {"57P01", "FATAL"};
    const wire::Reply reply = f.run(with_copy({"BEGIN", copy_text, "COMMIT"}, f.lines));
    const auto error = caught<ConnectionError>(reply.error);
    CHECK(error.sqlstate() == sqlstate::admin_shutdown);
    CHECK(error.safe_to_retry());
    CHECK(f.fsm.lost());
}

TEST_CASE("a COPY that commits by itself, or has parameters, is refused", "[wire][unit]") {
    CopyFixture f;
    wire::Request bare = with_copy({copy_text}, f.lines);
    bare.commits = true;
    CHECK_THROWS_AS(wire::PipelineFsm::check(bare), Error);
    bare.commits = false;
    CHECK_NOTHROW(wire::PipelineFsm::check(bare));
    bare.statements[0].parameters.add_null(23);
    CHECK_THROWS_AS(wire::PipelineFsm::check(bare), Error);
}

// The script runs once for each call of libpq, which is where the connection breaks.
TEST_CASE("a connection that breaks at any step of a COPY tells the truth about COMMIT", "[wire][unit]") {
    std::size_t unknown = 0, safe = 0;
    for (std::size_t step = 0;; ++step) {
        CopyFixture f;
        f.pq->answers_per_read = 1;
        f.lines->lines.assign(200'000, '\n');
        f.pq->break_at(f.pq->calls() + step);
        const wire::Reply reply = f.run(with_copy({"BEGIN", copy_text, "UPDATE t", "COMMIT"}, f.lines));
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
        } catch (const CommitOutcomeUnknown&) {
            ++unknown;
        } catch (const ConnectionError& e) {
            ++safe;
            CHECK(f.pq->commits == 0);
            CHECK(e.safe_to_retry());
        }
    }
    CHECK(unknown > 3);
    CHECK(safe > 15);
}

// A COPY that its caller moves step by step.
#include "pipeline_fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <utility>

using namespace corm;
using namespace corm::test;
using wire::CopyStep;
using wire::TransactionStatus;
using wire::Want;

namespace {

constexpr const char* in_text = "COPY t FROM STDIN";
constexpr const char* out_text = "COPY t TO STDOUT";

class Head final : public wire::CopySource {
public:
    std::string_view bytes(std::span<const wire::Result> results) override {
        ahead = results.size();
        return head;
    }
    void copied(std::int64_t rows) override { taken = rows; }

    std::string head;
    std::size_t ahead = 0;
    std::int64_t taken = -1;
};

struct ChannelFixture : PipelineFixture {
    std::shared_ptr<Head> head = std::make_shared<Head>();
    std::shared_ptr<wire::CopyChannel> channel = std::make_shared<wire::CopyChannel>();

    wire::Request open(const char* text) {
        wire::Request made = request({"BEGIN", text});
        made.statements.back().copy = head;
        made.statements.back().channel = channel;
        return made;
    }
    wire::Reply drive(Want want) {
        for (int turns = 0; want != Want::done && want != Want::pause; ++turns) {
            REQUIRE(turns < 10'000);
            want = want == Want::read_write && !pq->readable() ? fsm.on_writable() : fsm.on_readable();
        }
        CHECK(fsm.paused() == (want == Want::pause));
        CHECK(channel->open == fsm.paused());
        return want == Want::done ? fsm.take_reply() : fsm.take_paused_reply();
    }
    wire::Reply begin(const char* text) { return drive(fsm.begin(open(text), false)); }
    wire::Reply step(CopyStep which, std::string bytes = {}) {
        channel->bytes = std::move(bytes);
        return drive(fsm.resume(which));
    }
};

} // namespace

TEST_CASE("rows go to the server when the caller has them", "[wire][unit]") {
    ChannelFixture f;
    f.head->head = "h\n";
    f.pq->answers_per_read = 1;
    const wire::Reply opened = f.begin(in_text);
    REQUIRE_FALSE(opened.error);
    CHECK(opened.copying);
    CHECK(opened.in_transaction);
    CHECK(opened.results.size() == 2); // BEGIN, and nothing yet of the COPY
    CHECK(f.head->ahead == 1);
    CHECK(f.pq->copied == "h\n");
    CHECK_FALSE(f.fsm.done());
    f.pq->blocked_flushes = 3;
    f.pq->full_buffers = 1;
    CHECK(f.step(CopyStep::put, "a\nb\n").copying);
    CHECK(f.step(CopyStep::put).copying); // nothing
    CHECK(f.step(CopyStep::put, std::string(200'000, '\n')).copying);
    const wire::Reply ended = f.step(CopyStep::end);
    REQUIRE_FALSE(ended.error);
    CHECK_FALSE(ended.copying);
    CHECK(ended.in_transaction);
    REQUIRE(ended.results.size() == 1);
    CHECK(ended.results[0].affected_rows() == 200'003);
    CHECK(f.head->taken == 200'003);
    CHECK(f.fsm.round_trips() == 3);
    CHECK_FALSE(f.run(request({"COMMIT"})).error);
}

TEST_CASE("a caller that fails makes the COPY fail, and the connection lives", "[wire][unit]") {
    ChannelFixture f;
    REQUIRE(f.begin(in_text).copying);
    REQUIRE(f.step(CopyStep::put, "a\n").copying);
    const wire::Reply failed = f.step(CopyStep::fail);
    CHECK(caught<DatabaseError>(failed.error).sqlstate() == sqlstate::query_canceled);
    CHECK(failed.failed_in_statement);
    CHECK(failed.results.empty());
    CHECK(f.pq->sent.back() == "<CopyFail>");
    CHECK(f.fsm.status() == TransactionStatus::failed);
    CHECK_FALSE(f.run(request({"SELECT 1"}), true).error);
}

TEST_CASE("a row that the server refuses ends the COPY with the next step, where that can be seen", "[wire][unit]") {
    ChannelFixture f;
    f.pq->failures[std::string{"row:"} + in_text] = {"23505"};
    f.pq->shows_errors = true;
    REQUIRE(f.begin(in_text).copying);
    SECTION("while rows are sent") {
        const wire::Reply refused = f.step(CopyStep::put, std::string(200'000, '\n'));
        CHECK(caught<IntegrityError>(refused.error).sqlstate() == sqlstate::unique_violation);
        CHECK(f.pq->copied.size() < 200'000);
    }
    SECTION("where it cannot be seen, behind the last row") {
        f.pq->shows_errors = false;
        REQUIRE(f.step(CopyStep::put, "a\n").copying);
        REQUIRE(f.step(CopyStep::put, "b\n").copying);
        CHECK(f.pq->copied == "a\nb\n");
        CHECK_NOTHROW(caught<IntegrityError>(f.step(CopyStep::end).error));
    }
    CHECK(f.fsm.status() == TransactionStatus::failed);
    CHECK(f.fsm.done());
}

TEST_CASE("rows come from the server when the caller has room for them", "[wire][unit]") {
    ChannelFixture f;
    f.pq->answers_per_read = 1;
    f.pq->rows_at_once = 2;
    f.pq->rows_out = {"one", "two", "three", "four", "five"};
    f.channel->enough = 7;
    REQUIRE(f.begin(out_text).copying);
    CHECK(f.channel->bytes.empty());
    REQUIRE(f.step(CopyStep::get).copying);
    CHECK(f.channel->bytes == "onetwothree");
    // What is there already wakes nobody twice.
    CHECK(f.fsm.on_readable() == Want::pause);
    CHECK(f.channel->bytes == "onetwothree");
    REQUIRE(f.step(CopyStep::get).copying);
    CHECK(f.channel->bytes == "fourfive");
    const wire::Reply ended = f.step(CopyStep::get);
    REQUIRE_FALSE(ended.error);
    CHECK_FALSE(ended.copying);
    CHECK(f.channel->bytes.empty());
    CHECK(f.head->taken == 5);
    CHECK(f.fsm.status() == TransactionStatus::in_transaction);
    CHECK_FALSE(f.run(request({"COMMIT"})).error);
}

TEST_CASE("an error behind rows that have come is the answer to the step that meets it", "[wire][unit]") {
    ChannelFixture f;
    f.pq->rows_out = {"one", "two"};
    f.pq->failures[std::string{"rows:"} + out_text] = {"22012"};
    f.channel->enough = 3;
    REQUIRE(f.begin(out_text).copying);
    REQUIRE(f.step(CopyStep::get).copying);
    REQUIRE(f.step(CopyStep::get).copying);
    const wire::Reply failed = f.step(CopyStep::get);
    CHECK(caught<DatabaseError>(failed.error).sqlstate().code() == "22012");
    CHECK(f.fsm.status() == TransactionStatus::failed);
}

TEST_CASE("an open COPY that nobody wants any more ends without its caller", "[wire][unit]") {
    ChannelFixture f;
    SECTION("in") {
        REQUIRE(f.begin(in_text).copying);
        REQUIRE(f.step(CopyStep::put, "a\n").copying);
        f.fsm.give_up();
        CHECK_FALSE(f.fsm.paused());
        static_cast<void>(f.drive(f.fsm.on_writable()));
        CHECK(f.pq->sent.back() == "<CopyFail>");
    }
    SECTION("out: the rows are dropped") {
        f.pq->rows_at_once = 1;
        f.pq->rows_out.assign(100, "row");
        REQUIRE(f.begin(out_text).copying);
        f.fsm.give_up();
        static_cast<void>(f.drive(f.fsm.on_writable()));
        CHECK(f.channel->bytes.size() < 100);
    }
    SECTION("before it was open") {
        const char* const text = GENERATE(in_text, out_text);
        f.pq->rows_out = {"row"};
        const Want want = f.fsm.begin(f.open(text), false);
        f.fsm.give_up();
        static_cast<void>(f.drive(want));
    }
    CHECK(f.fsm.done());
    CHECK_FALSE(f.fsm.lost());
    CHECK_FALSE(f.run(request({"SELECT 1"}), true).error);
}

TEST_CASE("a COPY by steps has nothing behind it", "[wire][unit]") {
    ChannelFixture f;
    wire::Request longer = f.open(in_text);
    CHECK_NOTHROW(wire::PipelineFsm::check(longer));
    longer.statements.push_back(statement("SELECT 1"));
    CHECK_THROWS_AS(wire::PipelineFsm::check(longer), Error);
    longer.statements.pop_back();
    longer.statements.back().copy = nullptr;
    CHECK_THROWS_AS(wire::PipelineFsm::check(longer), Error);
}

// The script runs once for each call of libpq, which is where the connection breaks.
TEST_CASE("a connection that breaks at any step of a COPY by steps is lost with an error", "[wire][unit]") {
    const bool in = GENERATE(true, false);
    std::size_t errors = 0;
    for (std::size_t at = 0;; ++at) {
        ChannelFixture f;
        f.pq->answers_per_read = 1;
        f.pq->rows_at_once = 1;
        f.pq->rows_out.assign(6, "row");
        f.channel->enough = 4;
        f.pq->break_at(f.pq->calls() + at);
        wire::Reply reply = f.begin(in ? in_text : out_text);
        for (int i = 0; i < 4 && reply.copying; ++i)
            reply = f.step(!in ? CopyStep::get : i == 3 ? CopyStep::end : CopyStep::put, "x\n");
        INFO("broken at call " << at);
        if (!f.pq->is_broken()) {
            REQUIRE_FALSE(reply.error);
            REQUIRE_FALSE(reply.copying);
            break;
        }
        CHECK(f.fsm.done());
        CHECK(f.fsm.lost());
        CHECK_FALSE(f.channel->open);
        CHECK_NOTHROW(caught<ConnectionError>(reply.error));
        ++errors;
    }
    CHECK(errors > 15);
}

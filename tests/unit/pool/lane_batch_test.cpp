#include "pool/lane_batch.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace corm;
using namespace corm::pool;

namespace {

struct Probe final : LaneRead {
    explicit Probe(std::string name, const void* mark = nullptr, std::size_t count = 1)
        : name_(std::move(name)), count_(count) {
        joins = mark;
    }
    [[nodiscard]] bool waits() const noexcept override { return waiting; }
    void append(std::span<const LaneReadPtr> group, std::vector<wire::Statement>& request) override {
        if (broken)
            throw Error("it cannot be sent");
        for (std::size_t i = 0; i < (group.size() > 1 ? 1 : count_); ++i)
            request.emplace_back().sql = std::make_shared<const std::string>(name_);
    }
    void answer(std::span<const LaneReadPtr>, std::span<wire::Result>) noexcept override {}
    void fail(std::exception_ptr, std::size_t) noexcept override {}

    bool waiting = true;
    bool broken = false;

private:
    std::string name_;
    std::size_t count_;
};

using Queue = std::deque<LaneReadPtr>;
const int users = 0, orders = 0;

LaneReadPtr read(std::string name, const void* mark = nullptr, std::size_t count = 1) {
    return std::make_shared<Probe>(std::move(name), mark, count);
}
Probe& probe(const LaneReadPtr& read) {
    return static_cast<Probe&>(*read);
}
std::exception_ptr error(bool stale = false) {
    Diagnostics diagnostics;
    diagnostics.stale_plan = stale;
    diagnostics.sqlstate = SqlState{"22012"};
    return make_database_error(std::move(diagnostics), {});
}
/// What a shared Sync answers when the statement with this number fails.
wire::Reply failed_at(std::size_t statement, std::exception_ptr why = error()) {
    wire::Reply reply;
    reply.results.resize(statement);
    reply.error = std::move(why);
    reply.failed_in_statement = true;
    return reply;
}

} // namespace

TEST_CASE("reads of one mark become a group, in the order in which they came", "[pool][unit]") {
    Queue queue;
    for (int i = 0; i < 20; ++i)
        queue.push_back(read("r" + std::to_string(i), i % 2 == 0 ? &users : &orders));
    queue.push_back(read("alone"));
    const Queue given = queue;
    LaneBatch batch;
    batch.take(queue, 100);
    REQUIRE(queue.empty());
    REQUIRE(batch.groups.size() == 3);
    CHECK(batch.groups[0].members == 10);
    CHECK(batch.groups[1].members == 10);
    CHECK(batch.groups[2].members == 1);
    for (std::size_t i = 0; i < 10; ++i) {
        CHECK(batch.members_of(batch.groups[0])[i] == given[2 * i]);
        CHECK(batch.members_of(batch.groups[1])[i] == given[2 * i + 1]);
    }
    std::vector<LaneBatch::Failure> failures;
    CHECK(batch.request(failures).statements.size() == 3);
    CHECK(failures.empty());
}

TEST_CASE("so many reads are taken, and those that have left are dropped", "[pool][unit]") {
    Queue queue;
    for (int i = 0; i < 10; ++i)
        queue.push_back(read("r"));
    probe(queue[1]).waiting = false;
    probe(queue[2]).waiting = false;
    LaneBatch batch;
    batch.take(queue, 4);
    CHECK(batch.members.size() == 4);
    CHECK(queue.size() == 4);
    batch.clear();
    for (const LaneReadPtr& each : queue)
        probe(each).waiting = false;
    batch.take(queue, 4);
    CHECK(batch.members.empty());
    CHECK(queue.empty());
}

TEST_CASE("few reads of one mark have a statement each", "[pool][unit]") {
    Queue queue;
    for (int i = 0; i < 3; ++i)
        queue.push_back(read("r", &users));
    LaneBatch batch;
    batch.take(queue, 100);
    REQUIRE(batch.groups.size() == 3);
    std::vector<LaneBatch::Failure> failures;
    CHECK(batch.request(failures).statements.size() == 3);
}

TEST_CASE("a read that cannot be sent fails, and nothing of it is sent", "[pool][unit]") {
    Queue queue{read("one"), read("two"), read("three")};
    probe(queue[1]).broken = true;
    const LaneReadPtr broken = queue[1];
    LaneBatch batch;
    batch.take(queue, 100);
    std::vector<LaneBatch::Failure> failures;
    const wire::Request request = batch.request(failures);
    REQUIRE(request.statements.size() == 2);
    CHECK(*request.statements[1].sql == "three");
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].read == broken);
    wire::Reply reply;
    reply.results.resize(2);
    CHECK(batch.sort_out(reply).answered.size() == 2);
}

TEST_CASE("a failure under a shared Sync: answered before, failed at, sent again behind", "[pool][unit]") {
    Queue queue{read("one"), read("two", nullptr, 3), read("three"), read("four")};
    const Queue given = queue;
    LaneBatch batch;
    batch.take(queue, 100);
    std::vector<LaneBatch::Failure> failures;
    REQUIRE(batch.request(failures).statements.size() == 6);
    const LaneBatch::Outcome outcome = batch.sort_out(failed_at(2));
    CHECK(outcome.answered == std::vector<std::size_t>{0});
    REQUIRE(outcome.failures.size() == 1);
    CHECK(outcome.failures[0].read == given[1]);
    CHECK(outcome.failed_statements[0] == 1); // the second of its three
    REQUIRE(outcome.again.size() == 2);
    CHECK(outcome.again[0] == given[2]);
    CHECK(outcome.again[1] == given[3]);
}

TEST_CASE("the last statement fails", "[pool][unit]") {
    Queue queue{read("one"), read("two")};
    LaneBatch batch;
    batch.take(queue, 100);
    std::vector<LaneBatch::Failure> failures;
    static_cast<void>(batch.request(failures));
    const LaneBatch::Outcome outcome = batch.sort_out(failed_at(1));
    CHECK(outcome.answered.size() == 1);
    CHECK(outcome.failures.size() == 1);
    CHECK(outcome.again.empty());
}

TEST_CASE("a group that fails is sent again, each of it by itself", "[pool][unit]") {
    Queue queue;
    for (int i = 0; i < 8; ++i)
        queue.push_back(read("r", &users));
    LaneBatch batch;
    batch.take(queue, 100);
    std::vector<LaneBatch::Failure> failures;
    static_cast<void>(batch.request(failures));
    LaneBatch::Outcome outcome = batch.sort_out(failed_at(0));
    REQUIRE(outcome.again.size() == 8);
    CHECK(outcome.failures.empty());
    Queue again{outcome.again.begin(), outcome.again.end()};
    LaneBatch second;
    second.apart = true;
    second.take(again, 100);
    CHECK(second.groups.size() == 8);
    static_cast<void>(second.request(failures));
    wire::Reply reply;
    reply.results.resize(8);
    reply.errors.resize(8);
    reply.errors[5] = error();
    outcome = second.sort_out(reply);
    CHECK(outcome.answered.size() == 7);
    CHECK(outcome.failures.size() == 1);
    CHECK(outcome.again.empty());
}

TEST_CASE("a stale plan is met once", "[pool][unit]") {
    Queue queue{read("one")};
    LaneBatch batch;
    batch.take(queue, 100);
    std::vector<LaneBatch::Failure> failures;
    static_cast<void>(batch.request(failures));
    LaneBatch::Outcome outcome = batch.sort_out(failed_at(0, error(true)));
    CHECK(outcome.again.size() == 1);
    outcome = batch.sort_out(failed_at(0, error(true)));
    CHECK(outcome.again.empty());
    CHECK(outcome.failures.size() == 1);
}

TEST_CASE("the end of the connection concerns all of a batch", "[pool][unit]") {
    Queue queue{read("one"), read("two")};
    LaneBatch batch;
    batch.take(queue, 100);
    std::vector<LaneBatch::Failure> failures;
    static_cast<void>(batch.request(failures));
    wire::Reply reply;
    reply.results.resize(1);
    reply.error = std::make_exception_ptr(ConnectionError("gone", {}, true));
    const LaneBatch::Outcome outcome = batch.sort_out(reply);
    CHECK(outcome.failures.size() == 2);
    CHECK(outcome.failed_statements[0] == LaneRead::no_statement);
}

TEST_CASE("reads come out of the inbox in the order in which they went in", "[pool][unit]") {
    LaneInbox inbox;
    Queue queue;
    std::vector<LaneReadPtr> given;
    for (int i = 0; i < 5; ++i)
        inbox.push(given.emplace_back(read("r")));
    inbox.take(queue);
    CHECK(std::equal(given.begin(), given.end(), queue.begin(), queue.end()));
    inbox.push(given[3]);
    inbox.take(queue);
    CHECK(queue.size() == 6);
    CHECK(queue.back() == given[3]);
    inbox.push(given[0]); // and it goes with the inbox
}

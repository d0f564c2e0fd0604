#include "pipeline_fixture.hpp"

#include "base/lifetimes.hpp"
#include "wire/statement_cache.hpp"

#include <algorithm>

using namespace corm;
using namespace corm::test;
using wire::StatementCache;

namespace {

std::shared_ptr<const std::string> text(const std::string& sql) {
    return std::make_shared<const std::string>(sql);
}

} // namespace

TEST_CASE("the key is the text with the types", "[wire][unit]") {
    StatementCache cache{8};
    types::Parameters none, number, name;
    number.add_null(23);
    name.add_null(25);
    const auto first = cache.find(text("SELECT $1"), number, 1);
    CHECK(first.is_new);
    CHECK_FALSE(cache.find(text("SELECT $1"), number, 1).is_new);
    CHECK(cache.find(text("SELECT $1"), name, 1).is_new);
    CHECK(cache.size() == 2);
    CHECK(wire::statement_hash("SELECT $1", number) != wire::statement_hash("SELECT $1", name));
    CHECK(wire::statement_hash("SELECT 12345678", none) != wire::statement_hash("SELECT 12345679", none));
    CHECK(std::string_view{first.entry->name.data()}.size() == 21);
}

TEST_CASE("the least recently used statement leaves first, but none of the request under way", "[wire][unit]") {
    StatementCache cache{2};
    const types::Parameters none;
    cache.find(text("a"), none, 1).entry->parsed = true;
    cache.find(text("b"), none, 1).entry->parsed = true;
    CHECK(cache.find(text("c"), none, 1).entry == nullptr);
    static_cast<void>(cache.find(text("a"), none, 2));
    CHECK(cache.find(text("c"), none, 2).is_new);
    REQUIRE(cache.evicted().size() == 1);
    CHECK(*cache.evicted()[0].sql == "b");
    SECTION("one that is still on the server comes back without a Parse") {
        const auto again = cache.find(text("b"), none, 3);
        REQUIRE(again.entry != nullptr);
        CHECK_FALSE(again.is_new);
    }
}

TEST_CASE("no cache: every statement is unnamed", "[wire][unit]") {
    PipelineFixture f{0};
    REQUIRE_FALSE(f.run(request({"SELECT 1", "SELECT 1"})).error);
    CHECK(f.pq->prepared() == 0);
}

TEST_CASE("evicted statements are closed on the server", "[wire][unit]") {
    constexpr int texts = 200;
    PipelineFixture f{4};
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < texts; ++i) {
            const wire::Reply reply = f.run(request({"SELECT " + std::to_string(i)}));
            REQUIRE_FALSE(reply.error);
            REQUIRE(reply.results.size() == 1);
        }
    }
    CHECK(f.pq->prepared() <= 4 + 16);
    // In batches: one more Sync for each.
    CHECK(f.fsm.round_trips() <= 2 * texts + 2 * texts / 16);
}

TEST_CASE("evicted statements of a transaction are closed in it, and cost no Sync", "[wire][unit]") {
    constexpr int texts = 200;
    PipelineFixture f{4};
    REQUIRE_FALSE(f.run(request({"BEGIN"})).error);
    for (int i = 0; i < texts; ++i) {
        REQUIRE_FALSE(f.run(request({"SELECT " + std::to_string(i % 150)})).error);
        CHECK(f.pq->prepared() <= 4 + 16);
    }
    CHECK(f.fsm.round_trips() == 1 + texts);
    SECTION("in the same trip as its end") {
        REQUIRE_FALSE(f.run(request({"SELECT 1", "COMMIT"})).error);
        CHECK(f.pq->commits == 1);
    }
    SECTION("not after a failure, until it is rolled back") {
        f.pq->failures["SELECT 1/0"] = {"22012"};
        CHECK(f.run(request({"SELECT 1/0"})).failed_in_statement);
        f.pq->sent.clear();
        REQUIRE_FALSE(f.run(request({"SELECT 1"}), true).error);
        CHECK(f.pq->prepared() <= 4 + 16);
    }
}

TEST_CASE("a transaction does not survive that its evicted statements were dropped by others", "[wire][unit]") {
    PipelineFixture f{2};
    REQUIRE_FALSE(f.run(request({"BEGIN"})).error);
    for (int i = 0; i < 17; ++i)
        REQUIRE_FALSE(f.run(request({"SELECT " + std::to_string(i)})).error);
    REQUIRE(f.fsm.cache().evicted().size() >= 16);
    f.pq->forget_prepared();
    const wire::Reply reply = f.run(request({"SELECT 'x'", "COMMIT"}));
    const auto error = caught<DatabaseError>(reply.error);
    CHECK(error.is_stale_plan());
    CHECK(error.is_retryable());
    CHECK(reply.failed_in_statement);
    CHECK_FALSE(reply.in_doubt);
    CHECK(f.pq->commits == 0);
    CHECK_FALSE(f.run(request({"BEGIN", "SELECT 0", "COMMIT"}), true).error);
    CHECK(f.pq->commits == 1);
}

TEST_CASE("DISCARD ALL empties the cache", "[wire][unit]") {
    PipelineFixture f;
    f.run(request({"SELECT 1", "DISCARD ALL"}));
    f.pq->forget_prepared();
    CHECK_FALSE(f.run(request({"SELECT 1"})).error);
}

TEST_CASE("statements of what has ended leave, and those of others stay", "[wire][unit]") {
    StatementCache cache{8};
    const types::Parameters none;
    auto mapper = std::make_shared<int>(1);
    const auto other = std::make_shared<int>(2);
    const auto sql = text("of both");
    cache.find(text("of all"), none, 1).entry->parsed = true;
    cache.find(text("of one"), none, 1, mapper).entry->parsed = true;
    cache.find(text("of the other"), none, 1, other).entry->parsed = true;
    cache.find(sql, none, 1, mapper).entry->parsed = true;
    static_cast<void>(cache.find(text("not sent yet"), none, 1, mapper)); // the server has not confirmed it
    CHECK_FALSE(cache.find(sql, none, 2, other).is_new);                  // whoever used it last needs it
    CHECK(cache.hits() == 1);
    const std::weak_ptr<const void> ended = mapper;
    mapper.reset();
    cache.evict_ended();
    CHECK(cache.size() == 5); // nobody has counted the end
    corm::detail::count_ended_lifetime();
    cache.evict_ended();
    CHECK(cache.size() == 3);
    REQUIRE(cache.evicted().size() == 1);
    CHECK(*cache.evicted()[0].sql == "of one");
    CHECK(cache.wants_closing());
    cache.forget_evicted();
    CHECK_FALSE(cache.wants_closing());
    // What is sent all the same leaves nothing.
    CHECK(cache.find(text("late"), none, 3, ended).entry == nullptr);
    CHECK(cache.size() == 3);
    CHECK_FALSE(cache.find(sql, none, 3, other).is_new);
}

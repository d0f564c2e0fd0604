#include <corm/query/options.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace corm::query;
using namespace std::chrono_literals;
using corm::sql::LockMode;
using corm::sql::LockWait;

TEST_CASE("read options start empty", "[query][unit]") {
    const ReadOptions options = read_options();
    CHECK_FALSE(options.lock);
    CHECK_FALSE(options.within);
    CHECK_FALSE(options.populate_existing);
}

TEST_CASE("read options come in any order", "[query][unit]") {
    const ReadOptions behind = read_options(for_update, nowait, within(2s), populate_existing);
    REQUIRE(behind.lock);
    CHECK(behind.lock->mode == LockMode::update);
    CHECK(behind.lock->wait == LockWait::nowait);
    CHECK(behind.within == 2s);
    CHECK(behind.populate_existing);
    const ReadOptions before = read_options(skip_locked, for_key_share);
    REQUIRE(before.lock);
    CHECK(before.lock->mode == LockMode::key_share);
    CHECK(before.lock->wait == LockWait::skip_locked);
}

TEST_CASE("each lock option has its mode", "[query][unit]") {
    CHECK(read_options(for_update).lock->mode == LockMode::update);
    CHECK(read_options(for_no_key_update).lock->mode == LockMode::no_key_update);
    CHECK(read_options(for_share).lock->mode == LockMode::share);
    CHECK(read_options(for_key_share).lock->mode == LockMode::key_share);
    CHECK(read_options(for_update).lock->wait == LockWait::block);
    CHECK(read_options(within(corm::no_deadline)).within == corm::no_deadline);
}

// The cursors of a transaction, and what the server is told.
#include "orm/cursors.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <vector>

using corm::orm::Cursor;
using corm::orm::Cursors;
using corm::orm::StreamEnd;

namespace {

using Texts = std::vector<std::string>;
using How = StreamEnd::How;

Texts texts(const Cursors& cursors) {
    Texts all;
    for (std::size_t i = 0; i < cursors.queued(); ++i)
        all.push_back(*cursors.close_text(i));
    return all;
}

/// One that the server has, declared within so many savepoints.
std::shared_ptr<Cursor> open_in(Cursors& cursors, std::size_t depth) {
    auto cursor = std::make_shared<Cursor>();
    cursors.declare(cursor, depth);
    cursor->open = true;
    return cursor;
}

} // namespace

TEST_CASE("cursors have the lowest number that is free", "[orm][unit]") {
    Cursors cursors;
    const auto first = open_in(cursors, 0);
    const auto second = open_in(cursors, 0);
    CHECK(first->name() == "corm_stream_1");
    CHECK(second->name() == "corm_stream_2");
    cursors.forget(*first);
    CHECK(texts(cursors) == Texts{"CLOSE corm_stream_1"});
    CHECK(open_in(cursors, 0)->number == 3); // the server has the first still
    cursors.sent(1);
    CHECK(texts(cursors).empty());
    CHECK(open_in(cursors, 0)->number == 1);
}

TEST_CASE("a cursor is closed once, and not at all if the server never had it", "[orm][unit]") {
    Cursors cursors;
    const auto cursor = open_in(cursors, 0);
    cursors.close(*cursor);
    cursors.close(*cursor);
    cursors.forget(*cursor);
    cursors.forget(*cursor);
    CHECK(cursors.queued() == 1);
    const auto undeclared = std::make_shared<Cursor>();
    cursors.forget(*undeclared);
    const auto refused = std::make_shared<Cursor>();
    cursors.declare(refused, 0);
    cursors.forget(*refused);
    CHECK(cursors.queued() == 1);
    // What is queued while a request is under way waits for the next.
    cursors.forget(*open_in(cursors, 0));
    cursors.sent(1);
    CHECK(texts(cursors) == Texts{"CLOSE corm_stream_2"});
}

TEST_CASE("savepoints take their cursors along", "[orm][unit]") {
    Cursors cursors;
    const auto outside = open_in(cursors, 0);
    const auto in_first = open_in(cursors, 1);
    const auto in_second = open_in(cursors, 2);
    cursors.forget(*open_in(cursors, 1));
    cursors.forget(*open_in(cursors, 2));
    SECTION("rolled back") {
        cursors.savepoint_rolled_back(1, {How::savepoint, "rollback()", {}});
        CHECK(in_second->end.how == How::savepoint);
        CHECK_FALSE(in_second->open);
        CHECK(in_first->end.how == How::none);
        CHECK(texts(cursors) == Texts{"CLOSE corm_stream_4"});
        cursors.savepoint_rolled_back(0, {How::savepoint, "rollback()", {}});
        CHECK(in_first->end.how == How::savepoint);
        CHECK(outside->end.how == How::none);
        CHECK(texts(cursors).empty());
    }
    SECTION("released, and then rolled back with what is around") {
        cursors.savepoint_released(1);
        cursors.savepoint_rolled_back(1, {How::savepoint, "rollback()", {}});
        CHECK(in_second->end.how == How::none);
        CHECK(cursors.queued() == 2);
        cursors.savepoint_rolled_back(0, {How::savepoint, "rollback()", {}});
        CHECK(in_second->end.how == How::savepoint);
        CHECK(cursors.queued() == 0);
    }
    SECTION("released for good") {
        cursors.savepoint_released(0);
        cursors.savepoint_rolled_back(0, {How::savepoint, "rollback()", {}});
        CHECK(in_second->end.how == How::none);
        CHECK(cursors.queued() == 2);
    }
}

TEST_CASE("the end of the transaction leaves nothing to be closed", "[orm][unit]") {
    Cursors cursors;
    const auto cursor = open_in(cursors, 0);
    cursors.forget(*open_in(cursors, 0));
    const auto whole = open_in(cursors, 0);
    cursors.close(*whole); // its rows are not all taken
    cursors.transaction_ended({How::transaction, "commit()", {}});
    CHECK(cursors.queued() == 0);
    CHECK(cursor->end.how == How::transaction);
    CHECK(cursor->end.by == std::string{"commit()"});
    CHECK(whole->end.how == How::transaction);
    cursors.forget(*cursor);
    CHECK(cursors.queued() == 0);
    CHECK(open_in(cursors, 0)->number == 1);
}

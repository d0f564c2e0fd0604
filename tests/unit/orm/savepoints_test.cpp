// The stack of savepoints, and what the server is told.
#include "orm/savepoints.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using corm::orm::SavepointCommand;
using corm::orm::Savepoints;

namespace {

std::vector<std::string> texts(std::span<const SavepointCommand> commands) {
    std::vector<std::string> all;
    for (const SavepointCommand& command : commands)
        all.push_back(*command.text());
    return all;
}
using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("savepoints are named by their depth", "[orm][unit]") {
    Savepoints savepoints;
    for (int i = 0; i < 6; ++i)
        savepoints.open();
    CHECK(texts(savepoints.queued()) == Texts{"SAVEPOINT corm_1", "SAVEPOINT corm_2", "SAVEPOINT corm_3",
                                              "SAVEPOINT corm_4", "SAVEPOINT corm_5", "SAVEPOINT corm_6"});
    CHECK(savepoints.queued()[3].repeats());
    CHECK_FALSE(savepoints.queued()[4].repeats());
    CHECK(savepoints.queued()[0].text() == savepoints.queued()[0].text()); // shared
    CHECK(savepoints.queued()[0].tag() == std::string_view{"SAVEPOINT"});
}

TEST_CASE("what the server never heard of is taken back silently", "[orm][unit]") {
    Savepoints savepoints;
    const Savepoints::Serial first = savepoints.open();
    savepoints.open();
    savepoints.open();
    savepoints.release(2);
    CHECK(savepoints.queued().size() == 2);
    savepoints.roll_back(0);
    CHECK(savepoints.empty());
    CHECK(savepoints.queued().empty());
    CHECK_FALSE(savepoints.find(first));
    // The depth is taken again, by another savepoint.
    CHECK(savepoints.open() != first);
}

TEST_CASE("the server hears of what it knows", "[orm][unit]") {
    Savepoints savepoints;
    const Savepoints::Serial outer = savepoints.open();
    const Savepoints::Serial inner = savepoints.open();
    CHECK_FALSE(savepoints.is_sent(1));
    savepoints.sent();
    CHECK(savepoints.is_sent(1));
    CHECK(savepoints.queued().empty());
    CHECK(savepoints.find(inner) == 1);
    SECTION("of releases") {
        savepoints.release(1);
        CHECK(texts(savepoints.queued()) == Texts{"RELEASE SAVEPOINT corm_2"});
        CHECK(savepoints.find(outer) == 0);
    }
    SECTION("of rollbacks, which must not leave the savepoint behind") {
        savepoints.roll_back(1);
        CHECK(texts(savepoints.queued()) == Texts{"ROLLBACK TO SAVEPOINT corm_2", "RELEASE SAVEPOINT corm_2"});
        CHECK(savepoints.queued()[0].tag() == std::string_view{"ROLLBACK"});
        CHECK(savepoints.queued()[1].tag() == std::string_view{"RELEASE"});
        SECTION("in front of what follows") {
            savepoints.open();
            savepoints.release(0);
            CHECK(texts(savepoints.queued()) == Texts{"ROLLBACK TO SAVEPOINT corm_2", "RELEASE SAVEPOINT corm_1"});
        }
    }
    SECTION("of inner ones by the outer one alone") {
        savepoints.release(1);
        savepoints.open();
        savepoints.release(0);
        CHECK(texts(savepoints.queued()) == Texts{"RELEASE SAVEPOINT corm_1"});
        CHECK(savepoints.empty());
    }
    SECTION("of nothing that a COMMIT does by itself") {
        savepoints.release(1);
        savepoints.open();
        CHECK(savepoints.queued_for_commit().empty());
        savepoints.sent();
        savepoints.roll_back(1);
        savepoints.open();
        CHECK(texts(savepoints.queued_for_commit()) == Texts{"ROLLBACK TO SAVEPOINT corm_2"});
    }
    SECTION("of nothing when the transaction is over") {
        savepoints.release(1);
        savepoints.clear();
        CHECK(savepoints.empty());
        CHECK(savepoints.queued().empty());
    }
}

TEST_CASE("the server's savepoints are always the session's", "[orm][unit]") {
    const unsigned seed = GENERATE(range(1U, 101U));
    CAPTURE(seed);
    std::mt19937 random{seed};
    Savepoints savepoints;
    std::vector<std::size_t> server;
    std::size_t sent = 0;
    for (int step = 0; step < 300; ++step) {
        const std::size_t depth = savepoints.depth();
        switch (random() % 4) {
        case 0: savepoints.open(); break;
        case 1:
            if (depth > 0)
                savepoints.release(random() % depth);
            break;
        case 2:
            if (depth > 0)
                savepoints.roll_back(random() % depth);
            break;
        default:
            for (const SavepointCommand& command : savepoints.queued()) {
                using Kind = SavepointCommand::Kind;
                const auto known = std::find(server.begin(), server.end(), command.depth);
                REQUIRE((known == server.end()) == (command.kind == Kind::open));
                if (command.kind == Kind::open)
                    server.push_back(command.depth);
                else
                    server.erase(known + (command.kind == Kind::roll_back ? 1 : 0), server.end());
                ++sent;
            }
            savepoints.sent();
            REQUIRE(server.size() == savepoints.depth());
        }
        REQUIRE(savepoints.queued().size() <= savepoints.depth() + 3);
    }
    CHECK(sent > 20);
}

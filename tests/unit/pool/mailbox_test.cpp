// What waits for a subscriber, and what becomes of what does not fit.
#include "pool/mailbox.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace corm::pool;

namespace {

std::string texts(Mailbox& box) {
    std::string all;
    while (const std::optional<Event> event = box.take()) {
        if (const auto* notification = std::get_if<Notification>(&*event))
            all += notification->payload;
        else
            all += (std::get<Gap>(*event).reconnected ? "R" : "") + std::to_string(std::get<Gap>(*event).dropped);
        all += ' ';
    }
    return all;
}

void add(Mailbox& box, const char* payloads) {
    for (; *payloads != '\0'; ++payloads)
        box.add({"channel", std::string(1, *payloads), 1});
}

} // namespace

TEST_CASE("a mailbox knows its channels, each once", "[pool]") {
    const Mailbox box{{"b", "a", "b"}, 1};
    CHECK(box.channels() == std::vector<std::string>{"a", "b"});
    CHECK(box.hears("a"));
    CHECK_FALSE(box.hears("A"));
}

TEST_CASE("a full mailbox counts until its gap is taken", "[pool]") {
    Mailbox box{{"channel"}, 2};
    add(box, "abcd");
    CHECK(std::get<Notification>(box.take().value()).payload == "a");
    add(box, "e"); // there is room, but it would be in front of what is missing
    CHECK(texts(box) == "b 3 ");
    CHECK(box.empty());
    add(box, "fg");
    CHECK(texts(box) == "f g ");
}

TEST_CASE("losses and drops that nobody has met yet are one gap", "[pool]") {
    Mailbox box{{"channel"}, 2};
    box.reconnected();
    box.reconnected();
    add(box, "a");
    add(box, "bc");
    box.reconnected();
    CHECK(texts(box) == "R0 a R2 ");
}

TEST_CASE("a mailbox without room for one has it", "[pool]") {
    Mailbox box{{"channel"}, 0};
    add(box, "ab");
    CHECK(texts(box) == "a 1 ");
}

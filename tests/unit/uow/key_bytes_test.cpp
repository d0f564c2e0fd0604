#include <corm/uow/key_bytes.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

using corm::uow::KeyBytes;

TEST_CASE("bytes of a key are what they were, whatever their number", "[uow][unit]") {
    for (const std::size_t size : {0U, 1U, 8U, 15U, 16U, 17U, 300U}) {
        INFO(size);
        std::string bytes(size, 'x');
        for (std::size_t i = 0; i < size; ++i)
            bytes[i] = static_cast<char>(i);
        const KeyBytes key{bytes};
        CHECK(key == std::string_view{bytes});
        CHECK(key.has_value());
        KeyBytes copy = key;
        CHECK(copy == key);
        KeyBytes moved = std::move(copy);
        CHECK(moved == key);
        copy = KeyBytes{"else"};
        CHECK(copy == std::string_view{"else"});
        moved = moved.view(); // its own bytes
        CHECK(moved == key);
        moved = moved.view().substr(size / 2);
        CHECK(moved == std::string_view{bytes}.substr(size / 2));
        copy = key;
        moved.swap(copy);
        CHECK(moved == key);
        moved.reset();
        CHECK_FALSE(moved.has_value());
        CHECK(moved.view().empty());
    }
}

TEST_CASE("no key is not one of no bytes", "[uow][unit]") {
    KeyBytes none;
    const KeyBytes empty{""};
    CHECK_FALSE(none.has_value());
    CHECK_FALSE(none == empty);
    CHECK_FALSE(none == std::string_view{});
    CHECK(empty == std::string_view{});
    KeyBytes copy = none;
    CHECK(copy == none);
    copy = empty;
    CHECK(copy == empty);
    copy = none;
    CHECK_FALSE(copy.has_value());
    none = KeyBytes{"a long key that is elsewhere"};
    none = copy;
    CHECK_FALSE(none.has_value());
    none = std::string_view{""};
    CHECK(none == empty);
}

TEST_CASE("keys are ordered by their bytes", "[uow][unit]") {
    CHECK(KeyBytes{"a"} < KeyBytes{"b"});
    CHECK(KeyBytes{"a"} < KeyBytes{"a long key that is elsewhere"});
    CHECK_FALSE(KeyBytes{"a"} < KeyBytes{"a"});
}

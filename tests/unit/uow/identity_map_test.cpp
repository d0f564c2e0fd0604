#include "support.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace uow_test;
using corm::uow::IdentityMap;

namespace {

Handle keyed(std::int64_t id) {
    Handle handle = make(Tick{id});
    std::string key;
    handle->mapper().append_key(handle->values(), key);
    handle->key = key;
    return handle;
}
const corm::mapping::Mapper& ticks() {
    return *corm::mapping::mapper_of<Tick>();
}

} // namespace

TEST_CASE("an identity is mapper and key", "[uow][unit]") {
    IdentityMap map;
    const Handle tick = keyed(7);
    map.insert(tick);
    CHECK(map.find(ticks(), tick->key) == tick);
    CHECK(map.find(ticks(), keyed(8)->key) == nullptr);
    CHECK(map.find(*corm::mapping::mapper_of<User>(), tick->key) == nullptr);
}

TEST_CASE("the map keeps nothing alive", "[uow][unit]") {
    IdentityMap map;
    Handle tick = keyed(7);
    const std::string key{tick->key.view()};
    map.insert(tick);
    tick.reset();
    CHECK(map.size() == 1);
    CHECK(map.find(ticks(), key) == nullptr);
    int visited = 0;
    map.for_each([&visited](const Handle&) { ++visited; });
    CHECK(visited == 0);
}

TEST_CASE("entries of dead objects are swept as the map grows", "[uow][unit]") {
    IdentityMap map;
    const Handle survivor = keyed(-1);
    map.insert(survivor);
    std::size_t largest = 0;
    for (std::int64_t id = 0; id < 10'000; ++id) {
        map.insert(keyed(id));
        largest = std::max(largest, map.size());
    }
    CHECK(largest < 200);
    CHECK(map.find(ticks(), survivor->key) == survivor);

    std::vector<Handle> living;
    for (std::int64_t id = 0; id < 1'000; ++id)
        map.insert(living.emplace_back(keyed(id)));
    for (const Handle& handle : living)
        REQUIRE(map.find(ticks(), handle->key) == handle);
}

TEST_CASE("room for one batch after the other neither piles up dead objects nor looks at all living ones",
          "[uow][unit]") {
    IdentityMap map;
    std::size_t largest = 0;
    for (std::int64_t batch = 0; batch < 100; ++batch) {
        map.reserve(500);
        for (std::int64_t id = 0; id < 500; ++id) {
            const Handle tick = keyed(batch * 500 + id);
            map.add(tick, IdentityMap::Identity{*tick});
        }
        largest = std::max(largest, map.size());
    }
    CHECK(largest <= 2'000);
    IdentityMap kept;
    std::vector<Handle> living;
    for (std::int64_t id = 0; id < 1'000; ++id)
        kept.insert(living.emplace_back(keyed(id)));
    kept.insert(keyed(-1));
    kept.reserve(100);
    CHECK(kept.size() == 1'001); // it did not look for the dead one
    kept.reserve(10'000);
    CHECK(kept.size() == 1'000);
}

TEST_CASE("a row that is read and dropped over and over has one entry", "[uow][unit]") {
    for (const std::int64_t count : {3, 1'000}) {
        CAPTURE(count);
        IdentityMap map;
        std::vector<Handle> living;
        for (std::int64_t id = 0; id < count; ++id)
            map.insert(living.emplace_back(keyed(id)));
        for (int round = 0; round < 1'000; ++round) {
            const Handle tick = keyed(-7);
            IdentityMap::Identity identity{*tick};
            REQUIRE(map.find(identity) == nullptr);
            map.add(tick, identity);
            REQUIRE(map.find(ticks(), tick->key) == tick);
        }
        CHECK(map.size() == living.size() + 1);
        for (const Handle& handle : living)
            REQUIRE(map.find(ticks(), handle->key) == handle);
    }
}

TEST_CASE("an object forgets its own identity only", "[uow][unit]") {
    IdentityMap map;
    const Handle first = keyed(7);
    const Handle second = keyed(7);
    map.insert(first);
    map.insert(second);
    CHECK(map.find(ticks(), first->key) == second);
    map.erase(*first);
    CHECK(map.find(ticks(), first->key) == second);
    map.erase(*second);
    CHECK(map.size() == 0);
    map.erase(*second);
    CHECK(map.size() == 0);
}

TEST_CASE("a search of the map ends at the first living object that passes", "[uow][unit]") {
    IdentityMap map;
    std::vector<Handle> living;
    for (std::int64_t id = 0; id < 100; ++id)
        map.insert(living.emplace_back(keyed(id)));
    map.insert(keyed(1'000));
    int visited = 0;
    const auto visit = [&visited](bool passes) {
        return [&visited, passes](const Handle&) {
            ++visited;
            return passes;
        };
    };
    CHECK(map.any_of(visit(true)));
    CHECK(visited == 1);
    visited = 0;
    CHECK_FALSE(map.any_of(visit(false)));
    CHECK(visited == 100);
}

TEST_CASE("few objects and many are found, visited in the order in which they came, and forgotten", "[uow][unit]") {
    for (const std::int64_t count : {1, 8, 9, 64, 1'000}) {
        CAPTURE(count);
        IdentityMap map;
        std::vector<Handle> living;
        for (std::int64_t id = 0; id < count; ++id)
            map.insert(living.emplace_back(keyed(id * 1'000)));
        std::vector<Handle> visited;
        map.for_each([&visited](const Handle& tick) { visited.push_back(tick); });
        CHECK(visited == living);
        std::vector<Handle> others;
        for (std::size_t i = 0; i < living.size(); ++i) {
            if (i % 2 == 0)
                map.erase(*living[i]);
            else
                others.push_back(living[i]);
        }
        CHECK(map.size() == others.size());
        visited.clear();
        map.for_each([&visited](const Handle& tick) { visited.push_back(tick); });
        CHECK(visited == others);
        for (std::size_t i = 0; i < living.size(); ++i)
            REQUIRE(map.find(ticks(), living[i]->key) == (i % 2 == 0 ? nullptr : living[i]));
        // Over and over: what was forgotten takes no room for long.
        for (int round = 0; round < 1'000; ++round) {
            map.insert(living.front());
            map.erase(*living.front());
        }
        map.insert(living.front());
        CHECK(map.find(ticks(), living.front()->key) == living.front());
        CHECK(map.size() == others.size() + 1);
    }
}

#include "base/memory.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <thread>
#include <vector>

using corm::detail::allocate;
using corm::detail::deallocate;

namespace {

struct Held {
    void* at;
    std::size_t size;
    std::size_t align;
};

std::uintptr_t address(const void* at) {
    return reinterpret_cast<std::uintptr_t>(at);
}

} // namespace

TEST_CASE("blocks of every size and alignment are apart and whole", "[base][unit]") {
    std::vector<Held> held;
    for (int round = 0; round < 3; ++round) {
        for (const std::size_t align : {std::size_t{1}, std::size_t{8}, std::size_t{16}, std::size_t{64}}) {
            for (std::size_t size = 0; size <= 1100; size += 11)
                held.push_back({allocate(size, align), size, align});
            for (const std::size_t size : {24, 25, 40, 41, 2040, 2041, 2056, 2057})
                held.push_back({allocate(size, align), size, align});
        }
        std::set<const void*> places;
        for (std::size_t i = 0; i < held.size(); ++i) {
            CHECK(address(held[i].at) % held[i].align == 0);
            CHECK(places.insert(held[i].at).second);
            std::memset(held[i].at, static_cast<int>(i % 251), held[i].size);
        }
        for (std::size_t i = 0; i < held.size(); ++i) {
            const auto* bytes = static_cast<const unsigned char*>(held[i].at);
            const auto untouched =
                static_cast<std::size_t>(std::count(bytes, bytes + held[i].size, static_cast<unsigned char>(i % 251)));
            CHECK(untouched == held[i].size);
            deallocate(held[i].at, held[i].size, held[i].align);
        }
        held.clear();
    }
}

TEST_CASE("blocks may be given back by another thread, and outlive the one that made them", "[base][unit]") {
    std::vector<Held> held;
    std::thread maker{[&] {
        // More than a thread keeps of one size.
        for (int i = 0; i < 2000; ++i)
            held.push_back({allocate(100, 8), 100, 8});
        for (int i = 0; i < 1000; ++i) {
            deallocate(held.back().at, 100, 8);
            held.pop_back();
        }
    }};
    maker.join();
    REQUIRE(held.size() == 1000);
    for (const Held& block : held) {
        std::memset(block.at, 1, block.size);
        deallocate(block.at, block.size, block.align);
    }
}

TEST_CASE("a block that is given back at the end of a thread, after its shelves", "[base][unit]") {
    std::thread{[] {
        // Made first, so destroyed after the shelves, which open with the first block that comes back.
        thread_local const auto late = std::shared_ptr<void>(allocate(48, 8), [](void* at) { deallocate(at, 48, 8); });
        deallocate(allocate(48, 8), 48, 8);
    }}.join();
}

TEST_CASE("shared objects are recycled", "[base][unit]") {
    std::weak_ptr<std::vector<int>> gone;
    {
        const auto kept = corm::detail::make_recycled<std::vector<int>>(3, 7);
        gone = kept;
        CHECK(*kept == std::vector{7, 7, 7});
    }
    CHECK(gone.expired());
}

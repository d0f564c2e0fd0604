// Random numbers and texts that are the same everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace corm::tpch {

/// A generator of 64 bits (SplitMix64). The distributions of the standard library differ from one library to the next.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed * 0x9e37'79b9'7f4a'7c15) {}

    [[nodiscard]] std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9e37'79b9'7f4a'7c15);
        z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
        return z ^ (z >> 31);
    }
    /// From `least` to `most`, both included.
    [[nodiscard]] std::int64_t between(std::int64_t least, std::int64_t most) noexcept {
        return least + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(most - least + 1));
    }
    template <std::size_t N>
    [[nodiscard]] std::string_view pick(const std::array<std::string_view, N>& words) noexcept {
        return words[next() % N];
    }

private:
    std::uint64_t state_;
};

/// Sentences, cut off at a length between both, as comments have them.
[[nodiscard]] std::string random_text(Random& random, std::int64_t least, std::int64_t most);
/// Letters, digits and a few marks, as addresses have them.
[[nodiscard]] std::string random_string(Random& random, std::int64_t least, std::int64_t most);

} // namespace corm::tpch

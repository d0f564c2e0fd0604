// Which statements are quick enough to share a connection.
#pragma once

#include <corm/base/clock.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace corm::orm {

/// Remembers of texts whether they were quick when they ran by themselves. Thread-safe, without a lock; of a fixed
/// size, so that texts push each other out: one that is not known has to show it again.
class QuickTexts {
public:
    explicit QuickTexts(Duration limit) noexcept;

    [[nodiscard]] static std::uint64_t hash(std::string_view sql) noexcept;
    /// Of something that stands for texts.
    [[nodiscard]] static std::uint64_t hash(const void* address) noexcept;
    [[nodiscard]] bool is_quick(std::uint64_t text) const noexcept {
        return place(text).load(std::memory_order_relaxed) == mark(text, quick);
    }
    /// It was slow, and has not been quick often enough since.
    [[nodiscard]] bool is_slow(std::uint64_t text) const noexcept {
        const std::uint64_t known = place(text).load(std::memory_order_relaxed);
        const std::uint64_t runs = known & counter;
        return known == mark(text, runs) && runs != 0 && runs != quick;
    }
    /// It ran by itself for so long. One that was slow has to be quick several times in a row.
    void ran(std::uint64_t text, Clock::duration took) noexcept;
    /// It may have become slow.
    void doubt(std::uint64_t text) noexcept;
    /// It has.
    void slow(std::uint64_t text) noexcept { place(text).store(mark(text, 1), std::memory_order_relaxed); }

private:
    // The lowest bits of an entry count runs that were quick, from 1 for one that was slow.
    static constexpr std::uint64_t quick = 15;
    static constexpr std::uint64_t counter = 15;

    [[nodiscard]] static std::uint64_t mark(std::uint64_t text, std::uint64_t runs) noexcept {
        return (text & ~counter) | runs;
    }
    [[nodiscard]] std::atomic<std::uint64_t>& place(std::uint64_t text) noexcept {
        return entries_[(text >> 32) % entries_.size()];
    }
    [[nodiscard]] const std::atomic<std::uint64_t>& place(std::uint64_t text) const noexcept {
        return entries_[(text >> 32) % entries_.size()];
    }

    const Clock::duration limit_;
    std::array<std::atomic<std::uint64_t>, 1024> entries_{};
};

} // namespace corm::orm

#include "orm/quick_texts.hpp"

#include <chrono>
#include <functional>

namespace corm::orm {

// Compared in the coarser unit: `no_deadline` is more nanoseconds than there are.
QuickTexts::QuickTexts(Duration limit) noexcept
    : limit_(limit < std::chrono::duration_cast<Duration>(Clock::duration::max()) ? Clock::duration{limit}
                                                                                  : Clock::duration::max()) {}

std::uint64_t QuickTexts::hash(std::string_view sql) noexcept {
    // Spread: what std::hash leaves in which bits is its own affair.
    return std::hash<std::string_view>{}(sql) * 0x9E3779B97F4A7C15ULL;
}

std::uint64_t QuickTexts::hash(const void* address) noexcept {
    return std::hash<const void*>{}(address) * 0x9E3779B97F4A7C15ULL;
}

void QuickTexts::ran(std::uint64_t text, Clock::duration took) noexcept {
    std::atomic<std::uint64_t>& entry = place(text);
    const std::uint64_t known = entry.load(std::memory_order_relaxed);
    const std::uint64_t runs = (known & ~counter) == (text & ~counter) ? known & counter : 0;
    std::uint64_t next = quick;
    if (took > limit_)
        next = 1;
    else if (runs != 0 && runs != quick)
        next = runs + 1;
    // Two threads may count one run: that is near enough.
    entry.store(mark(text, next), std::memory_order_relaxed);
}

void QuickTexts::doubt(std::uint64_t text) noexcept {
    std::uint64_t known = mark(text, quick);
    place(text).compare_exchange_strong(known, 0, std::memory_order_relaxed);
}

} // namespace corm::orm

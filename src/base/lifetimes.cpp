#include "base/lifetimes.hpp"

#include <atomic>

namespace corm::detail {
namespace {

std::atomic<std::uint64_t> ended{0};

} // namespace

std::uint64_t ended_lifetimes() noexcept {
    return ended.load(std::memory_order_acquire);
}

void count_ended_lifetime() noexcept {
    ended.fetch_add(1, std::memory_order_acq_rel);
}

} // namespace corm::detail

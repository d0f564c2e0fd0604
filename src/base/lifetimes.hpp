// Ends of things that statements are prepared for.
#pragma once

#include <cstdint>
#include <memory>

namespace corm::detail {

/// How many lifetimes (see `mapping::Mapper::lifetime`) have ended in this process: whoever keeps something for them
/// need not look through it while the number stays the same. Thread-safe.
[[nodiscard]] std::uint64_t ended_lifetimes() noexcept;
void count_ended_lifetime() noexcept;

/// Whether one has ended. One that was never anything's does not end.
[[nodiscard]] inline bool has_ended(const std::weak_ptr<const void>& lifetime) noexcept {
    const std::weak_ptr<const void> none;
    return lifetime.expired() && (lifetime.owner_before(none) || none.owner_before(lifetime));
}

} // namespace corm::detail

// Ends of things that statements are prepared for.
#pragma once

#include <cstdint>

namespace corm::detail {

/// How many lifetimes (see `mapping::Mapper::lifetime`) have ended in this process: whoever keeps something for them
/// need not look through it while the number stays the same. Thread-safe.
[[nodiscard]] std::uint64_t ended_lifetimes() noexcept;
void count_ended_lifetime() noexcept;

} // namespace corm::detail

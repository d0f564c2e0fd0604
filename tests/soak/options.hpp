// What a soak is asked to do.
#pragma once

#include "findings.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace corm::soak {

/// A bug that the soak commits itself, to show that it would find it in corm.
enum class Plant {
    none,
    skip_rollback, ///< connections come back to the pool in the transaction of their last user
    ignore_tag,    ///< a COMMIT that the server answered is taken for a success, whatever the answer
    late_cancel,   ///< a cancel request arrives when the connection is somebody else's
    blind_retry,   ///< work whose COMMIT was not answered is taken for undone, and done again
};

struct Options {
    bool chaos = false; ///< profile S, otherwise quiet
    double seconds = 10;
    unsigned tasks = 200;
    unsigned connections = 8;
    unsigned threads = 1; ///< that run the tasks
    std::uint32_t seed = 1;
    bool throughput = true; ///< is compared with that of libpq, before the load
    Plant plant = Plant::none;
    std::string log{}; ///< file for what the chaos did, and what went wrong

    /// After each one everybody rests, and the books are checked.
    [[nodiscard]] unsigned rounds() const noexcept {
        return chaos ? std::clamp(static_cast<unsigned>(2 * seconds), 5U, 12U)
                     : std::clamp(static_cast<unsigned>(5 * seconds), 10U, 50U);
    }
};

[[nodiscard]] std::string_view to_string(Plant plant) noexcept;
/// The figure that is missed by it, whatever else is.
[[nodiscard]] Figure missed_by(Plant plant) noexcept;

/// Of the command line. Throws `examples::UsageError`.
[[nodiscard]] Options parse(int argc, char** argv);
extern const char* const usage;

} // namespace corm::soak

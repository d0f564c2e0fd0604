// A run from the server's start to the table of figures.
#pragma once

#include "options.hpp"

namespace corm::soak {

/// True if every figure was held.
[[nodiscard]] bool run_soak(const Options& options);

} // namespace corm::soak

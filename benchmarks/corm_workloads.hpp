// The workloads of bench-corm: what one task does, again and again.
#pragma once

#include "schedule.hpp"

#include <corm/corm.hpp>

#include <string_view>

namespace bench {

/// What the tasks of a run share. Single-threaded.
struct Shared {
    corm::Engine& engine;
    Run& run;
    int tasks;
    int rows; ///< to insert
};

using Workload = corm::Task<> (*)(Shared& shared, int task);

/// Null for a name that is not known.
[[nodiscard]] Workload workload(std::string_view name);

} // namespace bench

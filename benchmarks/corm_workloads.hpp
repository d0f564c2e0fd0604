// The workloads of bench-corm: what one task does, again and again.
#pragma once

#include "run.hpp"

#include <corm/corm.hpp>

#include <memory>
#include <string_view>

namespace bench {

/// What the tasks of an engine share.
struct Shared {
    corm::Engine& engine;
    Run& run;
    int tasks;
};

using Workload = corm::Task<> (*)(Shared& shared, int task);

/// Null for a name that is not known.
[[nodiscard]] Workload reading_workload(std::string_view name);
[[nodiscard]] Workload writing_workload(std::string_view name);

/// `Item` as a table mapped at run time.
[[nodiscard]] std::shared_ptr<const corm::Mapper> item_records();
/// `Order` likewise.
[[nodiscard]] std::shared_ptr<const corm::Mapper> order_records();

} // namespace bench

// The tables of the queue in SQL.
#pragma once

#include <corm/corm.hpp>

namespace job_queue {

/// Creates the schema `job_queue` as far as it is missing. Processes that start at once may all call it.
corm::Task<> create_schema(const corm::Engine& engine);

} // namespace job_queue

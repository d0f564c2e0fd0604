// The same transfers in raw libpq, one statement at a time: what throughput is compared with.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace corm::soak {

/// Transfers between random accounts on so many connections, each with a blocking thread, for so long. Lines in the
/// ledger get negative tokens. A connection that was lost is made again. Returns transfers per second.
double run_libpq(const std::string& url, unsigned connections, std::chrono::duration<double> time);

} // namespace corm::soak

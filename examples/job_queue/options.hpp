// The command line of the job queue.
#pragma once

#include "queue.hpp"
#include "worker.hpp"

#include <cstdint>
#include <string>

namespace job_queue {

enum class Command { setup, enqueue, work, status, dead, revive, demo };

struct Options {
    Command command;
    // enqueue
    std::int64_t count;
    corm::Duration delay;
    std::string recipient;
    std::int32_t max_attempts; ///< of revive, too
    // revive
    std::int64_t job; ///< 0: all that are dead
    // work
    Terms terms;
    WorkerOptions worker;
    std::int64_t pool;
    std::uint16_t post; ///< 0: the imaginary one
};

extern const char* const usage;

/// Throws `examples::UsageError`.
[[nodiscard]] Options parse_options(int argc, char** argv);

} // namespace job_queue

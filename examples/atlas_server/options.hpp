// The command line of the atlas server.
#pragma once

#include <cstdint>
#include <string>

namespace atlas {

struct Options {
    std::string address;
    std::uint16_t port;
    std::int64_t threads;
    std::int64_t pool;
    std::int64_t deadline_ms; ///< of each operation on the database
    std::string data;         ///< directory of the ISO lists
    bool load;
    bool trace;
};

extern const char* const usage;

/// Throws `examples::UsageError`.
[[nodiscard]] Options parse_options(int argc, char** argv);

} // namespace atlas

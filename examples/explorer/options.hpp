// The command line of the explorer.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace explorer {

struct Options {
    std::string address;
    std::uint16_t port;
    std::string host;                ///< a name by which clients may call the server besides its address and localhost
    std::int64_t pool;               ///< connections to the database
    std::int64_t deadline_ms;        ///< of each operation on the database
    std::string schema;              ///< the only one that is served; empty: all
    std::string version_column;      ///< counts the versions of a row, where a table has it; empty: none does
    std::chrono::milliseconds check; ///< a schema that was looked at that long ago is looked at again
    bool read_only;
};

extern const char* const usage;

/// Throws `examples::UsageError`.
[[nodiscard]] Options parse_options(int argc, char** argv);

} // namespace explorer

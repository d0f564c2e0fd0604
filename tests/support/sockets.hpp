// The sockets of this process.
#pragma once

#include <cstddef>
#include <filesystem>
#include <system_error>

namespace corm::test {

/// How many are open. Always 0 where /proc is not mounted.
inline std::size_t open_sockets() {
    std::size_t count = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator at{"/proc/self/fd", error}, end; !error && at != end;
         at.increment(error)) {
        std::error_code gone;
        count += std::filesystem::read_symlink(at->path(), gone).string().starts_with("socket:") ? 1 : 0;
    }
    return count;
}

} // namespace corm::test

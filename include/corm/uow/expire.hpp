// What a commit does to loaded values.
#pragma once

#include <cstdint>

namespace corm::uow {

/// What happens to the values of committed objects.
enum class ExpireOnCommit : std::uint8_t {
    keep,   ///< they count as fresh
    stale,  ///< readable as of the commit, read anew by the next get, query or refresh that meets the row
    expire, ///< reading throws `NotLoadedError` until they were read anew
};

} // namespace corm::uow

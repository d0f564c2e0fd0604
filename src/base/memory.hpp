// Memory for values whose type only a mapper knows.
#pragma once

#include <cstddef>
#include <new>

namespace corm::detail {

/// Throws `std::bad_alloc`. Aligned allocation is the dearer one (glibc's thread cache does not serve it), so it is
/// left to types that need it.
[[nodiscard]] inline void* allocate(std::size_t size, std::size_t align) {
    if (align <= __STDCPP_DEFAULT_NEW_ALIGNMENT__)
        return ::operator new(size);
    return ::operator new(size, std::align_val_t{align});
}

/// Takes what `allocate` gave for the same `align`.
inline void deallocate(void* at, std::size_t align) noexcept {
    if (align <= __STDCPP_DEFAULT_NEW_ALIGNMENT__)
        ::operator delete(at);
    else
        ::operator delete(at, std::align_val_t{align});
}

} // namespace corm::detail

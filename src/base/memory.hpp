// Memory for objects that come and go with every unit of work.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace corm::detail {

/// Throws `std::bad_alloc`. Blocks of up to 2 KiB come from a short list that each thread keeps of those it gave back:
/// glibc's own keeps seven of a size, fewer than a unit of work has objects, and what lies beyond costs several times
/// as much. Sanitized builds allocate every block anew.
[[nodiscard]] void* allocate(std::size_t size, std::size_t align);

/// Takes what `allocate` gave for the same size and alignment, on any thread. A thread keeps at most 16 KiB of each
/// size, 2 MiB in all, and gives them back when it ends.
void deallocate(void* at, std::size_t size, std::size_t align) noexcept;

/// The two as an allocator, for shared objects and their reference counts.
template <class T>
struct Recycling {
    using value_type = T;

    Recycling() noexcept = default;
    template <class U>
    Recycling(const Recycling<U>&) noexcept {} // NOLINT: allocators convert

    [[nodiscard]] T* allocate(std::size_t count) {
        return static_cast<T*>(detail::allocate(count * sizeof(T), alignof(T)));
    }
    void deallocate(T* at, std::size_t count) noexcept { detail::deallocate(at, count * sizeof(T), alignof(T)); }

    friend bool operator==(const Recycling&, const Recycling&) noexcept { return true; }
};

/// As `std::make_shared`.
template <class T, class... Arguments>
[[nodiscard]] std::shared_ptr<T> make_recycled(Arguments&&... arguments) {
    return std::allocate_shared<T>(Recycling<T>{}, std::forward<Arguments>(arguments)...);
}

} // namespace corm::detail

#include "base/memory.hpp"

#include <array>
#include <cstdint>
#include <new>

// Address and thread sanitizers find a use after free only if the memory was really given back.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CORM_RECYCLES_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CORM_RECYCLES_MEMORY 0
#endif
#endif
#ifndef CORM_RECYCLES_MEMORY
#define CORM_RECYCLES_MEMORY 1
#endif

namespace corm::detail {
namespace {

// glibc's blocks hold 24 bytes, 40, 56 and so on.
constexpr std::size_t step = 16;
constexpr std::size_t smallest = 24;
constexpr std::size_t largest = 2056;
constexpr std::size_t kept_bytes = 16 * 1024;

constexpr std::size_t shelf_of(std::size_t size) noexcept {
    return size <= smallest ? 0 : (size - smallest + step - 1) / step;
}
constexpr std::size_t size_of(std::size_t shelf) noexcept {
    return smallest + shelf * step;
}

struct Block {
    Block* next;
};

/// Blocks of one size. `room` says how many more may be kept; none before the thread's first and after its end.
struct Shelf {
    Block* top = nullptr;
    std::uint32_t room = 0;
};

/// What a thread keeps. Has no destructor, so that whatever outlives it on its thread may still give memory back.
constinit thread_local std::array<Shelf, shelf_of(largest) + 1> shelves{};
constinit thread_local bool open = false;

void give_back(Shelf& shelf) noexcept {
    while (Block* const block = shelf.top) {
        shelf.top = block->next;
        ::operator delete(block);
    }
}

/// Empties the shelves at the end of the thread.
struct Closing {
    Closing() noexcept {
        for (std::size_t i = 0; i < shelves.size(); ++i)
            shelves[i].room = static_cast<std::uint32_t>(kept_bytes / size_of(i));
    }
    ~Closing() {
        for (Shelf& shelf : shelves) {
            shelf.room = 0;
            give_back(shelf);
        }
    }
};

[[gnu::noinline]] void open_shelves() noexcept {
    open = true;
    thread_local const Closing closing;
    static_cast<void>(closing);
}

} // namespace

void* allocate(std::size_t size, std::size_t align) {
    // Aligned allocation is the dearer one, so it is left to types that need it.
    if (align > __STDCPP_DEFAULT_NEW_ALIGNMENT__)
        return ::operator new(size, std::align_val_t{align});
    if (CORM_RECYCLES_MEMORY == 0 || size > largest)
        return ::operator new(size);
    Shelf& shelf = shelves[shelf_of(size)];
    if (Block* const block = shelf.top) {
        shelf.top = block->next;
        ++shelf.room;
        return block;
    }
    return ::operator new(size_of(shelf_of(size)));
}

void deallocate(void* at, std::size_t size, std::size_t align) noexcept {
    if (at == nullptr)
        return;
    if (align > __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
        ::operator delete(at, std::align_val_t{align});
        return;
    }
    if (CORM_RECYCLES_MEMORY != 0 && size <= largest) {
        if (!open)
            open_shelves();
        Shelf& shelf = shelves[shelf_of(size)];
        if (shelf.room > 0) {
            shelf.top = ::new (at) Block{shelf.top};
            --shelf.room;
            return;
        }
    }
    ::operator delete(at);
}

} // namespace corm::detail

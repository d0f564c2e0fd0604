// An encoded key in two words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace corm::uow {

/// Bytes of a key: up to 15 in place, more in memory of its own. Or no key, which differs from one of no bytes: that of
/// an empty text. Not thread-safe.
class KeyBytes {
public:
    KeyBytes() noexcept = default;
    explicit KeyBytes(std::string_view bytes) { assign(bytes); }
    KeyBytes(const KeyBytes& other) {
        if (other.has_value())
            assign(other.view());
    }
    KeyBytes(KeyBytes&& other) noexcept { swap(other); }
    KeyBytes& operator=(const KeyBytes& other) {
        if (!other.has_value())
            reset();
        else if (this != &other)
            assign(other.view());
        return *this;
    }
    KeyBytes& operator=(KeyBytes&& other) noexcept {
        swap(other);
        return *this;
    }
    /// `bytes` may be its own.
    KeyBytes& operator=(std::string_view bytes) {
        assign(bytes);
        return *this;
    }
    ~KeyBytes() { reset(); }

    /// Empty without a key.
    [[nodiscard]] std::string_view view() const noexcept {
        if (size_ <= sizeof in_place_) [[likely]]
            return {in_place_, size_};
        if (size_ == none)
            return {};
        const Long far = heap();
        return {far.data, far.size};
    }
    operator std::string_view() const noexcept { return view(); } // NOLINT: it is one
    [[nodiscard]] bool has_value() const noexcept { return size_ != none; }
    void reset() noexcept {
        if (size_ == on_heap)
            delete[] heap().data;
        size_ = none;
    }
    void swap(KeyBytes& other) noexcept {
        char spare[sizeof(KeyBytes)];
        std::memcpy(spare, static_cast<const void*>(this), sizeof(KeyBytes));
        std::memcpy(static_cast<void*>(this), static_cast<const void*>(&other), sizeof(KeyBytes));
        std::memcpy(static_cast<void*>(&other), spare, sizeof(KeyBytes));
    }

    friend bool operator==(const KeyBytes& left, const KeyBytes& right) noexcept {
        return left.has_value() == right.has_value() && left.view() == right.view();
    }
    friend bool operator==(const KeyBytes& left, std::string_view right) noexcept {
        return left.has_value() && left.view() == right;
    }
    friend bool operator<(const KeyBytes& left, const KeyBytes& right) noexcept { return left.view() < right.view(); }

private:
    struct Long {
        char* data;
        std::uint32_t size; // the server takes less than 1 GiB
    };
    static constexpr std::uint8_t on_heap = 0xff;
    static constexpr std::uint8_t none = 0xfe;

    [[nodiscard]] Long heap() const noexcept {
        Long far;
        std::memcpy(&far.data, in_place_, sizeof far.data);
        std::memcpy(&far.size, in_place_ + sizeof far.data, sizeof far.size);
        return far;
    }
    void assign(std::string_view bytes) {
        if (bytes.size() == sizeof(std::uint64_t) && size_ != on_heap) [[likely]] { // most keys; no call of memcpy
            std::uint64_t number;
            std::memcpy(&number, bytes.data(), sizeof number);
            std::memcpy(in_place_, &number, sizeof number);
            size_ = sizeof number;
            return;
        }
        if (bytes.size() <= sizeof in_place_) [[likely]] {
            // They may be of the memory that goes.
            char copy[sizeof in_place_];
            std::memcpy(copy, bytes.data(), bytes.size());
            reset();
            std::memcpy(in_place_, copy, bytes.size());
            size_ = static_cast<std::uint8_t>(bytes.size());
            return;
        }
        const Long far{new char[bytes.size()], static_cast<std::uint32_t>(bytes.size())};
        std::memcpy(far.data, bytes.data(), bytes.size());
        reset();
        std::memcpy(in_place_, &far.data, sizeof far.data);
        std::memcpy(in_place_ + sizeof far.data, &far.size, sizeof far.size);
        size_ = on_heap;
    }

    alignas(char*) char in_place_[15];
    std::uint8_t size_ = none;
};

static_assert(sizeof(KeyBytes) == 16);

} // namespace corm::uow

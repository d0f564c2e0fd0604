// The values of one row outside of any object.
#pragma once

#include <corm/mapping/mapper.hpp>

#include <memory>

namespace corm::mapping {

/// Owns one value per column of a mapper, in one allocation: snapshots of edited objects, and what a record holds.
/// Keeps no reference to the mapper; whoever holds the block keeps the mapper alive. Copyable; not thread-safe.
class ValueBlock {
public:
    ValueBlock() noexcept = default;
    /// Default-constructed values.
    explicit ValueBlock(const Mapper& mapper);
    /// Copies of the columns of an object.
    ValueBlock(const Mapper& mapper, const void* object_values);
    ValueBlock(const ValueBlock& other);
    ValueBlock(ValueBlock&& other) noexcept;
    ValueBlock& operator=(ValueBlock other) noexcept;
    ~ValueBlock();

    [[nodiscard]] explicit operator bool() const noexcept { return memory_ != nullptr; }
    [[nodiscard]] void* at(const Column& column) noexcept { return memory_ + column.packed; }
    [[nodiscard]] const void* at(const Column& column) const noexcept { return memory_ + column.packed; }
    [[nodiscard]] void* data() noexcept { return memory_; }
    [[nodiscard]] const Mapper* mapper() const noexcept { return mapper_; }

private:
    template <class Make>
    void fill(Make make);

    const Mapper* mapper_ = nullptr;
    std::byte* memory_ = nullptr;
};

} // namespace corm::mapping

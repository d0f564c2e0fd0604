// The values of one column as a flush sent them.
#pragma once

#include "base/memory.hpp"

#include <corm/mapping/mapper.hpp>

#include <cstddef>
#include <utility>

namespace corm::uow {

/// Copies of the values of one column, in the order they were added, in one block. The mapper must outlive it.
class ColumnCopies {
public:
    /// Room for `capacity` values.
    ColumnCopies(const mapping::Column& column, std::size_t capacity)
        : column_(&column), bytes_(column.type->size * capacity),
          memory_(static_cast<std::byte*>(corm::detail::allocate(bytes_, column.type->align))) {}
    ColumnCopies(ColumnCopies&& other) noexcept
        : column_(other.column_), bytes_(other.bytes_), memory_(std::exchange(other.memory_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    ColumnCopies& operator=(ColumnCopies other) noexcept {
        std::swap(column_, other.column_);
        std::swap(bytes_, other.bytes_);
        std::swap(memory_, other.memory_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~ColumnCopies() {
        while (size_ > 0)
            column_->type->destroy(memory_ + --size_ * column_->type->size);
        corm::detail::deallocate(memory_, bytes_, column_->type->align);
    }

    [[nodiscard]] const mapping::Column& column() const noexcept { return *column_; }
    void add(const void* value) {
        column_->type->copy_construct(memory_ + size_ * column_->type->size, value);
        ++size_;
    }
    [[nodiscard]] const void* at(std::size_t index) const noexcept { return memory_ + index * column_->type->size; }

private:
    const mapping::Column* column_;
    std::size_t bytes_;
    std::byte* memory_;
    std::size_t size_ = 0;
};

} // namespace corm::uow

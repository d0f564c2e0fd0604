#include <corm/mapping/value_block.hpp>

#include "base/memory.hpp"

#include <utility>

namespace corm::mapping {

template <class Make>
void ValueBlock::fill(Make make) {
    memory_ = static_cast<std::byte*>(corm::detail::allocate(mapper_->packed_size(), mapper_->packed_align()));
    std::size_t made = 0;
    try {
        for (const Column& column : mapper_->columns()) {
            make(column, memory_ + column.packed);
            ++made;
        }
    } catch (...) {
        while (made-- > 0) {
            const Column& column = mapper_->column(made);
            column.type->destroy(memory_ + column.packed);
        }
        corm::detail::deallocate(memory_, mapper_->packed_size(), mapper_->packed_align());
        memory_ = nullptr;
        throw;
    }
}

ValueBlock::ValueBlock(const Mapper& mapper) : mapper_(&mapper) {
    fill([](const Column& column, void* at) { column.type->construct(at); });
}

ValueBlock::ValueBlock(const Mapper& mapper, const void* object_values) : mapper_(&mapper) {
    fill(
        [object_values](const Column& column, void* at) { column.type->copy_construct(at, column.in(object_values)); });
}

ValueBlock::ValueBlock(const ValueBlock& other) : mapper_(other.mapper_) {
    if (other)
        fill([&other](const Column& column, void* at) { column.type->copy_construct(at, other.at(column)); });
}

ValueBlock::ValueBlock(ValueBlock&& other) noexcept
    : mapper_(std::exchange(other.mapper_, nullptr)), memory_(std::exchange(other.memory_, nullptr)) {}

ValueBlock& ValueBlock::operator=(ValueBlock other) noexcept {
    std::swap(mapper_, other.mapper_);
    std::swap(memory_, other.memory_);
    return *this;
}

ValueBlock::~ValueBlock() {
    if (memory_ == nullptr)
        return;
    for (const Column& column : mapper_->columns())
        column.type->destroy(memory_ + column.packed);
    corm::detail::deallocate(memory_, mapper_->packed_size(), mapper_->packed_align());
}

} // namespace corm::mapping

#include <corm/mapping/record_relations.hpp>

#include "base/memory.hpp"

#include <utility>

namespace corm::mapping {
namespace {

constexpr std::size_t slot_size = sizeof(RelationState);

std::size_t size_of(const Mapper& mapper) noexcept {
    return mapper.relations().size() * slot_size;
}

} // namespace

template <class Make>
void RecordRelations::fill(Make make) {
    if (mapper_ == nullptr || mapper_->relations().empty())
        return;
    memory_ = static_cast<std::byte*>(corm::detail::allocate(size_of(*mapper_), alignof(RelationState)));
    std::size_t made = 0;
    try {
        for (const Relation& relation : mapper_->relations()) {
            make(*relation.slot, made);
            ++made;
        }
    } catch (...) {
        while (made-- > 0)
            mapper_->relations()[made].slot->destroy(at(made));
        corm::detail::deallocate(memory_, size_of(*mapper_), alignof(RelationState));
        memory_ = nullptr;
        throw;
    }
}

RecordRelations::RecordRelations(const Mapper& mapper) : mapper_(&mapper) {
    fill([this](const RelationSlot& slot, std::size_t relation) { slot.construct(at(relation)); });
}

RecordRelations::RecordRelations(const RecordRelations& other) : mapper_(other.mapper_) {
    fill([this, &other](const RelationSlot& slot, std::size_t relation) {
        slot.copy_construct(at(relation), other.at(relation));
    });
}

RecordRelations::RecordRelations(RecordRelations&& other) noexcept
    : mapper_(std::exchange(other.mapper_, nullptr)), memory_(std::exchange(other.memory_, nullptr)) {}

RecordRelations& RecordRelations::operator=(RecordRelations other) noexcept {
    std::swap(mapper_, other.mapper_);
    std::swap(memory_, other.memory_);
    return *this;
}

RecordRelations::~RecordRelations() {
    if (memory_ == nullptr)
        return;
    std::size_t relation = 0;
    for (const Relation& each : mapper_->relations())
        each.slot->destroy(at(relation++));
    corm::detail::deallocate(memory_, size_of(*mapper_), alignof(RelationState));
}

void RecordRelations::assign(const RecordRelations& other) {
    if (memory_ == nullptr)
        return;
    std::size_t relation = 0;
    for (const Relation& each : mapper_->relations()) {
        each.slot->copy_assign(at(relation), other.at(relation));
        ++relation;
    }
}

void* RecordRelations::at(std::size_t relation) noexcept {
    return memory_ + relation * slot_size;
}

const void* RecordRelations::at(std::size_t relation) const noexcept {
    return memory_ + relation * slot_size;
}

} // namespace corm::mapping

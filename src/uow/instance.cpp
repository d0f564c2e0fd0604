#include <corm/uow/instance.hpp>

#include "base/memory.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <new>

namespace corm::uow {
namespace {

std::size_t object_offset(const mapping::ObjectType& type) noexcept {
    return (sizeof(Instance) + type.align - 1) / type.align * type.align;
}

std::size_t block_size(const mapping::ObjectType& type) noexcept {
    return object_offset(type) + type.size;
}

std::size_t block_align(const mapping::ObjectType& type) noexcept {
    return std::max(alignof(Instance), type.align);
}

} // namespace

std::string_view to_string(ObjectState state) noexcept {
    switch (state) {
    case ObjectState::transient: return "transient";
    case ObjectState::pending: return "pending";
    case ObjectState::persistent: return "persistent";
    case ObjectState::deleted: return "deleted";
    case ObjectState::detached: return "detached";
    }
    return "unknown";
}

struct Instance::Deleter {
    void operator()(Instance* instance) const noexcept {
        // The mapper describes the block, so it has to outlive the destructor.
        const std::shared_ptr<const mapping::Mapper> mapper = instance->mapper_;
        instance->~Instance();
        corm::detail::deallocate(instance, block_size(mapper->object()), block_align(mapper->object()));
    }
};

Instance::Instance(std::shared_ptr<const mapping::Mapper> mapper, void* object) noexcept
    : mapper_(std::move(mapper)), object_(object) {}

Instance::~Instance() {
    mapper_->object().destroy(object_);
}

// Header and object share one block that is separate from the reference count: weak references left in identity maps
// keep a few bytes, not the object's memory.
template <class Make>
std::shared_ptr<Instance> Instance::allocate(std::shared_ptr<const mapping::Mapper> mapper, Make make) {
    const mapping::ObjectType& type = mapper->object();
    void* block = corm::detail::allocate(block_size(type), block_align(type));
    void* object = static_cast<char*>(block) + object_offset(type);
    try {
        make(type, object);
    } catch (...) {
        corm::detail::deallocate(block, block_size(type), block_align(type));
        throw;
    }
    return {::new (block) Instance(std::move(mapper), object), Deleter{}, corm::detail::Recycling<Instance>{}};
}

std::shared_ptr<Instance> Instance::create(std::shared_ptr<const mapping::Mapper> mapper) {
    const mapping::Mapper& described = *mapper;
    return allocate(std::move(mapper),
                    [&described](const mapping::ObjectType& type, void* at) { type.construct(at, described); });
}

std::shared_ptr<Instance> Instance::create(std::shared_ptr<const mapping::Mapper> mapper, void* object) {
    return allocate(std::move(mapper),
                    [object](const mapping::ObjectType& type, void* at) { type.move_construct(at, object); });
}

void* Instance::editable(const std::shared_ptr<Instance>& instance) {
    static_cast<void>(instance->readable());
    if (const std::shared_ptr<Scope> session = instance->scope.lock())
        session->on_edit(instance);
    else if (!instance->sent && instance->state != ObjectState::transient && instance->state != ObjectState::pending)
        // No session watches it; the copy lets the next one that it is added to find the changes.
        instance->sent = mapping::ValueBlock(*instance->mapper_, instance->values());
    return instance->object_;
}

bool Instance::is_modified() const {
    if (!sent)
        return false;
    return std::any_of(mapper_->columns().begin(), mapper_->columns().end(),
                       [this](const mapping::Column& column) { return is_changed(column); });
}

void Instance::bind_relations(bool from_row) {
    for (const mapping::Relation& relation : mapper_->relations())
        relation.bind(static_cast<char*>(object_) + relation.offset, relation, from_row);
}

std::string Instance::describe() const {
    return key.empty() ? mapper_->entity() : mapper_->entity() + "(" + mapper_->key_text(key) + ")";
}

void Instance::throw_expired() const {
    throw NotLoadedError(describe() +
                         " was expired and has not been read since; co_await session.refresh(ref), or get it again");
}

} // namespace corm::uow

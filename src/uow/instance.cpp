#include <corm/uow/instance.hpp>

#include "base/memory.hpp"
#include "uow/relation_book.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace corm::uow {
namespace {

// The object stands right behind its header, and the block begins where the alignment of both wants it.
std::size_t block_align(const mapping::ObjectType& type) noexcept {
    return std::max(alignof(Instance), type.align);
}

std::size_t object_offset(const mapping::ObjectType& type) noexcept {
    return (sizeof(Instance) + type.align - 1) / type.align * type.align;
}

std::size_t block_size(const mapping::ObjectType& type) noexcept {
    return object_offset(type) + type.size;
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

// An object may own others, and those again: they are destroyed one after the other, not one within the other, so that
// a long chain needs no deep stack.
struct Instance::Deleter {
    void operator()(Instance* instance) const noexcept {
        if (instance->book() == nullptr) {
            destroy(instance);
            return;
        }
        static thread_local Instance* waiting = nullptr;
        static thread_local bool busy = false;
        instance->book()->next_dropped = std::exchange(waiting, instance);
        if (std::exchange(busy, true))
            return;
        while (waiting != nullptr)
            destroy(std::exchange(waiting, waiting->book()->next_dropped));
        busy = false;
    }
    static void destroy(Instance* instance) noexcept {
        // The mapper describes the block, so it has to outlive the destructor.
        const std::shared_ptr<const mapping::Mapper> mapper = instance->mapper_;
        const mapping::ObjectType& type = mapper->object();
        char* const block = static_cast<char*>(instance->object()) - object_offset(type);
        instance->~Instance();
        corm::detail::deallocate(block, block_size(type), block_align(type));
    }
};

const Instance::More Instance::none_;

Instance::More::More() = default;
Instance::More::~More() = default;

Instance::Instance(std::shared_ptr<const mapping::Mapper> mapper) noexcept : mapper_(std::move(mapper)) {}

Instance::~Instance() {
    mapper_->object().destroy(object());
}

Instance::More& Instance::make_more() {
    if (!more_)
        more_ = std::make_unique<More>();
    return *more_;
}

// Header and object share one block that is separate from the reference count: weak references left in identity maps
// keep a few bytes, not the object's memory.
template <class Make>
std::shared_ptr<Instance> Instance::allocate(std::shared_ptr<const mapping::Mapper> mapper, Make make) {
    const mapping::ObjectType& type = mapper->object();
    void* block = corm::detail::allocate(block_size(type), block_align(type));
    char* const object = static_cast<char*>(block) + object_offset(type);
    try {
        make(type, object);
    } catch (...) {
        corm::detail::deallocate(block, block_size(type), block_align(type));
        throw;
    }
    static_assert(sizeof(Instance) == 64, "every object that is read pays for it");
    std::shared_ptr<Instance> made{::new (static_cast<void*>(object - sizeof(Instance))) Instance(std::move(mapper)),
                                   Deleter{}, corm::detail::Recycling<Instance>{}};
    if (!made->mapper_->relations().empty())
        made->make_more().book = std::make_unique<RelationBook>(made);
    return made;
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
    else if (!instance->sent() && instance->state != ObjectState::transient && instance->state != ObjectState::pending)
        // No session watches it; the copy lets the next one that it is added to find the changes.
        instance->make_sent() = mapping::ValueBlock(*instance->mapper_, instance->values());
    return instance->object();
}

bool Instance::is_modified() const {
    if (!sent())
        return false;
    return std::any_of(mapper_->columns().begin(), mapper_->columns().end(),
                       [this](const mapping::Column& column) { return is_changed(column); });
}

bool Instance::is_relinked() const {
    return book() != nullptr && book()->is_changed();
}

void Instance::forget_relations() {
    if (book() == nullptr)
        return;
    book()->unload();
    check_references();
}

void Instance::check_references() {
    if (book() == nullptr)
        return;
    std::string key;
    for (const mapping::RelationEnds& ends : mapping::RelationMap::of(*mapper_)) {
        const Member member{*this, *ends.relation};
        if (!refers(ends.kind()) || member.changed())
            continue;
        key.clear();
        const bool none = !append_related_key(*this, ends, key);
        const std::shared_ptr<Instance> known = member.single();
        if (none ? !member.loaded() || !member.links().empty() : member.loaded() && (!known || known->key != key))
            member.unload();
        if (none)
            member.loaded() = true;
    }
}

std::string Instance::describe() const {
    return key.has_value() ? mapper_->entity() + "(" + mapper_->key_text(key) + ")" : mapper_->entity();
}

void Instance::throw_expired() const {
    throw NotLoadedError(describe() +
                         " was expired and has not been read since; co_await session.refresh(ref), or get it again");
}

} // namespace corm::uow

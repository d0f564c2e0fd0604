#include "mapping/mapper_group.hpp"

#include "base/lifetimes.hpp"
#include "mapping/registry_names.hpp"

#include <corm/base/error.hpp>

#include <utility>

namespace corm::mapping {
namespace {

/// Never destroyed: objects may outlive everything else that is static.
void keep(std::shared_ptr<const MapperGroup> group) {
    static auto& mutex = *new std::mutex;
    static auto& kept = *new std::vector<std::shared_ptr<const MapperGroup>>;
    const std::scoped_lock lock{mutex};
    kept.push_back(std::move(group));
}

} // namespace

MapperGroup::MapperGroup(std::vector<std::unique_ptr<Mapper>> mappers, std::vector<std::shared_ptr<const Mapper>> needs,
                         std::weak_ptr<RegistryNames> names, std::optional<std::string> module)
    : needs_(std::move(needs)), mappers_(std::move(mappers)), names_(std::move(names)), module_(std::move(module)) {
    for (const std::unique_ptr<Mapper>& mapper : mappers_)
        mapper->group_ = this;
}

std::shared_ptr<const Mapper> MapperGroup::of_struct(std::unique_ptr<Mapper> mapper) {
    std::vector<std::unique_ptr<Mapper>> only;
    only.push_back(std::move(mapper));
    const std::shared_ptr<MapperGroup> group{new MapperGroup(std::move(only), {}, {}, {})};
    group->immortal_ = true;
    keep(group);
    return group->share(*group->mappers_.front());
}

std::shared_ptr<const Mapper> MapperGroup::share(const Mapper& mapper) const {
    // What lives for ever need not count who refers to it: each object that is read would.
    if (immortal_)
        return {std::shared_ptr<const void>{}, &mapper};
    return {shared_from_this(), &mapper};
}

std::shared_ptr<MapperGroup> MapperGroup::of_records(std::vector<std::unique_ptr<Mapper>> mappers,
                                                     std::vector<std::shared_ptr<const Mapper>> needs,
                                                     std::weak_ptr<RegistryNames> names,
                                                     std::optional<std::string> module) {
    std::shared_ptr<MapperGroup> group{
        new MapperGroup(std::move(mappers), std::move(needs), std::move(names), std::move(module))};
    group->alive_ = std::make_shared<char>();
    group->lifetime_ = group->alive_;
    for (const std::shared_ptr<const Mapper>& need : group->needs_)
        need->group_->add_dependent(group);
    return group;
}

MapperGroup::~MapperGroup() {
    for (const std::shared_ptr<const Mapper>& need : needs_)
        need->group_->remove_dependent(*this);
    if (alive_ == nullptr)
        return;
    if (const std::shared_ptr<RegistryNames> names = names_.lock())
        names->remove(*this);
    alive_.reset();
    corm::detail::count_ended_lifetime();
}

void MapperGroup::dispose() const noexcept {
    std::shared_ptr<const void> ending;
    {
        const std::scoped_lock lock{mutex_};
        ending = std::move(alive_);
        if (ending == nullptr)
            return;
        disposed_.store(true, std::memory_order_release);
    }
    ending.reset();
    corm::detail::count_ended_lifetime();
    if (const std::shared_ptr<RegistryNames> names = names_.lock())
        names->remove(*this);
}

void MapperGroup::add_dependent(const std::shared_ptr<const MapperGroup>& group) const {
    const std::scoped_lock lock{mutex_};
    // It may have been disposed of since it was looked up.
    if (disposed())
        mappers_.front()->throw_disposed(group->mappers_.front()->entity());
    dependents_.emplace(group.get(), group);
}

void MapperGroup::remove_dependent(const MapperGroup& group) const noexcept {
    const std::scoped_lock lock{mutex_};
    dependents_.erase(&group);
}

std::vector<std::shared_ptr<const MapperGroup>> MapperGroup::dependents() const {
    std::vector<std::shared_ptr<const MapperGroup>> found;
    const std::scoped_lock lock{mutex_};
    found.reserve(dependents_.size());
    for (const auto& [key, alive] : dependents_) {
        // There is room, so nothing throws, and no group ends here: that would need the mutex.
        if (std::shared_ptr<const MapperGroup> group = alive.lock())
            found.push_back(std::move(group));
    }
    return found;
}

std::shared_ptr<const Mapper> Mapper::shared() const {
    return group_->share(*this);
}

bool Mapper::disposed() const noexcept {
    return group_->disposed();
}

std::weak_ptr<const void> Mapper::lifetime() const noexcept {
    return group_->lifetime();
}

void Mapper::throw_disposed(std::string_view what) const {
    throw MappingError(std::string{what} + ": the mapping of " + entity_ +
                       " was disposed of; define it again, and read its objects anew");
}

} // namespace corm::mapping

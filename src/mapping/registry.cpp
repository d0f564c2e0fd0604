#include <corm/mapping/registry.hpp>

#include "mapping/define_group.hpp"
#include "mapping/nearest_name.hpp"
#include "mapping/registry_names.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

namespace corm::mapping {
namespace {

using Group = std::shared_ptr<const MapperGroup>;

/// The registries that there are, for `clear_mappers`: none of them is kept.
struct Registries {
    std::mutex mutex;
    std::set<RegistryNames*> known;

    static Registries& all() {
        static Registries registries;
        return registries;
    }
};

std::string names_of(const MapperGroup& group) {
    std::string text;
    for (const std::unique_ptr<Mapper>& mapper : group.mappers())
        text += (text.empty() ? "" : ", ") + mapper->entity();
    return text;
}

/// `groups` and what refers to them, however far away.
void dispose_all(std::vector<Group> groups, Dependents dependents) {
    std::set<Group> seen{groups.begin(), groups.end()};
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const Group group = groups[i];
        for (Group& dependent : group->dependents()) {
            if (dependent->disposed() || !seen.insert(dependent).second)
                continue;
            if (dependents == Dependents::refuse)
                throw MappingError("cannot dispose of " + names_of(*group) + ": " + names_of(*dependent) +
                                   " refers to it; dispose of that first, or of both by Dependents::dispose");
            groups.push_back(std::move(dependent));
        }
    }
    // What refers to others goes first.
    for (auto group = groups.rbegin(); group != groups.rend(); ++group)
        (*group)->dispose();
}

} // namespace

const std::shared_ptr<const Mapper>& Mappers::operator[](std::string_view table) const {
    NearestName nearest{table};
    for (const std::shared_ptr<const Mapper>& mapper : mappers_) {
        if (mapper->table() == table)
            return mapper;
        nearest.consider(mapper->table());
    }
    throw MappingError("no table \"" + std::string{table} + "\" was defined here" + nearest.hint());
}

std::shared_ptr<const Mapper> Mappers::find(std::string_view schema, std::string_view table) const noexcept {
    const auto found = std::find_if(mappers_.begin(), mappers_.end(), [&](const auto& mapper) {
        return mapper->table() == table && mapper->schema() == schema;
    });
    return found == mappers_.end() ? nullptr : *found;
}

Registry::Registry() : names_(std::make_shared<RegistryNames>()) {
    Registries& registries = Registries::all();
    const std::scoped_lock lock{registries.mutex};
    registries.known.insert(names_.get());
}

Registry::~Registry() {
    Registries& registries = Registries::all();
    const std::scoped_lock lock{registries.mutex};
    registries.known.erase(names_.get());
}

Mappers Registry::define_group(std::optional<std::string> module, const std::vector<RecordDefinition>& definitions) {
    if (definitions.empty())
        throw MappingError("a registry was given nothing to define; give at least one definition");
    GroupDefinition defined{names_, std::move(module)};
    for (const RecordDefinition& definition : definitions)
        defined.add(definition);
    const Group group = defined.build();
    names_->add(group);
    std::vector<std::shared_ptr<const Mapper>> mappers;
    for (const std::unique_ptr<Mapper>& mapper : group->mappers())
        mappers.push_back(group->share(*mapper));
    return Mappers{std::move(mappers)};
}

std::shared_ptr<const Mapper> Registry::define(const RecordDefinition& definition) {
    return *define_group(std::nullopt, {definition}).begin();
}

std::shared_ptr<const Mapper> Registry::define(const std::string& module, const RecordDefinition& definition) {
    return *define_group(module, {definition}).begin();
}

Mappers Registry::define(const std::vector<RecordDefinition>& definitions) {
    return define_group(std::nullopt, definitions);
}

Mappers Registry::define(const std::string& module, const std::vector<RecordDefinition>& definitions) {
    return define_group(module, definitions);
}

void Registry::add_struct(const std::shared_ptr<const Mapper>& mapper) {
    names_->add(MapperGroup::of(*mapper).shared_from_this());
}

std::shared_ptr<const Mapper> Registry::find(std::string_view name) const {
    return names_->find({}, name);
}

std::shared_ptr<const Mapper> Registry::find(std::string_view module, std::string_view name) const {
    return names_->find_in(module, name);
}

std::shared_ptr<const Mapper> Registry::get(std::string_view name) const {
    if (std::shared_ptr<const Mapper> found = find(name))
        return found;
    NearestName nearest{name};
    for (const std::shared_ptr<const Mapper>& mapper : names_->all())
        nearest.consider(mapper->entity());
    throw MappingError("the registry has no mapper \"" + std::string{name} + "\"" + nearest.hint());
}

std::vector<std::shared_ptr<const Mapper>> Registry::mappers() const {
    return names_->all();
}

RegistryStats Registry::stats() const {
    return names_->stats();
}

void Registry::dispose(const std::shared_ptr<const Mapper>& mapper, Dependents dependents) {
    if (mapper == nullptr)
        throw MappingError("dispose was given no mapper");
    const Group group = MapperGroup::of(*mapper).shared_from_this();
    if (group->names() != names_)
        throw MappingError(mapper->entity() + " is not of this registry; dispose of it by the one that defined it");
    dispose_all({group}, dependents);
}

void Registry::dispose(Dependents dependents) {
    dispose_all(names_->groups(), dependents);
}

void clear_mappers() {
    Registries& registries = Registries::all();
    std::vector<Group> groups;
    {
        const std::scoped_lock lock{registries.mutex};
        for (RegistryNames* const names : registries.known) {
            const std::vector<Group> known = names->groups();
            groups.insert(groups.end(), known.begin(), known.end());
        }
    }
    dispose_all(std::move(groups), Dependents::dispose);
}

} // namespace corm::mapping

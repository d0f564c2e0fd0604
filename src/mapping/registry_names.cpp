#include "mapping/registry_names.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace corm::mapping {
namespace {

std::string path(std::string_view module, std::string_view name) {
    return module.empty() ? std::string{name} : std::string{module} + "." + std::string{name};
}

} // namespace

std::shared_ptr<const Mapper> RegistryNames::share(const Entry& entry) {
    const std::shared_ptr<const MapperGroup> group = entry.group.lock();
    return group == nullptr ? nullptr : std::shared_ptr<const Mapper>{group, entry.mapper};
}

void RegistryNames::add(const std::shared_ptr<const MapperGroup>& group) {
    const std::scoped_lock lock{mutex_};
    std::set<std::pair<std::string_view, std::string_view>> own;
    for (const std::unique_ptr<Mapper>& mapper : group->mappers()) {
        const std::string& module = group->module_of(*mapper);
        if (!own.emplace(module, mapper->entity()).second)
            throw MappingError(path(module, mapper->entity()) +
                               " is defined twice in one module; leave the module out, so that each is in that of its "
                               "schema");
        const auto known = modules_.find(module);
        if (known == modules_.end())
            continue;
        const auto found = known->second.find(mapper->entity());
        // One that is ending is as good as gone.
        if (found != known->second.end() && found->second.mapper != mapper.get() && !found->second.group.expired())
            throw MappingError(path(module, mapper->entity()) +
                               " is mapped already; dispose of its mapper first, or define it in another module");
    }
    try {
        for (const std::unique_ptr<Mapper>& mapper : group->mappers())
            modules_[group->module_of(*mapper)].insert_or_assign(mapper->entity(), Entry{mapper.get(), group});
    } catch (...) {
        remove_locked(*group);
        throw;
    }
}

void RegistryNames::remove(const MapperGroup& group) noexcept {
    const std::scoped_lock lock{mutex_};
    remove_locked(group);
}

void RegistryNames::remove_locked(const MapperGroup& group) noexcept {
    for (const std::unique_ptr<Mapper>& mapper : group.mappers()) {
        const auto module = modules_.find(group.module_of(*mapper));
        if (module == modules_.end())
            continue;
        const auto found = module->second.find(mapper->entity());
        if (found != module->second.end() && found->second.mapper == mapper.get())
            module->second.erase(found);
        if (module->second.empty())
            modules_.erase(module);
    }
}

std::shared_ptr<const Mapper> RegistryNames::find_locked(std::string_view module, std::string_view name) const {
    const auto own = modules_.find(module);
    if (own == modules_.end())
        return nullptr;
    const auto at = own->second.find(name);
    return at == own->second.end() ? nullptr : share(at->second);
}

std::shared_ptr<const Mapper> RegistryNames::find_in(std::string_view module, std::string_view name) const {
    const std::scoped_lock lock{mutex_};
    return find_locked(module, name);
}

std::shared_ptr<const Mapper> RegistryNames::find(std::string_view module, std::string_view name) const {
    std::vector<std::shared_ptr<const Mapper>> found;
    std::vector<std::string> where;
    {
        const std::scoped_lock lock{mutex_};
        if (std::shared_ptr<const Mapper> own = find_locked(module, name))
            return own;
        found.reserve(modules_.size());
        where.reserve(modules_.size());
        for (const auto& [other, names] : modules_) {
            const auto at = names.find(name);
            if (at == names.end())
                continue;
            where.push_back(path(other, name));
            if (std::shared_ptr<const Mapper> mapper = share(at->second))
                found.push_back(std::move(mapper));
        }
    }
    if (found.size() > 1) {
        std::string text;
        for (const std::string& each : where)
            text += (text.empty() ? "" : " and ") + each;
        throw MappingError("\"" + std::string{name} + "\" may be " + text + "; name the module as well");
    }
    return found.empty() ? nullptr : std::move(found.front());
}

std::vector<std::shared_ptr<const Mapper>> RegistryNames::all() const {
    std::vector<std::shared_ptr<const Mapper>> found;
    const std::scoped_lock lock{mutex_};
    std::size_t count = 0;
    for (const auto& [module, names] : modules_)
        count += names.size();
    found.reserve(count);
    for (const auto& [module, names] : modules_) {
        for (const auto& [name, entry] : names) {
            if (std::shared_ptr<const Mapper> mapper = share(entry))
                found.push_back(std::move(mapper));
        }
    }
    return found;
}

std::vector<std::shared_ptr<const MapperGroup>> RegistryNames::groups() const {
    std::vector<std::shared_ptr<const MapperGroup>> found;
    for (const std::shared_ptr<const Mapper>& mapper : all())
        found.push_back(MapperGroup::of(*mapper).shared_from_this());
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

RegistryStats RegistryNames::stats() const {
    RegistryStats stats;
    const std::scoped_lock lock{mutex_};
    stats.modules = modules_.size();
    for (const auto& [module, names] : modules_)
        stats.names += names.size();
    return stats;
}

} // namespace corm::mapping

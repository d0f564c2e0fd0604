// Which mappers a registry knows, by name.
#pragma once

#include "mapping/mapper_group.hpp"

#include <corm/mapping/registry.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace corm::mapping {

/// Modules, and the names in each. Holds no mapper alive: the end of a group takes its names along, and a module
/// without names is gone. Thread-safe. Nothing is let go while the mutex is held, because the end of a group needs it.
class RegistryNames {
public:
    /// Enters all names of a group, or none. Throws `MappingError` for one that is taken.
    void add(const std::shared_ptr<const MapperGroup>& group);
    void remove(const MapperGroup& group) noexcept;

    /// In the module, else in the one other module that has it; null if there is none. Throws `MappingError` if several
    /// other modules have it.
    [[nodiscard]] std::shared_ptr<const Mapper> find(std::string_view module, std::string_view name) const;
    /// In that module alone.
    [[nodiscard]] std::shared_ptr<const Mapper> find_in(std::string_view module, std::string_view name) const;
    [[nodiscard]] std::vector<std::shared_ptr<const Mapper>> all() const;
    [[nodiscard]] std::vector<std::shared_ptr<const MapperGroup>> groups() const;
    [[nodiscard]] RegistryStats stats() const;

private:
    struct Entry {
        const Mapper* mapper;
        std::weak_ptr<const MapperGroup> group;
    };
    using Module = std::map<std::string, Entry, std::less<>>;

    /// Null if its group is ending.
    [[nodiscard]] static std::shared_ptr<const Mapper> share(const Entry& entry);
    [[nodiscard]] std::shared_ptr<const Mapper> find_locked(std::string_view module, std::string_view name) const;
    void remove_locked(const MapperGroup& group) noexcept;

    mutable std::mutex mutex_;
    std::map<std::string, Module, std::less<>> modules_;
};

} // namespace corm::mapping

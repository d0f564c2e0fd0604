// Mappers that live and die together.
#pragma once

#include <corm/mapping/mapper.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace corm::mapping {

class RegistryNames;

/// Mappers that refer to each other have one owner, so that no circle of references keeps them alive: a pointer to one
/// of them is a pointer into the group. What they refer to outside of it is kept alive by the group; nothing there
/// refers back. Immutable but for its end; thread-safe.
class MapperGroup : public std::enable_shared_from_this<MapperGroup> {
public:
    /// Of a struct: lives for ever.
    [[nodiscard]] static std::shared_ptr<const Mapper> of_struct(std::unique_ptr<Mapper> mapper);
    /// Of records: mappers, and those of other groups that they refer to. `names` may be null; without a module each is
    /// in that of its schema.
    [[nodiscard]] static std::shared_ptr<MapperGroup> of_records(std::vector<std::unique_ptr<Mapper>> mappers,
                                                                 std::vector<std::shared_ptr<const Mapper>> needs,
                                                                 std::weak_ptr<RegistryNames> names,
                                                                 std::optional<std::string> module);

    MapperGroup(const MapperGroup&) = delete;
    MapperGroup& operator=(const MapperGroup&) = delete;
    /// Its names are free again.
    ~MapperGroup();

    [[nodiscard]] static const MapperGroup& of(const Mapper& mapper) noexcept { return *mapper.group_; }
    [[nodiscard]] std::shared_ptr<const Mapper> share(const Mapper& mapper) const;
    [[nodiscard]] const std::vector<std::unique_ptr<Mapper>>& mappers() const noexcept { return mappers_; }
    [[nodiscard]] std::shared_ptr<RegistryNames> names() const noexcept { return names_.lock(); }
    /// That its registry has the mapper in; see `Registry`.
    [[nodiscard]] const std::string& module_of(const Mapper& mapper) const noexcept {
        return module_ ? *module_ : mapper.schema();
    }

    [[nodiscard]] bool disposed() const noexcept { return disposed_.load(std::memory_order_acquire); }
    [[nodiscard]] const std::weak_ptr<const void>& lifetime() const noexcept { return lifetime_; }
    /// Ends its lifetime and takes its names away. Its mappers go on describing the objects that there are.
    void dispose() const noexcept;
    /// The groups that refer to this one and have not been disposed of.
    [[nodiscard]] std::vector<std::shared_ptr<const MapperGroup>> dependents() const;

private:
    MapperGroup(std::vector<std::unique_ptr<Mapper>> mappers, std::vector<std::shared_ptr<const Mapper>> needs,
                std::weak_ptr<RegistryNames> names, std::optional<std::string> module);
    void add_dependent(const std::shared_ptr<const MapperGroup>& group) const;
    void remove_dependent(const MapperGroup& group) const noexcept;

    const std::vector<std::shared_ptr<const Mapper>> needs_; // ended behind the mappers that refer to them
    const std::vector<std::unique_ptr<Mapper>> mappers_;
    const std::weak_ptr<RegistryNames> names_;
    const std::optional<std::string> module_;
    bool immortal_ = false; ///< of a struct
    std::weak_ptr<const void> lifetime_;
    mutable std::atomic<bool> disposed_ = false;
    mutable std::mutex mutex_; // of what follows
    mutable std::shared_ptr<const void> alive_;
    mutable std::map<const MapperGroup*, std::weak_ptr<const MapperGroup>> dependents_;
};

} // namespace corm::mapping

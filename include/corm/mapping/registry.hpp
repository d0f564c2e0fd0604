// Mappers of records by name.
#pragma once

#include <corm/mapping/record_definition.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corm::mapping {

class RegistryNames;

/// Mappers that were defined together and refer to each other: holding one of them keeps all of them. A value; copies
/// are the same mappers.
class Mappers {
public:
    Mappers() noexcept = default;
    explicit Mappers(std::vector<std::shared_ptr<const Mapper>> mappers) noexcept : mappers_(std::move(mappers)) {}

    /// By the name of the table. Throws `MappingError`, with the nearest name; if several schemas have such a table,
    /// the first one counts.
    [[nodiscard]] const std::shared_ptr<const Mapper>& operator[](std::string_view table) const;
    /// Null if there is none.
    [[nodiscard]] std::shared_ptr<const Mapper> find(std::string_view schema, std::string_view table) const noexcept;
    /// In the order of their definitions.
    [[nodiscard]] auto begin() const noexcept { return mappers_.begin(); }
    [[nodiscard]] auto end() const noexcept { return mappers_.end(); }
    [[nodiscard]] std::size_t size() const noexcept { return mappers_.size(); }
    [[nodiscard]] bool empty() const noexcept { return mappers_.empty(); }

private:
    std::vector<std::shared_ptr<const Mapper>> mappers_;
};

/// What a registry knows.
struct RegistryStats {
    std::size_t modules = 0; ///< that have names
    std::size_t names = 0;   ///< of mappers that live
};

/// What happens to mappers that refer to one which is disposed of, and are not to be themselves.
enum class Dependents {
    refuse,  ///< nothing is disposed of; an error names them
    dispose, ///< they are disposed of as well, in whichever registry they are
};

/// Tables mapped at run time, by name. Keeps no mapper alive: when the last user of a mapper lets it go, which is
/// whoever holds a pointer to it, an object or a query, the mapper ends with its SQL texts and its name, and
/// connections close what they have prepared for it with their next request. A name belongs to a module, by default the
/// one named as the table's schema; names of other modules are found where that is not ambiguous. Thread-safe; no I/O.
///
/// Relations lead to tables that are defined by the same call, to tables that were defined before, and to structs.
/// Tables that refer to each other are defined by one call, and live together.
class Registry {
public:
    Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;
    /// Mappers that are in use go on; their names are forgotten.
    ~Registry();

    /// Throws `MappingError` if the definition is not consistent, or its name is taken in the module.
    [[nodiscard]] std::shared_ptr<const Mapper> define(const RecordDefinition& definition);
    [[nodiscard]] std::shared_ptr<const Mapper> define(const std::string& module, const RecordDefinition& definition);
    /// Of no definitions: throws `MappingError`.
    [[nodiscard]] Mappers define(const std::vector<RecordDefinition>& definitions);
    [[nodiscard]] Mappers define(const std::string& module, const std::vector<RecordDefinition>& definitions);

    /// The mappings of structs, to be found and verified with the others, by the names of the structs. They are not
    /// disposed of.
    template <class... Structs>
        requires(sizeof...(Structs) > 0)
    void add() {
        (add_struct(mapper_of<Structs>()), ...);
    }

    /// The mapper of this name, or null. Throws `MappingError` if several modules have it.
    [[nodiscard]] std::shared_ptr<const Mapper> find(std::string_view name) const;
    [[nodiscard]] std::shared_ptr<const Mapper> find(std::string_view module, std::string_view name) const;
    /// As `find`; throws `MappingError` naming the nearest name if there is none.
    [[nodiscard]] std::shared_ptr<const Mapper> get(std::string_view name) const;
    /// All that live, by module and name.
    [[nodiscard]] std::vector<std::shared_ptr<const Mapper>> mappers() const;
    [[nodiscard]] RegistryStats stats() const;

    /// The mapper, and those that were defined with it, are out of use: their names are free for others, to map a table
    /// anew that was altered for instance. Their objects stay readable and may leave their sessions; everything else
    /// that a session would do with them throws `MappingError`. Throws it, and disposes of nothing, if mappers of other
    /// definitions refer to these, unless those are to go as well.
    void dispose(const std::shared_ptr<const Mapper>& mapper, Dependents dependents = Dependents::refuse);
    /// The same with all mappers of the registry.
    void dispose(Dependents dependents = Dependents::refuse);

private:
    void add_struct(const std::shared_ptr<const Mapper>& mapper);
    [[nodiscard]] Mappers define_group(std::optional<std::string> module,
                                       const std::vector<RecordDefinition>& definitions);

    const std::shared_ptr<RegistryNames> names_;
};

/// Disposes of all mappers of all registries. Those of structs are facts of the program, and stay.
void clear_mappers();

/// How many mappers live in this process, those of structs and of association tables included. For tests of leaks.
[[nodiscard]] std::size_t live_mappers() noexcept;

} // namespace corm::mapping

// From definitions of records to mappers.
#pragma once

#include "mapping/mapper_group.hpp"

#include <corm/mapping/record_definition.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corm::mapping {

class RegistryNames;

/// Definitions that may refer to each other by name, and become one group.
class GroupDefinition {
public:
    /// `names`: where other tables are looked up, and what the group is entered in by its owner; null for none.
    GroupDefinition(std::shared_ptr<RegistryNames> names, std::optional<std::string> module);
    void add(const RecordDefinition& definition);
    /// Throws `MappingError` if something is not consistent.
    [[nodiscard]] std::shared_ptr<const MapperGroup> build();

private:
    struct Resolved {
        TargetMapper target;
        const Mapper* mapper;
    };
    void relate(std::size_t owner, const RecordDefinition::RelationDefinition& relation);
    /// `what`: names what leads there.
    [[nodiscard]] Resolved resolve(const Mapper& owner, const RelationTarget& target, const std::string& what);
    [[nodiscard]] const Mapper* find(std::string_view schema, std::string_view table) const noexcept;
    /// In the owner's schema, else in the one other schema that has it. Throws `MappingError` if several have it.
    [[nodiscard]] const Mapper* find_beside(const Mapper& owner, std::string_view table, const std::string& what) const;

    std::shared_ptr<RegistryNames> names_;
    std::optional<std::string> module_;
    std::vector<RecordDefinition> definitions_;
    std::vector<std::unique_ptr<Mapper>> mappers_; // one for each definition
    std::vector<std::shared_ptr<const Mapper>> needs_;
};

} // namespace corm::mapping

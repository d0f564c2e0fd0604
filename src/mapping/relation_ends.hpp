// The relations of a mapper with both of their ends.
#pragma once

#include <corm/mapping/mapper.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace corm::mapping {

/// A relation, the columns that it stands for, and the member of the target that stands for the same, if there is one.
struct RelationEnds {
    const Relation* relation = nullptr;
    const Mapper* owner = nullptr;
    const Mapper* target = nullptr;
    /// Columns of the owner and of the target that are equal, pair by pair: the key on one side, the foreign key on the
    /// other. Of a many-to-many relation both are keys.
    std::vector<std::uint16_t> here;
    std::vector<std::uint16_t> there;
    /// Columns of the target that order a collection which is loaded.
    struct OrderedBy {
        std::uint16_t column;
        bool descending;
    };
    std::vector<OrderedBy> order{};
    int reverse = -1; ///< index among the relations of the target

    [[nodiscard]] RelationKind kind() const noexcept { return relation->kind; }
    /// Null if there is none.
    [[nodiscard]] const RelationEnds* other() const;
};

/// Made once for each mapper, at the first use of a relation: mappers of structs may refer to each other. Throws
/// `MappingError` if two relations claim one reverse.
class RelationMap : public MapperExtension {
public:
    explicit RelationMap(const Mapper& mapper);

    [[nodiscard]] static const RelationEnds& of(const Mapper& mapper, const Relation& relation) {
        return mapper.extension<RelationMap>().ends_[static_cast<std::size_t>(&relation - mapper.relations().data())];
    }
    [[nodiscard]] static std::span<const RelationEnds> of(const Mapper& mapper) {
        return mapper.extension<RelationMap>().ends_;
    }

private:
    std::vector<RelationEnds> ends_;
};

/// The table between the sides of a many-to-many relation, as a mapper of records without names: the columns that refer
/// to one side, then those that refer to the other. Both relations of a pair share one.
struct AssociationEnds {
    std::shared_ptr<const Mapper> mapper;
    bool swapped = false; ///< the columns that refer to the relation's target come first
};
[[nodiscard]] AssociationEnds association_of(const RelationEnds& ends);

} // namespace corm::mapping

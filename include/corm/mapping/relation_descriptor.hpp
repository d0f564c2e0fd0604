// The run-time description of a relation member, and what a user says about one.
#pragma once

#include <corm/fwd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corm::mapping {

class RelationState;

/// The mapper at the other end of a relation, which it does not keep alive: that of a struct lives as long as the
/// program, and mappers of records that refer to each other live together (see `MapperGroup`).
class TargetMapper {
public:
    /// A function, so that two structs may refer to each other.
    using Function = const std::shared_ptr<const Mapper>& (*)();

    constexpr TargetMapper() noexcept = default;
    constexpr TargetMapper(Function function) noexcept : function_(function) {} // NOLINT: stands for the mapper
    constexpr explicit TargetMapper(const Mapper& mapper) noexcept : mapper_(&mapper) {}

    [[nodiscard]] std::shared_ptr<const Mapper> operator()() const;
    [[nodiscard]] const Mapper& get() const { return mapper_ != nullptr ? *mapper_ : *function_(); }

private:
    Function function_ = nullptr;
    const Mapper* mapper_ = nullptr;
};

enum class RelationKind : std::uint8_t {
    one_to_many,
    many_to_one,
    one_to_one,         ///< as many_to_one, of a foreign key that is unique
    one_to_one_inverse, ///< the other end of a one_to_one: the target refers
    many_to_many,
};

[[nodiscard]] constexpr bool is_to_many(RelationKind kind) noexcept {
    return kind == RelationKind::one_to_many || kind == RelationKind::many_to_many;
}
/// True if the owner of the member has the foreign key.
[[nodiscard]] constexpr bool refers(RelationKind kind) noexcept {
    return kind == RelationKind::many_to_one || kind == RelationKind::one_to_one;
}

/// What operations on an object do to its related objects (the cascades of SQLAlchemy), and how a flush treats them.
struct RelationOptions {
    bool save_update = true; ///< `add` takes related objects along, and so does linking to an object of a session
    bool merge = true;       ///< `merge` goes on to related objects; otherwise it leaves the relation as it is
    bool delete_ = false;    ///< related objects are removed with their owner
    /// An object that loses its owner is removed. Needs `delete_`; for one_to_many and one_to_one_inverse, whose
    /// targets have one owner.
    bool delete_orphan = false;
    bool refresh_expire = false; ///< `expire` reaches related objects
    bool expunge = false;        ///< `expunge` takes related objects along
    /// Related objects that are not loaded are left to the ON DELETE of the foreign key when their owner is removed.
    /// Otherwise they are loaded first, one round trip for each level.
    bool passive_deletes = false;
    /// A circle of new rows is closed by an UPDATE of this foreign key, which is NULL until then.
    bool post_update = false;
};
/// Everything but `delete_orphan`.
inline constexpr RelationOptions cascade_all{.delete_ = true, .refresh_expire = true, .expunge = true};
/// For children that cannot be without their parent.
inline constexpr RelationOptions cascade_all_delete_orphan{
    .delete_ = true, .delete_orphan = true, .refresh_expire = true, .expunge = true};

/// The table between the two sides of a many-to-many relation, as a mapping names it: see `association`.
template <std::size_t Own, std::size_t Target>
struct Association {
    std::string_view table;
    std::array<std::string_view, Own> own;       ///< columns that refer to the owner's key
    std::array<std::string_view, Target> target; ///< columns that refer to the target's key
    std::string_view schema_name{};

    [[nodiscard]] constexpr Association schema(std::string_view name) const {
        Association named = *this;
        named.schema_name = name;
        return named;
    }
};

/// `corm::association("item_keywords", {"item_id"}, {"keyword_id"})`: the columns that refer to the owner of the member
/// and to its target, in the order of their keys. The flush alone writes the table, whose key these columns are.
template <std::size_t Own, std::size_t Target>
[[nodiscard]] constexpr Association<Own, Target> association(std::string_view table, const std::string_view (&own)[Own],
                                                             const std::string_view (&target)[Target]) {
    Association<Own, Target> made{table, {}, {}};
    for (std::size_t i = 0; i < Own; ++i)
        made.own[i] = own[i];
    for (std::size_t i = 0; i < Target; ++i)
        made.target[i] = target[i];
    return made;
}

/// A table of pairs, by name.
struct AssociationTable {
    std::string schema{};
    std::string table{};
    std::vector<std::string> own{};
    std::vector<std::string> target{};
};

/// A part of the order that a collection is loaded in.
struct RelationOrder {
    std::string member{}; ///< of the target
    bool descending = false;
};

/// How a `Record` holds a relation member, whose type its definition has said.
struct RelationSlot {
    void (*construct)(void* at);
    void (*copy_construct)(void* at, const void* from);
    void (*copy_assign)(void* to, const void* from);
    void (*destroy)(void* at) noexcept;
};

/// A relation member.
struct Relation {
    std::string name{};   ///< of the member
    std::string entity{}; ///< of the owner, for messages
    RelationKind kind{};
    TargetMapper owner{};
    TargetMapper target{};
    /// The members that refer: of the owner or of the target, see `refers`. Empty for many_to_many.
    std::vector<std::string> foreign_key{};
    RelationOptions options{};
    AssociationTable association{};
    std::vector<RelationOrder> order{}; ///< of a collection that is loaded; empty: that of the keys
    std::size_t offset = 0;             ///< of the member in the object; in a record, among its relations
    /// The erased form of the member in an object.
    RelationState& (*state)(void* object, std::size_t offset) = nullptr;
    const RelationSlot* slot = nullptr; ///< of records
};

} // namespace corm::mapping

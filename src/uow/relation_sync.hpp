// From links to foreign keys and rows of associations.
#pragma once

#include "uow/plan.hpp"
#include "uow/relation_book.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace corm::uow {

/// All pairs of some objects, which are about to be deleted.
struct Unlinked {
    std::shared_ptr<const mapping::Mapper> association;
    std::size_t first = 0; ///< of its columns that refer to them
    std::vector<std::shared_ptr<Instance>> objects;
};

/// What the links of the objects of one flush mean for its rows. Foreign keys get the keys of the linked objects, as
/// far as these are known; what has to wait for a key that the server generates is left to a later stage.
class RelationSync {
public:
    using Object = std::shared_ptr<Instance>;

    /// `scope`: the session of the objects.
    explicit RelationSync(std::weak_ptr<Scope> scope) : scope_(std::move(scope)) {}

    /// Throws `Error` for links to objects that are in no session, or that are gone, and for new rows that need each
    /// other's generated keys; `MappingError` for a link that is taken away from a foreign key that cannot be NULL;
    /// `ConversionError` for a key that does not fit the foreign key.
    void run(std::span<const Object> added, const std::vector<const Object*>& modified,
             std::span<const Object> removed);

    /// True unless everything can be written now.
    [[nodiscard]] bool has_more() const noexcept { return !waiting_.empty() || pairs_wait_ || !postponed_.empty(); }
    /// True if the row of this object cannot be written yet.
    [[nodiscard]] bool waits(const Instance& instance) const { return waiting_.contains(&instance); }
    /// True if an old row is to refer to a new one of a later stage.
    [[nodiscard]] bool refers_ahead(const Instance& instance) const { return ahead_.contains(&instance); }
    /// True if a reference of its row changes in a later stage.
    [[nodiscard]] bool refers_later(const Instance& instance) const {
        return waits(instance) || refers_ahead(instance) || postponed_.contains(&instance);
    }
    /// True if a new row is to be written in this stage, so that the next one knows its key.
    [[nodiscard]] bool is_first(const Instance& instance) const { return first_.contains(&instance); }
    /// These new objects, those of one table behind the ones that they refer to; otherwise in their order.
    [[nodiscard]] std::vector<Object> ordered(std::span<const Object> added) const;
    /// Objects that have lost their owner.
    [[nodiscard]] const std::vector<Object>& orphans() const noexcept { return orphans_; }
    /// New and old rows of associations, as records.
    [[nodiscard]] const std::vector<Object>& linked() const noexcept { return linked_; }
    [[nodiscard]] const std::vector<Object>& unlinked() const noexcept { return unlinked_; }
    [[nodiscard]] const std::vector<Unlinked>& cleared() const noexcept { return cleared_; }

private:
    using Ends = mapping::RelationEnds;

    void sync(const Object& instance);
    void refer(const Object& instance, const Ends& ends, const Member& member);
    void lose(const Object& instance, const Ends& ends);
    void adopt(const Object& owner, const Ends& ends, const Member& member, const RelationContent* before);
    /// The child waits where the key is not known yet.
    void copy_key(const Object& child, std::span<const std::uint16_t> foreign_key, const Object& parent,
                  std::span<const std::uint16_t> key, const Relation& relation);
    /// True if the row of the child, or its update, is sent ahead of the new parent's row, whose key is known.
    [[nodiscard]] bool comes_later(const Object& child, const Object& parent, const Relation& relation);
    [[nodiscard]] bool knows_key(const Instance& instance) const;
    void require_member(const Object& target, const Relation& relation) const;
    /// True if `target` is among these handles; they have to stay as they are until the end of `run`.
    template <class Handle>
    [[nodiscard]] bool holds(const std::vector<Handle>& handles, const Object& target);
    void pair(const Object& owner, const Ends& ends, const Member& member, const RelationContent* before);
    void add_pair(const Object& owner, const Ends& ends, const Object& target, bool removed);
    void clear_pairs(const Object& instance);
    void find_first(std::span<const Object> added);
    [[noreturn]] void throw_circle() const;

    std::weak_ptr<Scope> scope_;
    boost::unordered_flat_set<const Instance*> waiting_;
    boost::unordered_flat_set<const Instance*> needed_;
    boost::unordered_flat_set<const Instance*> first_;
    boost::unordered_flat_set<const Instance*> ahead_;
    std::vector<std::pair<const Instance*, const Instance*>> behind_; ///< a new row and one that has to be there before
    std::vector<std::pair<Object, const Ends*>> lost_;                ///< by an owner that they do not know
    std::vector<Object> orphans_;
    std::vector<Object> linked_;
    std::vector<Object> unlinked_;
    std::vector<Unlinked> cleared_;
    boost::unordered_flat_set<std::string> pairs_;
    /// The objects of large collections that `holds` was asked about.
    boost::unordered_flat_map<const void*, boost::unordered_flat_set<const Instance*>> held_;
    boost::unordered_flat_set<const Instance*> postponed_; ///< those with a reference that an update closes
    /// Between two tables, by the one that refers and the relation.
    boost::unordered_flat_map<std::pair<const mapping::Mapper*, const Relation*>, bool> comes_later_;
    bool pairs_wait_ = false;
};

/// Deletes all pairs of these objects, in the order of the pairs.
[[nodiscard]] FlushStatement clear_pairs(const Unlinked& unlinked);

} // namespace corm::uow

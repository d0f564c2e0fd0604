// What an object with relations remembers of them.
#pragma once

#include "mapping/relation_ends.hpp"
#include "uow/relation_access.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace corm::uow {

/// The objects of a relation member at some time. Keeps none of them alive.
struct RelationContent {
    bool loaded = true;
    std::vector<std::weak_ptr<Instance>> targets{};
};
/// One for each relation of the mapper, or none at all.
using RelationContents = std::vector<RelationContent>;

/// Belongs to one object, whose relation members are bound to it: keeps both sides of a relation in step, and what is
/// needed to find the changes and to undo them.
class RelationBook final : public mapping::RelationOwner {
public:
    /// Binds the members of `instance`, which keep their content.
    explicit RelationBook(const std::shared_ptr<Instance>& instance);

    void link(const Relation& relation, const std::shared_ptr<Instance>& target) override;
    void unlink(const Relation& relation, const std::shared_ptr<Instance>& target) override;

    /// The members are about to change: what they hold is the base that a flush compares with. A new object has none.
    void remember();
    [[nodiscard]] RelationContents contents() const;
    /// Members whose objects are gone become unloaded.
    void restore(const RelationContents& contents);
    /// Nothing is known any more.
    void unload();
    [[nodiscard]] bool is_changed() const;
    /// A flush has written the changes. `final`: they cannot be undone.
    void settle(bool final);
    /// Unflushed links of the object itself are taken back; those of its children are theirs. Collections of others
    /// that were in step with a foreign key of it are not known any more.
    void take_back();
    /// Unflushed changes are taken back, and with `begin` those of the transaction under way.
    void undo(bool whole_transaction);

    void forget_removal() {
        removal_cascaded = false;
        concerned.clear();
    }

    /// As last read or flushed; empty while nothing was changed since.
    RelationContents sent;
    /// At the start of the transaction; empty unless a flush of it wrote changes.
    RelationContents begin;
    /// There is no row that anything could be read of: collections hold what the program gives them.
    void forget_row();
    /// The transaction is gone, but not what it did to the object: links that it wrote are unflushed again.
    void lose_transaction();

    /// What the removal of the object means for others was found out.
    bool removal_cascaded = false;
    /// The objects that the removal was found to concern: they return with the object if it is kept after all.
    std::vector<std::pair<std::shared_ptr<Instance>, const mapping::RelationEnds*>> concerned;
    Instance* next_dropped = nullptr; ///< while several objects are destroyed

private:
    [[nodiscard]] std::shared_ptr<Instance> owner() const { return self_.lock(); }
    void restore(std::size_t relation, const RelationContent& content);
    void link_many(const mapping::RelationEnds& ends, const std::shared_ptr<Instance>& target);
    void link_one(const mapping::RelationEnds& ends, const std::shared_ptr<Instance>& target);

    std::weak_ptr<Instance> self_;
    const mapping::Mapper& mapper_;
};

/// A parent owns its children, and these do not own it.
[[nodiscard]] constexpr bool owns_targets(mapping::RelationKind kind) noexcept {
    return kind == mapping::RelationKind::one_to_many || kind == mapping::RelationKind::one_to_one_inverse;
}
/// The object that a member which refers by a foreign key has now, as far as it is known. Of one that is not loaded,
/// the object that the session holds under that key.
[[nodiscard]] std::shared_ptr<Instance> referred(const std::shared_ptr<Instance>& instance,
                                                 const mapping::RelationEnds& ends);
/// `ends` are those of the parent, which is about to own `child`.
void disown_parent(Instance& child, const mapping::RelationEnds& ends, const std::shared_ptr<Instance>& parent);

/// True if the database is known to have a pair of a many-to-many relation, as `holder` was last read or flushed.
/// `holds` looks through the objects that it had then.
template <class Holds>
[[nodiscard]] bool has_pair(Instance& holder, const mapping::RelationEnds& ends, Holds holds) {
    const RelationContents& sent = holder.book()->sent;
    if (const auto index = static_cast<std::size_t>(ends.relation - ends.owner->relations().data()); !sent.empty())
        return sent[index].loaded && holds(sent[index].targets);
    const Member member{holder, *ends.relation};
    return member.loaded() && !member.changed() && holds(member.links()); // changed, but not sent: it is new
}

/// Throws `MappingError` if the relation does not lead to objects of that mapper.
void require_target(const mapping::RelationEnds& ends, const std::shared_ptr<Instance>& target);

/// True if `from` keeps `to` alive.
[[nodiscard]] bool leads_to(const Instance& from, const Instance& to);

/// Gives `to` the value of another column, a foreign key or what it refers to. Throws `ConversionError`, with table and
/// column, for a value that does not fit.
void convert(const mapping::Column& from, const void* value, const mapping::Mapper& mapper, const mapping::Column& to,
             void* target);

/// Whose foreign key: that of the object as it is, or of its row as it was last sent or read.
enum class KeyOf : std::uint8_t { object, row };

/// The identity of the object that `instance` refers to by its foreign key, appended to `key`. False if a part of it is
/// NULL. Precondition: the relation is of the kind that refers.
[[nodiscard]] bool append_related_key(const Instance& instance, const mapping::RelationEnds& ends, std::string& key,
                                      KeyOf of = KeyOf::object);

/// A new object is not wanted any more: others do not refer to it. It goes on referring to them, so that it may be
/// added after all, except to children that stay. `watch` makes the session watch what is changed.
void withdraw(const std::shared_ptr<Instance>& instance,
              const std::function<void(const std::shared_ptr<Instance>&)>& watch);

/// Links the content that an object was made with in the other direction as well, and takes related objects along.
void relate(const std::shared_ptr<Instance>& instance);

} // namespace corm::uow

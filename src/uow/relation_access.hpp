// The inside of relation members, for the unit of work.
#pragma once

#include <corm/mapping/relation.hpp>
#include <corm/uow/instance.hpp>

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace corm::uow {

using mapping::Link;
using mapping::Relation;
using mapping::RelationState;

/// Opens what `RelationState` keeps to itself.
struct RelationAccess {
    static RelationState& of(Instance& instance, const Relation& relation) {
        return relation.state(instance.object(), relation.offset);
    }
    static void bind(RelationState& state, mapping::RelationOwner& owner, const Relation& relation) {
        state.owner_ = &owner;
        state.relation_ = &relation;
    }
    /// These two throw as reading does.
    static const std::vector<Link>& read(const RelationState& state) { return state.read(); }
    static std::shared_ptr<Instance> follow(const RelationState& state, const Link& link) { return state.follow(link); }
    static std::vector<Link>& links(RelationState& state) noexcept { return state.links_; }
    static std::uint32_t& read_at(RelationState& state) noexcept { return state.read_at_; }
    static bool& loaded(RelationState& state) noexcept { return state.loaded_; }
    static bool& given(RelationState& state) noexcept { return state.given_; }
    static bool& changed(RelationState& state) noexcept { return state.changed_; }
};

[[nodiscard]] inline bool refers_to(const Link& link, const std::shared_ptr<Instance>& target) noexcept {
    return link.refers_to(target);
}
[[nodiscard]] inline bool refers_to(const std::weak_ptr<Instance>& link,
                                    const std::shared_ptr<Instance>& target) noexcept {
    return !link.owner_before(target) && !target.owner_before(link);
}
/// For one target, or for few handles; else `addresses`.
template <class Handle>
[[nodiscard]] bool holds(const std::vector<Handle>& handles, const std::shared_ptr<Instance>& target) noexcept {
    return std::any_of(handles.begin(), handles.end(), [&](const Handle& handle) { return refers_to(handle, target); });
}
/// Of the living objects. To be asked about such alone that were alive when it was made.
template <class Handle>
[[nodiscard]] boost::unordered_flat_set<const Instance*> addresses(const std::vector<Handle>& handles) {
    boost::unordered_flat_set<const Instance*> set;
    set.reserve(handles.size());
    for (const Handle& handle : handles) {
        if constexpr (requires { handle.lock(); })
            set.insert(handle.lock().get());
        else
            set.insert(handle.get());
    }
    set.erase(nullptr);
    return set;
}

/// A relation member of an object.
class Member {
public:
    Member(Instance& instance, const Relation& relation) : state_(RelationAccess::of(instance, relation)) {}

    [[nodiscard]] std::vector<Link>& links() const noexcept { return RelationAccess::links(state_); }
    /// When it was read, see `UnitOfWork::time_`.
    [[nodiscard]] std::uint32_t& read_at() const noexcept { return RelationAccess::read_at(state_); }
    [[nodiscard]] bool& loaded() const noexcept { return RelationAccess::loaded(state_); }
    [[nodiscard]] bool& changed() const noexcept { return RelationAccess::changed(state_); }
    [[nodiscard]] bool& given() const noexcept { return RelationAccess::given(state_); }
    /// Says what it holds, nothing included: it was given that, or has read it.
    [[nodiscard]] bool says() const noexcept { return loaded() && (given() || changed() || read_at() != 0); }
    void bind(mapping::RelationOwner& owner, const Relation& relation) const {
        RelationAccess::bind(state_, owner, relation);
    }

    [[nodiscard]] bool holds(const std::shared_ptr<Instance>& target) const noexcept {
        return uow::holds(links(), target);
    }
    /// The object of a member that holds one: null if there is none, it is gone, or not known.
    [[nodiscard]] std::shared_ptr<Instance> single() const noexcept {
        return links().empty() ? nullptr : links().front().lock();
    }
    [[nodiscard]] std::vector<std::shared_ptr<Instance>> living() const {
        std::vector<std::shared_ptr<Instance>> found;
        for (const Link& link : links()) {
            if (std::shared_ptr<Instance> target = link.lock())
                found.push_back(std::move(target));
        }
        return found;
    }
    /// Its content is not known any more; what it owned is let go.
    void unload() const noexcept {
        std::vector<Link> dropped = std::move(links());
        links().clear();
        loaded() = false;
        changed() = false;
    }

private:
    RelationState& state_;
};

} // namespace corm::uow

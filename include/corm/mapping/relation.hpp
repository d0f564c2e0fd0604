// Relation members: Many<T> and One<T>.
#pragma once

#include <corm/fwd.hpp>
#include <corm/mapping/mapper.hpp>

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace corm::mapping {

/// What `Many` and `One` have in common: the relation that the member belongs to once its owner is attached, and
/// whether it is loaded. A copy is a detached value: it has the content, and no owner. Assignment to a member
/// replaces its content and keeps its owner; assigning a value that was never loaded leaves the member as it is.
class RelationState {
public:
    /// True when the related objects are known; reading them is then an access to memory. No operator ever loads.
    [[nodiscard]] bool is_loaded() const noexcept { return loaded_; }
    [[nodiscard]] const Relation* relation() const noexcept { return relation_; }

    /// The member now belongs to an object that came from a row: its content is not known.
    void bind_unloaded(const Relation& relation) noexcept {
        relation_ = &relation;
        loaded_ = false;
    }
    /// The member now belongs to an object that was added: it keeps its content.
    void bind(const Relation& relation) noexcept { relation_ = &relation; }

protected:
    RelationState() noexcept = default;
    RelationState(const RelationState& other) noexcept : loaded_(other.loaded_) {}
    RelationState& operator=(const RelationState& other) noexcept {
        loaded_ = loaded_ || other.loaded_;
        return *this;
    }
    ~RelationState() = default;

    /// Throws `NotLoadedError` naming the member, the reason, and the call that loads it.
    void require_loaded() const;

private:
    const Relation* relation_ = nullptr;
    bool loaded_ = true;
};

/// The "many" side: owns its loaded children through shared handles. Not thread-safe. Reading it before it was loaded
/// throws `NotLoadedError`; a struct that was constructed by the program holds an empty, loaded one.
template <class T>
class Many : public RelationState {
public:
    using target_type = T;
    using value_type = orm::Ref<T>;

    Many() noexcept = default;
    Many(std::initializer_list<orm::Ref<T>> children) : children_(children) {}
    /// Moving is copying: the source keeps its owner and content, so a moved-from member of an attached object stays
    /// true.
    Many(const Many& other) : RelationState(other), children_(other.children_) {}
    Many& operator=(const Many& other) {
        if (other.is_loaded())
            children_ = other.children_;
        RelationState::operator=(other);
        return *this;
    }

    [[nodiscard]] auto begin() const { return loaded().begin(); }
    [[nodiscard]] auto end() const { return loaded().end(); }
    [[nodiscard]] std::size_t size() const { return loaded().size(); }
    [[nodiscard]] bool empty() const { return loaded().empty(); }
    [[nodiscard]] const orm::Ref<T>& operator[](std::size_t index) const { return loaded().at(index); }

private:
    [[nodiscard]] const std::vector<orm::Ref<T>>& loaded() const {
        require_loaded();
        return children_;
    }

    std::vector<orm::Ref<T>> children_;
};

/// The "one" side: refers weakly, so that parents and children never keep each other alive. Not thread-safe. Reading
/// it before it was loaded throws `NotLoadedError`.
template <class T>
class One : public RelationState {
public:
    using target_type = T;

    One() noexcept = default;
    One(const orm::Ref<T>& target) : target_(target.instance()) {} // NOLINT: a handle is a reference
    One(const One& other) : RelationState(other), target_(other.target_) {}
    One& operator=(const One& other) {
        if (other.is_loaded())
            target_ = other.target_;
        RelationState::operator=(other);
        return *this;
    }

    /// The related object, an empty handle when there is none or when nobody else keeps it alive any more.
    [[nodiscard]] orm::Ref<T> get() const {
        require_loaded();
        return orm::Ref<T>{target_.lock()};
    }

private:
    std::weak_ptr<uow::Instance> target_;
};

template <class M>
struct RelationMember : std::false_type {
    static constexpr bool many = false;
};
template <class T>
struct RelationMember<Many<T>> : std::true_type {
    static constexpr bool many = true;
};
template <class T>
struct RelationMember<One<T>> : std::true_type {
    static constexpr bool many = false;
};

} // namespace corm::mapping

// Relation members: Many<T> and One<T>.
#pragma once

#include <corm/fwd.hpp>
#include <corm/mapping/relation_descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::mapping {

/// The way to a related object. It owns it, but where that would close a circle: parents and children never keep each
/// other alive. Handles may be dropped on any thread; everything else belongs to the session's task.
class Link {
public:
    Link() noexcept = default;
    explicit Link(std::shared_ptr<uow::Instance> target) noexcept : target_(target), owned_(std::move(target)) {}

    /// Null if it refers to nothing, or to an object that is gone.
    [[nodiscard]] std::shared_ptr<uow::Instance> lock() const noexcept { return target_.lock(); }
    [[nodiscard]] bool refers_to(const std::shared_ptr<uow::Instance>& target) const noexcept {
        return !target_.owner_before(target) && !target.owner_before(target_);
    }
    /// The object if it is owned.
    [[nodiscard]] const std::shared_ptr<uow::Instance>& owned() const noexcept { return owned_; }
    void disown() noexcept { owned_.reset(); }

private:
    std::weak_ptr<uow::Instance> target_;
    std::shared_ptr<uow::Instance> owned_;
};

/// The object that a member belongs to.
class RelationOwner {
public:
    /// Links `target` to the owner, or takes the link away, in both directions and in memory alone. A member that holds
    /// one object gives up the one that it had; null unlinks whatever that is. Throw `ConcurrentUseError` while an
    /// operation of the session is in flight, `Error` for objects of different sessions, `NotLoadedError` for what
    /// would have to be read first.
    virtual void link(const Relation& relation, const std::shared_ptr<uow::Instance>& target) = 0;
    virtual void unlink(const Relation& relation, const std::shared_ptr<uow::Instance>& target) = 0;

protected:
    ~RelationOwner() = default;
};

/// What `Many` and `One` have in common. A member of an object that corm knows is bound to it: changes are kept in step
/// with the other side. Everything else is a detached value, copies included. Not thread-safe.
class RelationState {
public:
    /// True when the related objects are known; reading them is then an access to memory. No operator ever loads.
    [[nodiscard]] bool is_loaded() const noexcept { return loaded_; }
    [[nodiscard]] const Relation* relation() const noexcept { return relation_; }

protected:
    // Out of line: every file that includes corm would compile what a vector of links needs.
    RelationState() noexcept;
    RelationState(const RelationState& other);
    /// Moving is copying: a moved-from member of an object stays true.
    RelationState& operator=(const RelationState& other);
    ~RelationState();

    /// Says that the member is meant to hold what it holds, nothing included.
    void give() noexcept { given_ = true; }
    void insert(const std::shared_ptr<uow::Instance>& target);
    [[nodiscard]] bool erase(const std::shared_ptr<uow::Instance>& target);
    void clear();
    /// The only object, or null. Throws as `read`.
    [[nodiscard]] std::shared_ptr<uow::Instance> single() const;
    [[nodiscard]] bool holds(const std::shared_ptr<uow::Instance>& target) const;
    /// Throws `NotLoadedError` naming the member, the reason, and the call that loads it.
    [[nodiscard]] const std::vector<Link>& read() const {
        if (!loaded_) [[unlikely]]
            throw_not_loaded();
        return links_;
    }
    /// The object at a place. Throws as `read` and `follow`, and `std::out_of_range`.
    [[nodiscard]] std::shared_ptr<uow::Instance> at(std::size_t index) const;
    /// The object. Throws `NotLoadedError` if nobody has kept it.
    [[nodiscard]] std::shared_ptr<uow::Instance> follow(const Link& link) const;

private:
    friend struct uow::RelationAccess;
    [[noreturn]] void throw_not_loaded() const;
    [[nodiscard]] std::string name() const;
    void replace(const std::vector<Link>& with);

    RelationOwner* owner_ = nullptr;
    const Relation* relation_ = nullptr;
    /// What is known. Of a member that is not loaded: what was added since it was read or flushed.
    std::vector<Link> links_;
    std::uint32_t read_at_ = 0; ///< the time of its session when it was read; of a copy, 1 if it was
    bool loaded_ = true;
    bool given_ = false;   ///< says something: a default-constructed member of a struct does not
    bool changed_ = false; ///< since it was last read or flushed
};

/// The "many" side. Owns its objects, unless one of them owns this one's object. A struct that the program constructs
/// holds an empty, loaded one. Reading it before it was loaded throws `NotLoadedError`.
///
/// Assigning to the member of an object replaces its content; assigning a default-constructed value, or one that was
/// not loaded, leaves it as it is, so that `user.edit() = User{...}` does not empty it. `clear()` does.
template <class T>
class Many : public RelationState {
public:
    using target_type = T;
    using value_type = orm::Ref<T>;

    /// Yields handles by value.
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using iterator_concept = std::random_access_iterator_tag;
        using value_type = orm::Ref<T>;
        using difference_type = std::ptrdiff_t;
        using reference = value_type;
        using pointer = void;

        Iterator() noexcept = default;
        Iterator(const Many* many, std::size_t at) noexcept : many_(many), at_(at) {}
        [[nodiscard]] reference operator*() const { return (*many_)[at_]; }
        [[nodiscard]] reference operator[](difference_type n) const { return *(*this + n); }
        Iterator& operator++() noexcept { return *this += 1; }
        Iterator operator++(int) noexcept { return std::exchange(*this, *this + 1); }
        Iterator& operator--() noexcept { return *this -= 1; }
        Iterator operator--(int) noexcept { return std::exchange(*this, *this - 1); }
        Iterator& operator+=(difference_type n) noexcept {
            at_ += static_cast<std::size_t>(n);
            return *this;
        }
        Iterator& operator-=(difference_type n) noexcept { return *this += -n; }
        [[nodiscard]] friend Iterator operator+(Iterator i, difference_type n) noexcept { return i += n; }
        [[nodiscard]] friend Iterator operator+(difference_type n, Iterator i) noexcept { return i += n; }
        [[nodiscard]] friend Iterator operator-(Iterator i, difference_type n) noexcept { return i -= n; }
        [[nodiscard]] friend difference_type operator-(const Iterator& a, const Iterator& b) noexcept {
            return static_cast<difference_type>(a.at_) - static_cast<difference_type>(b.at_);
        }
        friend bool operator==(const Iterator&, const Iterator&) noexcept = default;
        friend auto operator<=>(const Iterator& a, const Iterator& b) noexcept { return a.at_ <=> b.at_; }

    private:
        const Many* many_ = nullptr;
        std::size_t at_ = 0;
    };
    using iterator = Iterator;
    using const_iterator = Iterator;

    Many() noexcept = default;
    Many(std::initializer_list<orm::Ref<T>> objects) {
        give();
        for (const orm::Ref<T>& object : objects)
            push_back(object);
    }
    Many(const Many&) = default;
    Many& operator=(const Many&) = default;
    ~Many() = default;

    [[nodiscard]] Iterator begin() const { return {this, (static_cast<void>(read()), std::size_t{0})}; }
    [[nodiscard]] Iterator end() const { return {this, read().size()}; }
    [[nodiscard]] std::size_t size() const { return read().size(); }
    [[nodiscard]] bool empty() const { return read().empty(); }
    /// Throws `std::out_of_range`.
    [[nodiscard]] orm::Ref<T> operator[](std::size_t index) const { return orm::Ref<T>{at(index)}; }
    [[nodiscard]] bool contains(const orm::Ref<T>& object) const { return holds(object.instance()); }

    /// Adds an object, unless it is there already. Needs no loading: what is in the database joins when it is loaded.
    /// Throws as `RelationOwner::link`.
    void push_back(const orm::Ref<T>& object) { insert(required(object).instance()); }
    /// Takes an object out; false if it was not there. Throws `NotLoadedError` for a member that is not loaded.
    bool remove(const orm::Ref<T>& object) { return erase(object.instance()); }
    void clear() { RelationState::clear(); }

private:
    static const orm::Ref<T>& required(const orm::Ref<T>& object) {
        static_cast<void>(*object); // throws if it is empty or expired
        return object;
    }
};

/// The "one" side. Owns its object, unless that one owns this one's: it stays readable for as long as somebody keeps
/// the parent. Reading it before it was loaded throws `NotLoadedError`; a foreign key that is NULL counts as loaded.
///
/// Assigning a handle links in both directions, and an empty one, or nullptr, takes the link away. Assigning a
/// default-constructed value, or one that was not loaded, leaves the member of an object as it is.
template <class T>
class One : public RelationState {
public:
    using target_type = T;

    One() noexcept = default;
    One(const orm::Ref<T>& target) { // NOLINT: a handle is a reference
        give();
        if (target)
            insert(target.instance());
    }
    One(std::nullptr_t) { give(); } // NOLINT: no object
    One(const One&) = default;
    One& operator=(const One&) = default;
    ~One() = default;

    /// The related object, or an empty handle when there is none.
    [[nodiscard]] orm::Ref<T> get() const { return orm::Ref<T>{single()}; }
    [[nodiscard]] operator orm::Ref<T>() const { return get(); } // NOLINT: it stands for a handle
    [[nodiscard]] explicit operator bool() const { return !read().empty(); }
    /// Throw `corm::Error` when there is none.
    [[nodiscard]] const T& operator*() const { return *get(); }
    [[nodiscard]] const T* operator->() const { return get().operator->(); }
    [[nodiscard]] friend bool operator==(const One& one, const orm::Ref<T>& ref) { return one.get() == ref; }
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

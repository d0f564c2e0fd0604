// Handles to the objects of a session.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/uow/instance.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace corm::orm {

namespace detail {
/// Throws `corm::Error`: an empty handle was read.
[[noreturn]] void throw_empty_ref(const char* what);
} // namespace detail

template <class T>
class Edit;

/// A shared handle to an object; equality is identity. Reading is const access to the struct; changes go through
/// `edit()` or `set()`. May outlive session, connection and engine, and may be copied and dropped on any thread;
/// reading and editing belong to the session's task. No operator does I/O. On an empty handle, `->`, `*` and `edit()`
/// throw `corm::Error`; on an expired object, `NotLoadedError`.
template <class T>
class Ref {
public:
    using element_type = T;

    Ref() noexcept = default;
    explicit Ref(std::shared_ptr<uow::Instance> instance) noexcept : instance_(std::move(instance)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return instance_ != nullptr; }
    [[nodiscard]] const T& operator*() const { return *static_cast<const T*>(required("*").readable()); }
    [[nodiscard]] const T* operator->() const { return static_cast<const T*>(required("->").readable()); }

    /// The object for writing; its changes are found by comparison at the next flush, for as long as a handle lives.
    /// Throws `ConcurrentUseError` while an operation of the session is in flight.
    [[nodiscard]] T& edit() const& { return *static_cast<T*>(editable()); }
    /// On a temporary handle: an `Edit` that keeps the object alive.
    [[nodiscard]] Edit<T> edit() && {
        static_cast<void>(editable());
        return Edit<T>{std::move(instance_)};
    }

    /// Changes one attribute: `user.set<&User::age>(41)`.
    template <auto Member, class Value>
    void set(Value&& value) const {
        mapping::check_member<T, Member>();
        edit().*Member = std::forward<Value>(value);
    }

    friend bool operator==(const Ref&, const Ref&) noexcept = default;

    /// The erased handle.
    [[nodiscard]] const std::shared_ptr<uow::Instance>& instance() const noexcept { return instance_; }

private:
    [[nodiscard]] uow::Instance& required(const char* what) const {
        if (instance_ == nullptr) [[unlikely]]
            detail::throw_empty_ref(what);
        return *instance_;
    }
    [[nodiscard]] void* editable() const {
        static_cast<void>(required("edit()"));
        return uow::Instance::editable(instance_);
    }

    std::shared_ptr<uow::Instance> instance_;
};

/// The object forgets its session and its row, and can be added as a new one. Its values stay, generated keys included.
/// Throws `NotLoadedError` if it is expired. No I/O.
template <class T>
void make_transient(const Ref<T>& ref, std::source_location where = std::source_location::current()) {
    if (!ref)
        detail::throw_empty_ref("make_transient()");
    uow::make_transient(ref.instance(), where);
}
/// A transient object is taken for one whose row exists under the key that it holds: detached and expired. A session
/// that it is added to reads it by get, query or refresh. Throws `Error` unless it is transient. No I/O.
template <class T>
void make_transient_to_detached(const Ref<T>& ref, std::source_location where = std::source_location::current()) {
    if (!ref)
        detail::throw_empty_ref("make_transient_to_detached()");
    uow::make_transient_to_detached(ref.instance(), where);
}
/// Write access that owns its handle: `session_lookup().edit()->age += 1`.
template <class T>
class Edit {
public:
    [[nodiscard]] T& operator*() const noexcept { return *static_cast<T*>(instance_->object()); }
    [[nodiscard]] T* operator->() const noexcept { return static_cast<T*>(instance_->object()); }
    operator T&() const noexcept { return **this; } // NOLINT: it stands for the object
    Edit& operator=(T value) {
        **this = std::move(value);
        return *this;
    }
    [[nodiscard]] Ref<T> ref() const noexcept { return Ref<T>{instance_}; }

private:
    friend class Ref<T>;
    explicit Edit(std::shared_ptr<uow::Instance> instance) noexcept : instance_(std::move(instance)) {}

    std::shared_ptr<uow::Instance> instance_;
};

} // namespace corm::orm

template <class T>
struct std::hash<corm::orm::Ref<T>> {
    std::size_t operator()(const corm::orm::Ref<T>& ref) const noexcept {
        return std::hash<const void*>{}(ref.instance().get());
    }
};

// What a session does with objects without I/O.
#pragma once

#include <corm/orm/detail/typed.hpp>
#include <corm/orm/ref.hpp>

#include <initializer_list>
#include <iterator>
#include <memory>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::orm {

/// The calls of `AsyncSession` that do no I/O; not a type of its own. Each throws `ConcurrentUseError` while an
/// operation of the session is in flight.
class SessionObjects {
public:
    /// A new object, inserted by the next flush. No I/O.
    template <class T>
    Ref<T> add(T value, std::source_location where = std::source_location::current()) const {
        Ref<T> ref = detail::make_ref(std::move(value));
        detail::add(core_, ref.instance(), where);
        return ref;
    }
    /// As `add`, with columns marked `server_default` that are to be written: `add(user, corm::given<&User::created>)`,
    /// `add(record, corm::given_columns("created"))`.
    template <class T, mapping::GivenMarks Marks>
    Ref<T> add(T value, const Marks& given, std::source_location where = std::source_location::current()) const {
        Ref<T> ref = detail::make_ref(std::move(value), given);
        detail::add(core_, ref.instance(), where);
        return ref;
    }
    /// A transient or detached object joins the session; one marked by `remove` stays. No I/O.
    template <class T>
    void add(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        detail::add(core_, detail::required(ref), where);
    }
    template <class Range>
    auto add_all(Range&& values, std::source_location where = std::source_location::current()) const {
        std::vector<Ref<std::remove_cvref_t<decltype(*std::begin(values))>>> refs;
        for (auto&& value : values)
            refs.push_back(add(std::forward<decltype(value)>(value), where));
        return refs;
    }
    template <class T>
    auto add_all(std::initializer_list<T> values, std::source_location where = std::source_location::current()) const {
        return add_all(std::vector<T>(values), where);
    }
    /// Marks the object; the next flush deletes its row. A detached object joins the session for that; one that was
    /// only added leaves it at once. No I/O.
    template <class T>
    void remove(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        detail::remove(core_, detail::required(ref), where);
    }
    /// The object may not be read until the next get, query or refresh has read it anew; unflushed edits of it are
    /// dropped. Throws `Error` unless it is persistent in this session. No I/O.
    template <class T>
    void expire(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        detail::expire(core_, detail::required(ref), where);
    }
    /// The edit of one attribute is dropped and the object is stale, so that the next get, query or refresh reads its
    /// row anew; other edits stay: `session.expire<&User::age>(user)`. Throws as `expire`. No I/O.
    template <auto Member, class T>
    void expire(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        detail::expire(core_, detail::required(ref), mapping::column_index<T, Member>(), where);
    }
    /// The same of a record's column, by its name.
    void expire(const Ref<mapping::Record>& ref, std::string_view column,
                std::source_location where = std::source_location::current()) const;
    /// As `expire`, for every persistent object.
    void expire_all(std::source_location where = std::source_location::current()) const {
        detail::expire_all(core_, where);
    }
    /// The object leaves the session with its values; unflushed changes are not written. No I/O.
    template <class T>
    void expunge(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        detail::expunge(core_, detail::required(ref), where);
    }

    /// Every object leaves the session as by `expunge`; the transaction goes on. No I/O.
    void expunge_all(std::source_location where = std::source_location::current()) const {
        detail::expunge_all(core_, where);
    }

    /// True for an object of this session: pending or persistent.
    template <class T>
    [[nodiscard]] bool contains(const Ref<T>& ref, std::source_location where = std::source_location::current()) const {
        return detail::contains(core_, detail::required(ref), where);
    }
    /// True if a flush has something to write for this object: it is pending, or a value differs from what was last
    /// sent or loaded. No I/O.
    template <class T>
    [[nodiscard]] bool is_modified(const Ref<T>& ref,
                                   std::source_location where = std::source_location::current()) const {
        return detail::is_modified(core_, detail::required(ref), where);
    }
    /// Objects of this type that were added, edited (whether or not a value differs in the end; see `inspect`) or
    /// removed, and not flushed since.
    template <class T>
    [[nodiscard]] std::vector<Ref<T>> new_(std::source_location where = std::source_location::current()) const {
        return detail::refs_of<T>(detail::listed(core_, detail::Listing::added, where));
    }
    template <class T>
    [[nodiscard]] std::vector<Ref<T>> dirty(std::source_location where = std::source_location::current()) const {
        return detail::refs_of<T>(detail::listed(core_, detail::Listing::dirty, where));
    }
    template <class T>
    [[nodiscard]] std::vector<Ref<T>> deleted(std::source_location where = std::source_location::current()) const {
        return detail::refs_of<T>(detail::listed(core_, detail::Listing::removed, where));
    }

    /// As long as the guard lives, queries do not send unflushed changes first: `const auto guard =
    /// session.no_autoflush();`
    [[nodiscard]] detail::NoAutoflush no_autoflush(std::source_location where = std::source_location::current()) const {
        return {core_, where};
    }

protected:
    explicit SessionObjects(detail::Core core) noexcept : core_(std::move(core)) {}
    SessionObjects(SessionObjects&&) noexcept = default;
    SessionObjects& operator=(SessionObjects&&) noexcept = default;
    ~SessionObjects() = default;

    detail::Core core_;
};

/// A new object that belongs to no session yet: what `add(Ref)` and `make_transient_to_detached` take.
template <class T>
[[nodiscard]] Ref<T> transient(T value) {
    return detail::make_ref(std::move(value));
}

} // namespace corm::orm

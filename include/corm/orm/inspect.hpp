// inspect(ref): where an object stands, and what was changed in it.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/mapping/record.hpp>
#include <corm/orm/ref.hpp>
#include <corm/query/load.hpp>
#include <corm/uow/relation_history.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::orm {

using uow::Freshness;
using uow::ObjectState;

/// The history of one attribute since it was last sent or loaded: at most one value in each place. All three are empty
/// when the value is not loaded.
template <class Value>
struct History {
    std::optional<Value> added;     ///< the new value
    std::optional<Value> unchanged; ///< the value, when it is the one that was loaded or sent
    std::optional<Value> deleted;   ///< the value that the new one replaces
};

/// The history of a relation: objects that were linked, that stayed, and that were unlinked since it was last read or
/// flushed. Of one that is not loaded, only what was added is known.
template <class Target>
struct RelationHistory {
    std::vector<Ref<Target>> added;
    std::vector<Ref<Target>> unchanged;
    std::vector<Ref<Target>> deleted;
};

/// A view of an object's state. Does no I/O. Valid while the handle lives; belongs to the session's task.
template <class T>
class Inspection {
public:
    explicit Inspection(const Ref<T>& ref) : instance_(ref.instance()) {
        if (instance_ == nullptr)
            detail::throw_empty_ref("inspect()");
    }

    [[nodiscard]] ObjectState state() const noexcept { return instance_->state; }
    [[nodiscard]] Freshness freshness() const noexcept { return instance_->freshness; }
    /// A mapped attribute differs from what was last sent or loaded, or a link was changed; pending objects count as
    /// modified.
    [[nodiscard]] bool is_modified() const {
        return instance_->state == ObjectState::pending || instance_->is_modified() || instance_->is_relinked();
    }
    /// Marked by `remove`, not flushed yet.
    [[nodiscard]] bool is_doomed() const noexcept {
        return instance_->doomed && instance_->state != ObjectState::deleted;
    }
    /// True if it belongs to a living session.
    [[nodiscard]] bool has_session() const noexcept { return !instance_->scope.expired(); }
    /// The primary key as text, empty while there is no identity.
    [[nodiscard]] std::string identity() const {
        return instance_->key.has_value() ? instance_->mapper().key_text(instance_->key) : std::string{};
    }

    template <auto Member>
    [[nodiscard]] auto history() const {
        mapping::check_member<T, Member>();
        using Value = std::remove_cv_t<mapping::member_type<Member>>;
        if constexpr (mapping::RelationMember<Value>::value)
            return relation_history<typename Value::target_type>(
                query::detail::find_relation(instance_->mapper(), mapping::member_name<T, Member>));
        else
            return column_history<Value>(instance_->mapper().column(mapping::column_index<T, Member>()));
    }

    /// Of a record's column; `Value` is the type that it was defined with. Throws `MappingError` for a wrong one, and
    /// for a name that there is not.
    template <types::ColumnValue Value>
    [[nodiscard]] History<Value> history(std::string_view column) const {
        static_assert(std::is_same_v<T, mapping::Record>, "corm: attributes of a struct are named by their member: "
                                                          "history<&Struct::member>()");
        return column_history<Value>(mapping::column_of_type(instance_->mapper(), column, types::value_type<Value>));
    }
    /// Of a record's relation; `Target` is the struct that it was defined with, or `Record`.
    template <class Target = mapping::Record>
    [[nodiscard]] RelationHistory<Target> relation_history(std::string_view relation) const {
        static_assert(std::is_same_v<T, mapping::Record>, "corm: attributes of a struct are named by their member: "
                                                          "history<&Struct::member>()");
        const mapping::Relation& found = mapping::relation_by_name(instance_->mapper(), relation);
        mapping::require_slot(instance_->mapper(), found,
                              is_to_many(found.kind) ? mapping::relation_slot<mapping::Many<Target>>
                                                     : mapping::relation_slot<mapping::One<Target>>);
        return relation_history<Target>(found);
    }

private:
    template <class Target>
    [[nodiscard]] RelationHistory<Target> relation_history(const mapping::Relation& relation) const {
        const auto refs = [](std::vector<std::shared_ptr<uow::Instance>>& from) {
            std::vector<Ref<Target>> made;
            for (std::shared_ptr<uow::Instance>& instance : from)
                made.emplace_back(std::move(instance));
            return made;
        };
        uow::RelationHistory found = uow::relation_history(*instance_, relation);
        return {refs(found.added), refs(found.unchanged), refs(found.deleted)};
    }
    template <class Value>
    [[nodiscard]] History<Value> column_history(const mapping::Column& column) const {
        History<Value> history;
        if (instance_->freshness == Freshness::expired)
            return history;
        const Value& current = *static_cast<const Value*>(column.in(instance_->values()));
        if (instance_->state == ObjectState::transient || instance_->state == ObjectState::pending) {
            history.added = current;
        } else if (instance_->is_changed(column)) {
            history.added = current;
            history.deleted = *static_cast<const Value*>(instance_->sent().at(column));
        } else {
            history.unchanged = current;
        }
        return history;
    }

    std::shared_ptr<uow::Instance> instance_;
};

template <class T>
[[nodiscard]] Inspection<T> inspect(const Ref<T>& ref) {
    return Inspection<T>{ref};
}

} // namespace corm::orm

// What the letters of the catalogue stand for.
#pragma once

#include <corm/schema/model.hpp>

namespace corm::schema {

/// pg_type.typtype.
[[nodiscard]] inline TypeKind kind_of(char type) noexcept {
    switch (type) {
    case 'e': return TypeKind::enumeration;
    case 'd': return TypeKind::domain;
    case 'c': return TypeKind::composite;
    case 'r': return TypeKind::range;
    case 'm': return TypeKind::multirange;
    case 'p': return TypeKind::pseudo;
    default: return TypeKind::base;
    }
}

/// pg_class.relkind, of what has rows.
[[nodiscard]] inline TableKind table_kind_of(char kind) noexcept {
    switch (kind) {
    case 'p': return TableKind::partitioned_table;
    case 'v': return TableKind::view;
    case 'm': return TableKind::materialized_view;
    case 'f': return TableKind::foreign_table;
    default: return TableKind::table;
    }
}

/// pg_constraint.confupdtype and confdeltype.
[[nodiscard]] inline ReferentialAction action_of(char action) noexcept {
    switch (action) {
    case 'r': return ReferentialAction::restrict_;
    case 'c': return ReferentialAction::cascade;
    case 'n': return ReferentialAction::set_null;
    case 'd': return ReferentialAction::set_default;
    default: return ReferentialAction::no_action;
    }
}

[[nodiscard]] inline Checking checking_of(bool deferrable, bool deferred) noexcept {
    return deferred ? Checking::initially_deferred : deferrable ? Checking::deferrable : Checking::immediate;
}

} // namespace corm::schema

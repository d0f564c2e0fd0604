// Columns of tables and what they are made of, as data.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace corm::schema {

/// The name of a table, type or other object, as the catalogue has it: never quoted. Ordered by bytes.
struct QualifiedName {
    std::string schema{};
    std::string name{};

    [[nodiscard]] bool empty() const noexcept { return name.empty(); }
    friend bool operator==(const QualifiedName&, const QualifiedName&) = default;
    friend auto operator<=>(const QualifiedName&, const QualifiedName&) = default;
};

/// What kind of type a name leads to. Those from `enumeration` to `multirange` that belong to the database itself are
/// found in the model (a multirange: at its range); those of extensions and of the system are not.
enum class TypeKind : std::uint8_t { base, enumeration, domain, composite, range, multirange, pseudo };

/// A type where it is used: at a column, an attribute, or below a domain or range.
struct TypeUse {
    /// SQL, modifiers and brackets of arrays included: `character varying(20)`, `numeric(10,2)[]`, `app."Mood"`.
    /// Names are quoted where they have to be, and qualified unless they are of pg_catalog.
    std::string text{};
    /// The type without modifiers; of an array, that of its elements: `{"pg_catalog", "varchar"}`, `{"app", "Mood"}`.
    QualifiedName name{};
    TypeKind kind = TypeKind::base; ///< of `name`
    bool array = false;             ///< PostgreSQL does not tell arrays of one dimension from those of several
    std::int32_t modifier = -1;     ///< as PostgreSQL encodes length or precision; -1 for none

    friend bool operator==(const TypeUse&, const TypeUse&) = default;
};

/// How a sequence counts. The defaults are those of CREATE SEQUENCE; one that counts down or is of a smaller type has
/// other bounds.
struct SequenceOptions {
    std::string type{"bigint"}; ///< `smallint`, `integer` or `bigint`
    std::int64_t start = 1;
    std::int64_t increment = 1;
    std::int64_t minimum = 1;
    std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
    std::int64_t cache = 1;
    bool cycle = false;

    friend bool operator==(const SequenceOptions&, const SequenceOptions&) = default;
};

enum class IdentityKind : std::uint8_t { none, always, by_default };

/// GENERATED ... AS IDENTITY.
struct Identity {
    IdentityKind kind = IdentityKind::none;
    QualifiedName sequence{};  ///< PostgreSQL names it `<table>_<column>_seq` if it is not told otherwise
    SequenceOptions options{}; ///< of that sequence, which is not among those of the model

    [[nodiscard]] explicit operator bool() const noexcept { return kind != IdentityKind::none; }
    friend bool operator==(const Identity&, const Identity&) = default;
};

struct Column {
    std::string name{};
    TypeUse type{};
    bool not_null = false;          ///< by itself or as a part of the primary key; what a domain forbids is not counted
    std::string default_{};         ///< SQL expression, names qualified; empty: none
    Identity identity{};            ///< a column has a default, an identity or a generated value, or none of them
    std::string generated{};        ///< expression of GENERATED ALWAYS AS; empty: not generated
    bool generated_virtual = false; ///< computed when read and not stored (PostgreSQL 18)
    QualifiedName collation{};      ///< empty: that of the type
    std::string storage{};          ///< `plain`, `external`, `extended` or `main`; empty: that of the type
    std::string compression{};      ///< `pglz` or `lz4`; empty: that of the server
    bool inherited = false;         ///< it is there because a parent has it; so is every column of a partition
    std::string comment{};          ///< empty: none

    friend bool operator==(const Column&, const Column&) = default;
};

} // namespace corm::schema

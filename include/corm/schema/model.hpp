// A database as data: what the catalogue knows about schemas, tables, types and sequences.
#pragma once

#include <corm/schema/column.hpp>
#include <corm/schema/constraint.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corm::schema {

enum class TableKind : std::uint8_t { table, partitioned_table, view, materialized_view, foreign_table };

/// Anything that has columns and rows. A partition is a table, a partitioned table or a foreign table with a
/// `partition_bound`.
struct Table {
    TableKind kind = TableKind::table;
    std::string schema{};
    std::string name{};
    std::vector<Column> columns{}; ///< in the order of the table
    std::optional<KeyConstraint> primary_key{};
    std::vector<KeyConstraint> unique{};
    std::vector<ForeignKey> foreign_keys{};
    std::vector<CheckConstraint> checks{};
    std::vector<ExclusionConstraint> exclusions{};
    std::vector<Index> indexes{}; ///< those that belong to no constraint; of materialised views too

    std::vector<QualifiedName> parents{}; ///< in their order: one for a partition, any number with INHERITS
    std::string partition_key{};          ///< of a partitioned table: `RANGE (created)`
    std::string partition_bound{};        ///< of a partition: `FOR VALUES FROM (1) TO (10)`, `DEFAULT`

    std::string definition{};           ///< of views: the query, names qualified, without a semicolon
    std::vector<QualifiedName> reads{}; ///< of views: the tables and views of the query, which have to be there first
    std::string server{};               ///< of a foreign table
    bool unlogged = false;
    bool row_security = false;          ///< ENABLE ROW LEVEL SECURITY; policies are no part of the model
    std::vector<std::string> options{}; ///< storage parameters, of views `security_barrier=true` and `check_option`
    std::string comment{};              ///< empty: none

    [[nodiscard]] bool is_view() const noexcept {
        return kind == TableKind::view || kind == TableKind::materialized_view;
    }
    [[nodiscard]] bool is_partition() const noexcept { return !partition_bound.empty(); }
    /// Null if there is none of that name.
    [[nodiscard]] const Column* find_column(std::string_view column) const noexcept;
    [[nodiscard]] QualifiedName qualified_name() const { return {schema, name}; }
    friend bool operator==(const Table&, const Table&) = default;
};

struct Enum {
    std::string schema{};
    std::string name{};
    std::vector<std::string> labels{}; ///< in their order
    std::string comment{};

    friend bool operator==(const Enum&, const Enum&) = default;
};

struct Domain {
    std::string schema{};
    std::string name{};
    TypeUse type{}; ///< may be a domain itself
    bool not_null = false;
    std::string default_{};    ///< SQL expression; empty: none
    QualifiedName collation{}; ///< empty: that of the type
    std::vector<CheckConstraint> checks{};
    std::string comment{};

    friend bool operator==(const Domain&, const Domain&) = default;
};

/// A member of a composite type.
struct Attribute {
    std::string name{};
    TypeUse type{};
    QualifiedName collation{}; ///< empty: that of the type
    std::string comment{};

    friend bool operator==(const Attribute&, const Attribute&) = default;
};

/// A type that was made by CREATE TYPE ... AS (...); the row types of tables are not listed.
struct Composite {
    std::string schema{};
    std::string name{};
    std::vector<Attribute> attributes{};
    std::string comment{};

    friend bool operator==(const Composite&, const Composite&) = default;
};

struct Range {
    std::string schema{};
    std::string name{};
    TypeUse subtype{};
    QualifiedName operator_class{}; ///< empty: the default one of the subtype
    QualifiedName collation{};      ///< empty: that of the subtype
    QualifiedName canonical{};      ///< function; empty: none
    QualifiedName subtype_diff{};   ///< function; empty: none
    QualifiedName multirange{};     ///< its type of several ranges; empty before PostgreSQL 14
    std::string comment{};

    friend bool operator==(const Range&, const Range&) = default;
};

/// A sequence, of a `serial` column too; those of identity columns are at their columns.
struct Sequence {
    std::string schema{};
    std::string name{};
    SequenceOptions options{};
    bool unlogged = false; ///< PostgreSQL 15
    QualifiedName owner{}; ///< the table of OWNED BY, with which it is dropped; empty: none
    std::string owner_column{};
    std::string comment{};

    friend bool operator==(const Sequence&, const Sequence&) = default;
};

struct Schema {
    std::string name{};
    std::string comment{};

    friend bool operator==(const Schema&, const Schema&) = default;
};

/// An installed extension. What belongs to it is no part of the model.
struct Extension {
    std::string name{};
    std::string schema{}; ///< that its objects are in

    friend bool operator==(const Extension&, const Extension&) = default;
};

/// What a database is made of, as far as corm knows: no functions, triggers, rules, policies, rights, tablespaces or
/// rows. Nothing in it depends on the numbers that a server gave to its objects, so that the models of equal databases
/// are equal. Has the order that `sort` makes, on which the `find_` functions rely. A value: reading it is safe from
/// several threads.
struct Database {
    std::vector<Schema> schemas{};
    std::vector<Extension> extensions{};
    std::vector<Table> tables{};
    std::vector<Enum> enums{};
    std::vector<Domain> domains{};
    std::vector<Composite> composites{};
    std::vector<Range> ranges{};
    std::vector<Sequence> sequences{};
    /// The schemas in which sessions look for a name without one, in their order. A matter of whoever asks, and not
    /// compared.
    std::vector<std::string> search_path{};

    /// Null if there is none of that name. The pointers live as long as the vectors are not changed. An empty schema
    /// is that of objects made by hand that have none, and else stands for the first of `search_path` that has one.
    [[nodiscard]] const Schema* find_schema(std::string_view name) const noexcept;
    [[nodiscard]] const Table* find_table(std::string_view schema, std::string_view name) const noexcept;
    [[nodiscard]] const Enum* find_enum(std::string_view schema, std::string_view name) const noexcept;
    [[nodiscard]] const Domain* find_domain(std::string_view schema, std::string_view name) const noexcept;
    [[nodiscard]] const Composite* find_composite(std::string_view schema, std::string_view name) const noexcept;
    [[nodiscard]] const Range* find_range(std::string_view schema, std::string_view name) const noexcept;
    [[nodiscard]] const Sequence* find_sequence(std::string_view schema, std::string_view name) const noexcept;

    /// The type below a domain, and below the domain that it is one of, until it is none; of anything else, the type
    /// itself. A domain that the model lacks ends the way.
    [[nodiscard]] const TypeUse& base_type(const TypeUse& type) const noexcept;

    friend bool operator==(const Database& left, const Database& right);
};

/// Puts the parts of a model in their order: everything with a name by schema and name, by bytes, constraints, indexes
/// and the tables that a view reads too; columns, labels and attributes stay as they are. Models made by hand need it
/// before they are searched or compared.
void sort(Database& database);

} // namespace corm::schema

// Keys, checks, exclusions and indexes of tables, as data.
#pragma once

#include <corm/schema/column.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace corm::schema {

/// When a constraint is looked at.
enum class Checking : std::uint8_t {
    immediate,          ///< NOT DEFERRABLE
    deferrable,         ///< DEFERRABLE INITIALLY IMMEDIATE
    initially_deferred, ///< DEFERRABLE INITIALLY DEFERRED
};

/// A primary key or a unique constraint.
struct KeyConstraint {
    std::string name{};
    std::vector<std::string> columns{}; ///< in the order of the key
    std::vector<std::string> include{}; ///< carried by the index, and no part of the key
    bool nulls_not_distinct = false;    ///< PostgreSQL 15; never of a primary key
    bool without_overlaps = false;      ///< the last column is a range, and those of equal keys are disjoint (18)
    Checking checking = Checking::immediate;
    std::vector<std::string> options{}; ///< storage parameters of the index: `fillfactor=70`
    bool inherited = false;             ///< it is there because the partitioned table has it
    std::string comment{};

    friend bool operator==(const KeyConstraint&, const KeyConstraint&) = default;
};

enum class ReferentialAction : std::uint8_t { no_action, restrict_, cascade, set_null, set_default };

struct ForeignKey {
    std::string name{};
    std::vector<std::string> columns{};
    QualifiedName target{};
    std::vector<std::string> target_columns{}; ///< one for each of `columns`, in their order
    ReferentialAction on_update = ReferentialAction::no_action;
    ReferentialAction on_delete = ReferentialAction::no_action;
    /// Those that `set_null` or `set_default` of `on_delete` writes; empty: all of them (PostgreSQL 15).
    std::vector<std::string> on_delete_columns{};
    bool match_full = false;
    bool period = false; ///< the last column is a range that has to be covered (PostgreSQL 18)
    Checking checking = Checking::immediate;
    bool not_valid = false; ///< rows of before it are not checked
    bool enforced = true;   ///< false: NOT ENFORCED (PostgreSQL 18)
    bool inherited = false; ///< it is there because the partitioned table has it
    std::string comment{};

    friend bool operator==(const ForeignKey&, const ForeignKey&) = default;
};

/// Of a table or a domain.
struct CheckConstraint {
    std::string name{};
    std::string expression{}; ///< without CHECK, in parentheses or not as PostgreSQL prints it
    bool no_inherit = false;
    bool not_valid = false;
    bool enforced = true;   ///< false: NOT ENFORCED (PostgreSQL 18)
    bool inherited = false; ///< it is there because a parent has it
    std::string comment{};

    friend bool operator==(const CheckConstraint&, const CheckConstraint&) = default;
};

/// Where an index has NULL.
enum class NullsOrder : std::uint8_t {
    usual,    ///< behind the values of an ascending term, ahead of those of a descending one
    reversed, ///< `ASC NULLS FIRST`, `DESC NULLS LAST`
};

/// What an index orders by.
struct IndexTerm {
    std::string column{};                              ///< empty: an expression
    std::string expression{};                          ///< names qualified; empty: a column
    QualifiedName collation{};                         ///< empty: that of the column or expression
    QualifiedName operator_class{};                    ///< empty: the default one of the type, without options
    std::vector<std::string> operator_class_options{}; ///< `siglen=32`
    bool descending = false;
    NullsOrder nulls = NullsOrder::usual;

    friend bool operator==(const IndexTerm&, const IndexTerm&) = default;
};

/// An index that belongs to no constraint.
struct Index {
    std::string name{}; ///< its schema is that of the table
    std::string method{"btree"};
    bool unique = false;
    std::vector<IndexTerm> terms{};
    std::vector<std::string> include{};
    bool nulls_not_distinct = false;    ///< PostgreSQL 15
    std::string predicate{};            ///< of WHERE; empty: all rows
    std::vector<std::string> options{}; ///< storage parameters: `fillfactor=70`
    bool only = false;      ///< of a partitioned table: partitions lack it, or not all of them have it attached
    bool inherited = false; ///< it is there because the partitioned table has it
    std::string comment{};

    friend bool operator==(const Index&, const Index&) = default;
};

/// A term of an exclusion constraint, and the operator that no two rows may satisfy.
struct ExclusionTerm {
    IndexTerm term{};
    QualifiedName operator_{}; ///< `{"pg_catalog", "&&"}`

    friend bool operator==(const ExclusionTerm&, const ExclusionTerm&) = default;
};

struct ExclusionConstraint {
    std::string name{};
    std::string method{"gist"};
    std::vector<ExclusionTerm> terms{};
    std::vector<std::string> include{};
    std::string predicate{}; ///< of WHERE; empty: all rows
    Checking checking = Checking::immediate;
    std::vector<std::string> options{}; ///< storage parameters of the index
    bool inherited = false;             ///< it is there because the partitioned table has it
    std::string comment{};

    friend bool operator==(const ExclusionConstraint&, const ExclusionConstraint&) = default;
};

} // namespace corm::schema

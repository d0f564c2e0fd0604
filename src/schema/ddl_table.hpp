// The tables of a model, one by one, as SQL.
#pragma once

#include "schema/object_order.hpp"

#include <corm/schema/model.hpp>

#include <string>
#include <vector>

namespace corm::schema::ddl {

/// How a table comes to its parents.
enum class Descent {
    none,
    inherits,     ///< CREATE TABLE ... INHERITS
    inherit,      ///< ALTER TABLE ... INHERIT: its columns stand in another order than they would
    partition_of, ///< CREATE TABLE ... PARTITION OF: it lists no columns
    attach,       ///< ALTER TABLE ... ATTACH PARTITION
};

/// Where the tables of a creation are found.
class TableWriter {
public:
    /// `created` are those that are made, in this order; both models are referred to.
    TableWriter(const Database& created, const Database& existing, const ObjectOrder& order)
        : created_(created), existing_(existing), order_(order) {}

    [[nodiscard]] Descent descent_of(const Table& table) const;
    /// The foreign key can only be added when all tables are there.
    [[nodiscard]] bool is_late(const Table& table, const ForeignKey& key) const;
    [[nodiscard]] bool is_late(const Table& table, const CheckConstraint& check) const;
    /// It is there because a parent gets it.
    [[nodiscard]] bool comes_along(const Table& table, const ForeignKey& key) const;
    [[nodiscard]] bool comes_along(const Table& table, const CheckConstraint& check) const;

    /// CREATE TABLE or CREATE FOREIGN TABLE.
    [[nodiscard]] std::string create_text(const Table& table) const;
    /// ALTER TABLE that makes it a partition or a child; empty if it is one.
    [[nodiscard]] std::string descend_text(const Table& table) const;
    /// ALTER TABLE that makes inherited columns what they are; empty if nothing differs from the parents.
    [[nodiscard]] std::string adjust_text(const Table& table) const;
    /// ALTER TABLE of storage and compression; empty if there is none. It does not concern children, so that it has to
    /// come when they are there.
    [[nodiscard]] std::string storage_text(const Table& table) const;

    [[nodiscard]] bool is_created(const QualifiedName& table) const {
        return created_.find_table(table.schema, table.name) != nullptr;
    }
    /// Null if neither model has it.
    [[nodiscard]] const Table* find(const QualifiedName& table) const;

private:
    [[nodiscard]] bool keeps_order(const Table& table) const;
    [[nodiscard]] std::vector<std::string> constraints(const Table& table, Descent descent) const;

    const Database& created_;
    const Database& existing_;
    const ObjectOrder& order_;
};

} // namespace corm::schema::ddl

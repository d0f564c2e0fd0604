// Constraints, indexes, columns and types as SQL.
#pragma once

#include <corm/schema/model.hpp>

#include <string>

namespace corm::schema::ddl {

// With their names in front: clauses of CREATE TABLE and of ALTER TABLE ... ADD.
[[nodiscard]] std::string primary_key_text(const KeyConstraint& key);
[[nodiscard]] std::string unique_text(const KeyConstraint& key);
[[nodiscard]] std::string foreign_key_text(const ForeignKey& key);
[[nodiscard]] std::string check_text(const CheckConstraint& check);
[[nodiscard]] std::string exclusion_text(const ExclusionConstraint& exclusion);

/// CREATE INDEX.
[[nodiscard]] std::string index_text(const Table& table, const Index& index);

/// A column in CREATE TABLE.
[[nodiscard]] std::string column_text(const Table& table, const Column& column);
/// `GENERATED ALWAYS AS IDENTITY (...)`.
[[nodiscard]] std::string identity_text(const Table& table, const Column& column);

// CREATE statements.
[[nodiscard]] std::string enum_text(const Enum& type);
/// Without the checks that are not valid.
[[nodiscard]] std::string domain_text(const Domain& domain);
[[nodiscard]] std::string composite_text(const Composite& composite);
[[nodiscard]] std::string range_text(const Range& range);
[[nodiscard]] std::string sequence_text(const Sequence& sequence);
[[nodiscard]] std::string view_text(const Table& view);

/// `TABLE`, `VIEW`, `MATERIALIZED VIEW`, `FOREIGN TABLE`.
[[nodiscard]] const char* keyword_of(TableKind kind) noexcept;

} // namespace corm::schema::ddl

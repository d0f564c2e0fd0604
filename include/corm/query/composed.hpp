// A query of any shape without the type of its rows.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/query/condition.hpp>
#include <corm/query/order.hpp>
#include <corm/query/source.hpp>
#include <corm/sql/query.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace corm::query {

/// What sessions run.
struct ComposedQuery {
    /// An object in each row: its columns stand side by side from `column` on.
    struct Entity {
        std::shared_ptr<const mapping::Mapper> mapper;
        std::size_t column;
    };

    sql::Query statement{};
    std::vector<detail::Yielded> columns{};
    std::vector<Entity> entities{};
    std::optional<Duration> within{};
    bool populate_existing = false;
    bool prepared = true;
};

namespace detail {

struct Target;

void add_item(ComposedQuery& query, sql::Expr expression, const types::ValueType& type, std::string label);
void add_entity(ComposedQuery& query, std::shared_ptr<const mapping::Mapper> mapper, const std::string& alias);
void add_source(ComposedQuery& query, sql::JoinKind join, sql::Source source, sql::Expr on);
/// Joins the target of a relation, under `alias` if it is not empty, to its owner's table. Throws `MappingError` for
/// one that the mapping does not describe.
void add_relation(ComposedQuery& query, sql::JoinKind join, const mapping::Relation& relation,
                  const std::string& alias);
/// Throws `MappingError` for a negative number.
void set_limit(ComposedQuery& query, std::int64_t rows);
void set_offset(ComposedQuery& query, std::int64_t rows);
void set_lock(ComposedQuery& query, sql::LockMode mode);
/// Throw `MappingError` when no lock was asked for before.
void set_wait(ComposedQuery& query, sql::LockWait wait, std::string_view name);
void add_locked(ComposedQuery& query, std::string name);
/// Throws one `MappingError` that lists every member which no column fits, and every column of another type.
void check_into(const ComposedQuery& query, std::span<const Target> targets, const std::string& into);
/// The rows of both. Throws `MappingError` for queries of objects, which have an identity and no set operations.
[[nodiscard]] ComposedQuery combined(ComposedQuery left, sql::SetOperator op, bool all, ComposedQuery right);
/// The query with the number of its rows as its row.
[[nodiscard]] ComposedQuery counted(ComposedQuery query);

/// The query with whether it has a row as its row.
[[nodiscard]] ComposedQuery asked(ComposedQuery query);

/// A query within another one: throws `MappingError` for one that yields objects or has a lock.
[[nodiscard]] sql::QueryPtr nested(const ComposedQuery& query);
[[nodiscard]] Condition exists(const ComposedQuery& query, bool negated);
/// Rows of the source for which the condition holds.
[[nodiscard]] Condition exists_in(sql::Source source, const Condition& condition);
/// Objects behind the relation for which the condition, if there is one, holds. Throws `MappingError` for a relation to
/// the owner's own table without an alias.
[[nodiscard]] Condition exists_related(const mapping::Relation& relation, const std::string& alias,
                                       const std::optional<Condition>& condition);
[[nodiscard]] RowSource named_subquery(std::string name, const ComposedQuery& query, bool lateral);
[[nodiscard]] RowSource common_table(std::string name, const ComposedQuery& query, std::optional<bool> materialized);
/// The recursive one as its own step sees it, and as it is when that is known.
[[nodiscard]] RowSource itself(std::string name, const ComposedQuery& start);
[[nodiscard]] RowSource recursive_table(std::string name, const ComposedQuery& start, const ComposedQuery& step,
                                        bool keeps_duplicates);

} // namespace detail

} // namespace corm::query

// What a session reads by queries whose rows are no single objects: raw SQL and queries of any shape.
#pragma once

#include <corm/fwd.hpp>
#include <corm/orm/bulk.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace corm::orm {

namespace detail {
/// Defined in corm/query.hpp, which programs include that put queries together by `corm::select(items...)`.
template <class Row>
struct ComposedCalls;
template <class Row>
struct ReturningCalls;
} // namespace detail

/// Calls of `AsyncSession`, which tells what they have in common; not a type of its own.
class SessionRows : public SessionBulk {
public:
    /// Queries for columns, expressions, aggregates and objects: `corm/query.hpp`. Values are read by position into a
    /// tuple, or into the one value of the row; objects are those of the identity map. One round trip, with BEGIN and
    /// unflushed changes in it. Throws `MappingError` before anything is sent for what cannot be meant.
    template <class Row>
    [[nodiscard]] Task<std::vector<Row>> all(query::Query<Row> query,
                                             std::source_location where = std::source_location::current()) const {
        return detail::ComposedCalls<Row>::all(core_, std::move(query), where);
    }
    /// The first row; asks the server for one.
    template <class Row>
    [[nodiscard]] Task<std::optional<Row>> first(query::Query<Row> query,
                                                 std::source_location where = std::source_location::current()) const {
        return detail::ComposedCalls<Row>::first(core_, std::move(query), where);
    }
    /// Exactly one row; throws `NotFoundError` when there is none or more.
    template <class Row>
    [[nodiscard]] Task<Row> one(query::Query<Row> query,
                                std::source_location where = std::source_location::current()) const {
        return detail::ComposedCalls<Row>::one(core_, std::move(query), where);
    }
    /// One row or none; throws `NotFoundError` when there are more.
    template <class Row>
    [[nodiscard]] Task<std::optional<Row>>
    one_or_none(query::Query<Row> query, std::source_location where = std::source_location::current()) const {
        return detail::ComposedCalls<Row>::one_or_none(core_, std::move(query), where);
    }
    /// The value of the one row of a query for one value: as `one`.
    template <class Row>
    [[nodiscard]] Task<Row> scalar(query::Query<Row> query,
                                   std::source_location where = std::source_location::current()) const {
        return detail::ComposedCalls<Row>::one(core_, std::move(query), where);
    }
    /// Whether the query has a row; reads none.
    template <class Row>
    [[nodiscard]] Task<bool> exists(query::Query<Row> query,
                                    std::source_location where = std::source_location::current()) const {
        return detail::ComposedCalls<Row>::exists(core_, std::move(query), where);
    }
    /// The number of its rows.
    template <class Row>
    [[nodiscard]] Task<std::int64_t> count(query::Query<Row> query,
                                           std::source_location where = std::source_location::current()) const {
        return detail::ComposedCalls<Row>::count(core_, std::move(query), where);
    }

    using SessionStreams::stream;
    /// The rows of a query for values, batch by batch. Rows with objects in them are read by `all`.
    template <class Row>
    [[nodiscard]] Stream<Row> stream(query::Query<Row> query, StreamOptions options = {},
                                     std::source_location where = std::source_location::current()) const {
        return detail::ComposedCalls<Row>::stream(core_, std::move(query), options, where);
    }

    /// The plan that the server makes of a query, with the values that it holds: what `EXPLAIN` prints, line by line.
    /// With `analyze` it runs the query. One round trip, with BEGIN and unflushed changes in it.
    template <class T>
    [[nodiscard]] Task<std::string> explain(query::Select<T> query, ExplainOptions options = {},
                                            std::source_location where = std::source_location::current()) const {
        return detail::explain(core_, std::move(query).erased(), options, where);
    }
    template <class Row>
    [[nodiscard]] Task<std::string> explain(query::Query<Row> query, ExplainOptions options = {},
                                            std::source_location where = std::source_location::current()) const {
        return detail::ComposedCalls<Row>::explain(core_, std::move(query), options, where);
    }
    [[nodiscard]] Task<std::string> explain(query::RawStatement sql, ExplainOptions options = {},
                                            std::source_location where = std::source_location::current()) const {
        return detail::explain(core_, std::move(sql), options, where);
    }
    /// Of a statement that writes: without `analyze`, which would write.
    [[nodiscard]] Task<std::string> explain(const query::ChangeStatement& statement, ExplainOptions options = {},
                                            std::source_location where = std::source_location::current()) const;

    /// Updates, deletes and inserts of rows by a condition or from a query: `corm/query.hpp`. Returns how many rows
    /// were written. Unflushed changes go first; objects of the table that the session holds take the values of their
    /// rows, or are deleted. What the server does beyond (cascades, triggers on other tables) is not seen. One round
    /// trip, with BEGIN and unflushed changes in it. Throws `MappingError` before anything is sent for a statement
    /// without a condition that does not say all_rows().
    [[nodiscard]] Task<std::int64_t> execute(const query::ChangeStatement& statement,
                                             std::source_location where = std::source_location::current()) const;
    /// The same with the rows that it returns: `all(corm::update<User>()....returning(col<&User::id>))`.
    template <class Row>
    [[nodiscard]] Task<std::vector<Row>> all(query::Returning<Row> statement,
                                             std::source_location where = std::source_location::current()) const {
        return detail::ReturningCalls<Row>::all(core_, std::move(statement), where);
    }
    template <class Row>
    [[nodiscard]] Task<Row> one(query::Returning<Row> statement,
                                std::source_location where = std::source_location::current()) const {
        return detail::ReturningCalls<Row>::one(core_, std::move(statement), where);
    }
    template <class Row>
    [[nodiscard]] Task<std::optional<Row>>
    one_or_none(query::Returning<Row> statement, std::source_location where = std::source_location::current()) const {
        return detail::ReturningCalls<Row>::one_or_none(core_, std::move(statement), where);
    }

    /// Raw SQL into described structs, tuples or scalars, by value; nothing of it enters the identity map.
    template <query::RowType T>
    [[nodiscard]] Task<std::vector<T>> all(query::RawStatement sql,
                                           std::source_location where = std::source_location::current()) const {
        return detail::rows_all<T>(detail::run(core_, detail::into<T>(std::move(sql)), detail::Wanted::any, where));
    }
    template <query::RowType T>
    [[nodiscard]] Task<std::optional<T>> first(query::RawStatement sql,
                                               std::source_location where = std::source_location::current()) const {
        return detail::rows_first<T>(detail::run(core_, detail::into<T>(std::move(sql)), detail::Wanted::any, where));
    }
    template <query::RowType T>
    [[nodiscard]] Task<T> one(query::RawStatement sql,
                              std::source_location where = std::source_location::current()) const {
        return detail::scalar_row<T>(
            detail::run(core_, detail::into<T>(std::move(sql)), detail::Wanted::exactly_one, where));
    }
    template <query::RowType T>
    [[nodiscard]] Task<std::optional<T>>
    one_or_none(query::RawStatement sql, std::source_location where = std::source_location::current()) const {
        return detail::rows_first<T>(
            detail::run(core_, detail::into<T>(std::move(sql)), detail::Wanted::at_most_one, where));
    }
    /// Runs raw SQL and returns how many rows it affected.
    [[nodiscard]] Task<std::int64_t> execute(query::RawStatement sql,
                                             std::source_location where = std::source_location::current()) const {
        return detail::affected(detail::run(core_, std::move(sql), detail::Wanted::any, where));
    }

protected:
    using SessionBulk::SessionBulk;
    SessionRows(SessionRows&&) noexcept = default;
    SessionRows& operator=(SessionRows&&) noexcept = default;
    ~SessionRows() = default;
};

} // namespace corm::orm

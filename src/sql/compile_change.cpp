// Statements that write, as text.
#include <corm/sql/change.hpp>

#include "sql/clauses.hpp"

#include <corm/base/error.hpp>

namespace corm::sql {
namespace {

/// What its expressions see: the sources as those of a query.
Query body_of(const Change& change) {
    Query body;
    body.items = change.returning;
    body.where = change.where;
    for (const Source& source : change.sources)
        body.from.push_back({source, JoinKind::cross, {}});
    // For the common tables that values need.
    for (const Assignment& assignment : change.assignments)
        body.distinct_on.push_back(assignment.value);
    if (change.query)
        body.operands.push_back({SetOperator::union_, true, change.query});
    return body;
}

void write_others(SqlWriter& out, std::string_view keyword, const Change& change, const Scope& scope) {
    for (std::size_t i = 1; i < change.sources.size(); ++i)
        write_source(out.sql(i == 1 ? keyword : ", "), change.sources[i], scope);
}

void write_assignments(SqlWriter& out, const Change& change, const Scope& scope) {
    if (change.assignments.empty())
        throw MappingError("an update of " + change.sources.front().table + " sets nothing; name columns by set<>()");
    bool first = true;
    for (const Assignment& assignment : change.assignments) {
        out.sql(first ? " SET " : ", ").identifier(assignment.column).sql(" = ");
        first = false;
        write_expression(out, assignment.value, scope);
    }
}

void write_insert(SqlWriter& out, const Change& change, const Scope& scope) {
    bool first = true;
    for (const std::string& column : change.columns) {
        out.sql(first ? " (" : ", ").identifier(column);
        first = false;
    }
    out.sql(") ");
    const Query nothing;
    const Scope beside{.query = &nothing, .outer = scope.outer};
    write_query(out, *change.query, &beside);
    if (change.skips_conflicts)
        out.sql(" ON CONFLICT DO NOTHING");
}

} // namespace

bool calls_unknown(const Change& change) {
    return calls_unknown(body_of(change));
}

Compiled compile(const Change& change) {
    const Query body = body_of(change);
    const Scope scope{.query = &body};
    check_sources(body);
    SqlWriter out;
    write_with(out, body);
    switch (change.kind) {
    case Change::Kind::update: out.sql("UPDATE "); break;
    case Change::Kind::delete_: out.sql("DELETE FROM "); break;
    case Change::Kind::insert: out.sql("INSERT INTO "); break;
    }
    write_source(out, change.sources.front(), scope);
    switch (change.kind) {
    case Change::Kind::update:
        write_assignments(out, change, scope);
        write_others(out, " FROM ", change, scope);
        break;
    case Change::Kind::delete_: write_others(out, " USING ", change, scope); break;
    case Change::Kind::insert: write_insert(out, change, scope); break;
    }
    if (change.where) {
        out.sql(" WHERE ");
        write_expression(out, change.where, scope);
    }
    bool first = true;
    for (const Item& item : change.returning) {
        out.sql(first ? " RETURNING " : ", ");
        first = false;
        write_expression(out, item.expression, scope);
        if (!item.label.empty())
            out.sql(" AS ").identifier(item.label);
    }
    return std::move(out).finish();
}

} // namespace corm::sql

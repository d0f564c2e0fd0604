#include "sql/clauses.hpp"

#include <corm/base/error.hpp>

namespace corm::sql {
namespace {

void write_column(SqlWriter& out, std::string_view alias, const SelectedColumn& column) {
    out.qualified(alias, column.name);
    if (column.as_text)
        out.sql("::text");
}

void write_items(SqlWriter& out, const Select& statement, const Scope& scope) {
    bool first = true;
    if (scope.alias.empty() && statement.columns.size() != 0) // and no casts, see `compile`
        out.separate(first, ", ").sql(statement.columns.text());
    else
        for (const SelectedColumn& column : statement.columns.list())
            write_column(out.separate(first, ", "), scope.alias, column);
    for (std::size_t i = 0; i < statement.joins.size(); ++i) {
        const std::string alias = alias_of(i + 1);
        for (const SelectedColumn& column : statement.joins[i].columns.list())
            write_column(out.separate(first, ", "), alias, column);
    }
    for (const Expr& expression : statement.expressions) {
        out.separate(first, ", ");
        write_expression(out, expression, scope);
    }
    if (first)
        throw MappingError("a select from " + statement.table + " names no columns");
}

void write_join(SqlWriter& out, const Join& join, const std::string& alias) {
    out.sql(join.inner ? " JOIN " : " LEFT JOIN ").qualified(join.schema, join.table).sql(" AS ").identifier(alias);
    const std::string from = alias_of(join.from);
    bool first = true;
    for (const Join::Pair& pair : join.on) {
        out.sql(first ? " ON " : " AND ").qualified(from, pair.from).sql(" = ").qualified(alias, pair.here);
        first = false;
    }
}

void write_from_where(SqlWriter& out, const Select& statement, const Scope& scope) {
    out.sql(" FROM ").qualified(statement.schema, statement.table);
    if (!scope.alias.empty())
        out.sql(" AS ").identifier(scope.alias);
    for (std::size_t i = 0; i < statement.joins.size(); ++i)
        write_join(out, statement.joins[i], alias_of(i + 1));
    if (statement.where) {
        out.sql(" WHERE ");
        write_expression(out, statement.where, scope);
    }
}

} // namespace

void write_order(SqlWriter& out, const std::vector<OrderBy>& order, const Scope& scope) {
    if (order.empty())
        return;
    out.sql(" ORDER BY ");
    write_order_terms(out, order, scope);
}

void write_order_terms(SqlWriter& out, const std::vector<OrderBy>& order, const Scope& scope) {
    bool first = true;
    for (const OrderBy& term : order) {
        out.separate(first, ", ");
        write_expression(out, term.expression, scope);
        if (term.descending)
            out.sql(" DESC");
        if (term.nulls != Nulls::by_direction)
            out.sql(term.nulls == Nulls::first ? " NULLS FIRST" : " NULLS LAST");
    }
}

void write_bound(SqlWriter& out, std::string_view keyword, const std::optional<std::int64_t>& rows) {
    if (!rows)
        return;
    if (*rows < 0)
        throw MappingError(std::string{keyword} + " is negative; give a number of rows, 0 or more");
    out.sql(" ").sql(keyword).sql(" ").parameter_int8(*rows);
}

void write_lock(SqlWriter& out, const Lock& lock) {
    switch (lock.mode) {
    case LockMode::key_share: out.sql(" FOR KEY SHARE"); break;
    case LockMode::share: out.sql(" FOR SHARE"); break;
    case LockMode::no_key_update: out.sql(" FOR NO KEY UPDATE"); break;
    case LockMode::update: out.sql(" FOR UPDATE"); break;
    }
    bool first = true;
    for (const std::string& table : lock.of) {
        out.sql(first ? " OF " : ", ").identifier(table);
        first = false;
    }
    switch (lock.wait) {
    case LockWait::block: break;
    case LockWait::nowait: out.sql(" NOWAIT"); break;
    case LockWait::skip_locked: out.sql(" SKIP LOCKED"); break;
    }
}

namespace {

void write_row_count(SqlWriter& out, const Select& statement, const Scope& scope) {
    if (statement.lock)
        throw MappingError("a count of " + statement.table +
                           " cannot lock rows; select them with the lock, or count without it");
    if (!statement.distinct && !statement.limit && !statement.offset) {
        out.sql("SELECT count(*)");
        write_from_where(out, statement, scope);
        return;
    }
    out.sql("SELECT count(*) FROM (SELECT ");
    if (statement.distinct) {
        out.sql("DISTINCT ");
        write_items(out, statement, scope);
    } else {
        out.sql("1");
    }
    write_from_where(out, statement, scope);
    write_bound(out, "LIMIT", statement.limit);
    write_bound(out, "OFFSET", statement.offset);
    out.sql(") AS counted");
}

} // namespace

std::string alias_of(std::size_t table) {
    return table == 0 ? std::string{"t"} : "t" + std::to_string(table);
}

Compiled compile(const Select& statement) {
    // ORDER BY means what is selected by that name, unless the table is named as well: a cast would have another order.
    const std::string alias = statement.joins.empty() && !statement.columns.casts() ? std::string{} : alias_of(0);
    const Scope scope{statement.schema, statement.table, alias};
    SqlWriter out;
    out.reserve(128 + statement.columns.text().size());
    if (statement.yield == Yield::row_count) {
        write_row_count(out, statement, scope);
        return std::move(out).finish();
    }
    out.sql(statement.distinct ? "SELECT DISTINCT " : "SELECT ");
    write_items(out, statement, scope);
    write_from_where(out, statement, scope);
    write_order(out, statement.order_by, scope);
    write_bound(out, "LIMIT", statement.limit);
    write_bound(out, "OFFSET", statement.offset);
    if (statement.lock && !statement.joins.empty() && statement.lock->of.empty()) {
        // The server refuses to lock the rows of an outer join.
        Lock own = *statement.lock;
        own.of.push_back(alias);
        write_lock(out, own);
    } else if (statement.lock) {
        write_lock(out, *statement.lock);
    }
    return std::move(out).finish();
}

} // namespace corm::sql

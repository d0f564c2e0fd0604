// A query of any shape as text.
#include "sql/clauses.hpp"
#include "sql/node.hpp"
#include "sql/query_walk.hpp"

#include <algorithm>

namespace corm::sql {
namespace {

// A bound for recursion, far above what a person writes.
constexpr int most_levels = 64;

/// Of queries that see nothing of the one that they are part of. But part of one, or they would list common tables
/// again.
Scope outside(const Scope* outer) {
    static const Query nothing;
    return {.query = &nothing, .outer = outer};
}

using CommonTables = std::vector<const CommonTable*>;

/// Those that the query needs, each behind those that it needs itself.
void collect(const Query& query, CommonTables& found, int level);

void collect(const CommonTable& table, CommonTables& found, int level) {
    for (const CommonTable* known : found) {
        if (known == &table)
            return;
        if (known->name == table.name)
            throw MappingError("two common tables of a query are called \"" + table.name +
                               "\"; give one of them another name");
    }
    collect(*table.query, found, level + 1);
    if (table.step)
        collect(*table.step, found, level + 1);
    if (std::find(found.begin(), found.end(), &table) == found.end())
        found.push_back(&table);
}

void collect(const Query& query, CommonTables& found, int level) {
    if (level > most_levels)
        throw MappingError("a query nests deeper than " + std::to_string(most_levels) + " levels; split it");
    for (const Joined& joined : query.from) {
        if (joined.source.common)
            collect(*joined.source.common, found, level);
    }
    each_nested(query, [&](const Query& nested) { collect(nested, found, level + 1); });
}

void write_operand(SqlWriter& out, const Query& query, const Scope* outer) {
    out.sql("(");
    write_query(out, query, outer);
    out.sql(")");
}

void write_common_tables(SqlWriter& out, const CommonTables& tables) {
    if (tables.empty())
        return;
    const bool recursive =
        std::any_of(tables.begin(), tables.end(), [](const CommonTable* table) { return table->step != nullptr; });
    out.sql(recursive ? "WITH RECURSIVE " : "WITH ");
    bool first = true;
    const Scope scope = outside(nullptr);
    for (const CommonTable* table : tables) {
        out.separate(first, ", ").identifier(table->name).sql(" AS ");
        if (table->materialized)
            out.sql(*table->materialized ? "MATERIALIZED " : "NOT MATERIALIZED ");
        out.sql("(");
        if (table->step) {
            write_operand(out, *table->query, &scope);
            out.sql(table->keeps_duplicates ? " UNION ALL " : " UNION ");
            write_operand(out, *table->step, &scope);
        } else {
            write_query(out, *table->query, &scope);
        }
        out.sql(")");
    }
    out.sql(" ");
}

/// A nearer source of the same name would be taken for the one that is meant, without a word from the server.
void require_visible(const Scope& scope, const Scope* owner, std::string_view qualifier, std::string_view column) {
    for (const Scope* at = &scope; at != owner; at = at->outer) {
        if (at->query == nullptr)
            continue;
        for (const Joined& joined : at->query->from) {
            if (joined.source.name() == qualifier)
                throw MappingError("column " + std::string{qualifier} + "." + std::string{column} +
                                   " is of a query around a subquery that reads from something else called " +
                                   std::string{qualifier} + "; read one of the two by a corm::alias of another name");
        }
    }
}

/// A table without a schema would be taken for a common table of its name.
void require_own_names(const Query& query, const CommonTables& tables) {
    for (const Joined& joined : query.from) {
        const Source& source = joined.source;
        if (source.common || source.itself || source.table.empty() || !source.schema.empty())
            continue;
        for (const CommonTable* table : tables) {
            if (table->name == source.table)
                throw MappingError("a common table is called \"" + table->name +
                                   "\" as a table that the query reads; give it another name");
        }
    }
    each_nested(query, [&](const Query& nested) { require_own_names(nested, tables); });
}

bool has_source(const Source& source, std::string_view schema, std::string_view table) {
    return source.alias.empty() && !source.common && !source.query && source.table == table && source.schema == schema;
}

} // namespace

void write_with(SqlWriter& out, const Query& query) {
    CommonTables tables;
    collect(query, tables, 0);
    if (!tables.empty())
        require_own_names(query, tables);
    for (const CommonTable* table : tables) {
        require_own_names(*table->query, tables);
        if (table->step)
            require_own_names(*table->step, tables);
    }
    write_common_tables(out, tables);
}

void write_source(SqlWriter& out, const Source& source, const Scope& scope) {
    if (source.lateral)
        out.sql("LATERAL ");
    if (source.query) {
        out.sql("(");
        const Scope beside = outside(scope.outer);
        write_query(out, *source.query, source.lateral ? &scope : &beside);
        out.sql(")");
    } else if (source.function) {
        write_expression(out, source.function, scope);
    } else if (source.common) {
        out.identifier(source.common->name);
    } else {
        out.qualified(source.schema, source.table);
    }
    if (source.numbered)
        out.sql(" WITH ORDINALITY");
    if (!source.alias.empty())
        out.sql(" AS ").identifier(source.alias);
    bool first = true;
    for (const std::string& column : source.columns) {
        out.sql(first ? "(" : ", ").identifier(column);
        first = false;
    }
    if (!first)
        out.sql(")");
}

namespace {

void write_from(SqlWriter& out, const Query& query, const Scope& scope) {
    bool first = true;
    for (const Joined& joined : query.from) {
        if (first) {
            out.sql(" FROM ");
            write_source(out, joined.source, scope);
            first = false;
            continue;
        }
        switch (joined.join) {
        case JoinKind::inner: out.sql(" JOIN "); break;
        case JoinKind::left: out.sql(" LEFT JOIN "); break;
        case JoinKind::right: out.sql(" RIGHT JOIN "); break;
        case JoinKind::full: out.sql(" FULL JOIN "); break;
        case JoinKind::cross: out.sql(" CROSS JOIN "); break;
        }
        write_source(out, joined.source, scope);
        if (joined.join == JoinKind::cross)
            continue;
        out.sql(" ON ");
        if (joined.on)
            write_expression(out, joined.on, scope);
        else
            out.sql("true");
    }
}

void write_list(SqlWriter& out, std::string_view head, const std::vector<Expr>& expressions, const Scope& scope) {
    bool first = true;
    for (const Expr& expression : expressions) {
        out.sql(first ? head : ", ");
        first = false;
        write_expression(out, expression, scope);
    }
}

void write_body(SqlWriter& out, const Query& query, const Scope& scope) {
    out.sql(query.distinct ? "SELECT DISTINCT " : "SELECT ");
    if (!query.distinct_on.empty()) {
        write_list(out, "DISTINCT ON (", query.distinct_on, scope);
        out.sql(") ");
    }
    if (query.items.empty())
        throw MappingError("a query selects nothing; name columns or expressions");
    bool first = true;
    for (const Item& item : query.items) {
        out.separate(first, ", ");
        write_expression(out, item.expression, scope);
        if (!item.label.empty())
            out.sql(" AS ").identifier(item.label);
    }
    write_from(out, query, scope);
    if (query.where) {
        out.sql(" WHERE ");
        write_expression(out, query.where, scope);
    }
    write_list(out, " GROUP BY ", query.group_by, scope);
    if (query.having) {
        out.sql(" HAVING ");
        write_expression(out, query.having, scope);
    }
}

void write_operands(SqlWriter& out, const Query& query, const Scope& scope) {
    // They see what is around the query, and not each other.
    write_operand(out, *query.first, &scope);
    for (const Operand& operand : query.operands) {
        switch (operand.op) {
        case SetOperator::union_: out.sql(" UNION "); break;
        case SetOperator::intersect: out.sql(" INTERSECT "); break;
        case SetOperator::except: out.sql(" EXCEPT "); break;
        }
        if (operand.all)
            out.sql("ALL ");
        write_operand(out, *operand.query, &scope);
    }
}

} // namespace

std::string_view qualifier_of(const Scope& scope, std::string_view schema, std::string_view table,
                              std::string_view column) {
    std::string_view reads;
    const auto found = [&](const Scope* at, std::string_view qualifier) {
        require_visible(scope, at, qualifier, column);
        return qualifier;
    };
    for (const Scope* at = &scope; at != nullptr; at = at->outer) {
        if (at->query != nullptr) {
            for (const Joined& joined : at->query->from) {
                if (has_source(joined.source, schema, table))
                    return found(at, joined.source.table);
            }
            if (reads.empty() && !at->query->from.empty())
                reads = at->query->from.front().source.name();
        } else if (at->table.empty()) {
            return table;
        } else if (at->table == table && at->schema == schema) {
            // Within a subquery the bare name may be that of a column of the subquery's own.
            return found(at, !at->alias.empty() || at == &scope ? at->alias : at->table);
        } else {
            reads = at->table;
        }
    }
    throw MappingError("column " + std::string{table} + "." + std::string{column} + " is used in a statement on " +
                       std::string{reads.empty() ? "no table" : reads} +
                       "; use the columns of what is selected, or join the table");
}

void require_alias(const Scope& scope, std::string_view alias, std::string_view table, std::string_view column) {
    for (const Scope* at = &scope; at != nullptr; at = at->outer) {
        if (at->query == nullptr)
            continue;
        for (const Joined& joined : at->query->from) {
            if (joined.source.name() != alias)
                continue;
            if (!table.empty() && joined.source.table != table)
                throw MappingError("column " + std::string{alias} + "." + std::string{column} + " is of " +
                                   std::string{table} + ", and a nearer source is called " + std::string{alias} +
                                   " as well; give one of them another name");
            return;
        }
    }
    throw MappingError("column " + std::string{alias} + "." + std::string{column} +
                       " is used in a query that does not read from " + std::string{alias} +
                       "; name it in from() or join it");
}

void write_query(SqlWriter& out, const Query& query, const Scope* outer) {
    int level = 0;
    bool outermost = true;
    for (const Scope* at = outer; at != nullptr; at = at->outer) {
        ++level;
        outermost = outermost && at->query == nullptr;
    }
    if (level > most_levels)
        throw MappingError("a query nests deeper than " + std::to_string(most_levels) + " levels; split it");
    const Scope scope{.query = &query, .outer = outer};
    if (outermost)
        write_with(out, query);
    check_query(query);
    if (query.first)
        write_operands(out, query, scope);
    else
        write_body(out, query, scope);
    write_order(out, query.order_by, scope);
    write_bound(out, "LIMIT", query.limit);
    write_bound(out, "OFFSET", query.offset);
    if (query.lock)
        write_lock(out, *query.lock);
}

Compiled compile(const Query& query) {
    SqlWriter out;
    out.reserve(256);
    write_query(out, query, nullptr);
    return std::move(out).finish();
}

} // namespace corm::sql

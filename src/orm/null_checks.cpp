#include "orm/null_checks.hpp"

#include "base/memory.hpp"
#include "orm/parts.hpp"
#include "orm/quick_texts.hpp"
#include "orm/session_core.hpp"
#include "query/problems.hpp"

#include <corm/base/error.hpp>
#include <corm/query/rows.hpp>
#include <corm/type/array.hpp>

#include <cstdint>
#include <vector>

namespace corm::orm {
namespace {

/// Members that cannot be NULL whose column is one of a table.
struct Suspects {
    std::vector<std::string> columns; ///< of the result
    std::vector<std::int64_t> tables;
    std::vector<std::int16_t> numbers;
};

Suspects suspects(const wire::Result& rows, const query::detail::RowShape& shape) {
    Suspects found;
    std::vector<int> columns;
    if (!shape.pair(rows, columns).empty())
        return found; // whoever reads the rows says so
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const wire::Result::Origin origin = rows.origin(columns[i]);
        if (shape.targets()[i].type->nullable || origin.number <= 0)
            continue;
        found.columns.emplace_back(rows.column_name(columns[i]));
        found.tables.push_back(origin.table);
        found.numbers.push_back(static_cast<std::int16_t>(origin.number));
    }
    return found;
}

// Columns of views are never NOT NULL, whatever is behind them.
query::RawStatement nullable_of(const Suspects& columns) {
    return query::raw_sql(
               "SELECT given.place, pg_catalog.format('%s.%s', a.attrelid::pg_catalog.regclass, a.attname)"
               " FROM ROWS FROM (pg_catalog.unnest($1::int8[]), pg_catalog.unnest($2::int2[])) WITH ORDINALITY"
               " AS given (relation, number, place)"
               " JOIN pg_catalog.pg_attribute a ON a.attrelid = given.relation::oid AND a.attnum = given.number"
               " JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
               " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
               " WHERE c.relkind IN ('r', 'p', 'f') AND NOT a.attnotnull AND NOT t.typnotnull"
               " ORDER BY given.place",
               columns.tables, columns.numbers)
        .at_most(0);
}

} // namespace

bool NullChecks::has_passed(const std::string& sql, const query::detail::RowShape* shape) const {
    const std::lock_guard lock(mutex_);
    return passed_.contains({QuickTexts::hash(sql), shape});
}

void NullChecks::passed(const std::string& sql, const query::detail::RowShape* shape) {
    const std::lock_guard lock(mutex_);
    passed_.emplace(QuickTexts::hash(sql), shape);
}

Task<void> check_nulls(std::shared_ptr<SessionCore> core, std::shared_ptr<QueryPart> part, std::source_location where) {
    const query::RawStatement* const raw = part->raw();
    if (raw == nullptr || raw->shape == nullptr || core->engine->null_checks.has_passed(*raw->text, raw->shape))
        co_return;
    const Suspects columns = suspects(static_cast<const wire::Result&>(*part->outcome.rows), *raw->shape);
    if (!columns.columns.empty()) {
        auto asked = corm::detail::make_recycled<QueryPart>(*core, nullable_of(columns), where);
        OperationPlan plan = core->operation("a look at nullable columns", {}, where);
        Parts parts;
        parts.push_back(asked);
        co_await core->run(plan, std::move(parts));
        std::string problems;
        using Answer = std::pair<std::int64_t, std::string>;
        for (const auto& [place, origin] : query::RowReader<Answer>{*asked->outcome.rows}.all())
            query::detail::add_problem(problems,
                                       query::detail::in_quotes(columns.columns[static_cast<std::size_t>(place - 1)]) +
                                           " is " + origin + ", which may be NULL");
        if (!problems.empty())
            throw MappingError("raw SQL cannot be read into " + raw->shape->into() + " for sure: " + problems +
                                   "; read into std::optional, or keep NULL out in the query, by coalesce() for one",
                               where);
    }
    core->engine->null_checks.passed(*raw->text, raw->shape);
}

} // namespace corm::orm

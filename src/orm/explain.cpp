#include "orm/explain.hpp"

#include "orm/session_core.hpp"

#include <corm/base/error.hpp>
#include <corm/orm/detail/typed.hpp>
#include <corm/orm/session_rows.hpp>
#include <corm/query/change.hpp>
#include <corm/query/composed.hpp>
#include <corm/sql/compile.hpp>

#include <string>
#include <utility>

namespace corm::orm {
namespace {

std::string head(const ExplainOptions& options) {
    std::string text = "EXPLAIN (";
    text += options.analyze ? "ANALYZE, BUFFERS" : "ANALYZE false";
    if (options.verbose)
        text += ", VERBOSE";
    if (options.json)
        text += ", FORMAT JSON";
    return text + ") ";
}

} // namespace

query::RawStatement explained(std::string_view text, types::Parameters parameters, const ExplainOptions& options) {
    query::RawStatement statement;
    statement.text = std::make_shared<const std::string>(head(options).append(text));
    statement.parameters = std::move(parameters);
    statement.prepared = false; // its plan is wanted as of now
    return statement;
}

std::string plan_in(const types::Rows& rows) {
    std::string plan;
    for (int row = 0; row < rows.row_count(); ++row)
        (plan += plan.empty() ? "" : "\n") += rows.field(row, 0).bytes();
    return plan;
}

namespace {

query::RawStatement explained(sql::Compiled compiled, const ExplainOptions& options) {
    return explained(compiled.text, std::move(compiled.parameters), options);
}

Task<std::string> plan_of(detail::Core core, query::RawStatement statement, std::source_location where) {
    const detail::Outcome outcome =
        co_await detail::run(std::move(core), std::move(statement), detail::Wanted::any, where);
    co_return plan_in(*outcome.rows);
}

} // namespace

namespace detail {

Task<std::string> explain(Core core, Query query, ExplainOptions options, std::source_location where) {
    query::RawStatement statement;
    if (const query::RawStatement* raw = query.raw()) {
        if (raw->alone)
            throw Error("a statement marked outside_transaction() has no plan to explain; leave the mark out", where);
        statement = explained(*raw->text, raw->parameters, options);
    } else if (const query::ComposedQuery* composed = query.composed()) {
        statement = explained(sql::compile(composed->statement), options);
    } else {
        statement = explained(sql::compile(query.select()->statement), options);
    }
    return plan_of(std::move(core), std::move(statement), where);
}

} // namespace detail

Task<std::string> SessionRows::explain(const query::ChangeStatement& statement, ExplainOptions options,
                                       std::source_location where) const {
    statement.check();
    if (options.analyze)
        throw Error("explain() of a statement that writes would write, unseen by the objects of the session; leave "
                    "analyze out, or run it as raw SQL",
                    where);
    return plan_of(core_, explained(sql::compile(statement.statement()), options), where);
}

} // namespace corm::orm

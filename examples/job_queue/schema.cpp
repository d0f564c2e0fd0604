#include "schema.hpp"

#include "letters.hpp"
#include "queue.hpp"

#include <corm/orm/schema.hpp>
#include <corm/schema/derive.hpp>

#include <algorithm>
#include <utility>

namespace job_queue {

corm::Task<> create_schema(const corm::Engine& engine) {
    corm::schema::DeriveOptions options;
    options.expressions["Job.due_at"] = "now()";
    corm::schema::Database model = corm::schema::derive<Job, Delivery>(options);
    corm::schema::Table& jobs = *std::ranges::find(model.tables, "jobs", &corm::schema::Table::name);

    // What `Desk::claim` looks through. Jobs that are done or dead are not in it, however many there are. The planner
    // sees from `due_at <= now()` alone that it may use it: the predicate has no parameter.
    corm::schema::Index& due = jobs.indexes.emplace_back();
    due.name = "jobs_due";
    due.terms.emplace_back().column = "due_at";
    due.terms.emplace_back().column = "id";
    due.predicate = "due_at IS NOT NULL";
    corm::schema::CheckConstraint& whole = jobs.checks.emplace_back();
    whole.name = "jobs_due_while_open";
    whole.expression = "(due_at IS NULL) = (state IN ('done', 'dead'))";
    // Every job is updated a few times, so that old versions of its row pile up quickly.
    jobs.options = {"fillfactor=70", "autovacuum_vacuum_scale_factor=0.02"};

    co_await corm::create_all(engine, std::move(model));
}

} // namespace job_queue

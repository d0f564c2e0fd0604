#include <corm/orm/reflection.hpp>

#include "orm/engine_core.hpp"
#include "orm/session_core.hpp"
#include "schema/catalog_reader.hpp"

#include <corm/orm/detail/erased.hpp>

#include <chrono>
#include <iterator>
#include <utility>
#include <vector>

namespace corm::orm {
namespace {

/// How often a catalogue that changes meanwhile is read.
constexpr int most_attempts = 3;

/// The catalogue queries: statements of the library, which leave nothing behind in the server's session. They are too
/// rare for the cache of prepared statements.
class CatalogQueries final : public Part {
public:
    explicit CatalogQueries(const schema::ReflectOptions& options)
        : Part(schema::catalog_parts), queries_(schema::catalog_queries(options)) {}

    void append(std::vector<wire::Statement>& request) override {
        for (schema::CatalogQuery& query : queries_) {
            wire::Statement& statement = request.emplace_back();
            statement.sql = std::move(query.text);
            statement.parameters = std::move(query.parameters);
            statement.prepare = false;
        }
    }
    void digest(std::span<wire::Result> results) override {
        results_.assign(std::make_move_iterator(results.begin()), std::make_move_iterator(results.end()));
    }

    [[nodiscard]] schema::Database database() const {
        std::vector<const types::Rows*> rows;
        for (const wire::Result& result : results_)
            rows.push_back(&result);
        return schema::read_catalog(rows);
    }

private:
    std::vector<schema::CatalogQuery> queries_;
    std::vector<wire::Result> results_;
};

/// Gives the connection back if the coroutine is destroyed.
struct Abandoned {
    explicit Abandoned(const detail::Core& session) noexcept : core(session) {}
    Abandoned(const Abandoned&) = delete;
    Abandoned& operator=(const Abandoned&) = delete;
    ~Abandoned() { detail::abandon(core); }

    const detail::Core& core;
};

SessionOptions reading() {
    SessionOptions options;
    options.isolation = Isolation::repeatable_read;
    options.read_only = true;
    return options;
}

/// A function of the server looked for what the snapshot still has, and found it gone ("cache lookup failed").
bool is_torn(const DatabaseError& error) noexcept {
    return error.sqlstate() == SqlState{"XX000"};
}

Task<schema::Database> read(std::shared_ptr<EngineCore> engine, schema::ReflectOptions options, TimePoint deadline,
                            std::source_location where) {
    for (int attempt = 1;; ++attempt) {
        const detail::Core core = detail::make_session(engine, reading());
        const Abandoned abandoned{core};
        const SessionCore::Busy busy{core, "reflect()", where};
        OperationPlan plan = core->operation("reflect()", {}, where);
        plan.deadline = deadline;
        plan.only_reads = true;
        plan.rolls_back = true; // in the same round trip: the locks of views are not to wait for the next use
        const auto queries = std::make_shared<CatalogQueries>(options);
        Parts parts;
        parts.push_back(queries);
        try {
            co_await core->run(plan, std::move(parts));
            co_return queries->database();
        } catch (const DatabaseError& error) {
            if (!is_torn(error) || attempt == most_attempts)
                throw;
        } catch (const schema::CatalogChanged&) {
            if (attempt == most_attempts)
                throw;
        }
    }
}

} // namespace

Task<schema::Database> reflect(const Engine& engine, schema::ReflectOptions options, Duration within,
                               std::source_location where) {
    const std::shared_ptr<EngineCore>& core = engine.core();
    return read(core, std::move(options), deadline_in(within != Duration{} ? within : core->options.deadline), where);
}

} // namespace corm::orm

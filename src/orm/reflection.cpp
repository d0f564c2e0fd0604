#include <corm/orm/reflection.hpp>

#include "orm/abandoned.hpp"
#include "orm/catalogue_part.hpp"
#include "orm/engine_core.hpp"
#include "orm/session_core.hpp"
#include "schema/catalog_reader.hpp"

#include <utility>

namespace corm::orm {
namespace {

/// How often a catalogue that changes meanwhile is read.
constexpr int most_attempts = 3;

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
        const auto queries = std::make_shared<CataloguePart>(options);
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

#include <corm/orm/schema.hpp>

#include "orm/abandoned.hpp"
#include "orm/catalogue_part.hpp"
#include "orm/engine_core.hpp"
#include "orm/failed_while.hpp"
#include "orm/session_core.hpp"
#include "schema/catalog_reader.hpp"
#include "schema/ddl_statements.hpp"

#include <corm/type/types.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace corm::orm {
namespace {

using Statements = std::vector<schema::DdlStatement>;

/// How often a catalogue that somebody without the lock changes meanwhile is read.
constexpr int most_attempts = 3;

/// Waits for the lock, and keeps the search path, which the catalogue queries take away.
class LockPart final : public Part {
public:
    LockPart() : Part(2) {}
    void append(std::vector<wire::Statement>& request) override {
        wire::Statement& lock = request.emplace_back();
        static const auto lock_text =
            std::make_shared<const std::string>("SELECT pg_catalog.pg_advisory_xact_lock($1)");
        lock.sql = lock_text;
        lock.parameters.add(schema_lock_key);
        lock.prepare = false;
        wire::Statement& keep = request.emplace_back();
        static const auto keep_text = std::make_shared<const std::string>(
            "SELECT pg_catalog.set_config('corm.outer_path', pg_catalog.current_setting('search_path'), true)");
        keep.sql = keep_text;
        keep.prepare = false;
    }
    void digest(std::span<wire::Result> /*results*/) override {}
};

/// The search path as it was, and the statements.
class DdlPart final : public Part {
public:
    explicit DdlPart(const Statements& statements) : Part(statements.size() + 1), statements_(statements) {}

    void append(std::vector<wire::Statement>& request) override {
        static const auto restore = std::make_shared<const std::string>(
            "SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('corm.outer_path'), true)");
        add(request, restore);
        for (const schema::DdlStatement& each : statements_)
            add(request, std::make_shared<const std::string>(each.sql));
    }
    void digest(std::span<wire::Result> /*results*/) override {}
    [[nodiscard]] std::exception_ptr explain(std::size_t statement, const std::exception_ptr& error) const override {
        return statement == 0 ? nullptr : failed_while(statements_[statement - 1].doing, error);
    }

private:
    static void add(std::vector<wire::Statement>& request, std::shared_ptr<const std::string> text) {
        wire::Statement& statement = request.emplace_back();
        statement.sql = std::move(text);
        statement.prepare = false;
    }

    Statements statements_;
};

/// The schemas that have to be looked at. Objects without a schema are found along the search path, but for tables
/// only by looking at everything.
schema::ReflectOptions concerned(const schema::Database& model) {
    std::set<std::string> schemas;
    bool everything = false;
    const auto add = [&](const auto& objects) {
        for (const auto& object : objects) {
            everything = everything || object.schema.empty();
            schemas.insert(object.schema);
        }
    };
    add(model.enums), add(model.domains), add(model.composites), add(model.ranges), add(model.sequences);
    schema::ReflectOptions options;
    if (everything)
        return options;
    for (const schema::Schema& schema : model.schemas)
        schemas.insert(schema.name);
    for (const schema::Table& table : model.tables) {
        if (table.schema.empty())
            options.tables.push_back(table.qualified_name());
        else
            schemas.insert(table.schema);
    }
    options.schemas.assign(schemas.begin(), schemas.end());
    if (options.schemas.empty() && options.tables.empty())
        options.schemas.emplace_back("public"); // nothing at all would stand for everything
    return options;
}

/// What is to be done, by what is there.
class Planner {
public:
    virtual ~Planner() = default;
    [[nodiscard]] virtual Statements plan(const schema::Database& existing) const = 0;

    const char* name = "";
    schema::Database model;
};

class CreatePlanner final : public Planner {
public:
    [[nodiscard]] Statements plan(const schema::Database& existing) const override {
        return schema::create_statements(model, existing, options);
    }
    schema::CreateOptions options;
};

class DropPlanner final : public Planner {
public:
    [[nodiscard]] Statements plan(const schema::Database& existing) const override {
        return schema::drop_statements(schema::intersection(existing, model), options);
    }
    schema::DropOptions options;
};

SessionOptions changing() {
    SessionOptions options;
    options.isolation = Isolation::read_committed; // statements behind the lock are to see what was made ahead of it
    return options;
}

/// One transaction. True if another has to follow, because of labels.
Task<bool> change(std::shared_ptr<EngineCore> engine, const Planner& planner, TimePoint deadline,
                  std::source_location where, std::vector<std::string>& done) {
    const detail::Core core = detail::make_session(engine, changing());
    const Abandoned abandoned{core};
    const SessionCore::Busy busy{core, planner.name, where};
    OperationPlan look = core->operation(planner.name, {}, where);
    look.deadline = deadline;
    const auto catalogue = std::make_shared<CataloguePart>(concerned(planner.model));
    Parts parts;
    parts.push_back(std::make_shared<LockPart>());
    parts.push_back(catalogue);
    co_await core->run(look, std::move(parts));
    Statements statements = planner.plan(catalogue->database());

    OperationPlan act = core->operation(planner.name, {}, where);
    act.deadline = deadline;
    if (statements.empty()) {
        act.kind = trace::Operation::rollback;
        act.rolls_back = true;
        co_await core->run(act, {});
        co_return false;
    }
    bool more = false;
    if (statements.front().adds_label) {
        const auto end = std::find_if(statements.begin(), statements.end(),
                                      [](const schema::DdlStatement& each) { return !each.adds_label; });
        more = end != statements.end();
        statements.erase(end, statements.end());
    }
    act.kind = trace::Operation::commit;
    act.commits = true;
    Parts work;
    work.push_back(std::make_shared<DdlPart>(statements));
    co_await core->run(act, std::move(work));
    for (schema::DdlStatement& each : statements)
        done.push_back(std::move(each.sql));
    co_return more;
}

Task<std::vector<std::string>> run(std::shared_ptr<EngineCore> engine, std::shared_ptr<const Planner> planner,
                                   TimePoint deadline, std::source_location where) {
    std::vector<std::string> done;
    for (int attempt = 1;;) {
        try {
            const bool more = co_await change(engine, *planner, deadline, where, done);
            if (!more)
                co_return done;
        } catch (const DatabaseError& error) {
            // "cache lookup failed", "tuple concurrently updated": somebody without the lock changes the schema.
            if (error.sqlstate() != SqlState{"XX000"} || ++attempt > most_attempts)
                throw;
        } catch (const schema::CatalogChanged&) {
            if (++attempt > most_attempts)
                throw;
        }
    }
}

Task<std::vector<std::string>> start(const Engine& engine, std::shared_ptr<Planner> planner, const char* name,
                                     schema::Database model, Duration within, std::source_location where) {
    planner->name = name;
    planner->model = std::move(model);
    const std::shared_ptr<EngineCore>& core = engine.core();
    return run(core, std::move(planner), deadline_in(within != Duration{} ? within : core->options.deadline), where);
}

} // namespace

Task<std::vector<std::string>> create_all(const Engine& engine, schema::Database wanted, schema::CreateOptions options,
                                          Duration within, std::source_location where) {
    auto planner = std::make_shared<CreatePlanner>();
    planner->options = std::move(options);
    return start(engine, std::move(planner), "create_all()", std::move(wanted), within, where);
}

Task<std::vector<std::string>> drop_all(const Engine& engine, schema::Database unwanted, schema::DropOptions options,
                                        Duration within, std::source_location where) {
    auto planner = std::make_shared<DropPlanner>();
    planner->options = std::move(options);
    return start(engine, std::move(planner), "drop_all()", std::move(unwanted), within, where);
}

} // namespace corm::orm

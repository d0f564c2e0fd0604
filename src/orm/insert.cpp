// Inserts of rows that no object stands for, and the objects that the session has of them.
#include <corm/query/insert.hpp>

#include "base/memory.hpp"
#include "orm/load.hpp"
#include "orm/parts.hpp"
#include "orm/session_core.hpp"

namespace corm::orm {
namespace {

uow::UpsertShape shape_of(const query::InsertQuery& query) {
    uow::UpsertShape shape;
    shape.columns = query.columns;
    shape.action = static_cast<uow::UpsertShape::Action>(query.action);
    shape.target = query.target;
    shape.constraint = query.constraint;
    shape.updated = query.updated;
    return shape;
}

class InsertPart final : public Part {
public:
    InsertPart(SessionCore& session, std::shared_ptr<const query::InsertQuery> query, bool wanted,
               std::source_location where)
        : session_(session), query_(std::move(query)), wanted_(wanted),
          returned_(wanted || session.uow.holds(*query_->mapper)), where_(where) {}

    void append(std::vector<wire::Statement>& request) override {
        wire::Statement& statement = request.emplace_back();
        statement.lifetime = query_->mapper->lifetime();
        statement.sql = query_->mapper->extension<uow::StatementTexts>().upsert(shape_of(*query_), returned_);
        statement.parameters = query_->parameters;
    }
    void digest(std::span<wire::Result> results) override {
        const wire::Result& result = results.front();
        outcome.affected = result.affected_rows();
        if (!returned_)
            return;
        // Rows that were updated cannot be told from new ones.
        const bool fresh_rows = query_->action != query::ConflictAction::update;
        const bool final = session_.options.autocommit;
        if (wanted_)
            session_.uow.expect(static_cast<std::size_t>(result.row_count()));
        for (int row = 0; row < result.row_count(); ++row) {
            if (!wanted_ && !session_.uow.held(*query_->mapper, result, row, 0))
                continue;
            auto instance = session_.uow.attach_written(query_->mapper, result, row, 0, fresh_rows, final, where_);
            if (wanted_)
                outcome.instances.push_back(std::move(instance));
        }
    }
    void append_loaded(std::vector<detail::Handle>& loaded) const override {
        loaded.insert(loaded.end(), outcome.instances.begin(), outcome.instances.end());
    }

    detail::Outcome outcome;

private:
    SessionCore& session_; // the operation keeps it alive
    std::shared_ptr<const query::InsertQuery> query_;
    bool wanted_;
    bool returned_;
    std::source_location where_;
};

} // namespace

namespace detail {

Task<Outcome> insert(Core core, std::shared_ptr<const query::InsertQuery> query, bool wanted,
                     std::source_location where) {
    const SessionCore::Busy busy{core, "insert()", where};
    core->require_usable();
    query->mapper->require_usable("an insert");
    if (query->rows == 0)
        co_return Outcome{};
    OperationPlan plan = core->operation("insert()", query->within.value_or(Duration{}), where);
    Parts parts;
    if (core->autoflush()) {
        if (core->flushes_ahead())
            co_await flush_ahead(core, plan);
        plan.flushes = add_flush(*core, parts, where);
    }
    auto part = corm::detail::make_recycled<InsertPart>(*core, std::move(query), wanted, where);
    parts.push_back(part);
    co_await core->run(plan, std::move(parts));
    co_return std::move(part->outcome);
}

} // namespace detail
} // namespace corm::orm

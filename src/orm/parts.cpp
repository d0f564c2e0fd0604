#include "orm/parts.hpp"

#include "base/memory.hpp"
#include "base/place.hpp"
#include "orm/failed_while.hpp"
#include "orm/joined_rows.hpp"
#include "query/transaction_command.hpp"

#include <corm/base/error.hpp>
#include <corm/query/composed.hpp>
#include <corm/sql/compile.hpp>

#include <algorithm>
#include <iterator>

namespace corm::orm {
namespace {

wire::Statement statement(std::shared_ptr<const std::string> sql, types::Parameters parameters,
                          std::weak_ptr<const void> lifetime = {}) {
    wire::Statement made;
    made.lifetime = std::move(lifetime);
    made.sql = std::move(sql);
    made.parameters = std::move(parameters);
    return made;
}

/// Rows of a flush on their way. Refers to no object and no session, which may be gone before it.
class FlushCopy final : public wire::CopySource {
public:
    /// The answers that `rows` waits for count from `first` on.
    FlushCopy(std::shared_ptr<uow::CopyRows> rows, std::size_t first, std::source_location where)
        : rows_(std::move(rows)), first_(first), where_(where) {}

    std::string_view bytes(std::span<const wire::Result> results) override {
        results = results.subspan(first_);
        rows_->require_types(results[rows_->types_at], where_);
        if (rows_->keys_at)
            rows_->fill_in_keys(results[*rows_->keys_at], where_);
        return rows_->bytes();
    }
    void copied(std::int64_t rows) override { rows_->require_copied(rows, where_); }

private:
    std::shared_ptr<uow::CopyRows> rows_;
    std::size_t first_;
    std::source_location where_;
};

bool add_changes(SessionCore& session, Parts& parts, std::source_location where, uow::PlanMode mode, bool final) {
    if (std::exchange(session.flushed_ahead, false))
        return false;
    mode.copies = !session.options.autocommit; // a COPY needs a transaction around it
    uow::FlushPlan plan = session.uow.plan(mode);
    if (plan.empty())
        return false;
    if (session.options.reader)
        throw Error("a session with SessionOptions::reader only reads, and has changes to write; make them in a "
                    "session without it, or expunge() the objects",
                    where);
    parts.push_back(corm::detail::make_recycled<FlushPart>(session, std::move(plan), final, where));
    return true;
}

} // namespace

void FlushPart::append(std::vector<wire::Statement>& request) {
    const std::size_t first = request.size();
    for (uow::FlushStatement& planned : plan_.statements) {
        std::weak_ptr<const void> lifetime;
        if (planned.mapper != nullptr)
            lifetime = planned.mapper->lifetime();
        request.push_back(statement(planned.text, std::move(planned.parameters), std::move(lifetime)));
        if (planned.copy)
            request.back().copy = std::make_shared<FlushCopy>(planned.copy, first, where_);
    }
}

void FlushPart::digest(std::span<wire::Result> results) {
    std::vector<const types::Rows*> rows;
    rows.reserve(results.size());
    for (const wire::Result& result : results)
        rows.push_back(&result);
    session_.uow.flushed(plan_, rows, final_);
}

std::exception_ptr FlushPart::explain(std::size_t index, const std::exception_ptr& error) const {
    const uow::FlushStatement& statement = plan_.statements[index];
    try {
        std::rethrow_exception(error);
    } catch (const DatabaseError& refused) {
        // A cast inside a trigger has a context; the statement's own has none.
        if (refused.sqlstate() == sqlstate::invalid_text_representation && refused.diagnostics().context.empty()) {
            if (std::exception_ptr stale = uow::stale_rows(statement, refused.diagnostics().message, where_))
                return stale;
        }
    } catch (...) {
        // Not the server's word on a statement.
    }
    return failed_while(uow::describe(statement), error);
}

void GetPart::append(std::vector<wire::Statement>& request) {
    types::Parameters parameters;
    const auto add = [&](std::size_t part, std::string_view bytes) {
        const types::ValueType& type = *mapper_->column(mapper_->key_columns()[part]).type;
        parameters.add_encoded(type.oid, type.format, bytes);
    };
    if (mapper_->key_columns().size() == 1) {
        add(0, key_);
    } else {
        std::vector<std::string_view> parts;
        mapper_->split_key(key_, parts);
        for (std::size_t i = 0; i < parts.size(); ++i)
            add(i, parts[i]);
    }
    request.push_back(statement(mapper_->extension<uow::StatementTexts>().select_by_key(lock_), std::move(parameters),
                                mapper_->lifetime()));
}

void GetPart::digest(std::span<wire::Result> results) {
    const wire::Result& rows = results.front();
    if (rows.row_count() > 1)
        several(std::to_string(rows.row_count()));
    if (rows.row_count() == 1)
        found = session_.uow.attach(mapper_, rows, 0, 0, populate_, where_);
    else
        missing();
}

void GetPart::digest_rows(const wire::Result& result, std::span<const int> rows) {
    if (rows.front() == several_rows)
        several("several");
    if (rows.front() >= 0)
        found = session_.uow.attach(mapper_, result, rows.front(), 0, populate_, where_);
    else
        missing();
}

void GetPart::missing() {
    // A row that a lock skips is still there.
    if (lock_ && lock_->wait == sql::LockWait::skip_locked)
        return;
    if (const auto known = session_.uow.find(*mapper_, key_))
        session_.uow.vanished(known);
}

void GetPart::several(const std::string& rows) const {
    throw MappingError(mapper_->entity() + ": " + rows + " rows have the key " + mapper_->key_text(key_) +
                           "; map columns as primary key that are unique",
                       where_);
}

QueryPart::QueryPart(SessionCore& session, detail::Query query, std::source_location where)
    : session_(session), query_(std::move(query)), where_(where) {
    if (const auto* select = query_.select()) {
        select->mapper->require_usable("a query");
        calls_unknown_ = sql::calls_unknown(select->statement);
    }
    if (const query::ComposedQuery* composed = query_.composed())
        calls_unknown_ = sql::calls_unknown(composed->statement);
    const auto* raw = query_.raw();
    if (raw == nullptr)
        return;
    if (raw->only_reads && !query::begins_like_a_read(*raw->text))
        throw Error("raw SQL at " + corm::detail::place_of(where) +
                        " is marked pure() and begins with something else than SELECT, WITH, VALUES, TABLE or SHOW, "
                        "so it was not sent; leave the mark out",
                    where);
    if (const auto [name, instead] = query::transaction_command(*raw->text); !name.empty())
        throw Error("raw SQL at " + corm::detail::place_of(where) + ": " + std::string{name} +
                        " would change the transaction behind the session's back, so it was not sent; " +
                        std::string{instead},
                    where);
}

void QueryPart::append(std::vector<wire::Statement>& request) {
    if (const auto* raw = query_.raw()) {
        request.push_back(statement(raw->text, raw->parameters));
        request.back().prepare = raw->prepared && !raw->alone;
        request.back().alone = raw->alone;
        request.back().raw = true;
        request.back().cap = cap();
        return;
    }
    if (const query::ComposedQuery* composed = query_.composed()) {
        sql::Compiled compiled = sql::compile(composed->statement);
        request.push_back(
            statement(std::make_shared<const std::string>(std::move(compiled.text)), std::move(compiled.parameters)));
        request.back().prepare = composed->prepared;
        request.back().raw = calls_unknown_;
        request.back().cap = cap();
        return;
    }
    const query::SelectQuery& select = *query_.select();
    sql::Compiled compiled = sql::compile(select.statement);
    request.push_back(statement(std::make_shared<const std::string>(std::move(compiled.text)),
                                std::move(compiled.parameters), select.mapper->lifetime()));
    request.back().prepare = select.prepared;
    request.back().raw = calls_unknown_;
    request.back().cap = cap();
}

void QueryPart::digest(std::span<wire::Result> results) {
    wire::Result& result = results.front();
    outcome.affected = result.affected_rows();
    if (const query::ComposedQuery* composed = query_.composed())
        attach_entities(*composed, result);
    const auto* select = query_.select();
    if (select == nullptr || select->statement.yield == sql::Yield::row_count) {
        outcome.rows = std::make_shared<const wire::Result>(std::move(result));
        return;
    }
    const uow::Populate populate = select->populate_existing ? uow::Populate::overwrite
                                   : select->statement.lock  ? uow::Populate::locked
                                                             : uow::Populate::fill;
    outcome.instances.reserve(static_cast<std::size_t>(result.row_count()));
    session_.uow.expect(static_cast<std::size_t>(result.row_count()));
    JoinedRows joined{session_.uow, *select, where_};
    for (int row = 0; row < result.row_count(); ++row) {
        outcome.instances.push_back(session_.uow.attach(select->mapper, result, row, 0, populate, where_));
        joined.take(result, row, outcome.instances.back());
    }
    unfinished_ = joined.unfinished();
    if (select->keeps_rows)
        outcome.rows = std::make_shared<const wire::Result>(std::move(result));
}

void QueryPart::attach_entities(const query::ComposedQuery& query, const wire::Result& result) {
    const uow::Populate populate = query.populate_existing ? uow::Populate::overwrite
                                   : query.statement.lock  ? uow::Populate::locked
                                                           : uow::Populate::fill;
    const auto is_missing = [&](const query::ComposedQuery::Entity& entity, int row) {
        const auto keys = entity.mapper->key_columns();
        return std::all_of(keys.begin(), keys.end(), [&](std::uint16_t key) {
            return result.field(row, static_cast<int>(entity.column + key)).is_null();
        });
    };
    session_.uow.expect(query.entities.size() * static_cast<std::size_t>(result.row_count()));
    for (int row = 0; row < result.row_count(); ++row) {
        for (const query::ComposedQuery::Entity& entity : query.entities)
            outcome.instances.push_back(is_missing(entity, row)
                                            ? nullptr
                                            : session_.uow.attach(entity.mapper, result, row,
                                                                  static_cast<int>(entity.column), populate, where_));
    }
}

void QueryPart::append_loaded(std::vector<detail::Handle>& loaded) const {
    std::copy_if(outcome.instances.begin(), outcome.instances.end(), std::back_inserter(loaded),
                 [](const detail::Handle& instance) { return instance != nullptr; });
    if (const auto* select = query_.select())
        append_joined(*select, outcome.instances, loaded);
}

bool QueryPart::only_reads() const noexcept {
    if (const auto* raw = query_.raw())
        return raw->only_reads;
    return !calls_unknown_ && !locks();
}

Part::Sharing QueryPart::sharing() const noexcept {
    // A result that is cut short would cut those of the others.
    return only_reads() && !cap().is_set() ? Sharing::if_quick : Sharing::never;
}

wire::ResultCap QueryPart::cap() const noexcept {
    wire::ResultCap cap = session_.cap;
    if (const auto* raw = query_.raw()) {
        cap.rows = raw->max_rows.value_or(cap.rows);
        cap.bytes = raw->max_bytes.value_or(cap.bytes);
    }
    return cap;
}

std::exception_ptr QueryPart::explain(std::size_t /*statement*/, const std::exception_ptr& error) const {
    return too_large(subject(), error, where_);
}

bool QueryPart::locks() const noexcept {
    if (const query::ComposedQuery* composed = query_.composed())
        return composed->statement.lock.has_value();
    const auto* select = query_.select();
    return select != nullptr && select->statement.lock;
}

std::vector<query::RelationPath> QueryPart::with() const {
    const auto* select = query_.select();
    std::vector<query::RelationPath> paths = unfinished_;
    if (select != nullptr)
        paths.insert(paths.end(), select->with.begin(), select->with.end());
    return paths;
}

LoadMode QueryPart::load_mode() const noexcept {
    const auto* select = query_.select();
    return {.overwrite = select != nullptr && select->populate_existing};
}

bool QueryPart::alone() const noexcept {
    const auto* raw = query_.raw();
    return raw != nullptr && raw->alone;
}

std::optional<Part::Pattern> QueryPart::pattern() const {
    const char* const advice = "ask for all rows at once, by a condition such as .in(values) or a join, or send the "
                               "queries together by pipeline()";
    if (const auto* raw = query_.raw())
        return Pattern{*raw->text, advice};
    if (const query::ComposedQuery* composed = query_.composed())
        return Pattern{sql::compile(composed->statement).text, advice};
    return Pattern{sql::compile(query_.select()->statement).text, advice};
}

std::optional<Duration> QueryPart::within() const noexcept {
    if (const auto* select = query_.select())
        return select->within;
    if (const query::ComposedQuery* composed = query_.composed())
        return composed->within;
    return query_.raw()->within_deadline;
}

std::string QueryPart::subject() const {
    if (const auto* select = query_.select())
        return "a query for " + select->mapper->entity();
    return query_.composed() != nullptr ? "a query" : "a raw SQL statement";
}

bool add_flush(SessionCore& session, Parts& parts, std::source_location where, uow::PlanMode mode) {
    return add_changes(session, parts, where, mode, false);
}

bool add_final_flush(SessionCore& session, Parts& parts, std::source_location where) {
    return add_changes(session, parts, where, {}, true);
}

} // namespace corm::orm

// Statements that change rows, and the objects that the session has of them.
#include <corm/query/change.hpp>

#include "base/memory.hpp"
#include "orm/failed_while.hpp"
#include "orm/load.hpp"
#include "orm/parts.hpp"
#include "orm/session_core.hpp"

#include <corm/base/error.hpp>
#include <corm/orm/session_rows.hpp>
#include <corm/query/composed.hpp>

#include <memory>

namespace corm::orm {
namespace {

/// The first columns of a result: those that the caller asked for.
class FirstColumns final : public types::Rows {
public:
    FirstColumns(wire::Result result, int columns) : result_(std::move(result)), columns_(columns) {}

    [[nodiscard]] int row_count() const noexcept override { return result_.row_count(); }
    [[nodiscard]] int column_count() const noexcept override { return columns_; }
    [[nodiscard]] std::string_view column_name(int column) const noexcept override {
        return result_.column_name(column);
    }
    [[nodiscard]] types::Oid column_oid(int column) const noexcept override { return result_.column_oid(column); }
    [[nodiscard]] types::FieldView field(int row, int column) const noexcept override {
        return result_.field(row, column);
    }

private:
    wire::Result result_;
    int columns_;
};

class ChangePart final : public Part {
public:
    ChangePart(SessionCore& session, const query::ChangeStatement& statement, std::source_location where)
        : session_(session), mapper_(statement.mapper()), change_(statement.statement()),
          wanted_(static_cast<int>(change_.returning.size())),
          followed_(change_.kind != sql::Change::Kind::insert && session.uow.holds(*mapper_)), where_(where) {
        if (!followed_)
            return;
        query::ComposedQuery columns;
        query::detail::add_entity(columns, mapper_, {});
        for (sql::Item& item : columns.statement.items)
            change_.returning.push_back(std::move(item));
    }

    void append(std::vector<wire::Statement>& request) override {
        sql::Compiled compiled = sql::compile(change_);
        wire::Statement& statement = request.emplace_back();
        statement.lifetime = mapper_->lifetime();
        statement.raw = sql::calls_unknown(change_);
        if (has_cap())
            statement.cap = session_.cap;
        statement.sql = std::make_shared<const std::string>(std::move(compiled.text));
        statement.parameters = std::move(compiled.parameters);
    }
    void digest(std::span<wire::Result> results) override {
        wire::Result& result = results.front();
        outcome.affected = result.affected_rows();
        for (int row = 0; followed_ && row < result.row_count(); ++row)
            follow(result, row);
        outcome.rows = std::make_shared<const FirstColumns>(std::move(result), wanted_);
    }

    [[nodiscard]] bool has_cap() const noexcept override { return wanted_ != 0 && session_.cap.is_set(); }
    [[nodiscard]] std::optional<Pattern> pattern() const override {
        return Pattern{sql::compile(change_).text,
                       "write all rows by one statement, with a condition such as .in(values), "
                       "or from another table or a query"};
    }
    [[nodiscard]] std::exception_ptr explain(std::size_t /*statement*/,
                                             const std::exception_ptr& error) const override {
        return too_large("a statement that writes to " + mapper_->table(), error, where_);
    }

    detail::Outcome outcome;

private:
    void follow(const wire::Result& result, int row) {
        const std::shared_ptr<uow::Instance> held = session_.uow.held(*mapper_, result, row, wanted_);
        if (!held)
            return;
        if (change_.kind == sql::Change::Kind::delete_)
            session_.uow.vanished(held);
        else
            session_.uow.attach_written(mapper_, result, row, wanted_, false, session_.options.autocommit, where_);
    }

    SessionCore& session_; // the operation keeps it alive
    std::shared_ptr<const mapping::Mapper> mapper_;
    sql::Change change_;
    int wanted_;    ///< columns that the caller asked for
    bool followed_; ///< the session has objects of the table
    std::source_location where_;
};

} // namespace

namespace detail {

Task<Outcome> change(Core core, std::shared_ptr<const query::ChangeStatement> statement, Wanted wanted,
                     std::source_location where) {
    const SessionCore::Busy busy{core, "a statement that writes", where};
    core->require_usable();
    statement->check();
    if (core->options.reader)
        throw Error("a session with SessionOptions::reader only reads, and was given a statement that writes to " +
                        statement->mapper()->table() + "; use a session without it",
                    where);
    statement->mapper()->require_usable("a statement that writes");
    OperationPlan plan = core->operation("a statement that writes", statement->deadline().value_or(Duration{}), where);
    Parts parts;
    if (core->autoflush()) {
        if (core->flushes_ahead())
            co_await flush_ahead(core, plan);
        plan.flushes = add_flush(*core, parts, where);
    }
    auto part = corm::detail::make_recycled<ChangePart>(*core, *statement, where);
    parts.push_back(part);
    co_await core->run(plan, std::move(parts));
    check_rows(wanted, static_cast<std::size_t>(part->outcome.rows->row_count()), "a statement that writes", where);
    co_return std::move(part->outcome);
}

} // namespace detail

Task<std::int64_t> SessionRows::execute(const query::ChangeStatement& statement, std::source_location where) const {
    return detail::affected(
        detail::change(core_, std::make_shared<const query::ChangeStatement>(statement), detail::Wanted::any, where));
}

} // namespace corm::orm

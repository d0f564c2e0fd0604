// What an operation sends: its parts, and the commands of the transaction around them.
#include "orm/operation.hpp"
#include "orm/session_core.hpp"
#include "orm/time_net.hpp"

#include <memory>
#include <string>
#include <utility>

namespace corm::orm {
namespace {

wire::Statement command(std::shared_ptr<const std::string> text, const char* tag) {
    wire::Statement statement;
    statement.sql = std::move(text);
    statement.expected_tag = tag;
    return statement;
}

wire::Statement savepoint_command(const SavepointCommand& about) {
    wire::Statement statement = command(about.text(), about.tag());
    statement.prepare = about.repeats();
    return statement;
}

/// Cursors have few names, but their order in a program is its own: not worth a prepared statement.
wire::Statement close_command(const Cursors& cursors, std::size_t n) {
    wire::Statement statement = command(cursors.close_text(n), "CLOSE CURSOR");
    statement.prepare = false;
    return statement;
}

wire::Statement commit_command() {
    static const auto text = std::make_shared<const std::string>("COMMIT");
    return command(text, "COMMIT");
}

wire::Statement rollback_command() {
    static const auto text = std::make_shared<const std::string>("ROLLBACK");
    return command(text, "ROLLBACK");
}

wire::Statement settings_command(const types::Parameters& settings) {
    wire::Statement statement;
    statement.sql = settings_text();
    statement.parameters = settings;
    return statement;
}

/// Asks for the number of the transaction, if it has one by then, and for what makes it this server's.
wire::Statement identify_command() {
    static const auto text = std::make_shared<const std::string>(
        "SELECT pg_catalog.pg_current_xact_id_if_assigned(), pg_catalog.pg_postmaster_start_time()");
    wire::Statement statement;
    statement.sql = text;
    return statement;
}

} // namespace

std::span<const SavepointCommand> Operation::savepoint_commands() const noexcept {
    if (!plan_.transactional)
        return {};
    // COMMIT ends savepoints by itself; a flush ahead of it may fail in one.
    return plan_.commits && !plan_.flushes ? session_->savepoints.queued_for_commit() : session_->savepoints.queued();
}

void Operation::build() {
    begins_ = plan_.transactional && !session_->options.autocommit && !session_->in_transaction;
    commits_ = plan_.commits || (plan_.flushes && session_->options.autocommit); // the Sync commits then
    const bool identifies = (commits_ || plan_.flushes) && session_->identifies_commits() && !session_->transaction;
    const std::span<const SavepointCommand> savepoints = savepoint_commands();
    // Without a transaction each Sync is one.
    configures_ = session_->settings != nullptr && plan_.transactional && (begins_ || session_->options.autocommit);
    wraps_ = session_->options.reader && plan_.transactional;
    // The end of the transaction closes them as well.
    if (session_->cursors && plan_.transactional && !plan_.commits)
        closes_ = session_->cursors->queued();
    // What ends the transaction waits for nothing but the COMMIT.
    lifts_ = plan_.outlasts && !plan_.rolls_back && !(session_->in_transaction && session_->net_lifted);
    ahead_ = (begins_ || wraps_ ? 1 : 0) + (configures_ ? 1 : 0) + (lifts_ ? 1 : 0) + savepoints.size() + closes_;
    for (const auto& part : parts_)
        of_parts_ += part->statements;
    request_.statements.reserve(ahead_ + of_parts_ + (identifies ? 1 : 0) +
                                (plan_.commits || plan_.rolls_back || wraps_ ? 1 : 0));
    if (begins_ || wraps_)
        request_.statements.push_back(command(session_->begin_text(), "BEGIN"));
    if (configures_)
        request_.statements.push_back(settings_command(*session_->settings));
    for (const SavepointCommand& about : savepoints)
        request_.statements.push_back(savepoint_command(about));
    for (std::size_t i = 0; i < closes_; ++i)
        request_.statements.push_back(close_command(*session_->cursors, i));
    // Behind a ROLLBACK TO SAVEPOINT: until then the server may refuse everything else.
    if (lifts_ && plan_.transactional) {
        request_.statements.push_back(lift_net(session_->engine->options));
    } else if (lifts_) {
        // The statement behind it stands no others beside it, not even in the same implicit transaction.
        request_.statements.push_back(lift_net_of_session());
        request_.apart = true;
    }
    for (const auto& part : parts_)
        part->append(request_.statements);
    if (identifies) {
        identified_at_ = request_.statements.size();
        request_.statements.push_back(identify_command());
        // The number must be on its way to us before the COMMIT begins.
        request_.statements.back().flush = commits_;
    }
    if ((plan_.commits && !session_->options.autocommit) || wraps_)
        request_.statements.push_back(commit_command());
    if (plan_.rolls_back)
        request_.statements.push_back(rollback_command());
    request_.ahead = ahead_;
    request_.behind = request_.statements.size() - ahead_ - of_parts_;
    request_.deadline = plan_.deadline;
    request_.where = plan_.where;
    request_.commits = commits_;
}

} // namespace corm::orm

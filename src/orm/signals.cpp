// Notifications and advisory locks of a session's transaction.
#include <corm/orm/async_session.hpp>

#include "orm/advisory_statement.hpp"
#include "orm/part.hpp"
#include "orm/session_core.hpp"

#include <corm/base/error.hpp>
#include <corm/sql/identifier.hpp>
#include <corm/type/text.hpp>

#include <memory>
#include <utility>

namespace corm::orm {
namespace {

/// As the server compiles it in: what is longer it refuses.
constexpr std::size_t longest_payload = 7'999;

/// A function of the server, and what it has answered.
class CallPart final : public Part {
public:
    explicit CallPart(wire::Statement statement) : statement_(std::move(statement)) {}

    void append(std::vector<wire::Statement>& request) override { request.push_back(std::move(statement_)); }
    void digest(std::span<wire::Result> results) override { result = std::move(results.front()); }

    wire::Result result;

private:
    wire::Statement statement_;
};

wire::Statement notification(const std::string& channel, const std::string& payload) {
    static const auto text = std::make_shared<const std::string>("SELECT pg_catalog.pg_notify($1::text, $2::text)");
    wire::Statement statement;
    statement.sql = text;
    statement.parameters.add(channel);
    statement.parameters.add(payload);
    return statement;
}

Task<bool> lock(detail::Core core, AdvisoryKey key, LockShare share, AdvisoryCall call, const char* name,
                Duration within, std::source_location where) {
    const SessionCore::Busy busy{core, name, where};
    core->require_usable();
    if (core->options.autocommit)
        throw Error(std::string{name} +
                        " was called on an autocommit session, where the lock would end with the call; use a session "
                        "without SessionOptions::autocommit, or Engine::advisory_lock",
                    where);
    const auto part = std::make_shared<CallPart>(advisory_statement(call, key, share));
    Parts parts;
    parts.push_back(part);
    co_await core->run(core->operation(name, within, where), std::move(parts));
    co_return call == AdvisoryCall::transaction_lock || is_granted(part->result);
}

} // namespace

namespace detail {

Task<void> notify(Core core, std::string channel, std::string payload, std::source_location where) {
    const SessionCore::Busy busy{core, "notify()", where};
    core->require_usable();
    static_cast<void>(sql::quote_identifier(channel));
    if (payload.size() > longest_payload)
        throw ConversionError("the payload of a notification has " + std::to_string(payload.size()) +
                                  " bytes, and PostgreSQL takes 7999; notify the key of a row that holds the rest",
                              where);
    types::check_text(payload);
    Parts parts;
    parts.push_back(std::make_shared<CallPart>(notification(channel, payload)));
    co_await core->run(core->operation("notify()", {}, where), std::move(parts));
}

Task<void> advisory_lock(Core core, AdvisoryKey key, LockShare share, Duration within, std::source_location where) {
    co_await lock(std::move(core), std::move(key), share, AdvisoryCall::transaction_lock, "advisory_lock()", within,
                  where);
}

Task<bool> try_advisory_lock(Core core, AdvisoryKey key, LockShare share, Duration within, std::source_location where) {
    return lock(std::move(core), std::move(key), share, AdvisoryCall::transaction_try_lock, "try_advisory_lock()",
                within, where);
}

} // namespace detail
} // namespace corm::orm

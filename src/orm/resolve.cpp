// What became of a COMMIT whose answer was lost.
#include <corm/orm/async_session.hpp>
#include <corm/orm/engine.hpp>
#include <corm/query/raw.hpp>
#include <corm/type/types.hpp>

#include "orm/engine_core.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <tuple>

namespace corm::orm {
namespace {

// Between two questions about a transaction that is still under way.
constexpr std::chrono::milliseconds first_pause{5};
constexpr std::chrono::milliseconds longest_pause{250};

/// `same_server`: it has not been started since. One that crashed gives numbers again that it had not written down, so
/// that a "committed" could be somebody else's; an "aborted" cannot hide a commit.
CommitOutcome outcome_of(std::string_view status, bool same_server) noexcept {
    if (status == "aborted")
        return CommitOutcome::rolled_back;
    return status == "committed" && same_server ? CommitOutcome::committed : CommitOutcome::unknown;
}

/// The server's word and whether it is still the one that gave the number; empty for a number that it has not reached.
struct Answer {
    std::optional<std::string> status;
    bool same_server = false;
};

Task<Answer> ask(std::shared_ptr<EngineCore> engine, TransactionId id, Duration within, std::source_location where) {
    using Row = std::tuple<std::optional<std::string>, types::Timestamp>;
    AsyncSession session{std::move(engine), {.autocommit = true, .deadline = within}};
    try {
        const auto [status, start] =
            co_await session.one<Row>(query::raw_sql("SELECT pg_catalog.pg_xact_status($1::text::pg_catalog.xid8), "
                                                     "pg_catalog.pg_postmaster_start_time()",
                                                     std::to_string(id.xid)),
                                      where);
        constexpr types::Timestamp epoch = std::chrono::sys_days{std::chrono::year{2000} / 1 / 1};
        co_return Answer{status, (start - epoch).count() == id.server_start};
    } catch (const DatabaseError& error) {
        if (error.sqlstate() != SqlState{"22023"})
            throw;
        co_return Answer{}; // the number lies ahead: this server's history has lost the transaction, or never had it
    }
}

Task<CommitOutcome> resolve_by(std::shared_ptr<EngineCore> engine, TransactionId id, TimePoint deadline,
                               std::source_location where) {
    std::chrono::milliseconds pause = first_pause;
    bool under_way = false;
    for (;;) {
        const Duration left =
            deadline == TimePoint::max() ? no_deadline : std::chrono::duration_cast<Duration>(deadline - Clock::now());
        Answer answer;
        try {
            answer = co_await ask(engine, id, std::max(left, Duration{1}), where);
        } catch (const TimeoutError&) {
            if (!under_way)
                throw;
            co_return CommitOutcome::unknown; // it was, when the server was asked last
        }
        under_way = answer.status == "in progress" && answer.same_server;
        if (!under_way || Clock::now() + pause >= deadline)
            co_return answer.status ? outcome_of(*answer.status, answer.same_server) : CommitOutcome::unknown;
        boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, pause};
        co_await timer.async_wait(boost::asio::use_awaitable);
        pause = std::min(pause * 2, longest_pause);
    }
}

Task<CommitOutcome> nothing_to_ask() {
    co_return CommitOutcome::unknown;
}

} // namespace

Task<CommitOutcome> Engine::resolve(const CommitOutcomeUnknown& error, Duration within,
                                    std::source_location where) const {
    const std::optional<TransactionId>& id = error.transaction();
    if (!id)
        return nothing_to_ask();
    return resolve_by(core_, *id, deadline_in(within != Duration{} ? within : core_->options.deadline), where);
}

} // namespace corm::orm

#include "orm/slow_plans.hpp"

#include "base/place.hpp"
#include "orm/engine_core.hpp"
#include "orm/explain.hpp"
#include "orm/session_core.hpp"
#include "pool/core.hpp"
#include "query/transaction_command.hpp"

#include <corm/base/error.hpp>
#include <corm/orm/detail/erased.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>

#include <string>
#include <utility>
#include <vector>

namespace corm::orm {
namespace asio = boost::asio;
namespace {

/// Texts that are remembered. Beyond, plans wait until some may be asked for again.
constexpr std::size_t most_texts = 1'000;
/// Of one round trip: a pipeline may be long.
constexpr std::size_t most_at_once = 8;
constexpr Duration time_limit{5'000};

struct Slow {
    std::shared_ptr<const std::string> text;
    types::Parameters parameters;
    std::source_location where;
};

SessionOptions options_of(const SessionOptions& session) {
    SessionOptions options;
    options.read_only = true;
    options.autoflush = false;
    options.identify_commits = false;
    options.settings = session.settings;
    options.deadline = time_limit;
    return options;
}

void tell_failure(trace::Tracer& tracer, const std::source_location& where) noexcept {
    SqlState state;
    try {
        std::string text = "the plan of a slow statement was not to be had";
        if (where.line() != 0)
            text += " (" + corm::detail::place_of(where) + ")";
        try {
            throw;
        } catch (const DatabaseError& refused) {
            state = refused.sqlstate();
            text += std::string{": "} + refused.what();
        } catch (const std::exception& error) {
            text += std::string{": "} + error.what();
        }
        tracer.notice(text, state);
    } catch (...) {
        // Out of memory: nobody is told.
    }
}

Task<std::string> plan_of(std::shared_ptr<EngineCore> engine, SessionOptions options, Slow slow) {
    const detail::Core core = detail::make_session(std::move(engine), options);
    // A failure ends the transaction, so each has its own, which the pool ends when it gets the connection back.
    const detail::Outcome outcome = co_await detail::run(core, explained(*slow.text, std::move(slow.parameters), {}),
                                                         detail::Wanted::any, slow.where);
    co_return plan_in(*outcome.rows);
}

/// `turn` goes with the frame, whether it comes to its end or not.
Task<void> tell_plans(std::shared_ptr<EngineCore> engine, SessionOptions options, std::vector<Slow> statements,
                      Clock::duration took, std::shared_ptr<void> turn) {
    trace::Tracer& tracer = *engine->options.tracer;
    for (Slow& slow : statements) {
        const std::shared_ptr<const std::string> text = slow.text;
        const std::source_location where = slow.where;
        try {
            const std::string plan = co_await plan_of(engine, options, std::move(slow));
            tracer.plan({.sql = *text, .plan = plan, .elapsed = took, .where = where});
        } catch (...) {
            tell_failure(tracer, where);
        }
    }
    turn.reset();
}

} // namespace

bool SlowPlans::begin() noexcept {
    const std::lock_guard lock(mutex_);
    return !std::exchange(asking_, true);
}

void SlowPlans::end() noexcept {
    const std::lock_guard lock(mutex_);
    asking_ = false;
}

bool SlowPlans::is_due(std::uint64_t text, TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (not_before_.size() >= most_texts)
        std::erase_if(not_before_, [now](const auto& each) { return each.second <= now; });
    const auto known = not_before_.find(text);
    if (known == not_before_.end() ? not_before_.size() >= most_texts : now < known->second)
        return false;
    not_before_.insert_or_assign(text, pool::after(now, options_.again_after));
    return true;
}

void SlowPlans::ask(const std::shared_ptr<EngineCore>& engine, const SessionOptions& session,
                    std::span<wire::Statement> statements, Clock::duration took,
                    const std::source_location& where) noexcept {
    SlowPlans& plans = engine->slow_plans;
    if (!plans.begin())
        return;
    try {
        std::shared_ptr<void> turn{nullptr, [engine](void*) { engine->slow_plans.end(); }};
        std::vector<Slow> slow;
        for (wire::Statement& statement : statements) {
            const bool possible = slow.size() < most_at_once && !statement.copy && query::has_plan(*statement.sql);
            if (possible && plans.is_due(QuickTexts::hash(*statement.sql), Clock::now()))
                slow.push_back({statement.sql, std::move(statement.parameters),
                                statement.where.line() != 0 ? statement.where : where});
        }
        if (!slow.empty())
            asio::co_spawn(asio::make_strand(engine->executor),
                           tell_plans(engine, options_of(session), std::move(slow), took, std::move(turn)),
                           asio::detached);
    } catch (...) {
        // Out of memory: there is no plan this time.
    }
}

} // namespace corm::orm

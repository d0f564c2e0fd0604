#include "teller.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace corm::soak {
namespace asio = boost::asio;
using namespace std::chrono_literals;

/// One operation under way: measured, watched, and perhaps the one in which the attempt is cancelled.
class Teller::Step {
public:
    Step(Teller& teller, const char* what, Duration limit)
        : teller_(teller), what_(what), limit_(limit), begun_(Clock::now()) {
        teller_.busy_since_ns_ = begun_.time_since_epoch() / 1ns;
        if (++teller_.step_ != teller_.cancel_at_step_)
            return;
        // Most often while it waits for a connection or for the server.
        teller_.fuse_.expires_after(std::chrono::microseconds{teller_.random_() % 4'000});
        teller_.fuse_.async_wait([&teller, serial = teller_.serial_](boost::system::error_code failed) {
            if (!failed && serial == teller.serial_)
                teller.strike();
        });
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() {
        teller_.busy_since_ns_ = 0;
        teller_.bank_.monitor.took(what_, limit_, Clock::now() - begun_);
    }

private:
    Teller& teller_;
    const char* what_;
    Duration limit_;
    TimePoint begun_;
};

Teller::Teller(Bank& bank, unsigned number, asio::any_io_executor strand)
    : bank_(bank), strand_(strand), fuse_(std::move(strand)) {
    std::seed_seq seeds{bank.options.seed, number};
    random_.seed(seeds);
}

Task<> Teller::work() {
    while (!bank_.closing) {
        ++bank_.attempts;
        const Script script = choose();
        plan_cancel(script);
        std::exception_ptr error;
        try {
            if (cancel_at_step_ == 0)
                co_await run(script);
            else
                co_await asio::co_spawn(strand_, run(script),
                                        asio::bind_cancellation_slot(signal_->slot(), asio::use_awaitable));
        } catch (...) {
            error = std::current_exception();
        }
        ++serial_; // a fuse that is still burning goes out
        fuse_.cancel();
        if (struck_at_ != TimePoint{} && error)
            bank_.monitor.resumed(Clock::now() - struck_at_);
        session_.reset();
        co_await judge(script, error);
    }
}

Teller::Script Teller::choose() {
    if (bank_.only_transfers)
        return Script::transfer;
    constexpr std::array<std::pair<unsigned, Script>, 6> shares{{{58, Script::transfer},
                                                                 {10, Script::unordered},
                                                                 {10, Script::serializable},
                                                                 {10, Script::read},
                                                                 {5, Script::abandoned_read},
                                                                 {5, Script::duplicate}}};
    unsigned drawn = static_cast<unsigned>(random_() % 100);
    for (const auto& [share, script] : shares) {
        if (drawn < share)
            return script;
        drawn -= share;
    }
    return Script::swallowed_failure;
}

void Teller::plan_cancel(Script script) {
    token_ = 0;
    step_ = 0;
    cancel_at_step_ = 0;
    committing_ = false;
    struck_at_ = {};
    signal_.emplace();
    destroy_ = random_() % 4 == 0;
    if (script == Script::abandoned_read)
        cancel_at_step_ = 2;
    else if (!bank_.only_transfers && random_() % 100 < (bank_.options.chaos ? 20U : 2U))
        cancel_at_step_ = 1 + static_cast<int>(random_() % 4);
}

void Teller::strike() {
    struck_at_ = Clock::now();
    ++bank_.cancelled;
    if (destroy_)
        session_.reset();
    else
        signal_->emit(asio::cancellation_type::terminal);
    if (bank_.options.plant == Plant::late_cancel)
        bank_.saboteur.cancel_somebody();
}

Task<> Teller::run(Script script) {
    switch (script) {
    case Script::transfer: return transfer();
    case Script::unordered: return unordered_transfer();
    case Script::serializable: return serializable_transfer();
    case Script::read: return read();
    case Script::abandoned_read: return abandoned_read();
    case Script::duplicate: return duplicate();
    case Script::swallowed_failure: return swallowed_failure();
    }
    throw std::logic_error("no such script");
}

void Teller::open(SessionOptions options) {
    session_.emplace(*bank_.engine, options);
}

AsyncSession& Teller::session() {
    if (!session_) // it was struck while the answer to its last operation was waiting for its turn
        throw boost::system::system_error(asio::error::operation_aborted);
    return *session_;
}

Task<> Teller::transfer() {
    open();
    return locked_transfer();
}

Task<> Teller::locked_transfer() {
    std::vector<std::int64_t> ids{1 + static_cast<std::int64_t>(random_() % accounts),
                                  1 + static_cast<std::int64_t>(random_() % accounts)};
    if (ids[0] == ids[1])
        ids[1] = ids[0] % accounts + 1;
    std::vector<Ref<Account>> both;
    {
        const Step step{*this, "a locking query", patient};
        both = co_await session().all(select<Account>()
                                          .where(col<&Account::id>.in(ids))
                                          .order_by(asc<&Account::id>)
                                          .for_update()
                                          .within(patient));
    }
    co_await move(both.at(0), both.at(1), brisk);
}

Task<> Teller::unordered_transfer() {
    open();
    const auto first = 1 + static_cast<std::int64_t>(random_() % accounts);
    // Few of them, so that they meet.
    const std::int64_t second = (first + static_cast<std::int64_t>(random_() % 3)) % accounts + 1;
    const bool forward = random_() % 2 == 0;
    Ref<Account> source, target;
    {
        const Step step{*this, "get with a lock", patient};
        source = co_await session().get_one<Account>(forward ? first : second, for_update, within(patient));
    }
    {
        const Step step{*this, "get with a lock", patient};
        target = co_await session().get_one<Account>(forward ? second : first, for_update, within(patient));
    }
    co_await move(std::move(source), std::move(target), brisk);
}

Task<> Teller::serializable_transfer() {
    open({.isolation = Isolation::serializable});
    const auto first = 1 + static_cast<std::int64_t>(random_() % accounts);
    Ref<Account> source, target;
    {
        const Step step{*this, "get", patient};
        source = co_await session().get_one<Account>(first, within(patient));
    }
    {
        const Step step{*this, "get", brisk};
        target = co_await session().get_one<Account>(first % accounts + 1, within(brisk));
    }
    co_await move(std::move(source), std::move(target), patient); // waits for those who have the rows
}

Task<> Teller::move(Ref<Account> source, Ref<Account> target, Duration within) {
    const auto amount = 1 + static_cast<std::int64_t>(random_() % 100);
    token_ = bank_.journal.next_token();
    source.edit().balance -= amount;
    target.edit().balance += amount;
    session().add(Transfer{.token = token_, .source = source->id, .target = target->id, .amount = amount});
    {
        const Step step{*this, "flush", within};
        co_await session().flush(within);
    }
    committing_ = true;
    const Step step{*this, "commit", within + bank_.engine->options().pool.commit_grace};
    co_await session().commit(within);
}

Task<> Teller::read() {
    open({.isolation = Isolation::repeatable_read, .read_only = true});
    std::vector<Ref<Account>> all;
    {
        const Step step{*this, "a query", patient};
        all = co_await session().all(select<Account>().within(patient));
    }
    std::int64_t sum = 0;
    for (const Ref<Account>& account : all)
        sum += account->balance;
    if (sum != accounts * opening_balance)
        bank_.findings.add(money, "a snapshot has a sum of " + std::to_string(sum));
    const Step step{*this, "a query", brisk};
    co_await session().all(select<Transfer>().order_by(desc<&Transfer::token>).limit(20).within(brisk));
}

Task<> Teller::abandoned_read() {
    open();
    {
        const Step step{*this, "get", patient};
        co_await session().get_one<Account>(1, within(patient));
    }
    const Step step{*this, "a large query", brisk};
    co_await session().all<Reading>(raw_sql("SELECT id, value FROM readings").within(brisk));
}

Task<> Teller::duplicate() {
    open();
    session().add(Transfer{.token = taken_token, .source = 1, .target = 2, .amount = 1});
    bool refused = false;
    try {
        const Step step{*this, "flush", patient};
        co_await session().flush(patient);
    } catch (const IntegrityError&) {
        refused = true;
    }
    if (!refused)
        bank_.findings.add(surprises, "a duplicate key was taken");
    {
        const Step step{*this, "rollback", brisk};
        co_await session().rollback(brisk);
    }
    co_await locked_transfer(); // the session is as good as new
}

Task<> Teller::swallowed_failure() {
    open();
    token_ = bank_.journal.next_token();
    session().add(Transfer{.token = token_, .source = 1, .target = 2, .amount = 0});
    {
        const Step step{*this, "flush", patient};
        co_await session().flush(patient);
    }
    try {
        const Step step{*this, "a statement that fails", brisk};
        co_await session().execute(raw_sql("SELECT 1 / $1", 0).within(brisk));
    } catch (const DatabaseError& error) {
        if (error.sqlstate() != SqlState{"22012"})
            throw;
    }
    committing_ = true;
    const Step step{*this, "commit", brisk + bank_.engine->options().pool.commit_grace};
    co_await session().commit(brisk);
    bank_.findings.add(verdicts, "a transaction that had failed was committed");
}

Verdict Teller::classify(const DatabaseError& error) {
    const SqlState state = error.sqlstate();
    if (error.is_retryable()) {
        ++bank_.retryable;
    } else if (state == sqlstate::query_canceled) {
        bank_.findings.add(wrong_victims, "a cancel request met somebody else");
    } else if (state != SqlState{"22012"}) {
        bank_.findings.add(surprises, error.what());
    }
    return committing_ && bank_.options.plant == Plant::ignore_tag ? Verdict::acknowledged : Verdict::failed;
}

Task<> Teller::judge(Script script, std::exception_ptr error) {
    Verdict verdict = Verdict::failed;
    std::optional<CommitOutcomeUnknown> doubt;
    try {
        if (error)
            std::rethrow_exception(error);
        verdict = Verdict::acknowledged;
        if (token_ != 0)
            bank_.monitor.committed();
    } catch (const CommitOutcomeUnknown& unknown) {
        doubt = unknown;
        verdict = Verdict::unknown;
        if (!committing_)
            bank_.findings.add(unknowns, std::string{"unknown without a COMMIT: "} + unknown.what());
    } catch (const DatabaseError& refused) {
        verdict = classify(refused);
    } catch (const ConnectionError& lost) {
        ++bank_.lost;
        constexpr std::array expected{SqlState{}, sqlstate::admin_shutdown, sqlstate::crash_shutdown,
                                      sqlstate::cannot_connect_now, sqlstate::too_many_connections};
        const bool surprising = std::find(expected.begin(), expected.end(), lost.sqlstate()) == expected.end();
        if (surprising || !bank_.options.chaos)
            bank_.findings.add(surprises, lost.what());
    } catch (const TimeoutError& late) {
        ++bank_.lost;
        if (!bank_.options.chaos)
            bank_.findings.add(fairness, late.what());
    } catch (const boost::system::system_error& cancelled) {
        ++bank_.aborted;
        if (cancelled.code() != asio::error::operation_aborted || struck_at_ == TimePoint{})
            bank_.findings.add(surprises, std::string{"cancelled by nobody: "} + cancelled.what());
    } catch (const std::exception& other) {
        bank_.findings.add(surprises, other.what());
    }
    const std::int64_t token = token_;
    if (doubt && bank_.options.plant == Plant::blind_retry) {
        bank_.journal.note(token, Verdict::failed);
        plan_cancel(script);
        cancel_at_step_ = 0;
        std::exception_ptr again;
        try {
            co_await run(script);
        } catch (...) {
            again = std::current_exception();
        }
        session_.reset();
        co_return co_await judge(script, again);
    }
    std::optional<CommitOutcome> outcome;
    if (doubt)
        outcome = co_await resolve(*std::move(doubt));
    if (token != 0)
        bank_.journal.note(token, verdict, outcome);
}

Task<std::optional<CommitOutcome>> Teller::resolve(CommitOutcomeUnknown error) {
    for (int turn = 0; turn < 5; ++turn) {
        try {
            co_return co_await bank_.engine->resolve(error, patient);
        } catch (const ConnectionError&) { // it meets the same chaos
        } catch (const TimeoutError&) {
        } catch (const std::exception& error) {
            bank_.findings.add(surprises, error.what());
        }
    }
    co_return std::nullopt;
}

} // namespace corm::soak

#include "soak.hpp"

#include "chaos_proxy.hpp"
#include "libpq_baseline.hpp"
#include "support/memory.hpp"
#include "support/server.hpp"
#include "teller.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <thread>

namespace corm::soak {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

namespace {

constexpr std::size_t statement_cache = 64;

std::string what(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
        return thrown.what();
    } catch (...) {
        return "of no known type";
    }
}

std::size_t entries(const char* folder) {
    const std::filesystem::directory_iterator all{folder};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class Run {
public:
    explicit Run(const Options& options)
        : options_(options), findings_(options.log), monitor_(std::make_shared<Monitor>(findings_)),
          // What a crash of the server takes away must be what was not committed.
          server_({.settings = {{"synchronous_commit", "on"},
                                {"deadlock_timeout", "100ms"},
                                {"max_connections", std::to_string(options.connections + 40)}}}),
          admin_(server_.url()), saboteur_(server_, *monitor_, findings_, options), journal_(findings_) {
        open_bank(admin_);
        test::ConnectionString own{server_.url()};
        own.set("user", "corm_soak");
        direct_url_ = own.text();
        ChaosProxy::Odds odds;
        if (options.chaos)
            odds = {.lost = 0.002, .cut = 0.002, .silent = 0.0001, .stall = 0.001};
        odds.skip_rollback = options.plant == Plant::skip_rollback;
        if (options.chaos || odds.skip_rollback)
            proxy_ = std::make_unique<ChaosProxy>(direct_url_, odds, options.seed, findings_);
    }

    bool go() {
        admin_.ask("SELECT 1");
        const asio::steady_timer opens_what_contexts_need{context_};
        files_ = entries("/proc/self/fd");
        threads_ = entries("/proc/self/task");
        if (options_.throughput && options_.plant == Plant::none)
            compare_throughput();
        soak();
        if (options_.plant != Plant::none) {
            std::fputs(findings_.text().c_str(), stdout);
            return !is_found();
        }
        check_end();
        const bool held = report();
        std::fputs(findings_.text().c_str(), stdout);
        return held;
    }

private:
    [[nodiscard]] EngineOptions engine_options() const {
        return {.pool = {.max_size = options_.connections,
                         .statement_cache = statement_cache,
                         .connect_timeout = Duration{1'000},
                         .reset_timeout = Duration{500},
                         .commit_grace = Duration{100}},
                .deadline = patient,
                .tracer = monitor_,
                .application_name = application,
                .identify_commits = true};
    }

    /// Lets the tellers work for so long, and waits for the last one.
    void work(Engine& engine, Seconds time, bool only_transfers, const std::function<void(Seconds)>& progress = {}) {
        bank_.engine = &engine;
        bank_.only_transfers = only_transfers;
        bank_.closing = false;
        monitor_->go_on();
        std::atomic<unsigned> working{options_.tasks};
        std::deque<Teller> tellers;
        for (unsigned number = 0; number < options_.tasks; ++number) {
            const auto strand = asio::make_strand(context_);
            Teller& teller = tellers.emplace_back(bank_, tellers_made_++, strand);
            asio::co_spawn(strand, teller.work(), [&](std::exception_ptr error) {
                if (error)
                    findings_.add(surprises, "a task ended by an exception: " + what(error));
                if (--working == 0)
                    monitor_->stop();
            });
        }
        asio::co_spawn(context_, monitor_->watch_loop(), [](std::exception_ptr) {});
        context_.restart();
        std::vector<std::thread> threads;
        for (unsigned i = 1; i < options_.threads; ++i)
            threads.emplace_back([this] { context_.run(); });
        std::atomic<bool> over{false};
        std::thread clock{[&] {
            const TimePoint begun = Clock::now();
            for (TimePoint shown = begun; !over; std::this_thread::sleep_for(5ms)) {
                const TimePoint now = Clock::now();
                bank_.closing = now - begun >= time;
                if (progress && now - shown >= 1s) {
                    shown = now;
                    progress(now - begun);
                }
                check_hung(tellers, now);
            }
        }};
        context_.run();
        for (std::thread& thread : threads)
            thread.join();
        over = true;
        clock.join();
    }

    void check_hung(const std::deque<Teller>& tellers, TimePoint now) {
        for (const Teller& teller : tellers) {
            const std::int64_t since = teller.busy_since_ns();
            if (since != 0 && now.time_since_epoch() / 1ns - since > 30s / 1ns) {
                // It would wait for ever, and so would everybody who waits for the end.
                findings_.add(surprises, "a task has been in one operation for 30 s");
                std::fputs(findings_.text().c_str(), stdout);
                std::fflush(stdout);
                std::_Exit(1);
            }
        }
    }

    /// Transfers alone, by corm and by libpq in turn, under the same kills.
    void compare_throughput() {
        Engine engine{context_.get_executor(), direct_url_, engine_options()};
        saboteur_.kill_every(options_.chaos ? 5ms : 0ms);
        const Seconds slice{std::clamp(options_.seconds / 20, 0.3, 2.0)};
        const std::string named = direct_url_ + " application_name='" + application + "'";
        std::vector<double> ratios;
        for (int turn = 0; turn < 3; ++turn) {
            saboteur_.let_loose();
            const double libpq = run_libpq(named, options_.connections, slice);
            const std::uint64_t before = journal_.totals().acknowledged;
            work(engine, slice, true);
            const double ours = static_cast<double>(journal_.totals().acknowledged - before) / slice.count();
            saboteur_.hold_back();
            ratios.push_back(ours / libpq);
            std::printf("transfers per second: corm %.0f, libpq %.0f\n", ours, libpq);
            std::fflush(stdout);
        }
        std::sort(ratios.begin(), ratios.end());
        throughput_ratio_ = ratios[1];
        wait_for_rest(engine);
        journal_.audit(admin_);
        saboteur_.kill_every(0ms);
    }

    void soak() {
        Engine engine{context_.get_executor(), proxy_ ? proxy_->url() : direct_url_, engine_options()};
        counted_ = {.kills = saboteur_.kills(),
                    .attempts = bank_.attempts,
                    .retryable = bank_.retryable,
                    .lost = bank_.lost,
                    .unknown = journal_.totals().unknown};
        if (options_.chaos) {
            saboteur_.kill_every(50ms);
            saboteur_.plan(Seconds{options_.seconds});
        }
        warm_up(engine);
        const Seconds length{options_.seconds / options_.rounds()};
        for (unsigned round = 0; round < options_.rounds(); ++round) {
            if (proxy_)
                proxy_->set_calm(false);
            saboteur_.let_loose();
            work(engine, length, false, [&](Seconds) { show(round); });
            saboteur_.hold_back();
            if (proxy_)
                proxy_->set_calm(true);
            wait_for_rest(engine);
            journal_.audit(admin_);
            if (round + 1 == std::max(2U, options_.rounds() / 10))
                early_ = heap_at_rest(engine);
            if (is_found())
                break;
        }
        late_ = heap_at_rest(engine);
        check_statements(engine);
        run_coroutine(engine.shutdown());
    }

    /// With all connections there, whichever of them were lost.
    std::size_t heap_at_rest(Engine& engine) {
        if (options_.chaos)
            warm_up(engine);
        wait_for_rest(engine);
        return test::allocated_bytes();
    }

    [[nodiscard]] bool is_found() const {
        return options_.plant != Plant::none && findings_.count(missed_by(options_.plant)) != 0;
    }

    void show(unsigned round) {
        const Journal::Totals totals = journal_.totals();
        std::printf(
            "round %u/%u: %llu attempts, %llu committed, %llu failed, %llu unknown, %llu kills, %llu cuts, %llu "
            "cancels\n",
            round + 1, options_.rounds(), number(bank_.attempts), number(totals.acknowledged), number(totals.failed),
            number(totals.unknown), number(saboteur_.kills()), number(proxy_ ? proxy_->broken() : 0),
            number(bank_.cancelled));
        std::fflush(stdout);
    }
    static unsigned long long number(std::uint64_t value) { return value; }

    void run_coroutine(Task<> coroutine) {
        asio::co_spawn(context_, std::move(coroutine), [this](std::exception_ptr error) {
            if (error)
                findings_.add(rest, "a coroutine at rest failed");
        });
        context_.restart();
        context_.run();
    }

    /// Figure 5: within three seconds nothing may be left of what was done.
    void wait_for_rest(Engine& engine) {
        const TimePoint until = Clock::now() + 3s;
        std::string left;
        do {
            const auto work = asio::make_work_guard(context_);
            context_.restart();
            context_.run_for(2ms);
            left = what_is_left(engine);
        } while (!left.empty() && Clock::now() < until);
        if (!left.empty())
            findings_.add(rest, left);
    }
    std::string what_is_left(const Engine& engine) {
        const PoolStats now = engine.stats();
        if (now.leased + now.waiting + now.dialing + now.cleaning != 0)
            return "leased " + std::to_string(now.leased) + ", waiting " + std::to_string(now.waiting) + ", dialing " +
                   std::to_string(now.dialing) + ", cleaning " + std::to_string(now.cleaning);
        const std::string own = "FROM pg_stat_activity a WHERE application_name = '" + std::string{application} + "'";
        const std::string busy =
            admin_.ask("SELECT string_agg(state || ': ' || query, '; ') " + own + " AND state IS DISTINCT FROM 'idle'");
        if (!busy.empty())
            return "on the server: " + busy;
        const std::string backends = admin_.ask("SELECT count(*) " + own);
        // The pool notices at the next use that an idle one was killed.
        const bool fits = options_.chaos ? std::stoul(backends) <= now.idle : std::stoul(backends) == now.idle;
        if (!fits)
            return backends + " backends for " + std::to_string(now.idle) + " idle connections";
        const std::string locks =
            admin_.ask("SELECT count(*) FROM pg_locks l WHERE EXISTS (SELECT " + own + " AND a.pid = l.pid)");
        return locks == "0" ? "" : locks + " locks";
    }

    /// Lets a large result pass through every connection: libpq keeps the buffers that it needs for one.
    void warm_up(Engine& engine) {
        run_coroutine([](Engine& used, unsigned connections) -> Task<> {
            std::deque<AsyncSession> sessions;
            for (unsigned i = 0; i < connections; ++i)
                co_await sessions.emplace_back(used).all<Reading>(raw_sql("SELECT id, value FROM readings"));
        }(engine, options_.connections));
    }

    void check_statements(Engine& engine) {
        run_coroutine([](Engine& used, Findings& findings, unsigned connections) -> Task<> {
            std::deque<AsyncSession> sessions;
            for (unsigned i = 0; i < connections; ++i) {
                const auto count = co_await sessions.emplace_back(used).one<std::int64_t>(
                    raw_sql("SELECT count(*) FROM pg_prepared_statements"));
                if (count > static_cast<std::int64_t>(statement_cache) + 1)
                    findings.add(rest, std::to_string(count) + " prepared statements on a connection");
            }
        }(engine, findings_, options_.connections));
    }

    void check_end() {
        const auto left = [&] { return entries("/proc/self/fd") > files_ || entries("/proc/self/task") > threads_; };
        for (const TimePoint until = Clock::now() + 3s; left() && Clock::now() < until;)
            std::this_thread::sleep_for(5ms);
        if (left())
            findings_.add(rest, "files " + std::to_string(files_) + " before, " +
                                    std::to_string(entries("/proc/self/fd")) + " after; threads " +
                                    std::to_string(threads_) + " before, " +
                                    std::to_string(entries("/proc/self/task")) + " after");
    }

    bool report();

    struct Counted {
        std::uint64_t kills, attempts, retryable, lost, unknown;
    };

    const Options& options_;
    Findings findings_;
    std::shared_ptr<Monitor> monitor_;
    dev::PostgresServer server_;
    Admin admin_;
    Saboteur saboteur_;
    Journal journal_;
    std::string direct_url_;
    std::unique_ptr<ChaosProxy> proxy_;
    asio::io_context context_;
    Bank bank_{options_, journal_, *monitor_, findings_, saboteur_};
    unsigned tellers_made_ = 0;
    std::size_t files_ = 0, threads_ = 0, early_ = 0, late_ = 0;
    double throughput_ratio_ = 0;
    Counted counted_{};
};

bool Run::report() {
    Table table;
    const auto exact = [&](Figure figure, const char* what) {
        const std::size_t count = findings_.count(figure);
        table.add(figure, what, std::to_string(count), "= 0", count == 0);
    };
    const auto most = [&](Figure figure, const char* what, double value, double limit, int digits,
                          const std::string& unit) {
        table.add(figure, what, rounded(value, digits) + unit, "<= " + rounded(limit, digits) + unit, value <= limit);
    };
    const Journal::Totals totals = journal_.totals();
    const bool chaos = options_.chaos;
    std::printf("\n%llu attempts, %llu transfers committed, %llu asked for again by the server, %llu connections lost "
                "or deadlines passed,\n%llu cancelled, %llu unknown (%llu of them committed, %llu unresolved); %llu "
                "kills, %llu cuts, %llu stalls, %llu restarts\n",
                number(bank_.attempts), number(totals.acknowledged), number(bank_.retryable), number(bank_.lost),
                number(bank_.aborted), number(totals.unknown), number(totals.unknown_committed),
                number(totals.unresolved), number(saboteur_.kills()), number(proxy_ ? proxy_->broken() : 0),
                number(proxy_ ? proxy_->stalled() : 0), number(saboteur_.restarts()));

    exact(money, "balances that do not add up");
    exact(verdicts, "acknowledged and missing, or failed and there");
    exact(unknowns, "unknown without COMMIT, or resolved wrongly");
    const std::uint64_t faults = saboteur_.kills() - counted_.kills +
                                 (proxy_ ? proxy_->broken() + proxy_->stalled() : 0) +
                                 saboteur_.restarts() * options_.connections + bank_.cancelled;
    const std::uint64_t failed = bank_.lost - counted_.lost + bank_.aborted + totals.unknown - counted_.unknown;
    if (faults != 0)
        most(collateral, "failed or unknown, for each fault", static_cast<double>(failed) / static_cast<double>(faults),
             1, 2, "");
    exact(rest, "things left behind at rest");
    if (test::memory_is_measured) { // connections that are made anew have other buffers
        const double early = static_cast<double>(early_) / 1024;
        most(memory, "growth of the heap at rest behind the first tenth", static_cast<double>(late_) / 1024 - early,
             chaos ? 4096 + early / 50 : 64, 0, " KiB");
    }
    // Where throughput is not judged, the machine does other things, too.
    const double patience = options_.throughput ? 1 : 4;
    most(time_limits, "cancel to resume, p99", monitor_->cancel_to_resume.quantile(0.99) / 1000,
         patience * (chaos ? 100 : 20), 1, " ms");
    most(time_limits, "longest behind a deadline", monitor_->overdue.largest() / 1000, patience * 50, 1, " ms");
    most(time_limits, "stall of the loop, p99.9", monitor_->loop_stall.quantile(0.999) / 1000, patience * 25, 1, " ms");
    if (!chaos) {
        most(fairness, "longest wait for a connection, to the median (in leases)",
             monitor_->wait_in_leases.largest() / monitor_->wait_in_leases.quantile(0.5), 4, 2, "");
        exact(fairness, "deadlines that passed");
    } else {
        most(recovery, "first commit after the server is back",
             static_cast<double>(monitor_->slowest_recovery_us) / 1e6, patience * 1, 2, " s");
        const double outage = static_cast<double>(monitor_->outage_us) / 1e6;
        most(recovery, "dials per second while it is away",
             outage > 0 ? static_cast<double>(monitor_->dials_in_outages) / outage : 0, 10, 1, "");
        most(recovery, "dials at once while it is away", static_cast<double>(monitor_->most_dials_at_once), 1, 0, "");
    }
    if (options_.throughput)
        table.add(throughput, chaos ? "transfers, to raw libpq under a kill every 5 ms" : "transfers, to raw libpq",
                  rounded(throughput_ratio_, 2), ">= 0.60", throughput_ratio_ >= 0.6);
    exact(surprises, "errors that nobody expects");
    exact(wrong_victims, "cancel requests that met somebody else");
    return table.print();
}

} // namespace

bool run_soak(const Options& options) {
    Run run{options};
    return run.go();
}

} // namespace corm::soak

// Thousands of tasks move money between accounts at the same time. At the end the books must balance.
#include "bank.hpp"
#include "common/arguments.hpp"

#include <corm/dev/postgres_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <random>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr const char* usage = R"(bank_transfers [options]
  --tasks N       tasks at the same time (2000)
  --transfers N   transfers that each of them makes (5)
  --accounts N    accounts; fewer mean more waiting for locks (200)
  --pool N        connections (8)
  --unordered     take locks in the order of the transfer: deadlocks happen, and are run again
The database is CORM_DATABASE_URL, or a private server that lives as long as the program.
)";

constexpr std::int64_t opening_balance = 100'000;

struct Options {
    std::int64_t tasks;
    std::int64_t transfers;
    std::int64_t accounts;
    std::int64_t pool;
    bank::LockOrder lock_order;
};

/// Shared by all tasks, which run on one thread.
struct Progress {
    std::int64_t running = 0;
    std::int64_t done = 0;
    std::int64_t refused = 0;
    std::exception_ptr failure{};
};

/// Counts what `Engine::transaction` ran again.
class RetryCounter : public corm::trace::Tracer {
public:
    void finish(const corm::trace::OperationFinish& operation) noexcept override {
        if (operation.operation == corm::trace::Operation::retry)
            ++retries_;
    }
    [[nodiscard]] std::int64_t retries() const noexcept { return retries_; }

private:
    std::atomic<std::int64_t> retries_ = 0;
};

corm::Task<> customer(corm::Engine& engine, const Options& options, std::uint32_t seed, Progress& progress) {
    std::minstd_rand random{seed};
    std::uniform_int_distribution<std::int64_t> any_account{1, options.accounts};
    std::uniform_int_distribution<std::int64_t> other_account{1, options.accounts - 1};
    std::uniform_int_distribution<std::int64_t> any_amount{1, opening_balance / 2};
    for (std::int64_t i = 0; i < options.transfers && !progress.failure; ++i) {
        bank::Transfer order{.source = any_account(random), .amount = any_amount(random)};
        order.target = (order.source + other_account(random) - 1) % options.accounts + 1;
        try {
            co_await bank::transfer(engine, order, options.lock_order);
            ++progress.done;
        } catch (const bank::InsufficientFunds&) {
            ++progress.refused;
        }
    }
}

/// Shows the progress until the last task has cancelled the timer.
corm::Task<> watch(const Progress& progress, std::int64_t planned, asio::steady_timer& timer) {
    while (progress.running > 0) {
        timer.expires_after(500ms);
        boost::system::error_code cancelled;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        std::cout << "  " << progress.done + progress.refused << " of " << planned << " transfers, " << progress.running
                  << " tasks running" << std::endl;
    }
}

corm::Task<bool> run(corm::Engine& engine, const RetryCounter& retries, Options options) {
    const auto executor = co_await asio::this_coro::executor;
    co_await bank::open_bank(engine, options.accounts, opening_balance);
    std::cout << options.accounts << " accounts, " << options.tasks << " tasks, " << options.pool << " connections"
              << std::endl;

    Progress progress{.running = options.tasks};
    asio::steady_timer timer{executor};
    const auto started = SteadyClock::now();
    for (std::int64_t task = 0; task < options.tasks; ++task) {
        asio::co_spawn(executor, customer(engine, options, static_cast<std::uint32_t>(task + 1), progress),
                       [&](std::exception_ptr failure) {
                           if (failure && !progress.failure)
                               progress.failure = failure;
                           if (--progress.running == 0)
                               timer.cancel();
                       });
    }
    co_await watch(progress, options.tasks * options.transfers, timer);
    const std::chrono::duration<double> elapsed = SteadyClock::now() - started;
    if (progress.failure)
        std::rethrow_exception(progress.failure);

    const bank::Audit books = co_await bank::audit(engine, opening_balance);
    const std::int64_t money = options.accounts * opening_balance;
    const bool balanced = books.money == money && books.mismatches == 0 && books.transfers == progress.done;
    std::printf("%lld transfers made, %lld refused, %lld run again, in %.2f s: %.0f transactions/s\n",
                static_cast<long long>(progress.done), static_cast<long long>(progress.refused),
                static_cast<long long>(retries.retries()), elapsed.count(),
                static_cast<double>(progress.done + progress.refused) / elapsed.count());
    std::printf("money: %lld before, %lld after; %lld lines in the journal; %lld accounts differ from it: %s\n",
                static_cast<long long>(money), static_cast<long long>(books.money),
                static_cast<long long>(books.transfers), static_cast<long long>(books.mismatches),
                balanced ? "conserved" : "NOT CONSERVED");
    co_return balanced;
}

Options parse(int argc, char** argv) {
    examples::Arguments arguments{argc, argv};
    const Options options{
        .tasks = arguments.number("--tasks", 2000, 1, 10'000),
        .transfers = arguments.number("--transfers", 5, 1, 1'000'000),
        .accounts = arguments.number("--accounts", 200, 2, 1'000'000),
        .pool = arguments.number("--pool", 8, 1, 90),
        .lock_order = arguments.flag("--unordered") ? bank::LockOrder::given : bank::LockOrder::by_key,
    };
    arguments.finish();
    return options;
}

} // namespace

int main(int argc, char** argv) {
    try {
        const Options options = parse(argc, argv);
        const auto server = corm::dev::PostgresServer::from_environment({.settings = {{"deadlock_timeout", "50ms"}}});
        const auto retries = std::make_shared<RetryCounter>();
        asio::io_context context{1};
        corm::Engine engine{context.get_executor(),
                            server.url(),
                            {.pool = {.max_size = static_cast<std::size_t>(options.pool)},
                             .deadline = corm::no_deadline, // thousands wait for a few connections, and may
                             .tracer = retries,
                             .application_name = "bank_transfers"}};
        bool balanced = false;
        asio::co_spawn(
            context,
            [&]() -> corm::Task<> {
                balanced = co_await run(engine, *retries, options);
                co_await engine.shutdown();
            },
            [](std::exception_ptr failure) {
                if (failure)
                    std::rethrow_exception(failure);
            });
        context.run();
        return balanced ? 0 : 1;
    } catch (const examples::UsageError& error) {
        std::cerr << "bank_transfers: " << error.what() << '\n' << usage;
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "bank_transfers: " << error.what() << '\n';
        return 1;
    }
}

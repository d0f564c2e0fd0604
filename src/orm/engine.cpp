#include <corm/orm/engine.hpp>

#include "orm/engine_core.hpp"
#include "orm/time_net.hpp"

#include <corm/base/error.hpp>
#include <corm/orm/detail/erased.hpp>
#include <corm/sql/identifier.hpp>
#include <corm/trace/span.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <random>
#include <string>

namespace corm::orm {
namespace asio = boost::asio;
namespace {

wire::Config config_of(std::string_view url, const EngineOptions& options) {
    wire::Config config;
    config.url = url;
    config.application_name = options.application_name;
    config.transport = options.transport;
    config.settings = options.settings;
    if (options.deadline != no_deadline)
        config.statement_timeout = options.deadline + statement_timeout_margin;
    return config;
}

/// The program's coroutines, as the pool sees them.
class EngineHooks final : public pool::Hooks {
public:
    EngineHooks(PasswordProvider password, ConnectHook on_connect)
        : password_(std::move(password)), on_connect_(std::move(on_connect)) {}

    [[nodiscard]] bool gives_password() const noexcept override { return static_cast<bool>(password_); }
    [[nodiscard]] Task<std::string> password() override { return password_(); }
    [[nodiscard]] bool prepares() const noexcept override { return static_cast<bool>(on_connect_); }
    [[nodiscard]] Task<void> prepare(std::shared_ptr<wire::Connection> connection, TimePoint deadline) override {
        NewConnection given{std::move(connection), deadline};
        co_await on_connect_(given);
    }

private:
    PasswordProvider password_;
    ConnectHook on_connect_;
};

std::shared_ptr<pool::Hooks> hooks_of(const EngineOptions& options) {
    if (!options.password && !options.on_connect)
        return nullptr;
    return std::make_shared<EngineHooks>(options.password, options.on_connect);
}

/// Movable only, as that of operations.
struct Completion {
    using Work = asio::executor_work_guard<asio::any_completion_executor>;

    Completion(asio::any_completion_handler<void()>&& to_call, Work&& held)
        : handler(std::move(to_call)), work(std::move(held)) {}
    Completion(Completion&&) noexcept = default;
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;
    ~Completion() = default;

    void operator()() {
        work.reset();
        std::move(handler)();
    }

    asio::any_completion_handler<void()> handler;
    Work work;
};

/// Completes the coroutine that waits for the pool.
class Shutdown final : public pool::ShutdownSink {
public:
    using Handler = asio::any_completion_handler<void()>;
    explicit Shutdown(Handler handler) : work_(asio::get_associated_executor(handler)), handler_(std::move(handler)) {}

    void on_shut_down(std::size_t) noexcept override {
        asio::any_completion_executor executor = work_.get_executor();
        asio::dispatch(executor, Completion{std::move(handler_), std::move(work_)});
    }

private:
    asio::executor_work_guard<asio::any_completion_executor> work_;
    Handler handler_;
};

} // namespace

Engine::Engine(asio::any_io_executor executor, std::string_view url, EngineOptions options)
    : core_(std::make_shared<EngineCore>(std::move(options))) {
    core_->executor = executor;
    core_->pool = pool::Pool::make(std::move(executor), config_of(url, core_->options), core_->options.pool,
                                   core_->options.tracer, hooks_of(core_->options));
    if (core_->options.pool.lanes != 0)
        core_->lanes = pool::Lanes::make(core_->pool);
    core_->listener = pool::Listener::make(core_->pool, core_->options.events, &sql::quote_identifier);
}

Engine::~Engine() {
    core_->listener->shut_down();
    if (core_->lanes)
        core_->lanes->shut_down();
    core_->pool->abandon();
}

Task<void> Engine::shutdown(Duration within) {
    std::shared_ptr<pool::Pool> pool = core_->pool;
    core_->listener->shut_down();
    if (core_->lanes)
        core_->lanes->shut_down();
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [](auto handler, std::shared_ptr<pool::Pool> target, TimePoint deadline) {
            target->shut_down(deadline, std::make_shared<Shutdown>(std::move(handler)));
        },
        asio::use_awaitable, std::move(pool), deadline_in(within));
}

pool::PoolStats Engine::stats() const {
    pool::PoolStats stats = core_->pool->stats();
    if (core_->lanes) {
        stats.lane_reads = core_->lanes->reads();
        stats.lane_requests = core_->lanes->requests();
    }
    stats.listening = core_->listener->is_connected() ? 1 : 0;
    return stats;
}

const EngineOptions& Engine::options() const noexcept {
    return core_->options;
}

namespace detail {

Task<void> back_off(std::shared_ptr<EngineCore> engine, TransactionOptions options, int attempt,
                    std::source_location where) {
    const auto doubled = options.first_backoff * (1LL << std::min(attempt - 1, 20));
    const auto ceiling = std::min<std::chrono::microseconds>(doubled, options.max_backoff);
    thread_local std::minstd_rand random{std::random_device{}()};
    const std::chrono::microseconds pause{
        std::uniform_int_distribution<std::int64_t>{ceiling.count() / 2, ceiling.count()}(random)};
    trace::Span span{engine->options.tracer, trace::Operation::retry, "transaction", where};
    asio::steady_timer timer{co_await asio::this_coro::executor, pause};
    co_await timer.async_wait(asio::use_awaitable);
    span.succeed();
}

} // namespace detail
} // namespace corm::orm

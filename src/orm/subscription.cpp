#include <corm/orm/subscription.hpp>

#include "orm/completion.hpp"
#include "orm/engine_core.hpp"
#include "pool/listener.hpp"

#include <corm/base/error.hpp>

#include <atomic>
#include <utility>

namespace corm::orm {
namespace asio = boost::asio;

struct detail::SubscriptionState {
    std::shared_ptr<EngineCore> engine;
    pool::SubscriberPtr subscriber;
    std::atomic<bool> waited_for{false};

    [[nodiscard]] pool::Listener& listener() const noexcept { return *engine->listener; }
};

namespace {

using State = std::shared_ptr<detail::SubscriptionState>;
using Until = pool::Subscriber::Until;

/// Completes the coroutine that waits; the listener keeps it alive, and it the coroutine.
class MailWait final : public pool::MailSink, public std::enable_shared_from_this<MailWait> {
public:
    MailWait(State state, Until until, TimePoint deadline)
        : state_(std::move(state)), until_(until), deadline_(deadline) {}

    void initiate(CompletionHandler handler, const asio::any_io_executor& executor) {
        waiting_.begin(std::move(handler), executor);
        waiting_.on_cancel([weak = weak_from_this()](asio::cancellation_type) {
            if (const auto waiting = weak.lock())
                waiting->cancel();
        });
        state_->listener().wait(state_->subscriber, until_, deadline_, shared_from_this());
    }
    void on_mail() noexcept override { waiting_.end(nullptr, state_->engine->executor, true); }

private:
    void cancel() noexcept {
        if (state_->listener().withdraw(state_->subscriber, this))
            waiting_.end(aborted(), state_->engine->executor, false);
    }

    const State state_;
    const Until until_;
    const TimePoint deadline_;
    Waiting waiting_;
};

Task<void> wait(State state, Until until, TimePoint deadline) {
    return wait_for(std::make_shared<MailWait>(std::move(state), until, deadline));
}

/// One task waits.
class Turn {
public:
    Turn(State state, const char* call, const std::source_location& where) : state_(std::move(state)) {
        if (!state_)
            throw Error(std::string{call} + " was called on a subscription that was moved from", where);
        if (state_->waited_for.exchange(true))
            throw ConcurrentUseError(std::string{call} +
                                         " was called while another task waits for the next event of this "
                                         "subscription; have one for each, by Engine::listen",
                                     where);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { state_->waited_for = false; }

private:
    State state_;
};

Task<std::optional<pool::Event>> next_by(State state, TimePoint deadline, const char* call,
                                         std::source_location where) {
    const Turn turn{state, call, where};
    std::optional<pool::Event> event = state->listener().take(state->subscriber);
    if (!event) {
        co_await wait(state, Until::mail, deadline);
        event = state->listener().take(state->subscriber);
    }
    co_return event;
}

Task<pool::Event> next_at_last(State state, std::source_location where) {
    std::optional<pool::Event> event;
    while (!event)
        event = co_await next_by(state, TimePoint::max(), "next()", where);
    co_return std::move(*event);
}

Task<Subscription> listen(std::shared_ptr<EngineCore> engine, std::vector<std::string> channels, ListenOptions options,
                          std::source_location where) {
    if (channels.empty())
        throw Error("listen() was given no channel to listen to", where);
    const TimePoint deadline = deadline_in(options.within != Duration{} ? options.within : engine->options.deadline);
    const State state = std::make_shared<detail::SubscriptionState>();
    state->engine = std::move(engine);
    state->subscriber = state->listener().open(std::move(channels), options.queue);
    Subscription subscription{state};
    while (!state->listener().is_listening(state->subscriber)) {
        if (Clock::now() >= deadline)
            std::rethrow_exception(state->listener().timeout(where));
        co_await wait(state, Until::listening, deadline);
    }
    co_return std::move(subscription);
}

void close(const State& state) noexcept {
    if (state)
        state->listener().close(state->subscriber);
}

} // namespace

Subscription::Subscription(std::shared_ptr<detail::SubscriptionState> state) noexcept : state_(std::move(state)) {}
Subscription::Subscription(Subscription&&) noexcept = default;

Subscription& Subscription::operator=(Subscription&& other) noexcept {
    if (this != &other) {
        close(state_);
        state_ = std::move(other.state_);
    }
    return *this;
}

Subscription::~Subscription() {
    close(state_);
}

Task<pool::Event> Subscription::next(std::source_location where) const {
    return next_at_last(state_, where);
}

Task<std::optional<pool::Event>> Subscription::next_within(Duration time, std::source_location where) const {
    return next_by(state_, deadline_in(time), "next_within()", where);
}

std::optional<pool::Event> Subscription::try_next(std::source_location where) const {
    const Turn turn{state_, "try_next()", where};
    return state_->listener().take(state_->subscriber);
}

bool Subscription::is_listening() const noexcept {
    try {
        return state_ && state_->listener().is_listening(state_->subscriber);
    } catch (...) {
        return false;
    }
}

Task<Subscription> Engine::listen(Channels channels, ListenOptions options, std::source_location where) const {
    return orm::listen(core_, std::move(channels.names()), options, where);
}

} // namespace corm::orm

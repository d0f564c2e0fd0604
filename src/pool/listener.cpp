// What subscribers ask of a listener. Its connection is in listener_life.cpp.
#include "pool/listener_todo.hpp"

#include <corm/base/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>

namespace corm::pool {

Listener::Listener(std::shared_ptr<Pool> pool, const EventOptions& options, Quote quote)
    : pool_(std::move(pool)), gate_(pool_->gate()), options_(options), quote_(quote) {}

std::shared_ptr<Listener> Listener::make(std::shared_ptr<Pool> pool, const EventOptions& options, Quote quote) {
    const std::shared_ptr<Listener> listener{new Listener(std::move(pool), options, quote)};
    listener->timekeeper_ = std::make_shared<wire::Timekeeper>([weak = listener->weak_from_this()](TimePoint now) {
        const std::shared_ptr<Listener> living = weak.lock();
        return living ? living->tick(now) : TimePoint::max();
    });
    listener->gate_->add(*listener);
    return listener;
}

Listener::~Listener() {
    gate_->remove(*this, [] {});
    timekeeper_->stop();
    if (connection_)
        connection_->close(nullptr);
}

SubscriberPtr Listener::open(std::vector<std::string> channels, std::size_t capacity) {
    for (const std::string& channel : channels)
        static_cast<void>(quote_(channel));
    auto subscriber = std::make_shared<Subscriber>(Mailbox{std::move(channels), capacity});
    Todo todo;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            subscriber->ended_ = std::make_exception_ptr(ConnectionError("the engine is shut down", {}, true));
            return subscriber;
        }
        subscribers_.push_back(subscriber);
        advance(Clock::now(), todo);
    }
    perform(std::move(todo));
    return subscriber;
}

void Listener::close(const SubscriberPtr& subscriber) noexcept {
    Todo todo;
    {
        const std::lock_guard lock(mutex_);
        end(subscriber, std::make_exception_ptr(boost::system::system_error{boost::asio::error::operation_aborted}),
            todo);
        advance(Clock::now(), todo);
    }
    perform(std::move(todo));
}

void Listener::wait(const SubscriberPtr& subscriber, Subscriber::Until until, TimePoint deadline,
                    std::shared_ptr<MailSink> sink) {
    Todo todo;
    gate_->while_open([&] {
        auto work = gate_->work();
        const std::lock_guard lock(mutex_);
        subscriber->sink_ = std::move(sink);
        subscriber->work_ = std::move(work);
        subscriber->until_ = until;
        subscriber->deadline_ = deadline;
        todo.wake_by = deadline;
        wake_if_due(*subscriber, todo);
    });
    perform(std::move(todo));
}

bool Listener::withdraw(const SubscriberPtr& subscriber, const MailSink* sink) noexcept {
    Todo::Wake taken; // destroyed without the lock
    const std::lock_guard lock(mutex_);
    if (sink == nullptr || subscriber->sink_.get() != sink)
        return false;
    taken = {std::move(subscriber->sink_), std::move(subscriber->work_)};
    subscriber->deadline_ = TimePoint::max();
    return true;
}

std::optional<Event> Listener::take(const SubscriberPtr& subscriber) {
    const std::lock_guard lock(mutex_);
    std::optional<Event> event = subscriber->box_.take();
    if (!event && subscriber->ended_)
        std::rethrow_exception(subscriber->ended_);
    return event;
}

bool Listener::is_listening(const SubscriberPtr& subscriber) const {
    const std::lock_guard lock(mutex_);
    if (subscriber->ended_)
        std::rethrow_exception(subscriber->ended_);
    return subscriber->listening_;
}

std::exception_ptr Listener::timeout(const std::source_location& where) const {
    std::string text = "the deadline passed before the subscription had a connection that listens";
    const std::lock_guard lock(mutex_);
    try {
        if (last_failure_)
            std::rethrow_exception(last_failure_);
    } catch (const std::exception& e) {
        text += "; the last try to connect failed: ";
        text += e.what();
    }
    return std::make_exception_ptr(TimeoutError(text, Phase::connect, where));
}

bool Listener::is_connected() const noexcept {
    const std::lock_guard lock(mutex_);
    return connection_ != nullptr;
}

void Listener::end(const SubscriberPtr& subscriber, const std::exception_ptr& why, Todo& todo) {
    std::erase(subscribers_, subscriber);
    subscriber->listening_ = false;
    if (!subscriber->ended_)
        subscriber->ended_ = why;
    wake(*subscriber, todo);
}

void Listener::end_all(const std::exception_ptr& why, Todo& todo) {
    for (const SubscriberPtr& each : std::vector<SubscriberPtr>(subscribers_))
        end(each, why, todo);
}

void Listener::wake(Subscriber& subscriber, Todo& todo) {
    subscriber.deadline_ = TimePoint::max();
    if (subscriber.sink_)
        todo.wakes.push_back({std::move(subscriber.sink_), std::move(subscriber.work_)});
}

void Listener::wake_if_due(Subscriber& subscriber, Todo& todo) {
    const bool due =
        subscriber.until_ == Subscriber::Until::listening ? subscriber.listening_ : !subscriber.box_.empty();
    if (due || subscriber.ended_)
        wake(subscriber, todo);
}

void Listener::shut_down() noexcept {
    Todo todo;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        state_ = State::idle;
        heard_.clear();
        todo.closed = std::move(connection_);
        end_all(
            std::make_exception_ptr(ConnectionError("the engine is shut down, which ends its subscriptions", {}, true)),
            todo);
    }
    perform(std::move(todo));
    timekeeper_->stop();
}

void Listener::context_gone(std::vector<std::shared_ptr<void>>& dropped) noexcept {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    state_ = State::idle;
    dropped.push_back(std::move(connection_));
    // A task on another context may come for the next event.
    const auto why = std::make_exception_ptr(
        ConnectionError("the executor's context has ended, which ends the subscriptions of its engine", {}, true));
    for (const SubscriberPtr& each : std::exchange(subscribers_, {})) {
        dropped.push_back(std::move(each->sink_));
        dropped.push_back(std::move(each->work_));
        each->listening_ = false;
        each->ended_ = why;
    }
}

TimePoint Listener::tick(TimePoint now) noexcept {
    Todo todo;
    std::shared_ptr<wire::Connection> connection;
    TimePoint next = TimePoint::max();
    {
        const std::lock_guard lock(mutex_);
        if (closed_)
            return TimePoint::max();
        for (const SubscriberPtr& each : subscribers_) {
            if (each->deadline_ <= now)
                wake(*each, todo);
            next = std::min(next, each->deadline_);
        }
        advance(now, todo);
        next = std::min(next, std::exchange(todo.wake_by, TimePoint::max()));
        connection = connection_;
    }
    if (connection && connection->deadline() <= now)
        connection->expire(now);
    if (connection)
        next = std::min(next, connection->deadline());
    perform(std::move(todo));
    return next;
}

} // namespace corm::pool

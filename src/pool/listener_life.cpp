// The connection of a listener: how it is made, asked, heard and lost.
#include "pool/listener_todo.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <iterator>

namespace corm::pool {
namespace {

// Between two tries at a server that does not answer: doubled from the first to the second. A connection that lived
// less than the longest counts as a try.
constexpr Duration first_pause{100};
constexpr Duration longest_pause{1'000};

} // namespace

/// Gets the reply to one request.
class Listener::Answer final : public wire::RequestSink {
public:
    Answer(std::weak_ptr<Listener> listener, const wire::Connection* connection, std::vector<std::string> listened)
        : listener_(std::move(listener)), connection_(connection), listened_(std::move(listened)) {}

    void on_reply(wire::Reply reply) noexcept override {
        if (const std::shared_ptr<Listener> listener = listener_.lock())
            listener->on_answer(connection_, listened_, reply);
    }

private:
    std::weak_ptr<Listener> listener_;
    const wire::Connection* connection_; // to be compared only
    std::vector<std::string> listened_;
};

void Listener::perform(Todo&& todo) noexcept {
    if (todo.closed)
        todo.closed->close(nullptr);
    for (Todo::Wake& each : todo.wakes)
        gate_->post([wake = std::move(each)] { wake.sink->on_mail(); });
    if (todo.dials)
        pool_->dial_apart([weak = weak_from_this()](wire::Dialed dialed) {
            if (const std::shared_ptr<Listener> listener = weak.lock())
                listener->on_dialed(std::move(dialed));
        });
    if (todo.asked) {
        const auto answer = std::make_shared<Answer>(weak_from_this(), todo.asked.get(), std::move(todo.listened));
        gate_->post([connection = std::move(todo.asked), request = std::move(todo.request), answer]() mutable {
            connection->start(std::move(request), answer);
        });
    }
    if (todo.wake_by != TimePoint::max())
        timekeeper_->wake_by(todo.wake_by);
}

// What is to be done next, whatever has happened.
void Listener::advance(TimePoint now, Todo& todo) {
    if (closed_)
        return;
    switch (state_) {
    case State::dialing: break; // goes on when it is connected or refused
    case State::idle:
        if (!subscribers_.empty())
            dial(todo);
        break;
    case State::pausing:
        if (subscribers_.empty())
            state_ = State::idle;
        else if (now >= retry_at_)
            dial(todo);
        else
            todo.wake_by = std::min(todo.wake_by, retry_at_);
        break;
    case State::open:
        if (subscribers_.empty()) {
            todo.closed = std::move(connection_);
            state_ = State::idle;
            heard_.clear();
            asking_ = false;
            break;
        }
        confirm({}, todo); // whoever came to channels that are heard already
        if (asking_ || ask_for_channels(now, todo))
            break;
        if (const TimePoint silent = after(last_word_, options_.ping_after); now < silent) {
            todo.wake_by = std::min(todo.wake_by, silent);
        } else {
            asking_ = true;
            todo.asked = connection_;
            todo.request.deadline = after(now, options_.ping_timeout);
        }
        break;
    }
}

void Listener::dial(Todo& todo) {
    state_ = State::dialing;
    todo.dials = true;
}

wire::Statement Listener::command(const char* verb, const std::string& channel) const {
    wire::Statement statement;
    statement.sql = std::make_shared<const std::string>(verb + quote_(channel));
    statement.prepare = false;
    return statement;
}

bool Listener::ask_for_channels(TimePoint now, Todo& todo) {
    std::set<std::string> wanted;
    for (const SubscriberPtr& each : subscribers_)
        wanted.insert(each->box_.channels().begin(), each->box_.channels().end());
    std::set_difference(wanted.begin(), wanted.end(), heard_.begin(), heard_.end(), std::back_inserter(todo.listened));
    std::vector<std::string> unwanted;
    std::set_difference(heard_.begin(), heard_.end(), wanted.begin(), wanted.end(), std::back_inserter(unwanted));
    if (todo.listened.empty() && unwanted.empty())
        return false;
    for (const std::string& channel : todo.listened)
        todo.request.statements.push_back(command("LISTEN ", channel));
    for (const std::string& channel : unwanted) {
        todo.request.statements.push_back(command("UNLISTEN ", channel));
        heard_.erase(channel);
    }
    asking_ = true;
    todo.asked = connection_;
    todo.request.deadline = after(now, pool_->options().connect_timeout);
    return true;
}

// On the executor.
void Listener::on_dialed(wire::Dialed dialed) noexcept {
    std::shared_ptr<wire::Connection> made;
    try {
        if (!dialed.error) {
            const std::shared_ptr<wire::ConnectionOwner> owner{shared_from_this(),
                                                               static_cast<wire::ConnectionOwner*>(this)};
            made = wire::Connection::make(std::move(dialed.handle), {.gate = gate_,
                                                                     .timekeeper = timekeeper_,
                                                                     .owner = owner,
                                                                     .tracer = pool_->tracer(),
                                                                     .statement_cache = 0,
                                                                     .epoch = nullptr,
                                                                     .commit_grace = {},
                                                                     .reset = SessionReset::never});
            made->watch();
        }
    } catch (...) {
        dialed.error = std::current_exception();
        dialed.failure = wire::DialFailure::transient;
        made = nullptr;
    }
    Todo todo;
    {
        const std::lock_guard lock(mutex_);
        const TimePoint now = Clock::now();
        state_ = State::idle;
        last_failure_ = dialed.error;
        if (closed_)
            todo.closed = std::move(made);
        else if (made)
            adopt(std::move(made), now);
        else if (dialed.failure != wire::DialFailure::transient)
            end_all(dialed.error, todo);
        else
            pause(now);
        advance(now, todo);
    }
    perform(std::move(todo));
}

void Listener::adopt(std::shared_ptr<wire::Connection> connection, TimePoint now) {
    connection_ = std::move(connection);
    state_ = State::open;
    heard_.clear();
    asking_ = false;
    opened_ = last_word_ = now;
}

void Listener::pause(TimePoint now) {
    ++failures_;
    state_ = State::pausing;
    const auto doubled = first_pause * (1 << std::min<std::size_t>(failures_ - 1, 4));
    const Duration pause = std::min<Duration>(doubled, longest_pause);
    std::uniform_int_distribution<Duration::rep> jitter(0, pause.count() / 4);
    retry_at_ = now + pause + Duration{jitter(random_)};
}

void Listener::lose(TimePoint now, Todo& todo) noexcept {
    todo.closed = std::move(connection_);
    heard_.clear();
    asking_ = false;
    for (const SubscriberPtr& each : subscribers_)
        each->lost_ = std::exchange(each->listening_, false) || each->lost_;
    state_ = State::idle;
    if (now - opened_ < longest_pause)
        pause(now);
    else
        failures_ = 0;
}

void Listener::on_news(wire::Connection& connection) noexcept {
    Todo todo;
    std::shared_ptr<wire::Connection> lost;
    {
        const std::lock_guard lock(mutex_);
        if (connection_.get() != &connection)
            return;
        const TimePoint now = Clock::now();
        last_word_ = now;
        // Taken under the lock, so that they stay in their order whatever thread comes here.
        hear(connection.take_notifications(), todo);
        if (connection.lost()) {
            lost = connection_;
            lose(now, todo);
        }
        advance(now, todo);
    }
    if (lost && pool_->tracer())
        pool_->tracer()->notice("the connection of the subscriptions was lost", lost->loss());
    perform(std::move(todo));
}

void Listener::hear(std::vector<Notification> notifications, Todo& todo) {
    for (const Notification& notification : notifications) {
        for (const SubscriberPtr& each : subscribers_) {
            if (!each->box_.hears(notification.channel))
                continue;
            if (std::exchange(each->lost_, false)) { // the answer to LISTEN is behind it, and may never be seen
                each->listening_ = true;
                each->box_.reconnected();
            }
            each->box_.add(notification);
            wake_if_due(*each, todo);
        }
    }
}

void Listener::on_answer(const wire::Connection* connection, const std::vector<std::string>& listened,
                         const wire::Reply& reply) noexcept {
    Todo todo;
    {
        const std::lock_guard lock(mutex_);
        if (connection_.get() != connection)
            return;
        const TimePoint now = Clock::now();
        last_word_ = now;
        asking_ = false;
        if (!reply.error)
            confirm(listened, todo);
        else if (reply.failed_in_statement)
            refuse(reply.error, now, todo);
        else
            lose(now, todo);
        advance(now, todo);
    }
    perform(std::move(todo));
}

void Listener::confirm(const std::vector<std::string>& listened, Todo& todo) {
    heard_.insert(listened.begin(), listened.end());
    for (const SubscriberPtr& each : subscribers_) {
        const std::vector<std::string>& channels = each->box_.channels();
        if (each->listening_ || !std::includes(heard_.begin(), heard_.end(), channels.begin(), channels.end()))
            continue;
        each->listening_ = true;
        if (std::exchange(each->lost_, false))
            each->box_.reconnected();
        wake_if_due(*each, todo);
    }
}

// A standby does not let anybody listen. Those who did before may have to wait until it is the primary.
void Listener::refuse(const std::exception_ptr& error, TimePoint now, Todo& todo) {
    last_failure_ = error;
    for (const SubscriberPtr& each : std::vector<SubscriberPtr>(subscribers_)) {
        if (!each->listening_ && !each->lost_)
            end(each, error, todo);
    }
    lose(now, todo);
    if (state_ != State::pausing)
        pause(now);
}

} // namespace corm::pool

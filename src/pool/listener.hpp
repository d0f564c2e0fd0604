// The one connection by which all subscriptions of an engine hear.
#pragma once

#include "pool/mailbox.hpp"
#include "pool/pool.hpp"

#include <corm/pool/options.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace corm::pool {

/// Hears that what it waits for may have come: one call, on the executor, with no lock held; never from inside `wait`.
/// Destroyed without a call when the context of the executor ends.
class MailSink {
public:
    virtual ~MailSink() = default;
    virtual void on_mail() noexcept = 0;
};

/// Somebody who hears. Its fields belong to the listener.
class Subscriber {
public:
    /// `listening`: the server's session listens to all channels. `mail`: there is an event. Both, when it has ended.
    enum class Until { listening, mail };

    explicit Subscriber(Mailbox empty) : box_(std::move(empty)) {}

private:
    friend class Listener;

    Mailbox box_;
    bool listening_ = false;
    bool lost_ = false; ///< it did, and the connection was lost
    std::exception_ptr ended_;
    std::shared_ptr<MailSink> sink_;
    std::shared_ptr<void> work_; ///< keeps the executor's context from running dry while the sink waits
    Until until_{};
    TimePoint deadline_ = TimePoint::max();
};

using SubscriberPtr = std::shared_ptr<Subscriber>;

/// Listens as long as there are subscribers, by a connection beside the pool: LISTEN and UNLISTEN as channels come and
/// go. A connection that is lost is made anew, with pauses that grow, and every subscriber gets a gap. Thread-safe.
class Listener final : public std::enable_shared_from_this<Listener>,
                       private wire::ConnectionOwner,
                       private wire::Guarded {
public:
    /// Quotes the name of a channel; throws for one that no channel can have.
    using Quote = std::string (*)(std::string_view name);

    [[nodiscard]] static std::shared_ptr<Listener> make(std::shared_ptr<Pool> pool, const EventOptions& options,
                                                        Quote quote);
    ~Listener() override;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// Throws what `Quote` throws.
    [[nodiscard]] SubscriberPtr open(std::vector<std::string> channels, std::size_t capacity);
    /// Whoever waits is woken, to find that it has ended.
    void close(const SubscriberPtr& subscriber) noexcept;

    /// Calls `sink` when `until` holds, or at the deadline. Precondition: nobody waits for this subscriber.
    void wait(const SubscriberPtr& subscriber, Subscriber::Until until, TimePoint deadline,
              std::shared_ptr<MailSink> sink);
    /// True when the sink will not be called any more.
    bool withdraw(const SubscriberPtr& subscriber, const MailSink* sink) noexcept;

    /// The next event, if there is one. Throws why the subscription has ended, behind its last event.
    [[nodiscard]] std::optional<Event> take(const SubscriberPtr& subscriber);
    /// It listens at this moment, as far as is known. Throws why the subscription has ended.
    [[nodiscard]] bool is_listening(const SubscriberPtr& subscriber) const;
    /// Why it does not listen in time.
    [[nodiscard]] std::exception_ptr timeout(const std::source_location& where) const;
    /// There is a connection.
    [[nodiscard]] bool is_connected() const noexcept;

    /// Ends all subscriptions. Joins the thread of the deadlines.
    void shut_down() noexcept;

private:
    struct Todo;
    class Answer;
    enum class State { idle, dialing, pausing, open };

    Listener(std::shared_ptr<Pool> pool, const EventOptions& options, Quote quote);

    void context_gone(std::vector<std::shared_ptr<void>>& dropped) noexcept override;
    void on_settled(wire::Connection&) noexcept override {}
    void on_overdue(wire::Connection&) noexcept override {}
    void on_news(wire::Connection& connection) noexcept override;
    void on_dialed(wire::Dialed dialed) noexcept;
    void on_answer(const wire::Connection* connection, const std::vector<std::string>& listened,
                   const wire::Reply& reply) noexcept;
    TimePoint tick(TimePoint now) noexcept;

    // Under the lock.
    void advance(TimePoint now, Todo& todo);
    void dial(Todo& todo);
    bool ask_for_channels(TimePoint now, Todo& todo);
    [[nodiscard]] wire::Statement command(const char* verb, const std::string& channel) const;
    void adopt(std::shared_ptr<wire::Connection> connection, TimePoint now);
    void pause(TimePoint now);
    void lose(TimePoint now, Todo& todo) noexcept;
    void hear(std::vector<Notification> notifications, Todo& todo);
    void confirm(const std::vector<std::string>& listened, Todo& todo);
    void refuse(const std::exception_ptr& error, TimePoint now, Todo& todo);
    void end(const SubscriberPtr& subscriber, const std::exception_ptr& why, Todo& todo);
    void end_all(const std::exception_ptr& why, Todo& todo);
    static void wake(Subscriber& subscriber, Todo& todo);
    static void wake_if_due(Subscriber& subscriber, Todo& todo);

    // Without it.
    void perform(Todo&& todo) noexcept;

    const std::shared_ptr<Pool> pool_;
    const std::shared_ptr<wire::Gate> gate_;
    const EventOptions options_;
    const Quote quote_;
    std::shared_ptr<wire::Timekeeper> timekeeper_;

    mutable std::mutex mutex_; // guards everything below
    bool closed_ = false;
    State state_ = State::idle;
    std::vector<SubscriberPtr> subscribers_;
    std::shared_ptr<wire::Connection> connection_;
    std::set<std::string> heard_; // channels that the server's session listens to
    bool asking_ = false;         // a request is under way
    TimePoint opened_;
    TimePoint last_word_; // of the server
    TimePoint retry_at_;
    std::size_t failures_ = 0; // to connect, in a row
    std::exception_ptr last_failure_;
    std::minstd_rand random_{std::random_device{}()};
};

} // namespace corm::pool

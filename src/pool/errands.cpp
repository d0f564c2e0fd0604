#include "pool/errands.hpp"

#include <corm/base/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

namespace corm::pool {
namespace asio = boost::asio;

/// Everything in it is touched on its strand only.
struct Errands::Errand : std::enable_shared_from_this<Errands::Errand> {
    Errand(const asio::any_io_executor& executor, Coroutine what, Done whom)
        : strand(asio::make_strand(executor)), timer(strand), coroutine(std::move(what)), done(std::move(whom)) {}

    // Calls the program only when it runs, not while it is being started.
    static Task<void> run(std::shared_ptr<Errand> self) { co_await self->coroutine(); }

    void begin(TimePoint deadline) {
        asio::co_spawn(strand, run(shared_from_this()),
                       asio::bind_cancellation_slot(signal.slot(), [self = shared_from_this()](std::exception_ptr e) {
                           self->timer.cancel();
                           self->finish(e);
                       }));
        if (deadline == TimePoint::max())
            return;
        timer.expires_at(deadline);
        timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            if (error)
                return;
            self->finish(std::make_exception_ptr(TimeoutError("it did not end in time", Phase::connect)));
            self->signal.emit(asio::cancellation_type::terminal);
        });
    }
    void finish(const std::exception_ptr& error) {
        if (const Done called = std::exchange(done, nullptr))
            called(error);
    }
    void cancel() {
        timer.cancel();
        finish(std::make_exception_ptr(boost::system::system_error{asio::error::operation_aborted}));
        signal.emit(asio::cancellation_type::terminal);
    }

    asio::strand<asio::any_io_executor> strand;
    asio::steady_timer timer;
    asio::cancellation_signal signal;
    Coroutine coroutine;
    Done done;
};

bool Errands::start(Coroutine coroutine, TimePoint deadline, Done done) {
    const std::lock_guard lock(mutex_);
    if (stopped_)
        return false;
    return gate_->while_open([&] {
        const auto errand = std::make_shared<Errand>(gate_->executor(), std::move(coroutine), std::move(done));
        std::erase_if(running_, [](const std::weak_ptr<Errand>& each) { return each.expired(); });
        running_.push_back(errand);
        asio::post(errand->strand, [errand, deadline] { errand->begin(deadline); });
    });
}

void Errands::stop() noexcept {
    std::vector<std::weak_ptr<Errand>> running;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        running.swap(running_);
    }
    gate_->while_open([&] {
        for (const std::weak_ptr<Errand>& each : running) {
            // Behind the start of the coroutine: one that has not begun cannot be cancelled.
            if (const std::shared_ptr<Errand> errand = each.lock())
                asio::post(errand->strand, [errand] { asio::post(errand->strand, [errand] { errand->cancel(); }); });
        }
    });
}

} // namespace corm::pool

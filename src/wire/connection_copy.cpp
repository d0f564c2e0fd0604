// Steps of an open COPY.
#include "wire/connection_ending.hpp"
#include "wire/overdue.hpp"

namespace corm::wire {

void Connection::resume(CopyStep step, TimePoint deadline, std::source_location where,
                        std::shared_ptr<RequestSink> sink) {
    Ending ending;
    std::exception_ptr refused;
    bool late = false;
    {
        const std::lock_guard lock(mutex_);
        if (!descriptor_ || !fsm_.paused()) {
            refused = fsm_.loss(where);
        } else {
            sink_ = std::move(sink);
            sent_ = true;
            deadline_ = deadline.time_since_epoch().count();
            try {
                late = deadline <= Clock::now();
                if (late) {
                    // A step that the socket takes at once would never be seen to be late.
                    tell_early(ending, make_timeout(fsm_.request(), fsm_.answered()), "the deadline passed");
                } else {
                    proceed(fsm_.resume(step), ending);
                }
            } catch (...) {
                lose_in(ending, std::current_exception());
            }
        }
    }
    if (refused)
        return refuse(std::move(sink), std::move(refused));
    if (late)
        context_.gate->post([self = shared_from_this()] { self->go_on(); });
    if (context_.timekeeper)
        context_.timekeeper->wake_by(this->deadline());
    if (!ending.empty())
        deliver_later(std::move(ending));
}

void Connection::go_on() noexcept {
    Ending ending;
    {
        const std::lock_guard lock(mutex_);
        if (fsm_.done() || !descriptor_)
            return;
        try {
            proceed(fsm_.on_writable(), ending);
        } catch (...) {
            lose_in(ending, std::current_exception());
        }
    }
    deliver(std::move(ending));
}

// Under the lock: a COPY is open, and it is the caller's turn.
void Connection::pause(Ending& ending) {
    deadline_.store(TimePoint::max().time_since_epoch().count(), std::memory_order_relaxed);
    ending.sink = std::move(sink_);
    ending.reply = fsm_.take_paused_reply();
    sent_ = false;
}

bool Connection::copying() const noexcept {
    const std::lock_guard lock(mutex_);
    return descriptor_ && fsm_.paused();
}

} // namespace corm::wire

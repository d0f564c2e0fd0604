#include "wire/dialer.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace corm::wire {
namespace {

/// A descriptor that ends a poll.
class Wakeup {
public:
    Wakeup() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (descriptor_ < 0)
            throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~Wakeup() { close(descriptor_); }
    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    void signal() noexcept {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = write(descriptor_, &one, sizeof one);
    }
    void clear() noexcept {
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t taken = read(descriptor_, &count, sizeof count);
    }
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

/// One call of `dial`: its addresses, and the attempt at one of them.
struct Dial {
    Dialer::Done done;
    std::optional<std::string> password;
    std::vector<Attempt> attempts;
    std::size_t next = 0;
    std::optional<ConnectFsm> fsm;
    ConnectFsm::Want want{};
    TimePoint deadline;
    Dialed outcome;
};

} // namespace

struct Dialer::State {
    State(std::shared_ptr<Pq> seam, ConnectPlan what, Duration limit)
        : pq(std::move(seam)), plan(std::move(what)), timeout(plan.connect_timeout.value_or(limit)) {}

    void run();
    void begin(Dial& dial);
    void step(Dial& dial);
    void next_attempt(Dial& dial);
    static void failed(Dial& dial, std::exception_ptr error, DialFailure failure);
    bool wait(std::list<Dial>& dials);

    const std::shared_ptr<Pq> pq;
    const ConnectPlan plan;
    const Duration timeout;
    Wakeup wakeup;
    std::mutex mutex;
    std::condition_variable end;
    std::list<Dial> asked;
    bool stopped = false;
    bool ended = false;
    std::thread thread;
    std::mt19937 random{std::random_device{}()}; // the thread's own
};

Dialer::Dialer(std::shared_ptr<Pq> pq, ConnectPlan plan, Duration connect_timeout)
    : state_(std::make_shared<State>(std::move(pq), std::move(plan), connect_timeout)) {}

Dialer::~Dialer() {
    stop();
}

void Dialer::dial(Done done, std::optional<std::string> password) {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopped)
        return;
    Dial& asked = state_->asked.emplace_back();
    asked.done = std::move(done);
    asked.password = std::move(password);
    if (!state_->thread.joinable())
        state_->thread = std::thread([state = state_] { state->run(); });
    state_->wakeup.signal();
}

void Dialer::stop() noexcept {
    constexpr std::chrono::milliseconds patience{500};
    std::list<Dial> dropped;
    std::thread thread;
    bool join = false;
    {
        std::unique_lock lock(state_->mutex);
        state_->stopped = true;
        dropped.swap(state_->asked);
        thread.swap(state_->thread);
        state_->wakeup.signal();
        if (thread.joinable() && thread.get_id() != std::this_thread::get_id())
            join = state_->end.wait_for(lock, patience, [this] { return state_->ended; });
    }
    if (join)
        thread.join();
    else if (thread.joinable())
        thread.detach();
}

void Dialer::State::run() {
    std::list<Dial> dials;
    for (;;) {
        std::list<Dial> fresh;
        {
            const std::lock_guard lock(mutex);
            if (stopped)
                break;
            fresh.swap(asked);
        }
        for (Dial& dial : fresh)
            begin(dial);
        dials.splice(dials.end(), fresh);
        for (auto dial = dials.begin(); dial != dials.end();) {
            if (dial->fsm) {
                ++dial;
                continue;
            }
            {
                const std::lock_guard lock(mutex);
                if (stopped)
                    break;
            }
            dial->done(std::move(dial->outcome));
            dial = dials.erase(dial);
        }
        wait(dials);
    }
    dials.clear();
    const std::lock_guard lock(mutex);
    ended = true;
    end.notify_all();
}

void Dialer::State::begin(Dial& dial) {
    try {
        dial.attempts = make_attempts(plan, random, dial.password);
        dial.password.reset();
        next_attempt(dial);
    } catch (...) {
        dial.fsm.reset();
        dial.outcome.error = std::current_exception();
    }
}

void Dialer::State::next_attempt(Dial& dial) {
    while (dial.next < dial.attempts.size()) {
        dial.fsm.emplace(pq, std::move(dial.attempts[dial.next++]));
        dial.deadline = deadline_in(timeout);
        dial.want = dial.fsm->start();
        if (dial.want != ConnectFsm::Want::failed)
            return;
        failed(dial, dial.fsm->error(), dial.fsm->failure());
    }
    dial.fsm.reset();
}

// What waiting does not mend is told, even when the next address is only away.
void Dialer::State::failed(Dial& dial, std::exception_ptr error, DialFailure failure) {
    if (!dial.outcome.error || dial.outcome.failure == DialFailure::transient)
        dial.outcome = {{}, std::move(error), failure};
    if (failure == DialFailure::refused)
        dial.next = dial.attempts.size();
}

void Dialer::State::step(Dial& dial) {
    try {
        dial.want = dial.fsm->resume();
        if (dial.want == ConnectFsm::Want::connected) {
            dial.outcome = {dial.fsm->take(), nullptr, {}};
            dial.fsm.reset();
        } else if (dial.want == ConnectFsm::Want::failed) {
            failed(dial, dial.fsm->error(), dial.fsm->failure());
            next_attempt(dial);
        }
    } catch (...) {
        dial.outcome = {{}, std::current_exception(), DialFailure::transient};
        dial.fsm.reset();
    }
}

bool Dialer::State::wait(std::list<Dial>& dials) {
    std::vector<pollfd> polled{{wakeup.descriptor(), POLLIN, 0}};
    TimePoint first = TimePoint::max();
    for (const Dial& dial : dials) {
        // Asked for anew each time: libpq changes sockets as it goes.
        const short events = dial.want == ConnectFsm::Want::read ? POLLIN : POLLOUT;
        polled.push_back({dial.fsm ? dial.fsm->socket() : -1, events, 0});
        first = std::min(first, dial.fsm ? dial.deadline : Clock::now());
    }
    int limit = -1;
    if (first != TimePoint::max()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now()).count();
        limit = static_cast<int>(std::clamp<long long>(left, 0, 60'000));
    }
    if (poll(polled.data(), static_cast<nfds_t>(polled.size()), limit) < 0)
        return false; // interrupted by a signal: the next round asks again
    if (polled[0].revents != 0)
        wakeup.clear();
    std::size_t i = 0;
    for (Dial& dial : dials) {
        ++i;
        if (!dial.fsm)
            continue;
        if (polled[i].revents != 0) {
            step(dial);
        } else if (Clock::now() >= dial.deadline) {
            dial.fsm->time_out();
            failed(dial, dial.fsm->error(), DialFailure::transient);
            try {
                next_attempt(dial);
            } catch (...) {
                dial.outcome.error = std::current_exception();
                dial.fsm.reset();
            }
        }
    }
    return true;
}

} // namespace corm::wire

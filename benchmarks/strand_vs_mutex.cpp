// What it costs a connection to serialise itself: by a strand, or by a mutex. See docs/decisions.md.
//
// One operation is what a request needs: entering to start, and entering again when the socket is ready. The rest of a
// request (system calls, libpq) is the same for both and left out.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace asio = boost::asio;

namespace {

constexpr int operations = 500'000;

/// Runs `step` again and again, each behind a post as a readiness event is; nanoseconds for each.
template <class Step>
double measure(Step step) {
    asio::io_context context{1};
    const asio::any_io_executor executor = context.get_executor();
    int left = operations;
    step.open(executor);
    struct Event {
        Step& step;
        const asio::any_io_executor& executor;
        int& left;
        void operator()() {
            if (--left > 0)
                step.run([event = *this]() mutable { asio::post(event.executor, Event{event}); });
        }
    };
    asio::post(executor, Event{step, executor, left});
    const auto start = std::chrono::steady_clock::now();
    context.run();
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    return elapsed.count() / operations;
}

struct Bare {
    void open(const asio::any_io_executor&) {}
    template <class Next>
    void run(Next next) {
        next();
    }
};

struct Mutex {
    // Not a member: the benchmark moves steps about.
    std::mutex* mutex = nullptr;
    void open(const asio::any_io_executor&) {}
    template <class Next>
    void run(Next next) {
        {
            const std::scoped_lock start{*mutex};
        }
        {
            const std::scoped_lock ready{*mutex};
        }
        next();
    }
};

struct Strand {
    std::optional<asio::strand<asio::any_io_executor>> strand{};
    void open(const asio::any_io_executor& executor) { strand.emplace(asio::make_strand(executor)); }
    template <class Next>
    void run(Next next) {
        asio::dispatch(*strand, [this, next]() mutable { asio::post(*strand, std::move(next)); });
    }
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

} // namespace

int main() {
    std::mutex mutex;
    std::vector<double> with_mutex;
    std::vector<double> with_strand;
    for (int round = 0; round < 5; ++round) {
        const double bare = measure(Bare{});
        with_mutex.push_back(measure(Mutex{&mutex}) - bare);
        with_strand.push_back(measure(Strand{}) - bare);
    }
    std::printf("net cost of an operation, median of 5: mutex %.0f ns, strand %.0f ns\n", median(with_mutex),
                median(with_strand));
}

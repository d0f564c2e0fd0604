// One workload over corm: TASKS coroutines share a pool of connections, on one thread or several.
#include "corm_workloads.hpp"

#include <corm/busy_poll.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

namespace {

/// An engine, and the context that its tasks run on.
struct Side {
    Side(const bench::Arguments& arguments, bench::Run& run, int threads, int sides)
        : context(threads), engine(context.get_executor(), arguments.url, options(arguments, sides)),
          shared{engine, run, arguments.tasks} {}

    static corm::EngineOptions options(const bench::Arguments& arguments, int sides) {
        return {.pool = {.max_size = static_cast<std::size_t>(std::max(arguments.connections / sides, 1))}};
    }

    boost::asio::io_context context;
    corm::Engine engine;
    bench::Shared shared;
};

void measure(const bench::Arguments& arguments, bench::Workload workload) {
    const int sides = arguments.engines ? arguments.threads : 1;
    bench::Run run{arguments};
    std::vector<std::unique_ptr<Side>> all;
    for (int i = 0; i < sides; ++i)
        all.push_back(std::make_unique<Side>(arguments, run, arguments.threads / sides, sides));
    std::atomic<int> running{arguments.tasks};
    for (int task = 0; task < arguments.tasks; ++task) {
        Side& side = *all[static_cast<std::size_t>(task % sides)];
        boost::asio::co_spawn(side.context, workload(side.shared, task), [&](std::exception_ptr error) {
            if (error)
                std::rethrow_exception(error);
            if (--running == 0) {
                run.report();
                for (const std::unique_ptr<Side>& each : all)
                    each->context.stop(); // the pool's connections end with the program
            }
        });
    }
    if (arguments.spin.count() != 0) {
        corm::run_busy(all.front()->context, arguments.spin);
        return;
    }
    std::vector<std::thread> threads;
    for (int i = 1; i < arguments.threads; ++i)
        threads.emplace_back([&context = all[static_cast<std::size_t>(i % sides)]->context] { context.run(); });
    all.front()->context.run();
    for (std::thread& thread : threads)
        thread.join();
}

} // namespace

int main(int argc, char** argv) {
    try {
        const auto arguments = bench::Arguments::parse(argc, argv);
        bench::Workload workload = bench::reading_workload(arguments.workload);
        if (workload == nullptr)
            workload = bench::writing_workload(arguments.workload);
        if (workload == nullptr)
            throw std::invalid_argument{"no workload " + std::string{arguments.workload}};
        measure(arguments, workload);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-corm: %s\n", error.what());
        return 1;
    }
}

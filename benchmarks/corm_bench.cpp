// One workload over corm: TASKS coroutines on one thread share a pool of connections.
#include "corm_workloads.hpp"

#include <corm/busy_poll.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

int main(int argc, char** argv) {
    try {
        const auto arguments = bench::Arguments::parse(argc, argv);
        bench::Workload workload = bench::reading_workload(arguments.workload);
        if (workload == nullptr)
            workload = bench::writing_workload(arguments.workload);
        if (workload == nullptr)
            throw std::invalid_argument{"no workload " + std::string{arguments.workload}};
        boost::asio::io_context context{1};
        const auto size = static_cast<std::size_t>(arguments.connections);
        corm::Engine engine{context.get_executor(), arguments.url, {.pool = {.max_size = size}}};
        bench::Run run{arguments};
        bench::Shared shared{engine, run, arguments.tasks};
        int running = arguments.tasks;
        for (int task = 0; task < arguments.tasks; ++task) {
            boost::asio::co_spawn(context, workload(shared, task), [&](std::exception_ptr error) {
                if (error)
                    std::rethrow_exception(error);
                if (--running == 0) {
                    run.report();
                    context.stop(); // the pool's connections end with the program
                }
            });
        }
        if (arguments.spin.count() != 0)
            corm::run_busy(context, arguments.spin);
        else
            context.run();
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-corm: %s\n", error.what());
        return 1;
    }
}

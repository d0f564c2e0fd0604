// One workload over raw libpq: TASKS connections on one thread, one statement at a time each.
#include "libpq_client.hpp"

#include <exception>

int main(int argc, char** argv) {
    try {
        const auto arguments = bench::Arguments::parse(argc, argv);
        const auto clients = bench::clients_of(arguments);
        if (clients.empty())
            throw std::invalid_argument{"no workload " + std::string{arguments.workload}};
        bench::Run run{arguments.duration, arguments.tasks};
        bench::drive(clients, run);
        run.report();
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-libpq: %s\n", error.what());
        return 1;
    }
}

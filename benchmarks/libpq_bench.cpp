// One workload over raw libpq: its connections share one thread, and have one statement at a time each.
#include "libpq_client.hpp"

#include <exception>

int main(int argc, char** argv) {
    try {
        const auto arguments = bench::Arguments::parse(argc, argv);
        const auto clients = bench::clients_of(arguments);
        if (clients.empty())
            throw std::invalid_argument{"no workload " + std::string{arguments.workload}};
        bench::Run run{arguments};
        bench::drive(clients, arguments.tasks, run);
        run.report();
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-libpq: %s\n", error.what());
        return 1;
    }
}

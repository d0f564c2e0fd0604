// A private PostgreSQL with the settings of the benchmarks. Prints one line, "PID URL", and stops the server when its
// standard input ends.
#include <corm/dev/postgres_server.hpp>

#include <cstdio>
#include <exception>

int main() {
    try {
        corm::dev::PostgresServerOptions options;
        // Nothing runs behind the back of a measurement; tools/bench vacuums between the rounds.
        options.settings = {
            {"autovacuum", "off"},         {"fsync", "off"},
            {"full_page_writes", "off"},   {"jit", "off"},
            {"max_wal_size", "8GB"},       {"shared_buffers", "512MB"},
            {"synchronous_commit", "off"}, {"checkpoint_timeout", "1h"},
        };
        const corm::dev::PostgresServer server{options};
        std::printf("%d %s\n", static_cast<int>(server.pid()), server.url().c_str());
        std::fflush(stdout);
        while (std::getchar() != EOF) {
        }
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-server: %s\n", error.what());
        return 1;
    }
}

// A stranger's first program: one symbol of each library.
#include <corm/base/error.hpp>
#include <corm/dev/postgres_server.hpp>

#include <cstring>

int main() {
    try {
        corm::dev::PostgresServerOptions options;
        options.binaries = "/nonexistent";
        corm::dev::PostgresServer server{options};
    } catch (const corm::Error& error) {
        return std::strstr(error.what(), "/nonexistent") != nullptr &&
                       corm::to_string(corm::Phase::commit) == "committing"
                   ? 0
                   : 1;
    }
    return 1;
}

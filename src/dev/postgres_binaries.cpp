#include "postgres_binaries.hpp"

#include "subprocess.hpp"

#include <corm/base/error.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace corm::dev {

namespace {

namespace fs = std::filesystem;

bool has_server(const fs::path& directory) {
    return ::access((directory / "initdb").c_str(), X_OK) == 0 && ::access((directory / "postgres").c_str(), X_OK) == 0;
}

/// Debian's own `pg_config` names a directory whether or not the server is installed in it.
fs::path from_pg_config() {
    try {
        std::string output;
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{5};
        SpawnOptions options;
        options.arguments = {"pg_config", "--bindir"};
        if (run(std::move(options), until, output) == 0) {
            return output.substr(0, output.find('\n'));
        }
    } catch (const Error&) { // there is no pg_config: look elsewhere
    }
    return {};
}

std::vector<fs::path> debian_directories() {
    std::vector<std::pair<int, fs::path>> found;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
        const std::string name = entry.path().filename().string();
        int version = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), version).ec == std::errc{}) {
            found.emplace_back(version, entry.path() / "bin");
        }
    }
    std::sort(found.rbegin(), found.rend());
    std::vector<fs::path> result;
    for (auto& [version, path] : found) {
        result.push_back(std::move(path));
    }
    return result;
}

std::vector<fs::path> path_directories() {
    std::vector<fs::path> result;
    const char* variable = std::getenv("PATH");
    std::string_view rest = variable != nullptr ? variable : "";
    while (!rest.empty()) {
        const std::size_t colon = rest.find(':');
        result.emplace_back(rest.substr(0, colon));
        rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
    }
    return result;
}

} // namespace

fs::path find_postgres_binaries(const fs::path& wanted) {
    if (!wanted.empty()) {
        if (has_server(wanted)) {
            return fs::absolute(wanted);
        }
        throw Error("no initdb and postgres in " + wanted.string() +
                    "; set PostgresServerOptions::binaries to the "
                    "bin directory of a PostgreSQL server");
    }
    if (fs::path configured = from_pg_config(); !configured.empty() && has_server(configured)) {
        return configured;
    }
    for (const fs::path& directory : debian_directories()) {
        if (has_server(directory)) {
            return directory;
        }
    }
    for (const fs::path& directory : path_directories()) {
        if (has_server(directory)) {
            return directory;
        }
    }
    throw Error("no PostgreSQL server found by pg_config, in /usr/lib/postgresql or in PATH; install one (Debian: "
                "apt-get install postgresql), or set PostgresServerOptions::binaries or CORM_DATABASE_URL");
}

} // namespace corm::dev

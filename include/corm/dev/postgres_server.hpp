// A private PostgreSQL for tests, demos and benchmarks.
#pragma once

#include <corm/base/error.hpp>

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace corm::dev {

/// How a server ends: `smart` waits for its clients, `fast` ends their transactions first, `immediate` does not even
/// write a checkpoint, so that the next start recovers as after a crash.
enum class StopMode { smart, fast, immediate };

/// What a private server is made of. The defaults suit tests: quick, local, nothing survives a power cut.
struct PostgresServerOptions {
    /// Keep `fsync` and its relatives on. Off, a commit does not wait for the disk.
    bool durable = false;
    /// Also listen on a free port of 127.0.0.1, where clients need the password that `tcp_url()` carries.
    bool listen_tcp = false;
    /// Further settings, as in postgresql.conf; they win over the server's own: `{"max_connections", "20"}`.
    std::map<std::string, std::string> settings{};
    /// Superuser of the new cluster; `url()` names it.
    std::string user = "postgres";
    /// Where `initdb` and `postgres` are. Empty: `pg_config --bindir`, then the newest /usr/lib/postgresql/*/bin,
    /// then PATH.
    std::filesystem::path binaries{};
    /// Where the server's own directory is made. Empty: $TMPDIR, or /tmp where that is unset or the caller is root.
    /// For root it must be writable for the user `postgres`.
    std::filesystem::path parent{};
    /// For each of making the cluster, starting and stopping.
    std::chrono::milliseconds timeout{60'000};
};

/// A PostgreSQL server that belongs to this object, in a temporary directory of its own.
///
/// It is reached by a Unix socket in that directory, which only its user may enter, and has no TCP port unless asked.
/// It never runs as root: a caller who is root gets one that runs as the user `postgres`, or `nobody` where there is
/// no such user. The destructor stops it and removes every trace; so does a small guard process when the caller is
/// killed or crashes.
///
/// Blocking: every call waits for the server and belongs into start-up and tests, not into a coroutine.
/// Thread safety: distinct objects are independent; calls on one object need outside synchronisation.
/// Errors: `corm::Error`, its text ending with the last lines of the server's log. Round trips: none, no call connects.
///
/// \code
/// corm::dev::PostgresServer server;
/// corm::Engine engine{context.get_executor(), server.url()};
/// \endcode
class PostgresServer {
public:
    /// Makes a cluster (about a second) and starts it; returns when it accepts connections.
    explicit PostgresServer(PostgresServerOptions options = {});

    /// The server that the environment variable CORM_DATABASE_URL points to, if it is set and not empty; a private
    /// one otherwise. What is true of an existing server only: it is never started, stopped or removed by this object,
    /// and `options` are ignored.
    [[nodiscard]] static PostgresServer from_environment(PostgresServerOptions options = {});

    /// Ends the server at once and removes its directory. Does not throw.
    ~PostgresServer();

    /// A moved-from object may only be destroyed or assigned to.
    PostgresServer(PostgresServer&&) noexcept;
    PostgresServer& operator=(PostgresServer&&) noexcept;

    /// `postgresql://` URL by the Unix socket (or CORM_DATABASE_URL itself). Stays the same over restarts.
    [[nodiscard]] const std::string& url() const noexcept;
    /// `postgresql://` URL by TCP, with the password. Throws unless `listen_tcp` was asked for.
    [[nodiscard]] const std::string& tcp_url() const;
    /// True for a server that was there before, see `from_environment`.
    [[nodiscard]] bool is_external() const noexcept;

    /// Starts a stopped server; nothing happens when it runs. The port of `tcp_url()` stays.
    void start();
    /// Stops a running server; nothing happens when it is stopped. `smart` waits for clients for as long as the
    /// timeout of the options, then throws and leaves the server waiting.
    void stop(StopMode mode = StopMode::fast);
    /// `stop`, then `start`.
    void restart(StopMode mode = StopMode::fast);

    /// Process id of the postmaster; 0 when it is stopped, has died, or is external.
    [[nodiscard]] pid_t pid() const noexcept;
    /// The directory that holds everything of this server; `data` inside it is PGDATA. Empty when external.
    [[nodiscard]] const std::filesystem::path& directory() const noexcept;
    /// Everything the server has logged so far; empty when external.
    [[nodiscard]] std::string log() const;

private:
    class Cluster;
    explicit PostgresServer(std::string external_url);

    std::unique_ptr<Cluster> cluster_; ///< none when external
    std::string url_;
};

} // namespace corm::dev

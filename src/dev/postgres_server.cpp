#include <corm/dev/postgres_server.hpp>

#include "postgres_binaries.hpp"
#include "server_directory.hpp"
#include "server_settings.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

namespace corm::dev {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t log_tail = 4000; ///< bytes of the log in an error
constexpr std::chrono::milliseconds poll_interval{5};
constexpr int default_port = 5432;

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const fs::path& path, const std::string& text, std::ios::openmode mode, std::optional<Account> owner) {
    std::ofstream file(path, std::ios::binary | mode);
    file << text << std::flush;
    if (!file || (owner && ::chown(path.c_str(), owner->uid, owner->gid) != 0)) {
        throw Error("cannot write " + path.string());
    }
}

int signal_of(StopMode mode) noexcept {
    switch (mode) {
    case StopMode::smart: return SIGTERM;
    case StopMode::fast: return SIGINT;
    case StopMode::immediate: break;
    }
    return SIGQUIT;
}

fs::path parent_directory(const PostgresServerOptions& options) {
    if (!options.parent.empty()) {
        return options.parent;
    }
    // A directory for temporary files of root's own is closed to the server's user.
    const char* variable = ::geteuid() != 0 ? std::getenv("TMPDIR") : nullptr;
    return variable != nullptr && *variable != '\0' ? variable : "/tmp";
}

} // namespace

class PostgresServer::Cluster {
public:
    explicit Cluster(PostgresServerOptions options)
        : options_(std::move(options)), account_(unprivileged_account()),
          binaries_(find_postgres_binaries(options_.binaries)), directory_(parent_directory(options_), account_),
          password_(random_digits(32)) {
        initialise();
        try {
            start();
        } catch (...) {
            end();
            throw;
        }
    }

    ~Cluster() { end(); }

    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    void start();
    void stop(StopMode mode);
    [[nodiscard]] pid_t pid() noexcept;
    [[nodiscard]] std::string url() const;
    [[nodiscard]] const std::string& tcp_url() const;
    [[nodiscard]] const fs::path& directory() const noexcept { return directory_.path(); }
    [[nodiscard]] std::string log() const { return read_file(log_path()); }

private:
    enum class Outcome { ready, port_taken, data_in_use };

    void initialise();
    void end() noexcept;
    void configure();
    Outcome try_start();
    [[nodiscard]] bool is_ready() const;
    [[nodiscard]] fs::path log_path() const { return directory_.path() / "log"; }
    [[noreturn]] void fail(const std::string& what) const;

    PostgresServerOptions options_;
    std::optional<Account> account_;
    fs::path binaries_;
    ServerDirectory directory_;
    std::string password_;
    std::string tcp_url_;
    int port_ = default_port;
    pid_t pid_ = 0;
};

void PostgresServer::Cluster::fail(const std::string& what) const {
    std::string text = log();
    if (text.size() > log_tail) {
        text.erase(0, text.size() - log_tail);
    }
    throw Error(what + (text.empty() ? "; its log is empty" : "; its log ends with:\n" + text));
}

/// For a server whose data are thrown away.
void PostgresServer::Cluster::end() noexcept {
    int status = 0;
    for (const int signal : {SIGQUIT, SIGKILL}) {
        if (pid() != 0 && ::kill(pid_, signal) == 0 &&
            wait_for_end(pid_, Clock::now() + std::chrono::seconds{10}, status)) {
            pid_ = 0;
        }
    }
}

void PostgresServer::Cluster::initialise() {
    const fs::path password_file = directory_.path() / "password";
    write_file(password_file, password_ + "\n", std::ios::trunc, account_);
    SpawnOptions initdb;
    initdb.arguments = {(binaries_ / "initdb").string(),
                        "--pgdata=" + directory_.data().string(),
                        "--username=" + options_.user,
                        "--pwfile=" + password_file.string(),
                        "--auth-local=trust", // the directory of the socket admits one user only
                        "--auth-host=scram-sha-256",
                        "--encoding=UTF8",
                        "--locale=C.UTF-8",
                        "--no-sync",
                        "--no-instructions"};
    initdb.account = account_;
    initdb.directory = directory_.path().string();
    std::string output;
    const int status = run(std::move(initdb), Clock::now() + options_.timeout, output);
    std::error_code ignored;
    fs::remove(password_file, ignored);
    if (status != 0) {
        throw Error((status < 0 ? "initdb did not end in time" : "initdb failed") +
                    (output.empty() ? std::string{} : "; it said:\n" + output));
    }
}

void PostgresServer::Cluster::configure() {
    std::map<std::string, std::string> settings{
        {"log_destination", "stderr"},
        {"logging_collector", "off"},
        {"log_line_prefix", "%m [%p] "},
        // A path in this list may hold spaces when it is quoted as an identifier.
        {"unix_socket_directories", "\"" + directory_.sockets().string() + "\""},
        {"listen_addresses", options_.listen_tcp ? "127.0.0.1" : ""},
    };
    if (!options_.durable) {
        settings.insert({{"fsync", "off"}, {"synchronous_commit", "off"}, {"full_page_writes", "off"}});
    }
    for (const auto& [name, value] : options_.settings) {
        settings[name] = value;
    }
    settings["port"] = std::to_string(port_);
    write_file(directory_.data() / "corm.conf", settings_text(settings), std::ios::trunc, account_);
    const fs::path main = directory_.data() / "postgresql.conf";
    const std::string include = "include 'corm.conf'\n";
    if (!read_file(main).ends_with(include)) {
        write_file(main, include, std::ios::app, account_);
    }
}

void PostgresServer::Cluster::start() {
    if (pid() != 0) {
        return;
    }
    const bool choose_port = options_.listen_tcp && tcp_url_.empty();
    const Clock::time_point until = Clock::now() + options_.timeout;
    for (int ports = 1;;) {
        if (choose_port) {
            port_ = free_port();
        }
        configure();
        const Outcome outcome = try_start();
        if (outcome == Outcome::ready) {
            break;
        }
        if (outcome == Outcome::port_taken && (!choose_port || ++ports > 5)) {
            fail("the private PostgreSQL found its TCP port " + std::to_string(port_) + " taken");
        }
        // Backends of a postmaster that was killed notice it in a moment; until then nobody may use their data.
        if (Clock::now() >= until) {
            fail("the private PostgreSQL was not ready in time");
        }
    }
    if (options_.listen_tcp) {
        tcp_url_ = "postgresql://" + url_encoded(options_.user) + ":" + password_ +
                   "@127.0.0.1:" + std::to_string(port_) + "/postgres";
    }
}

PostgresServer::Cluster::Outcome PostgresServer::Cluster::try_start() {
    const Descriptor log{::open(log_path().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    const off_t log_before = ::lseek(log.get(), 0, SEEK_END);
    if (log_before < 0) {
        throw Error("cannot write " + log_path().string());
    }
    SpawnOptions postgres;
    postgres.arguments = {(binaries_ / "postgres").string(), "-D", directory_.data().string()};
    postgres.account = account_;
    postgres.directory = directory_.data().string();
    postgres.output = log.get();
    postgres.announce_to = directory_.guard();
    pid_ = spawn(postgres);

    const Clock::time_point until = Clock::now() + options_.timeout;
    while (!is_ready()) {
        if (pid() == 0) {
            const std::string said = this->log().substr(static_cast<std::size_t>(log_before));
            if (said.find("Address already in use") != std::string::npos) {
                return Outcome::port_taken;
            }
            if (said.find("still in use") != std::string::npos) {
                return Outcome::data_in_use;
            }
            fail("the private PostgreSQL ended while it started");
        }
        if (Clock::now() >= until) {
            fail("the private PostgreSQL was not ready in time");
        }
        std::this_thread::sleep_for(poll_interval);
    }
    return Outcome::ready;
}

/// The postmaster's own word: the eighth line of postmaster.pid, written when it accepts connections.
bool PostgresServer::Cluster::is_ready() const {
    const std::string text = read_file(directory_.data() / "postmaster.pid");
    std::size_t line = 0;
    for (int number = 1; number < 8; ++number) {
        line = text.find('\n', line);
        if (line == std::string::npos) {
            return false;
        }
        ++line;
    }
    return text.starts_with(std::to_string(pid_) + "\n") && text.compare(line, 5, "ready") == 0;
}

void PostgresServer::Cluster::stop(StopMode mode) {
    if (pid() == 0) {
        return;
    }
    ::kill(pid_, signal_of(mode));
    int status = 0;
    if (!wait_for_end(pid_, Clock::now() + options_.timeout, status)) {
        fail("the private PostgreSQL did not stop in time");
    }
    pid_ = 0;
}

pid_t PostgresServer::Cluster::pid() noexcept {
    int status = 0;
    if (pid_ != 0 && has_ended(pid_, status)) {
        pid_ = 0;
    }
    return pid_;
}

std::string PostgresServer::Cluster::url() const {
    return "postgresql://" + url_encoded(options_.user) +
           "@/postgres?host=" + url_encoded(directory_.sockets().string()) + "&port=" + std::to_string(port_);
}

const std::string& PostgresServer::Cluster::tcp_url() const {
    if (tcp_url_.empty()) {
        throw Error("this private PostgreSQL has no TCP port; set PostgresServerOptions::listen_tcp");
    }
    return tcp_url_;
}

PostgresServer::PostgresServer(PostgresServerOptions options)
    : cluster_(std::make_unique<Cluster>(std::move(options))), url_(cluster_->url()) {}

PostgresServer::PostgresServer(std::string external_url) : url_(std::move(external_url)) {}

PostgresServer::~PostgresServer() = default;
PostgresServer::PostgresServer(PostgresServer&&) noexcept = default;
PostgresServer& PostgresServer::operator=(PostgresServer&&) noexcept = default;

PostgresServer PostgresServer::from_environment(PostgresServerOptions options) {
    const char* url = std::getenv("CORM_DATABASE_URL");
    return url != nullptr && *url != '\0' ? PostgresServer{std::string{url}} : PostgresServer{std::move(options)};
}

const std::string& PostgresServer::url() const noexcept {
    return url_;
}

const std::string& PostgresServer::tcp_url() const {
    if (!cluster_) {
        throw Error("the server of CORM_DATABASE_URL is not private: use url()");
    }
    return cluster_->tcp_url();
}

bool PostgresServer::is_external() const noexcept {
    return !cluster_;
}

void PostgresServer::start() {
    if (!cluster_) {
        throw Error("the server of CORM_DATABASE_URL is not private and cannot be started");
    }
    cluster_->start();
}

void PostgresServer::stop(StopMode mode) {
    if (!cluster_) {
        throw Error("the server of CORM_DATABASE_URL is not private and cannot be stopped");
    }
    cluster_->stop(mode);
}

void PostgresServer::restart(StopMode mode) {
    stop(mode);
    start();
}

pid_t PostgresServer::pid() const noexcept {
    return cluster_ ? cluster_->pid() : 0;
}

const std::filesystem::path& PostgresServer::directory() const noexcept {
    static const std::filesystem::path none;
    return cluster_ ? cluster_->directory() : none;
}

std::string PostgresServer::log() const {
    return cluster_ ? cluster_->log() : std::string{};
}

} // namespace corm::dev

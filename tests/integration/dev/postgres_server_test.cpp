#include "observe.hpp"

#include <corm/dev/postgres_server.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <libpq-fe.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::dev::PostgresServer;
using corm::dev::PostgresServerOptions;
using corm::dev::StopMode;
using namespace corm::test;

namespace {

std::string unique(const std::string& name) {
    return name + "-" + std::to_string(::getpid());
}

/// Sets an environment variable for the length of a test.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name) {
        const char* before = std::getenv(name);
        had_ = before != nullptr;
        before_ = had_ ? before : "";
        ::setenv(name, value, 1);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() {
        if (had_) {
            ::setenv(name_, before_.c_str(), 1);
        } else {
            ::unsetenv(name_);
        }
    }

private:
    const char* name_;
    bool had_ = false;
    std::string before_;
};

} // namespace

TEST_CASE("a private server answers, restarts with its data, and leaves nothing", "[dev][integration]") {
    std::filesystem::path directory;
    pid_t pid = 0;
    {
        PostgresServer server;
        directory = server.directory();
        pid = server.pid();
        REQUIRE(pid > 0);
        CHECK_FALSE(server.is_external());
        const std::string url = server.url();
        CHECK(answer(url, "show fsync") == "off");
        CHECK(answer(url, "show server_encoding") == "UTF8");
        CHECK(answer(url, "create table kept(x int)").empty());
        CHECK(answer(url, "insert into kept values (7)").empty());

        server.restart();
        CHECK(server.url() == url);
        CHECK(server.pid() != pid);
        pid = server.pid();
        CHECK(answer(url, "select x from kept") == "7");
        CHECK_THAT(server.log(), ContainsSubstring("database system is ready"));
        server.start();
        CHECK(server.pid() == pid);
    }
    CHECK(owner_of(pid) == -1);
    CHECK_FALSE(std::filesystem::exists(directory));
}

TEST_CASE("a private server never runs as root", "[dev][integration]") {
    const PostgresServer server;
    const long owner = owner_of(server.pid(), server.directory() / "data/postmaster.pid");
    REQUIRE(owner >= 0);
    CHECK(owner != 0);
    if (::geteuid() != 0) {
        CHECK(owner == static_cast<long>(::geteuid()));
    }
    // Nobody else reaches the socket, which asks for no password.
    struct stat info{};
    REQUIRE(::stat(server.directory().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0700);
    CHECK(static_cast<long>(info.st_uid) == owner);
}

TEST_CASE("a private server has no TCP port unless asked", "[dev][integration]") {
    SECTION("not asked") {
        const PostgresServer server;
        CHECK(answer(server.url(), "show listen_addresses").empty());
        CHECK_THROWS_MATCHES(server.tcp_url(), corm::Error, MessageMatches(ContainsSubstring("listen_tcp")));
    }
    SECTION("asked") {
        PostgresServerOptions options;
        options.listen_tcp = true;
        PostgresServer server{options};
        const std::string url = server.tcp_url();
        CHECK(answer(url, "select inet_server_addr()") == "127.0.0.1");
        const std::size_t colon = url.find(':', url.find("//"));
        const std::string without = url.substr(0, colon) + url.substr(url.find('@'));
        CHECK_THAT(answer(without, "select 1"), ContainsSubstring("no password supplied"));
        server.restart();
        CHECK(server.tcp_url() == url);
        CHECK(answer(url, "select 1") == "1");
    }
}

TEST_CASE("settings, user and durability are the caller's", "[dev][integration]") {
    PostgresServerOptions options;
    options.durable = true;
    options.user = "some one@home";
    options.settings = {{"max_connections", "17"}, {"search_path", R"("it's", "back\slash")"}};
    const PostgresServer server{options};
    CHECK(answer(server.url(), "show fsync") == "on");
    CHECK(answer(server.url(), "show max_connections") == "17");
    CHECK(answer(server.url(), "show search_path") == R"("it's", "back\slash")");
    CHECK(answer(server.url(), "select current_user") == "some one@home");
}

TEST_CASE("directories with spaces, and too long for a socket", "[dev][integration]") {
    const std::string name =
        GENERATE(std::string{"corm test, comma"}, std::string{"corm test space"}, "corm-" + std::string(120, 'x'));
    const OpenDirectory parent{unique(name)};
    {
        PostgresServerOptions options;
        options.parent = parent.path();
        const PostgresServer server{options};
        CHECK(server.directory().parent_path() == std::filesystem::canonical(parent.path()));
        CHECK(answer(server.url(), "select 1") == "1");
        const std::string sockets = answer(server.url(), "show unix_socket_directories");
        CHECK(sockets.size() < 100);
    }
    CHECK(parent.is_empty());
}

TEST_CASE("the three ways to stop", "[dev][integration]") {
    PostgresServer server;
    const StopMode mode = GENERATE(StopMode::smart, StopMode::fast, StopMode::immediate);
    server.stop(mode);
    CHECK(server.pid() == 0);
    CHECK_THAT(answer(server.url(), "select 1"), ContainsSubstring("failed"));
    server.stop(mode);
    server.start();
    CHECK(answer(server.url(), "select 1") == "1");
}

TEST_CASE("a smart stop that clients hold up says so and keeps the server", "[dev][integration]") {
    PostgresServerOptions options;
    options.timeout = std::chrono::seconds{20};
    PostgresServer server{options};
    PGconn* client = PQconnectdb(server.url().c_str());
    REQUIRE(PQstatus(client) == CONNECTION_OK);
    std::thread waiter{[&] { server.stop(StopMode::smart); }};
    // The server has begun to stop when it refuses newcomers; it ends when its last client leaves.
    CHECK(eventually([&] { return answer(server.url(), "select 1").find("shutting down") != std::string::npos; }));
    PGresult* rows = PQexec(client, "select 42");
    CHECK(std::string{PQgetvalue(rows, 0, 0)} == "42");
    PQclear(rows);
    PQfinish(client);
    waiter.join();
    CHECK(server.pid() == 0);
}

TEST_CASE("a server that died can be started again", "[dev][integration]") {
    PostgresServer server;
    ::kill(server.pid(), SIGKILL);
    CHECK(eventually([&] { return server.pid() == 0; }));
    server.start();
    CHECK(answer(server.url(), "select 1") == "1");
}

TEST_CASE("a failed start tells the end of the log", "[dev][integration]") {
    const OpenDirectory parent{unique("corm-failed")};
    PostgresServerOptions options;
    options.parent = parent.path();
    options.settings = {{"shared_buffers", "lots"}};
    CHECK_THROWS_MATCHES(PostgresServer{options}, corm::Error,
                         MessageMatches(ContainsSubstring("invalid value for parameter \"shared_buffers\"")));
    options.settings = {{"cluster_name", "two\nlines"}};
    CHECK_THROWS_MATCHES(PostgresServer{options}, corm::Error, MessageMatches(ContainsSubstring("cluster_name")));
    CHECK(parent.is_empty());
}

TEST_CASE("wrong binaries and directories are named", "[dev][integration]") {
    PostgresServerOptions options;
    options.binaries = "/nonexistent/bin";
    CHECK_THROWS_MATCHES(PostgresServer{options}, corm::Error, MessageMatches(ContainsSubstring("/nonexistent/bin")));
    options.binaries.clear();
    options.parent = "/nonexistent/parent";
    CHECK_THROWS_MATCHES(PostgresServer{options}, corm::Error,
                         MessageMatches(ContainsSubstring("/nonexistent/parent")));
}

TEST_CASE("the environment can name a server that exists", "[dev][integration]") {
    PostgresServer real;
    {
        const Variable variable{"CORM_DATABASE_URL", real.url().c_str()};
        PostgresServer external = PostgresServer::from_environment();
        CHECK(external.is_external());
        CHECK(external.url() == real.url());
        CHECK(external.pid() == 0);
        CHECK(external.directory().empty());
        CHECK(external.log().empty());
        CHECK_THROWS_AS(external.stop(), corm::Error);
        CHECK_THROWS_AS(external.start(), corm::Error);
        CHECK_THROWS_AS(external.tcp_url(), corm::Error);
    }
    CHECK(answer(real.url(), "select 1") == "1");
    const Variable empty{"CORM_DATABASE_URL", ""};
    const PostgresServer own = PostgresServer::from_environment();
    CHECK_FALSE(own.is_external());
}

TEST_CASE("the caller's PG variables do not reach the server", "[dev][integration]") {
    const Variable port{"PGPORT", "1"};
    const Variable data{"PGDATA", "/nonexistent"};
    const Variable options{"PGOPTIONS", "-c nonsense=1"};
    const PostgresServer server;
    CHECK(server.pid() > 0);
}

TEST_CASE("a moved server is one server", "[dev][integration]") {
    PostgresServer first;
    const pid_t pid = first.pid();
    PostgresServer second = std::move(first);
    CHECK(second.pid() == pid);
    PostgresServer third;
    const pid_t other = third.pid();
    third = std::move(second);
    CHECK(third.pid() == pid);
    CHECK(owner_of(other) == -1);
    CHECK(answer(third.url(), "select 1") == "1");
}

TEST_CASE("test databases are apart and leave nothing", "[dev][integration]") {
    std::string name;
    {
        const Database first{"create table t(x int); insert into t values (1)"};
        const Database second;
        CHECK(first.query("select x from t") == "1");
        CHECK_THROWS_WITH(second.query("select x from t"), ContainsSubstring("does not exist"));
        name = first.query("select current_database()");
        CHECK(first.sessions("active") == 0);
    }
    CHECK(query(server().url(), "select count(*) from pg_database where datname = '" + name + "'") == "0");
}

// What becomes of a private server when its caller ends without a destructor.
#include "observe.hpp"

#include <corm/dev/postgres_server.hpp>

#include <catch2/catch_test_macros.hpp>

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

using corm::dev::PostgresServer;
using corm::dev::PostgresServerOptions;
using namespace corm::test;

namespace {

/// The caller in a process of its own, which ends only by a signal.
struct Caller {
    pid_t pid = 0;
    pid_t server = 0; ///< 0 when it could not start one
    std::string url;
};

/// `before` runs in the child; then it starts a server in `parent`, reports it and waits to be killed.
template <class Before>
Caller fork_caller(const std::filesystem::path& parent, Before before) {
    std::array<int, 2> report{};
    REQUIRE(::pipe(report.data()) == 0);
    Caller caller;
    caller.pid = ::fork();
    if (caller.pid == 0) {
        ::close(report[0]);
        try {
            before();
            PostgresServerOptions options;
            options.parent = parent;
            PostgresServer server{options};
            const std::string text = std::to_string(server.pid()) + " " + server.url();
            [[maybe_unused]] const ssize_t written = ::write(report[1], text.data(), text.size());
            ::close(report[1]);
            while (true) {
                ::pause();
            }
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s\n", error.what());
        }
        ::_exit(1);
    }
    ::close(report[1]);
    std::string text;
    std::array<char, 512> buffer{};
    ssize_t got = 0;
    while ((got = ::read(report[0], buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(report[0]);
    if (const std::size_t space = text.find(' '); space != std::string::npos) {
        caller.server = std::stoi(text);
        caller.url = text.substr(space + 1);
    }
    return caller;
}

void end(const Caller& caller, int signal) {
    ::kill(caller.pid, signal);
    ::waitpid(caller.pid, nullptr, 0);
}

std::string parent_name(const std::string& what) {
    return "corm-" + what + "-" + std::to_string(::getpid());
}

} // namespace

TEST_CASE("a caller that is killed leaves no server and no directory", "[dev][integration][crash]") {
    const OpenDirectory parent{parent_name("killed")};
    const Caller caller = fork_caller(parent.path(), [] {});
    REQUIRE(caller.server > 0);
    REQUIRE(answer(caller.url, "select 1") == "1");
    end(caller, SIGKILL);
    CHECK(eventually([&] { return parent.is_empty(); }));
    CHECK(eventually([&] { return answer(caller.url, "select 1").front() == '['; }));
}

TEST_CASE("a caller that is killed at any moment of the start leaves nothing", "[dev][integration][crash]") {
    const OpenDirectory parent{parent_name("early")};
    // From before the first file to after the server is ready: steps of the directory's own life, not of the clock.
    const auto has = [&](const char* file) {
        return [&, file] {
            for (const auto& entry : std::filesystem::directory_iterator(parent.path())) {
                std::error_code ignored;
                if (std::filesystem::exists(entry.path() / file, ignored)) {
                    return true;
                }
            }
            return false;
        };
    };
    for (const char* file : {".", "password", "data/PG_VERSION", "data/base/1", "data/corm.conf", "log",
                             "data/postmaster.pid", ".s.PGSQL.5432"}) {
        INFO(file);
        const pid_t child = ::fork();
        if (child == 0) {
            PostgresServerOptions options;
            options.parent = parent.path();
            try {
                const PostgresServer server{options};
                while (true) {
                    ::pause();
                }
            } catch (const std::exception& error) {
                std::fprintf(stderr, "%s\n", error.what());
            }
            ::_exit(1);
        }
        CHECK(eventually(has(file)));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        CHECK(eventually([&] { return parent.is_empty(); }));
    }
}

TEST_CASE("a caller interrupted at its terminal does not take the guard with it", "[dev][integration][crash]") {
    const OpenDirectory parent{parent_name("interrupted")};
    const Caller caller = fork_caller(parent.path(), [] {
        ::setsid();
        ::signal(SIGINT, SIG_DFL); // the test framework has a handler
    });
    REQUIRE(caller.server > 0);
    ::kill(-caller.pid, SIGINT); // the whole group, as a terminal does
    ::waitpid(caller.pid, nullptr, 0);
    CHECK(eventually([&] { return parent.is_empty(); }));
}

TEST_CASE("descriptors and blocked signals of the caller do not reach the server", "[dev][integration][crash]") {
    const OpenDirectory parent{parent_name("inherit")};
    const Caller caller = fork_caller(parent.path(), [] {
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_SETMASK, &all, nullptr);
        ::dup2(STDERR_FILENO, 77); // not closed on exec
        ::close(STDIN_FILENO);
    });
    REQUIRE(caller.server > 0);
    CHECK_FALSE(std::filesystem::exists("/proc/" + std::to_string(caller.server) + "/fd/77"));
    CHECK(answer(caller.url, "select 1") == "1");
    end(caller, SIGKILL);
    CHECK(eventually([&] { return parent.is_empty(); }));
}

TEST_CASE("a caller who is not root runs the server as himself", "[dev][integration][crash]") {
    if (::geteuid() != 0) {
        SKIP("the other cases run as an ordinary user already");
    }
    const passwd* nobody = ::getpwnam("nobody");
    REQUIRE(nobody != nullptr);
    const uid_t uid = nobody->pw_uid;
    const gid_t gid = nobody->pw_gid;
    const OpenDirectory parent{parent_name("nobody")};
    const Caller caller = fork_caller(parent.path(), [=] {
        if (::setgroups(1, &gid) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0) {
            ::_exit(1);
        }
    });
    REQUIRE(caller.server > 0);
    if (has_proc()) {
        CHECK(owner_of(caller.server) == static_cast<long>(uid));
    }
    CHECK(answer(caller.url, "select 1") == "1");
    end(caller, SIGKILL);
    CHECK(eventually([&] { return parent.is_empty(); }));
}

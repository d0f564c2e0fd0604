#include "subprocess.hpp"

#include <corm/base/error.hpp>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <thread>

extern char** environ;

namespace corm::dev {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds poll_interval{5};

std::string errno_text(int error) {
    return std::generic_category().message(error);
}

std::vector<std::string> child_environment() {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        if (!text.starts_with("PG") && !text.starts_with("LC_") && !text.starts_with("LANG")) {
            result.emplace_back(text);
        }
    }
    result.emplace_back("LC_ALL=C");
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

/// Everything that the child needs, made before the fork: from fork to exec only async-signal-safe calls are allowed.
struct Prepared {
    const SpawnOptions& options;
    char** arguments;
    char** environment;
    int null;
    int failure;
    sigset_t no_signals;
    pid_t parent;
};

void announce(int fd, pid_t pid) noexcept {
    std::array<char, 24> text{};
    std::size_t at = text.size();
    text[--at] = '\n';
    do {
        text[--at] = static_cast<char>('0' + pid % 10);
        pid /= 10;
    } while (pid != 0);
    [[maybe_unused]] const ssize_t written = ::write(fd, text.data() + at, text.size() - at);
}

/// Marks rather than closes, so that the announcement's reader sees its end only when the program runs.
void close_on_exec_from(int first) noexcept {
#ifdef CLOSE_RANGE_CLOEXEC
    if (::close_range(static_cast<unsigned>(first), ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
        return;
    }
#endif
    const long limit = ::sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < (limit > 0 ? limit : 1024); ++fd) {
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

[[noreturn]] void fail(const Prepared& prepared) noexcept {
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(prepared.failure, &error, sizeof error);
    ::_exit(127);
}

/// Descriptors may be any of 0, 1 and 2 in the caller, so they are first moved out of the way.
int above_standard(int fd) noexcept {
    return ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

[[noreturn]] void become(Prepared& prepared) noexcept {
    const SpawnOptions& options = prepared.options;
    for (int number = 1; number < NSIG; ++number) {
        ::signal(number, SIG_DFL);
    }
    ::sigprocmask(SIG_SETMASK, &prepared.no_signals, nullptr);
    ::setsid();
    prepared.failure = above_standard(prepared.failure);
    const int input = above_standard(options.input < 0 ? prepared.null : options.input);
    const int output = above_standard(options.output < 0 ? prepared.null : options.output);
    if (options.account) {
        const Account& account = *options.account;
        if (::setgroups(1, &account.gid) != 0 || ::setgid(account.gid) != 0 || ::setuid(account.uid) != 0) {
            fail(prepared);
        }
    }
    if (options.die_with_thread) {
        // After the change of user, which clears it; and the parent may have gone before.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != prepared.parent) {
            ::_exit(127);
        }
    }
    ::umask(077);
    if (::chdir(options.directory.c_str()) != 0) {
        fail(prepared);
    }
    if (options.announce_to >= 0) {
        announce(options.announce_to, ::getpid());
    }
    if (::dup2(input, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0) {
        fail(prepared);
    }
    close_on_exec_from(3);
    ::execvpe(prepared.arguments[0], prepared.arguments, prepared.environment);
    fail(prepared);
}

} // namespace

std::optional<Account> unprivileged_account() {
    if (::geteuid() != 0) {
        return std::nullopt;
    }
    for (const char* name : {"postgres", "nobody"}) {
        std::array<char, 4096> buffer{};
        passwd entry{};
        passwd* found = nullptr;
        if (::getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr &&
            entry.pw_uid != 0) {
            return Account{entry.pw_uid, entry.pw_gid};
        }
    }
    throw Error("PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as; "
                "create one, or run this program as another user");
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = other.release();
    }
    return *this;
}

int Descriptor::release() noexcept {
    const int fd = fd_;
    fd_ = -1;
    return fd;
}

void Descriptor::reset() noexcept {
    if (fd_ >= 0) {
        ::close(release());
    }
}

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw Error("cannot make a pipe: " + errno_text(errno));
    }
    return {Descriptor{ends[0]}, Descriptor{ends[1]}};
}

pid_t spawn(const SpawnOptions& options) {
    std::vector<std::string> arguments = options.arguments;
    std::vector<std::string> environment = child_environment();
    const std::vector<char*> argument_pointers = pointers(arguments);
    const std::vector<char*> environment_pointers = pointers(environment);
    Descriptor null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (null.get() < 0) {
        throw Error("cannot open /dev/null: " + errno_text(errno));
    }
    Pipe failure = make_pipe();
    Prepared prepared{options,
                      const_cast<char**>(argument_pointers.data()),
                      const_cast<char**>(environment_pointers.data()),
                      null.get(),
                      failure.write.get(),
                      {},
                      ::getpid()};
    ::sigemptyset(&prepared.no_signals);

    // No handler of the caller may run in the child: all signals stay blocked until it has reset them.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t child = ::fork();
    if (child == 0) {
        become(prepared);
    }
    const int fork_error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (child < 0) {
        throw Error("cannot start " + arguments.front() + ": " + errno_text(fork_error));
    }

    failure.write.reset();
    int error = 0;
    ssize_t got = 0;
    do {
        got = ::read(failure.read.get(), &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    if (got == static_cast<ssize_t>(sizeof error)) {
        ::waitpid(child, nullptr, 0);
        throw Error("cannot run " + arguments.front() + " in " + options.directory + ": " + errno_text(error));
    }
    return child;
}

bool has_ended(pid_t child, int& status) noexcept {
    pid_t got = 0;
    do {
        got = ::waitpid(child, &status, WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == ECHILD) { // collected by a handler of the host program
        status = 0;
        return ::kill(child, 0) != 0 && errno == ESRCH;
    }
    return got == child;
}

bool wait_for_end(pid_t child, Clock::time_point until, int& status) {
    while (!has_ended(child, status)) {
        if (Clock::now() >= until) {
            return false;
        }
        std::this_thread::sleep_for(poll_interval);
    }
    return true;
}

int run(SpawnOptions options, Clock::time_point until, std::string& output) {
    Pipe pipe = make_pipe();
    options.output = pipe.write.get();
    options.die_with_thread = true;
    const pid_t child = spawn(options);
    pipe.write.reset();

    std::array<char, 4096> buffer{};
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
        pollfd readable{pipe.read.get(), POLLIN, 0};
        const int ready = left > 0 ? ::poll(&readable, 1, static_cast<int>(left)) : 0;
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        const ssize_t got = ready > 0 ? ::read(pipe.read.get(), buffer.data(), buffer.size()) : 0;
        if (ready > 0 && got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        output.append(buffer.data(), static_cast<std::size_t>(got));
    }
    int status = 0;
    if (!wait_for_end(child, until, status)) {
        ::kill(-child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace corm::dev

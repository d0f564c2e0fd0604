// Child processes: started without a trace of the caller's descriptors, signals and, when root, its rights.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace corm::dev {

/// The user a child becomes.
struct Account {
    uid_t uid;
    gid_t gid;
};

/// `postgres` or `nobody` when the caller is root, nothing otherwise. Throws Error when root and there is neither.
[[nodiscard]] std::optional<Account> unprivileged_account();

/// A descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    int release() noexcept;
    void reset() noexcept;

private:
    int fd_;
};

/// Both ends of a pipe, closed on exec.
struct Pipe {
    Descriptor read;
    Descriptor write;
};
[[nodiscard]] Pipe make_pipe();

struct SpawnOptions {
    std::vector<std::string> arguments; ///< the first one is the program, looked up in PATH when it has no slash
    std::string directory = "/";        ///< working directory
    std::optional<Account> account;     ///< become this user
    int input = -1;                     ///< standard input; -1: /dev/null
    int output = -1;                    ///< standard output and error; -1: /dev/null
    int announce_to = -1;               ///< the child writes its process id and a newline there before it runs
    bool die_with_thread = false;       ///< killed when the thread that started it ends
};

/// Starts a program in a session of its own, with the C locale and none of the PG* variables.
/// Throws Error that names the program when it cannot be run. Safe in a program with threads.
[[nodiscard]] pid_t spawn(const SpawnOptions& options);

/// Whether a child has ended; collects its status on the first call that sees the end. Works as well when somebody
/// else has collected it.
[[nodiscard]] bool has_ended(pid_t child, int& status) noexcept;

/// Waits until `child` has ended; false when the time is up first.
[[nodiscard]] bool wait_for_end(pid_t child, std::chrono::steady_clock::time_point until, int& status);

/// Runs a program to its end, with its standard output and error in `output`. Returns the exit status, 128 plus the
/// signal, or -1 when the time was up and it was killed.
[[nodiscard]] int run(SpawnOptions options, std::chrono::steady_clock::time_point until, std::string& output);

} // namespace corm::dev

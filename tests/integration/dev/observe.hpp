// What the tests of the private server look at from outside.
#pragma once

#include "support/server.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <string>
#include <thread>

namespace corm::test {

/// Whether the system shows its processes below /proc; a plain chroot does not.
inline bool has_proc() {
    return std::filesystem::exists("/proc/self/stat");
}

/// Owner of a running process, or -1 when there is none. Without /proc it is the owner of what only the process
/// itself has made.
inline long owner_of(pid_t pid, const std::filesystem::path& made = {}) {
    struct stat info{};
    if (!has_proc() && ::kill(pid, 0) != 0) {
        return -1;
    }
    const std::filesystem::path shown = has_proc() ? std::filesystem::path{"/proc/" + std::to_string(pid)} : made;
    return ::stat(shown.c_str(), &info) == 0 ? static_cast<long>(info.st_uid) : -1;
}

/// Polls a condition for up to 20 seconds.
template <class Condition>
bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= until) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
}

/// What the server answers, or why it does not, in brackets.
inline std::string answer(const std::string& url, const std::string& sql) {
    try {
        return query(url, sql);
    } catch (const std::exception& error) {
        return std::string{"["} + error.what() + "]";
    }
}

/// A directory for one test, open to every user.
class OpenDirectory {
public:
    explicit OpenDirectory(const std::string& name) : path_(std::filesystem::temp_directory_path() / name) {
        std::filesystem::create_directories(path_);
        std::filesystem::permissions(path_, std::filesystem::perms::all);
    }
    OpenDirectory(const OpenDirectory&) = delete;
    OpenDirectory& operator=(const OpenDirectory&) = delete;
    ~OpenDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] bool is_empty() const { return std::filesystem::is_empty(path_); }

private:
    std::filesystem::path path_;
};

} // namespace corm::test

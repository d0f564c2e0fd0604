// The directory of a private server, and the process that cleans up after a caller who cannot.
#pragma once

#include "subprocess.hpp"

#include <filesystem>
#include <optional>

namespace corm::dev {

/// A fresh temporary directory, guarded by a small process: when this object is destroyed, or the whole caller ends in
/// whatever way, the guard ends the server that was announced last and removes the directory.
///
/// The guard is a shell that reads a pipe. The kernel closes the pipe together with the last process that holds it, so
/// nothing but the end of the caller is needed. A child that the caller forks and leaves running keeps it open.
class ServerDirectory {
public:
    /// `account` runs the guard, which makes the directory: the parent must be writable for it.
    ServerDirectory(const std::filesystem::path& parent, std::optional<Account> account);
    ~ServerDirectory();
    ServerDirectory(const ServerDirectory&) = delete;
    ServerDirectory& operator=(const ServerDirectory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path data() const { return path_ / "data"; }
    /// Where the Unix socket goes: the same directory, or a short one in /tmp where the path would not fit into a
    /// socket address or would read as two hosts.
    [[nodiscard]] const std::filesystem::path& sockets() const noexcept { return sockets_; }
    /// The descriptor that a starting server announces itself on.
    [[nodiscard]] int guard() const noexcept { return to_guard_.get(); }

private:
    void dismiss() noexcept;

    std::filesystem::path path_;
    std::filesystem::path sockets_;
    Descriptor to_guard_;
    pid_t guard_ = 0;
};

} // namespace corm::dev

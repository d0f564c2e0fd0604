// A server that says just enough to be connected to, and then misbehaves.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <thread>

namespace corm::test {

/// Listens on a Unix socket of its own and serves one connection after the other on a thread.
class MockServer {
public:
    /// Called for each connection with its socket, which is closed afterwards.
    explicit MockServer(std::function<void(int socket)> serve);
    ~MockServer();
    MockServer(const MockServer&) = delete;
    MockServer& operator=(const MockServer&) = delete;

    /// The directory to connect to as a host; the port is 5432.
    [[nodiscard]] const std::string& host() const noexcept { return directory_; }

    /// Reads the startup message and lets the client in.
    static void let_in(int socket);
    /// Waits until the client has closed its end, reading what it sends.
    static void drain(int socket);

private:
    std::string directory_;
    int listener_ = -1;
    std::function<void(int)> serve_;
    std::thread thread_;
};

} // namespace corm::test

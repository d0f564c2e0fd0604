// A server that says just enough to be connected to, and then misbehaves.
#pragma once

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

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
    /// Reads what the client sends until it waits for an answer: up to its Sync. False when it has closed its end.
    static bool read_request(int socket);
    static void send(int socket, std::string_view bytes);
    /// Waits until the client has closed its end, reading what it sends.
    static void drain(int socket);

private:
    std::string directory_;
    int listener_ = -1;
    std::function<void(int)> serve_;
    std::thread thread_;
};

/// What a server says, message by message: PostgreSQL documentation, 55.7.
namespace message {
std::string of(char type, std::string_view body);
std::string authentication_ok();
std::string parameter_status(std::string_view name, std::string_view value);
std::string backend_key();
std::string parse_complete();
std::string bind_complete();
std::string no_data();
std::string data_row(std::initializer_list<std::string_view> values);
/// Columns of type text in binary format.
std::string row_description(std::initializer_list<std::string_view> names);
std::string command_complete(std::string_view tag);
/// Fields by their letters: 'S', 'V', 'C', 'M', ...
std::string error(std::initializer_list<std::pair<char, std::string_view>> fields);
std::string notice(std::string_view sqlstate, std::string_view text);
std::string fatal(std::string_view sqlstate);
std::string notification(std::string_view channel, std::string_view payload);
/// `status`: 'I' idle, 'T' in a transaction, 'E' in a failed one.
std::string ready(char status);
/// The answers to Parse by name, and to Bind, Describe, Execute of a statement with one row of one column, and to Sync.
std::string one_row(std::string_view value);
} // namespace message

} // namespace corm::test

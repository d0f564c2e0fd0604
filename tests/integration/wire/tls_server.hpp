// A private PostgreSQL that speaks TLS, and a server that does not want to.
#pragma once

#include <corm/dev/postgres_server.hpp>
#include <corm/wire/config.hpp>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

namespace corm::test {

/// On 127.0.0.1, with certificates for "localhost" of an authority of its own: "server", "expired". The role "rejected"
/// may not enter.
class TlsServer {
public:
    TlsServer();
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;
    ~TlsServer();

    /// `Transport::secure` to it.
    [[nodiscard]] wire::Config secure() const;
    /// Also "other.crt", another authority, "revoked.crl", and "open.key", which everybody can read.
    [[nodiscard]] std::string file(const std::string& name) const { return (directory_ / name).string(); }
    /// New connections see this certificate; empty: no TLS.
    void present(const std::string& certificate);
    /// Connections by TCP so far, by the server's log.
    [[nodiscard]] std::size_t connections() const;

private:
    void openssl(const std::string& arguments) const;
    void sign(const std::string& name, const std::string& validity) const;

    std::filesystem::path directory_;
    dev::PostgresServer server_;
    std::string port_;
    std::string password_;
};

/// One for the program; null where there is no openssl.
TlsServer* tls_server();

/// Listens on 127.0.0.1, answers the first message of a connection with `answer`, and writes down what it hears.
class TcpMock {
public:
    explicit TcpMock(std::string answer);
    TcpMock(const TcpMock&) = delete;
    TcpMock& operator=(const TcpMock&) = delete;
    ~TcpMock();

    [[nodiscard]] std::string port() const { return port_; }
    [[nodiscard]] std::string heard() const {
        const std::lock_guard lock(mutex_);
        return heard_;
    }
    [[nodiscard]] int connections() const noexcept { return connections_; }

private:
    void serve(int socket);

    const std::string answer_;
    int listener_ = -1;
    std::string port_;
    std::atomic<int> connections_{0};
    mutable std::mutex mutex_;
    std::string heard_;
    std::thread thread_;
};

} // namespace corm::test

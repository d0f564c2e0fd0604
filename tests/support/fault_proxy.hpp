// A proxy between client and server that spoils what passes through it.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace corm::test {

class ConnectionString;

/// Where a proxy has to connect to: a Unix socket or a TCP port.
using ProxyEndpoint = boost::asio::generic::stream_protocol::endpoint;
[[nodiscard]] ProxyEndpoint proxy_endpoint(const ConnectionString& server);

/// Forwards connections, cancel requests included, on a thread of its own. Thread-safe.
class FaultProxy {
public:
    enum class Listen { local, tcp }; ///< a Unix socket, or a port of 127.0.0.1: only that one can be reset

    enum class Way { to_server, to_client };

    enum class Action {
        pass,
        stall,   ///< nothing passes any more, until the plan changes
        swallow, ///< what comes is taken and dropped
        reset,   ///< both ends of the connection are gone at once; RST on TCP
        flip,    ///< bits of the next byte are inverted; what is behind it passes
        finish,  ///< the receiver sees an orderly end of this direction; the other one goes on
    };

    /// What happens to every connection, from the moment in which it is made or the plan is set.
    struct Plan {
        Action action = Action::pass;
        Way way = Way::to_client;
        /// Bytes of that direction that pass before it happens.
        std::size_t at = 0;
        /// If not empty: it happens in front of these bytes instead.
        std::string marker{};
        std::uint8_t bits = 0xff;           ///< those that `flip` inverts
        bool both = false;                  ///< a stall or swallow takes the other direction with it
        std::size_t segment = 0;            ///< each way: so many bytes at a time; 0: as they come
        std::size_t bytes_per_second = 0;   ///< each way; 0: no limit
        std::chrono::microseconds delay{0}; ///< each way, for each piece, one after the other
    };

    /// A proxy for the server of this connection string.
    explicit FaultProxy(const std::string& server_url, Listen listen = Listen::local);
    ~FaultProxy();
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;

    /// The connection string of the server, by way of the proxy and without encryption.
    [[nodiscard]] const std::string& url() const noexcept { return url_; }

    void set(const Plan& plan);
    /// New connections are accepted and never served, as by a host that has gone; false: served again.
    void refuse(bool refused);

    /// How often the planned action has happened since the plan was set.
    [[nodiscard]] std::size_t strikes() const;
    /// Bytes that have passed since the plan was set, of all connections.
    [[nodiscard]] std::size_t passed(Way way) const;
    /// Connections that were accepted so far.
    [[nodiscard]] std::size_t connections() const;

private:
    class Impl;
    std::string directory_; // of the Unix socket
    std::unique_ptr<Impl> impl_;
    std::string url_;
};

} // namespace corm::test

// HTTP/1.1 over TCP: keep-alive, limits, time-outs and an orderly end.
#pragma once

#include "message.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace examples {

struct HttpOptions {
    std::string server = "corm"; ///< name of the program, in answers
    std::uint32_t header_bytes = 8 * 1024;
    std::uint64_t body_bytes = 64 * 1024;
    std::chrono::seconds idle{30}; ///< between two requests of a connection
    std::chrono::seconds io{10};   ///< to send a request or take an answer
};

/// Serves one address. Each connection has a strand, so that several threads may run the context; the handler is
/// called by many connections at once and must not throw. HEAD comes to it as GET.
class HttpServer {
public:
    using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

    /// Listens; throws `boost::system::system_error` when the address is taken. Port 0 takes a free one.
    HttpServer(boost::asio::io_context& context, const std::string& address, std::uint16_t port, Handler handler,
               HttpOptions options = {});
    ~HttpServer();

    [[nodiscard]] std::uint16_t port() const;
    /// Accepts connections until `stop`.
    void start();
    /// Accepts nothing more, closes idle connections, and lets the others finish the request they are at. Returns when
    /// none is left or after `grace`; then false, and the rest is cut off.
    boost::asio::awaitable<bool> stop(std::chrono::seconds grace);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace examples

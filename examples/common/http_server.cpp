#include "http_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <ctime>
#include <optional>
#include <string_view>
#include <unordered_set>

namespace examples {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto with_error = asio::as_tuple(asio::use_awaitable);

/// One client. Everything but `stream`'s executor belongs to the connection's strand.
struct Connection {
    explicit Connection(tcp::socket socket) : stream(std::move(socket)) {}

    beast::tcp_stream stream;
    bool busy = false;     ///< at a request, from its header to the last byte of its answer
    bool stopping = false; ///< this request is the last one
};

/// The answer to a request that could not be read, or none when nobody waits for one.
std::optional<Response> refusal(error_code error) {
    const auto refuse = [](unsigned status, const char* text) {
        return Response{.status = status, .body = std::string{R"({"error":")"} + text + R"("})"};
    };
    if (error == http::error::body_limit)
        return refuse(413, "the body is too large");
    if (error == http::error::header_limit)
        return refuse(431, "the header is too large");
    if (error == http::error::end_of_stream || error == http::error::partial_message)
        return std::nullopt;
    if (error.category() == make_error_code(http::error::bad_method).category())
        return refuse(400, "this is not HTTP/1.1");
    return std::nullopt;
}

/// Now, as HTTP writes it. Made once a second.
std::string_view http_date() {
    thread_local std::time_t last = 0;
    thread_local std::array<char, 32> text{};
    if (const std::time_t now = std::time(nullptr); now != last) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        last = now;
    }
    return text.data();
}

http::response<http::string_body> wire_form(Response response, const std::string& server, bool keep_alive) {
    http::response<http::string_body> message{static_cast<http::status>(response.status), 11};
    message.set(http::field::server, server);
    message.set(http::field::date, http_date());
    message.set(http::field::content_type, response.content_type);
    if (!response.etag.empty())
        message.set(http::field::etag, response.etag);
    if (!response.allow.empty())
        message.set(http::field::allow, response.allow);
    if (!response.location.empty())
        message.set(http::field::location, response.location);
    if (!response.security_policy.empty())
        message.set("Content-Security-Policy", response.security_policy);
    if (response.retry_after > 0)
        message.set(http::field::retry_after, std::to_string(response.retry_after));
    message.keep_alive(keep_alive);
    message.body() = std::move(response.body);
    message.prepare_payload();
    return message;
}

} // namespace

struct HttpServer::State : std::enable_shared_from_this<HttpServer::State> {
    State(asio::io_context& io, Handler serve, HttpOptions chosen)
        : context(io), strand(asio::make_strand(io)), acceptor(strand), drained(strand), handler(std::move(serve)),
          options(std::move(chosen)) {}

    asio::io_context& context;
    asio::strand<asio::io_context::executor_type> strand; ///< of everything below
    tcp::acceptor acceptor;
    asio::steady_timer drained;
    Handler handler;
    HttpOptions options;
    std::unordered_set<std::shared_ptr<Connection>> connections;

    asio::awaitable<void> accept();
    asio::awaitable<void> serve(std::shared_ptr<Connection> connection);
    asio::awaitable<bool> exchange(Connection& connection, beast::flat_buffer& buffer);
    asio::awaitable<bool> answer(Connection& connection, Response response, bool keep_alive, bool only_header = false);
    asio::awaitable<void> discard(Connection& connection);
    void forget(std::shared_ptr<Connection> connection);
};

asio::awaitable<void> HttpServer::State::accept() {
    while (acceptor.is_open()) {
        auto [error, socket] = co_await acceptor.async_accept(asio::make_strand(context), with_error);
        if (!acceptor.is_open())
            co_return;
        if (error) { // out of descriptors, for example: give connections time to end
            asio::steady_timer pause{strand, std::chrono::milliseconds{50}};
            co_await pause.async_wait(with_error);
            continue;
        }
        const auto connection = std::make_shared<Connection>(std::move(socket));
        connections.insert(connection);
        asio::co_spawn(connection->stream.get_executor(), serve(connection),
                       [self = shared_from_this(), connection](std::exception_ptr) { self->forget(connection); });
    }
}

void HttpServer::State::forget(std::shared_ptr<Connection> connection) {
    asio::dispatch(strand, [self = shared_from_this(), connection = std::move(connection)] {
        self->connections.erase(connection);
        if (self->connections.empty())
            self->drained.cancel();
    });
}

asio::awaitable<void> HttpServer::State::serve(std::shared_ptr<Connection> connection) {
    error_code ignored;
    connection->stream.socket().set_option(tcp::no_delay{true}, ignored);
    beast::flat_buffer buffer;
    while (!connection->stopping && co_await exchange(*connection, buffer))
        ;
    connection->stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

/// One request and its answer; false when the connection is at its end.
asio::awaitable<bool> HttpServer::State::exchange(Connection& connection, beast::flat_buffer& buffer) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(options.header_bytes);
    parser.body_limit(options.body_bytes);
    connection.stream.expires_after(options.idle);
    auto [header_error, header_size] = co_await http::async_read_header(connection.stream, buffer, parser, with_error);
    error_code error = header_error;
    connection.busy = true;
    if (!error) {
        connection.stream.expires_after(options.io);
        error = std::get<0>(co_await http::async_read(connection.stream, buffer, parser, with_error));
    }
    if (error) {
        if (std::optional<Response> response = refusal(error)) {
            co_await answer(connection, std::move(*response), false);
            co_await discard(connection);
        }
        co_return false;
    }
    connection.stream.expires_never();

    http::request<http::string_body> message = parser.release();
    const bool keep_alive = message.keep_alive();
    const bool only_header = message.method() == http::verb::head;
    // HEAD is GET whose answer ends with the header.
    Request request{
        .method = only_header ? "GET" : std::string{message.method_string()}, .path = {}, .query = {}, .body = {}};
    if (const auto found = message.find(http::field::if_match); found != message.end())
        request.if_match = std::string{found->value()};
    if (const auto found = message.find(http::field::origin); found != message.end())
        request.origin = std::string{found->value()};
    request.host = std::string{message[http::field::host]};
    request.body = std::move(message.body());
    Response response;
    try {
        parse_target(std::string_view{message.target().data(), message.target().size()}, request);
    } catch (const HttpError& malformed) {
        response = {.status = malformed.status(), .body = R"({"error":"the request target is malformed"})"};
    }
    if (response.status == 200)
        response = co_await handler(std::move(request));
    const bool more = co_await answer(connection, std::move(response), keep_alive && !connection.stopping, only_header);
    connection.busy = false;
    co_return more;
}

asio::awaitable<bool> HttpServer::State::answer(Connection& connection, Response response, bool keep_alive,
                                                bool only_header) {
    auto message = wire_form(std::move(response), options.server, keep_alive);
    if (only_header)
        message.body().clear(); // its length stays in the header
    connection.stream.expires_after(options.io);
    auto [error, size] = co_await http::async_write(connection.stream, message, with_error);
    co_return !error && keep_alive;
}

/// Reads what a refused client still sends: closing the socket before would make its kernel drop the answer.
asio::awaitable<void> HttpServer::State::discard(Connection& connection) {
    constexpr std::size_t most = 1 << 20;
    error_code ignored;
    connection.stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    connection.stream.expires_after(options.io);
    std::array<char, 4096> bytes;
    for (std::size_t read = 0; read < most;) {
        auto [error, size] = co_await connection.stream.async_read_some(asio::buffer(bytes), with_error);
        if (error)
            co_return;
        read += size;
    }
}

HttpServer::HttpServer(asio::io_context& context, const std::string& address, std::uint16_t port, Handler handler,
                       HttpOptions options)
    : state_(std::make_shared<State>(context, std::move(handler), std::move(options))) {
    const tcp::endpoint endpoint{asio::ip::make_address(address), port};
    state_->acceptor.open(endpoint.protocol());
    state_->acceptor.set_option(tcp::acceptor::reuse_address{true});
    state_->acceptor.bind(endpoint);
    state_->acceptor.listen();
}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const {
    return state_->acceptor.local_endpoint().port();
}

void HttpServer::start() {
    asio::co_spawn(state_->strand, state_->accept(), [state = state_](std::exception_ptr) {});
}

asio::awaitable<bool> HttpServer::stop(std::chrono::seconds grace) {
    const auto stop_all = [](std::shared_ptr<State> state, std::chrono::seconds limit) -> asio::awaitable<bool> {
        error_code ignored;
        state->acceptor.close(ignored);
        for (const auto& connection : state->connections) {
            asio::post(connection->stream.get_executor(), [connection] {
                connection->stopping = true;
                if (!connection->busy)
                    connection->stream.cancel();
            });
        }
        state->drained.expires_after(limit);
        if (!state->connections.empty())
            co_await state->drained.async_wait(with_error);
        const bool clean = state->connections.empty();
        for (const auto& connection : state->connections)
            asio::post(connection->stream.get_executor(), [connection] { connection->stream.close(); });
        co_return clean;
    };
    co_return co_await asio::co_spawn(state_->strand, stop_all(state_, grace), asio::use_awaitable);
}

} // namespace examples

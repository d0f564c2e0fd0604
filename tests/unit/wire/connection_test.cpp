// The sockets of a connection, with a libpq that closes its own when it likes.
#include "pipeline_fixture.hpp"
#include "support/sockets.hpp"
#include "support/suspension_driver.hpp"
#include "wire/connection.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>

using namespace corm;
using namespace corm::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Answer final : wire::RequestSink {
    std::optional<wire::Reply> reply;
    void on_reply(wire::Reply given) noexcept override { reply = std::move(given); }
};

/// The two ends of a connection; closes both.
struct SocketPair {
    std::array<int, 2> ends{-1, -1};
    SocketPair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0); }
    SocketPair(const SocketPair&) = delete;
    SocketPair& operator=(const SocketPair&) = delete;
    ~SocketPair() {
        for (const int end : ends)
            ::close(end);
    }
    [[nodiscard]] int client() const noexcept { return ends[0]; }
    /// The client has something to read.
    void send() const { REQUIRE(::write(ends[1], "x", 1) == 1); }
};

wire::ConnectionContext context_of(boost::asio::io_context& io) {
    wire::ConnectionContext context;
    context.gate = wire::Gate::make(io.get_executor());
    return context;
}

/// A connection to a fake server, by real sockets.
struct Connected {
    std::shared_ptr<FakePq> server = std::make_shared<FakePq>();
    std::shared_ptr<Answer> answer = std::make_shared<Answer>();
    std::shared_ptr<wire::Connection> connection;

    Connected(boost::asio::io_context& io, int socket) {
        server->descriptor = socket;
        connection = wire::Connection::make(server->connect(server), context_of(io));
    }
    void ask() const { connection->start(request({"SELECT 1"}), answer); }
    [[nodiscard]] bool answered() const { return answer->reply.has_value(); }
};

/// No descriptor can be had while it lives.
class NoDescriptors {
public:
    NoDescriptors() {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        const int next = ::dup(STDIN_FILENO);
        REQUIRE(next >= 0);
        ::close(next);
        const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

} // namespace

TEST_CASE("a connection hears although its socket has the number of one that libpq has just closed", "[wire]") {
    boost::asio::io_context io;
    const SocketPair first, second;
    const Connected lost{io, first.client()};
    lost.ask();
    std::optional<Connected> next;
    lost.server->before_read = [&] {
        // The end of the connection is read: libpq closes, and somebody else is given the number.
        lost.server->break_at(lost.server->calls());
        REQUIRE(::dup2(second.client(), first.client()) == first.client());
        next.emplace(io, first.client());
        next->ask();
    };
    first.send();
    REQUIRE(run_until(io, 20s, [&] { return lost.answered(); }));
    caught<ConnectionError>(lost.answer->reply->error);
    REQUIRE(next);
    CHECK_FALSE(next->answered());
    second.send();
    REQUIRE(run_until(io, 20s, [&] { return next->answered(); }));
    CHECK_FALSE(next->answer->reply->error);
}

TEST_CASE("a connection closes the descriptor that it waits on, and leaves that of libpq alone", "[wire]") {
    boost::asio::io_context io;
    const SocketPair sockets;
    const std::size_t before = open_sockets();
    Connected made{io, sockets.client()};
    CHECK(open_sockets() == before + 1);
    SECTION("when it is closed") {
        made.connection->close(std::make_exception_ptr(Error("enough")));
    }
    SECTION("when it goes") {
        made.connection.reset();
    }
    SECTION("when it breaks") {
        made.ask();
        made.server->break_at(made.server->calls());
        sockets.send();
        REQUIRE(run_until(io, 20s, [&] { return made.answered(); }));
    }
    CHECK(open_sockets() == before);
    CHECK(made.server->finished == 1);
}

TEST_CASE("a connection that finds no descriptor says how to have more", "[wire]") {
    boost::asio::io_context io;
    const SocketPair sockets;
    { // what Asio needs once for a context is there
        const Connected warm{io, sockets.client()};
    }
    const auto server = std::make_shared<FakePq>();
    server->descriptor = sockets.client();
    wire::ConnHandle handle = server->connect(server);
    const wire::ConnectionContext context = context_of(io);
    std::exception_ptr error;
    {
        const NoDescriptors none;
        try {
            static_cast<void>(wire::Connection::make(std::move(handle), context));
        } catch (...) {
            error = std::current_exception();
        }
    }
    const auto refused = caught<ConnectionError>(error);
    CHECK_THAT(refused.what(), ContainsSubstring("two descriptors") && ContainsSubstring("ulimit -n"));
    CHECK(refused.safe_to_retry());
    CHECK(server->finished == 1);
}

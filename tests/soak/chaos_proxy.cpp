#include "chaos_proxy.hpp"

#include "messages.hpp"
#include "support/fault_proxy.hpp"
#include "support/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

namespace corm::soak {
namespace asio = boost::asio;
namespace {

using Tcp = asio::ip::tcp;
using ServerSocket = asio::generic::stream_protocol::socket;

enum class Fate { pass, lose, cut, silence, stall };

struct Link {
    Tcp::socket client;
    ServerSocket server;
    std::mt19937 random;
    Fate fate = Fate::pass;
    bool silent = false;
    char status = 0;           ///< of the last ReadyForQuery
    bool lied = false;         ///< in the last message: what follows may contradict it
    int rollbacks_skipped = 0; ///< that the client has not been told about yet

    /// The client sees a reset, the server an end.
    void reset() {
        boost::system::error_code ignored;
        client.set_option(asio::socket_base::linger{true, 0}, ignored);
        client.close(ignored);
        server.close(ignored);
    }
};

} // namespace

class ChaosProxy::Impl {
public:
    Impl(test::ProxyEndpoint server, const Odds& odds, std::uint32_t seed, Findings& log)
        : server_(std::move(server)), odds_(odds), seed_(seed), log_(log),
          acceptor_(io_, Tcp::endpoint{asio::ip::address_v4::loopback(), 0}) {
        asio::co_spawn(io_, accept(), asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~Impl() {
        io_.stop();
        thread_.join();
    }

    [[nodiscard]] unsigned short port() const { return acceptor_.local_endpoint().port(); }

    std::atomic<bool> calm{false};
    std::atomic<std::uint64_t> broken{0};
    std::atomic<std::uint64_t> stalled{0};

private:
    asio::awaitable<void> accept() {
        for (std::uint32_t number = 0;; ++number) {
            Tcp::socket client = co_await acceptor_.async_accept(asio::use_awaitable);
            boost::system::error_code ignored;
            client.set_option(Tcp::no_delay{true}, ignored);
            std::seed_seq seeds{seed_, number};
            auto link = std::make_shared<Link>(Link{std::move(client), ServerSocket{io_}, std::mt19937{seeds}});
            asio::co_spawn(io_, serve(std::move(link)), asio::detached);
        }
    }

    asio::awaitable<void> serve(std::shared_ptr<Link> link) {
        boost::system::error_code failed;
        co_await link->server.async_connect(server_, asio::redirect_error(asio::use_awaitable, failed));
        if (failed)
            co_return;
        decide(*link);
        asio::co_spawn(io_, carry_requests(link), asio::detached);
        asio::co_spawn(io_, carry_replies(link), asio::detached);
    }

    asio::awaitable<void> carry_requests(std::shared_ptr<Link> link) {
        Messages messages{Messages::Side::client};
        try {
            for (;;) {
                messages.append(co_await read(link->client));
                std::string out;
                while (const auto message = messages.next())
                    out += odds_.skip_rollback ? disguised(*link, *message) : std::string{*message};
                co_await asio::async_write(link->server, asio::buffer(out), asio::use_awaitable);
            }
        } catch (const boost::system::system_error&) {
            boost::system::error_code ignored;
            link->server.shutdown(asio::socket_base::shutdown_send, ignored);
        }
    }

    asio::awaitable<void> carry_replies(std::shared_ptr<Link> link) {
        Messages messages{Messages::Side::server};
        try {
            for (;;) {
                messages.append(co_await read(link->server));
                std::string out;
                while (const auto message = messages.next()) {
                    if (!co_await pass(*link, *message, out))
                        co_return;
                }
                if (!out.empty())
                    co_await asio::async_write(link->client, asio::buffer(out), asio::use_awaitable);
            }
        } catch (const boost::system::system_error&) {
            boost::system::error_code ignored;
            link->client.shutdown(asio::socket_base::shutdown_send, ignored);
        }
    }

    template <class Socket>
    asio::awaitable<std::string> read(Socket& from) {
        std::array<char, 65536> buffer;
        const std::size_t size = co_await from.async_read_some(asio::buffer(buffer), asio::use_awaitable);
        co_return std::string(buffer.data(), size);
    }

    /// False when the connection is over.
    asio::awaitable<bool> pass(Link& link, std::string_view message, std::string& out) {
        const bool ends_reply = message[0] == 'Z';
        if (link.silent)
            co_return true;
        switch (std::exchange(link.fate, link.fate == Fate::lose ? Fate::lose : Fate::pass)) {
        case Fate::pass: break;
        case Fate::lose:
            if (!ends_reply)
                co_return true;
            spoil(link, "lost a reply");
            co_return false;
        case Fate::cut: {
            out += message.substr(0, link.random() % message.size());
            boost::system::error_code ignored;
            co_await asio::async_write(link.client, asio::buffer(out),
                                       asio::redirect_error(asio::use_awaitable, ignored));
            spoil(link, "cut a reply");
            co_return false;
        }
        case Fate::silence:
            link.silent = true;
            ++broken;
            log_.note("proxy: silenced a connection");
            co_return true;
        case Fate::stall: {
            ++stalled;
            asio::steady_timer timer{io_, std::chrono::milliseconds{50 + link.random() % 451}};
            co_await timer.async_wait(asio::use_awaitable);
            break;
        }
        }
        out += told(link, message);
        if (ends_reply)
            decide(link);
        co_return true;
    }

    void spoil(Link& link, const char* how) {
        ++broken;
        log_.note(std::string{"proxy: "} + how);
        link.reset();
    }

    /// What will happen to the next reply.
    void decide(Link& link) {
        double drawn = std::uniform_real_distribution<double>{0, 1}(link.random);
        link.fate = Fate::pass;
        if (calm)
            return;
        const std::pair<double, Fate> fates[] = {{odds_.lost, Fate::lose},
                                                 {odds_.cut, Fate::cut},
                                                 {odds_.silent, Fate::silence},
                                                 {odds_.stall, Fate::stall}};
        for (const auto& [odds, fate] : fates) {
            drawn -= odds;
            if (drawn < 0) {
                link.fate = fate;
                return;
            }
        }
    }

    /// A request of the client, as the server gets it.
    static std::string disguised(Link& link, std::string_view message) {
        std::string sent{message};
        constexpr std::string_view rollback{"ROLLBACK\0", 9};
        const std::size_t at = message[0] == 'P' && link.status == 'T' ? message.find(rollback) : std::string::npos;
        if (at != std::string::npos) {
            sent.replace(at, 8, "NOTIFY a");
            ++link.rollbacks_skipped;
        }
        return sent;
    }

    /// A message of the server, as the client gets it.
    static std::string told(Link& link, std::string_view message) {
        const bool lied = std::exchange(link.lied, false);
        std::string sent{message};
        if (link.rollbacks_skipped > 0 && message.ends_with(std::string_view{"NOTIFY\0", 7}) && message[0] == 'C') {
            --link.rollbacks_skipped;
            link.lied = true;
            return std::string{"C\0\0\0\x0d", 5} + std::string{"ROLLBACK\0", 9};
        }
        if (message[0] == 'Z') {
            link.status = message[5];
            if (lied)
                sent[5] = 'I';
        }
        return sent;
    }

    asio::io_context io_{1};
    test::ProxyEndpoint server_;
    const Odds odds_;
    const std::uint32_t seed_;
    Findings& log_;
    Tcp::acceptor acceptor_;
    std::thread thread_;
};

ChaosProxy::ChaosProxy(const std::string& server_url, const Odds& odds, std::uint32_t seed, Findings& log) {
    test::ConnectionString string{server_url};
    impl_ = std::make_unique<Impl>(test::proxy_endpoint(string), odds, seed, log);
    string.set("host", "127.0.0.1");
    string.set("port", std::to_string(impl_->port()));
    string.set("sslmode", "disable");
    string.set("gssencmode", "disable");
    url_ = string.text();
}

ChaosProxy::~ChaosProxy() = default;

void ChaosProxy::set_calm(bool calm) noexcept {
    impl_->calm = calm;
}
std::uint64_t ChaosProxy::broken() const noexcept {
    return impl_->broken;
}
std::uint64_t ChaosProxy::stalled() const noexcept {
    return impl_->stalled;
}

} // namespace corm::soak

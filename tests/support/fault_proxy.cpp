#include "support/fault_proxy.hpp"

#include "support/server.hpp"
#include "support/temp_directory.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>
#include <vector>

namespace corm::test {
namespace asio = boost::asio;
namespace {

using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;
using Endpoint = ProxyEndpoint;

/// How many bytes at the end of `bytes` may be the beginning of `marker`.
std::size_t begun(std::string_view bytes, std::string_view marker) {
    for (std::size_t size = std::min(bytes.size(), marker.size() - 1); size != 0; --size) {
        if (marker.starts_with(bytes.substr(bytes.size() - size)))
            return size;
    }
    return 0;
}

struct Link {
    Socket client;
    Socket server;
    void reset() {
        for (Socket* each : {&client, &server}) {
            boost::system::error_code ignored;
            each->set_option(asio::socket_base::linger{true, 0}, ignored);
            each->close(ignored);
        }
    }
};

} // namespace

ProxyEndpoint proxy_endpoint(const ConnectionString& server) {
    const std::string port = server.get("port").empty() ? "5432" : server.get("port");
    const std::string host = server.get("host").empty() ? "localhost" : server.get("host");
    if (host.starts_with('/'))
        return asio::local::stream_protocol::endpoint{host + "/.s.PGSQL." + port};
    asio::io_context io;
    return asio::ip::tcp::resolver{io}.resolve(host, port).begin()->endpoint();
}

class FaultProxy::Impl {
public:
    Impl(Endpoint listen, Endpoint server) : server_(std::move(server)), acceptor_(io_, listen) {
        asio::co_spawn(io_, accept(), asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~Impl() {
        io_.stop();
        thread_.join();
    }

    [[nodiscard]] unsigned short port() const {
        const Endpoint local = acceptor_.local_endpoint();
        return ntohs(reinterpret_cast<const sockaddr_in*>(local.data())->sin_port);
    }
    void set(const Plan& plan) {
        {
            const std::lock_guard lock(mutex_);
            plan_ = plan;
            ++serial_;
            strikes = 0;
            passed[0] = passed[1] = 0;
        }
        asio::post(io_, [this] {
            for (asio::steady_timer* each : stalled_)
                each->cancel();
        });
    }
    void refuse(bool refused) {
        refused_ = refused;
        asio::post(io_, [this] { held_.clear(); });
    }

    std::atomic<std::size_t> strikes{0};
    std::atomic<std::size_t> passed[2]{};
    std::atomic<std::size_t> connections{0};

private:
    /// One direction of a connection under the current plan.
    struct Flow {
        Way way;
        std::uint64_t serial = 0;
        std::size_t passed = 0;
        bool struck = false;
        bool flipped = false; ///< once is enough
    };

    Plan current(Flow& flow) {
        const std::lock_guard lock(mutex_);
        if (flow.serial != serial_)
            flow = {flow.way, serial_};
        return plan_;
    }

    asio::awaitable<void> accept() {
        for (;;) {
            Socket client = co_await acceptor_.async_accept(asio::use_awaitable);
            ++connections;
            if (refused_) {
                held_.push_back(std::move(client));
                continue;
            }
            auto link = std::make_shared<Link>(Link{std::move(client), Socket{io_}});
            asio::co_spawn(io_, serve(std::move(link)), asio::detached);
        }
    }

    asio::awaitable<void> serve(std::shared_ptr<Link> link) {
        boost::system::error_code failed;
        co_await link->server.async_connect(server_, asio::redirect_error(asio::use_awaitable, failed));
        if (failed)
            co_return;
        link->client.set_option(asio::ip::tcp::no_delay{true}, failed); // refused by Unix sockets, which have no delay
        asio::co_spawn(io_, carry(link, Way::to_server), asio::detached);
        asio::co_spawn(io_, carry(link, Way::to_client), asio::detached);
    }

    asio::awaitable<void> carry(std::shared_ptr<Link> link, Way way) {
        Socket& from = way == Way::to_server ? link->client : link->server;
        Socket& to = way == Way::to_server ? link->server : link->client;
        Flow flow{way};
        std::array<char, 65536> buffer;
        std::string bytes;
        try {
            for (;;) {
                bytes.append(buffer.data(), co_await from.async_read_some(asio::buffer(buffer), asio::use_awaitable));
                while (co_await pass(*link, to, flow, bytes)) {
                }
            }
        } catch (const boost::system::system_error&) {
            boost::system::error_code ignored;
            to.shutdown(asio::socket_base::shutdown_send, ignored);
        }
    }

    /// Deals with the next bytes; false when more are needed.
    asio::awaitable<bool> pass(Link& link, Socket& to, Flow& flow, std::string& bytes) {
        if (bytes.empty())
            co_return false;
        const Plan plan = current(flow);
        std::size_t free = bytes.size();
        const bool here = plan.action != Action::pass && plan.way == flow.way && !flow.flipped;
        if (here && !plan.marker.empty()) {
            const std::size_t found = bytes.find(plan.marker);
            free = found != std::string::npos ? found : bytes.size() - begun(bytes, plan.marker);
            flow.struck = flow.struck || found == 0;
        } else if (here) {
            free = std::min(free, plan.at - std::min(plan.at, flow.passed));
            flow.struck = flow.struck || free == 0;
        } else if (plan.both && plan.action != Action::pass && strikes != 0) {
            flow.struck = true;
        }
        if (flow.struck) {
            co_await act(link, to, flow, plan, bytes);
            co_return true;
        }
        if (free == 0)
            co_return false; // perhaps the marker
        if (plan.segment != 0)
            free = std::min(free, plan.segment);
        if (plan.delay.count() != 0)
            co_await sleep(plan.delay);
        if (plan.bytes_per_second != 0)
            co_await sleep(std::chrono::microseconds{free * 1'000'000 / plan.bytes_per_second});
        // Counted first: the receiver may look at the figure as soon as it has the bytes.
        flow.passed += free;
        passed[static_cast<std::size_t>(flow.way)] += free;
        co_await asio::async_write(to, asio::buffer(bytes.data(), free), asio::use_awaitable);
        bytes.erase(0, free);
        co_return true;
    }

    asio::awaitable<void> act(Link& link, Socket& to, Flow& flow, const Plan& plan, std::string& bytes) {
        ++strikes;
        boost::system::error_code ignored;
        switch (plan.action) {
        case Action::pass: break;
        case Action::stall: {
            asio::steady_timer until{io_, asio::steady_timer::time_point::max()};
            stalled_.insert(&until);
            co_await until.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            stalled_.erase(&until);
            flow.struck = false;
            break;
        }
        case Action::flip:
            bytes.front() = static_cast<char>(static_cast<unsigned char>(bytes.front()) ^ plan.bits);
            flow.struck = false;
            flow.flipped = true;
            break;
        case Action::finish: to.shutdown(asio::socket_base::shutdown_send, ignored); [[fallthrough]];
        case Action::swallow: bytes.clear(); break;
        case Action::reset: link.reset(); throw boost::system::system_error(asio::error::connection_reset);
        }
        co_return;
    }

    asio::awaitable<void> sleep(std::chrono::microseconds time) {
        asio::steady_timer timer{io_, time};
        co_await timer.async_wait(asio::use_awaitable);
    }

    std::mutex mutex_; // guards plan_ and serial_
    Plan plan_;
    std::uint64_t serial_ = 1;
    std::atomic<bool> refused_{false};

    Endpoint server_;
    std::set<asio::steady_timer*> stalled_;
    asio::io_context io_{1};
    std::vector<Socket> held_;
    asio::basic_socket_acceptor<Protocol> acceptor_;
    std::thread thread_;
};

FaultProxy::FaultProxy(const std::string& server_url, Listen listen) {
    ConnectionString string{server_url};
    const Endpoint server = proxy_endpoint(string);
    if (listen == Listen::tcp) {
        impl_ = std::make_unique<Impl>(asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), 0}, server);
        string.set("host", "127.0.0.1");
        string.set("port", std::to_string(impl_->port()));
    } else {
        directory_ = make_temp_directory("corm-proxy");
        impl_ = std::make_unique<Impl>(asio::local::stream_protocol::endpoint{directory_ + "/.s.PGSQL.5432"}, server);
        string.set("host", directory_);
        string.set("port", "5432");
    }
    string.set("sslmode", "disable");
    string.set("gssencmode", "disable");
    url_ = string.text();
}

FaultProxy::~FaultProxy() {
    impl_.reset();
    if (!directory_.empty())
        std::filesystem::remove_all(directory_);
}

void FaultProxy::set(const Plan& plan) {
    impl_->set(plan);
}
void FaultProxy::refuse(bool refused) {
    impl_->refuse(refused);
}
std::size_t FaultProxy::strikes() const {
    return impl_->strikes;
}
std::size_t FaultProxy::passed(Way way) const {
    return impl_->passed[static_cast<std::size_t>(way)];
}
std::size_t FaultProxy::connections() const {
    return impl_->connections;
}

} // namespace corm::test

// What a connection hears while nobody asks it anything.
#include "pipeline_fixture.hpp"
#include "support/suspension_driver.hpp"
#include "wire/connection.hpp"

#include <boost/asio/io_context.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <optional>

using namespace corm;
using namespace corm::test;
using namespace std::chrono_literals;

namespace {

struct Owner final : wire::ConnectionOwner {
    std::atomic<int> news{0};
    void on_settled(wire::Connection&) noexcept override {}
    void on_overdue(wire::Connection&) noexcept override {}
    void on_news(wire::Connection&) noexcept override { ++news; }
};

struct Answer final : wire::RequestSink {
    std::optional<wire::Reply> reply;
    void on_reply(wire::Reply given) noexcept override { reply = std::move(given); }
};

/// A connection to a fake server by real sockets, of which the server's end can say something.
class Watched {
public:
    Watched() {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) == 0);
        server->descriptor = ends_[0];
        server->before_read = [this] {
            std::array<char, 16> taken{};
            static_cast<void>(::recv(ends_[0], taken.data(), taken.size(), MSG_DONTWAIT));
        };
        wire::ConnectionContext context;
        context.gate = wire::Gate::make(io.get_executor());
        context.owner = owner;
        connection = wire::Connection::make(server->connect(server), context);
    }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    ~Watched() {
        connection->close(nullptr);
        for (const int end : ends_)
            ::close(end);
    }

    void notify(std::string channel) {
        server->notifications.push_back({std::move(channel), "payload", 7});
        wake();
    }
    void wake() const { REQUIRE(::write(ends_[1], "x", 1) == 1); }
    [[nodiscard]] bool until(auto condition) { return run_until(io, 10s, condition); }

    boost::asio::io_context io;
    std::shared_ptr<Owner> owner = std::make_shared<Owner>();
    std::shared_ptr<FakePq> server = std::make_shared<FakePq>();
    std::shared_ptr<wire::Connection> connection;

private:
    std::array<int, 2> ends_{-1, -1};
};

} // namespace

TEST_CASE("a watched connection tells of notifications as they come, in their order", "[wire]") {
    Watched s;
    s.connection->watch();
    s.notify("a");
    REQUIRE(s.until([&] { return s.owner->news == 1; }));
    s.notify("b");
    REQUIRE(s.until([&] { return s.owner->news == 2; }));
    const std::vector<wire::Notification> taken = s.connection->take_notifications();
    REQUIRE(taken.size() == 2);
    CHECK(taken[0] == wire::Notification{"a", "payload", 7});
    CHECK(taken[1].channel == "b");
    CHECK(s.connection->take_notifications().empty());
}

TEST_CASE("notifications that come with an answer are told of behind it, and the watch goes on", "[wire]") {
    Watched s;
    s.connection->watch();
    const auto answer = std::make_shared<Answer>();
    s.server->notifications.push_back({"with it", "", 1});
    s.connection->start(request({"SELECT 1"}), answer);
    s.wake();
    REQUIRE(s.until([&] { return answer->reply && s.owner->news == 1; }));
    CHECK_FALSE(answer->reply->error);
    s.notify("behind it");
    REQUIRE(s.until([&] { return s.owner->news == 2; }));
    CHECK(s.connection->take_notifications().size() == 2);
}

TEST_CASE("the end of a watched connection is told while nobody asks it anything", "[wire]") {
    Watched s;
    s.connection->watch();
    s.server->hang_up("57P01");
    s.wake();
    REQUIRE(s.until([&] { return s.owner->news == 1; }));
    CHECK(s.connection->status() == wire::TransactionStatus::broken);
    CHECK(s.connection->loss().code() == "57P01");
    CHECK(s.server->finished == 1);
    // Nothing keeps the loop.
    s.io.restart();
    CHECK(s.io.run() == 0);
}

TEST_CASE("notifications of a connection that nobody watches are dropped, and libpq's list is emptied", "[wire]") {
    Watched s;
    const auto answer = std::make_shared<Answer>();
    s.server->notifications.push_back({"unasked", "", 1});
    s.connection->start(request({"SELECT 1"}), answer);
    s.wake();
    REQUIRE(s.until([&] { return answer->reply.has_value(); }));
    CHECK_FALSE(answer->reply->error);
    CHECK(s.server->notifications.empty());
    CHECK(s.owner->news == 0);
    CHECK(s.connection->take_notifications().empty());
}

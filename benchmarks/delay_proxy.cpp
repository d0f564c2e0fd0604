// Passes bytes between two Unix sockets, each way late by a fixed time: the latency of a network where the kernel has
// no netem.
//
//   bench-proxy LISTEN_SOCKET SERVER_SOCKET DELAY_US
//
// Prints a line when it listens, and ends when its standard input does.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <iterator>
#include <list>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

class Socket {
public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {
        if (descriptor < 0)
            throw std::system_error{errno, std::generic_category(), "socket"};
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { ::close(descriptor_); }
    [[nodiscard]] int get() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw std::invalid_argument{"the path of a Unix socket is too long: " + path};
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

struct Chunk {
    Clock::time_point due;
    std::string bytes;
};

/// One direction of a connection.
struct Way {
    int from;
    int to;
    std::deque<Chunk> chunks{};
    bool blocked = false; // the receiver is full

    /// False at the end of the stream.
    bool take(Clock::duration delay) {
        char buffer[65536];
        const ssize_t got = ::recv(from, buffer, sizeof buffer, MSG_DONTWAIT);
        if (got > 0)
            chunks.push_back({Clock::now() + delay, std::string(buffer, static_cast<std::size_t>(got))});
        return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
    }
    /// False when the receiver is gone.
    bool give(Clock::time_point now) {
        blocked = false;
        while (!chunks.empty() && chunks.front().due <= now) {
            std::string& bytes = chunks.front().bytes;
            const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent < 0) {
                blocked = errno == EAGAIN || errno == EINTR;
                return blocked;
            }
            if (static_cast<std::size_t>(sent) < bytes.size()) {
                bytes.erase(0, static_cast<std::size_t>(sent));
                blocked = true;
                return true;
            }
            chunks.pop_front();
        }
        return true;
    }
};

/// A client's connection and its counterpart at the server.
class Link {
public:
    Link(int client, const sockaddr_un& server) : client_(client), server_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        if (::connect(server_.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0)
            throw std::system_error{errno, std::generic_category(), "connect to the server"};
    }

    void watch(std::vector<pollfd>& polled) const {
        polled.push_back({client_.get(), events(there_, back_), 0});
        polled.push_back({server_.get(), events(back_, there_), 0});
    }
    /// False when one side has hung up: what is under way is dropped then, as no client waits for it.
    bool serve(const pollfd* polled, Clock::duration delay) {
        if ((polled[0].revents != 0 && !there_.take(delay)) || (polled[1].revents != 0 && !back_.take(delay)))
            return false;
        const auto now = Clock::now();
        return there_.give(now) && back_.give(now);
    }
    [[nodiscard]] Clock::time_point due() const noexcept { return std::min(due(there_), due(back_)); }

private:
    static short events(const Way& reading, const Way& writing) {
        return static_cast<short>((reading.chunks.size() < 64 ? POLLIN : 0) | (writing.blocked ? POLLOUT : 0));
    }
    static Clock::time_point due(const Way& way) noexcept {
        return way.chunks.empty() || way.blocked ? Clock::time_point::max() : way.chunks.front().due;
    }

    Socket client_;
    Socket server_;
    Way there_{client_.get(), server_.get()};
    Way back_{server_.get(), client_.get()};
};

void run(const std::string& listen_path, const sockaddr_un& server, Clock::duration delay) {
    const Socket listener{::socket(AF_UNIX, SOCK_STREAM, 0)};
    const sockaddr_un address = address_of(listen_path);
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), 64) != 0)
        throw std::system_error{errno, std::generic_category(), "listen on " + listen_path};
    // The kernel may otherwise be 50 us late with every wake-up.
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    std::puts("ready");
    std::fflush(stdout);

    std::list<Link> links;
    std::vector<pollfd> polled;
    for (;;) {
        polled.assign({{STDIN_FILENO, POLLIN, 0}, {listener.get(), POLLIN, 0}});
        auto due = Clock::time_point::max();
        for (const Link& link : links) {
            link.watch(polled);
            due = std::min(due, link.due());
        }
        timespec wait{};
        if (due != Clock::time_point::max()) {
            const auto left = std::max<Clock::duration>(due - Clock::now(), Clock::duration::zero());
            wait.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
            wait.tv_nsec = (left % std::chrono::seconds{1}).count();
        }
        if (::ppoll(polled.data(), polled.size(), due == Clock::time_point::max() ? nullptr : &wait, nullptr) < 0 &&
            errno != EINTR)
            throw std::system_error{errno, std::generic_category(), "poll"};
        if (polled[0].revents != 0)
            return;
        const pollfd* of_link = polled.data() + 2;
        for (auto link = links.begin(); link != links.end(); of_link += 2)
            link = link->serve(of_link, delay) ? std::next(link) : links.erase(link);
        if (polled[1].revents != 0) {
            if (const int client = ::accept(listener.get(), nullptr, nullptr); client >= 0)
                links.emplace_back(client, server);
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 4)
            throw std::invalid_argument{"usage: bench-proxy LISTEN_SOCKET SERVER_SOCKET DELAY_US"};
        run(argv[1], address_of(argv[2]), std::chrono::microseconds{std::atoi(argv[3])});
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-proxy: %s\n", error.what());
        return 1;
    }
}

#include "post_office.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <cstddef>
#include <random>

namespace job_queue {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class Imaginary final : public PostOffice {
public:
    corm::Task<> send(Consignment letter) override {
        const std::chrono::milliseconds time{std::uniform_int_distribution{5, 50}(random_)};
        asio::steady_timer timer{co_await asio::this_coro::executor, time};
        co_await timer.async_wait(asio::use_awaitable);
        if (std::uniform_int_distribution{1, 20}(random_) == 1)
            throw Refused{"nobody opens at " + letter.recipient};
    }

private:
    std::minstd_rand random_{std::random_device{}()};
};

class Remote final : public PostOffice {
public:
    explicit Remote(std::uint16_t port) : where_(asio::ip::address_v4::loopback(), port) {}

    corm::Task<> send(Consignment letter) override {
        if (letter.recipient.find('\n') != std::string::npos)
            throw Refused{"a recipient is one line"};
        tcp::socket socket{co_await asio::this_coro::executor};
        co_await socket.async_connect(where_, asio::use_awaitable);
        const std::string request = "SEND " + std::to_string(letter.job) + ' ' + std::to_string(letter.attempt) + ' ' +
                                    letter.worker + ' ' + letter.recipient + '\n';
        co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
        std::string answer;
        const std::size_t size =
            co_await asio::async_read_until(socket, asio::dynamic_buffer(answer, 1024), '\n', asio::use_awaitable);
        answer.resize(size - 1);
        if (answer != "ok")
            throw Refused{answer};
    }

private:
    tcp::endpoint where_;
};

} // namespace

std::unique_ptr<PostOffice> imaginary_post_office() {
    return std::make_unique<Imaginary>();
}

std::unique_ptr<PostOffice> post_office_at(std::uint16_t port) {
    return std::make_unique<Remote>(port);
}

} // namespace job_queue

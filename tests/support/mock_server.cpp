#include "support/mock_server.hpp"

#include "support/temp_directory.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace corm::test {

MockServer::MockServer(std::function<void(int)> serve) : serve_(std::move(serve)) {
    directory_ = make_temp_directory("corm-mock");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory_ + "/.s.PGSQL.5432";
    std::memcpy(address.sun_path, path.c_str(), path.size());
    listener_ = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 8) != 0)
        throw std::runtime_error("listen");
    thread_ = std::thread([this] {
        for (;;) {
            const int connection = accept(listener_, nullptr, nullptr);
            if (connection < 0)
                return;
            serve_(connection);
            close(connection);
        }
    });
}

MockServer::~MockServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    std::filesystem::remove_all(directory_);
}

void MockServer::let_in(int socket) {
    std::array<char, 4096> startup;
    [[maybe_unused]] const ssize_t got = read(socket, startup.data(), startup.size());
    send(socket, message::authentication_ok() + message::parameter_status("client_encoding", "UTF8") +
                     message::backend_key() + message::ready('I'));
}

bool MockServer::read_request(int socket) {
    std::string bytes;
    std::array<char, 65536> buffer;
    for (std::size_t at = 0;;) {
        // Whole messages: a letter, a length that counts itself, a body.
        while (bytes.size() >= at + 5) {
            std::uint32_t length = 0;
            std::memcpy(&length, bytes.data() + at + 1, sizeof length);
            length = ntohl(length);
            if (bytes.size() < at + 1 + length)
                break;
            if (bytes[at] == 'S')
                return true;
            at += 1 + length;
        }
        const ssize_t got = read(socket, buffer.data(), buffer.size());
        if (got <= 0)
            return false;
        bytes.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

void MockServer::send(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return; // the client has gone
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void MockServer::drain(int socket) {
    std::array<char, 65536> bytes;
    while (read(socket, bytes.data(), bytes.size()) > 0) {
    }
}

namespace message {
namespace {

template <class Integer>
std::string number(Integer value) {
    std::string bytes;
    for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8)
        bytes += static_cast<char>(value >> shift);
    return bytes;
}

std::string text(std::string_view value) {
    return std::string{value} + '\0';
}

} // namespace

std::string of(char type, std::string_view body) {
    return type + number(static_cast<std::int32_t>(body.size() + 4)) + std::string{body};
}
std::string authentication_ok() {
    return of('R', number(std::int32_t{0}));
}
std::string parameter_status(std::string_view name, std::string_view value) {
    return of('S', text(name) + text(value));
}
std::string backend_key() {
    return of('K', number(std::int32_t{7}) + number(std::int32_t{9}));
}
std::string parse_complete() {
    return of('1', {});
}
std::string bind_complete() {
    return of('2', {});
}
std::string no_data() {
    return of('n', {});
}
std::string row_description(std::initializer_list<std::string_view> names) {
    std::string body = number(static_cast<std::int16_t>(names.size()));
    for (const std::string_view name : names)
        body += text(name) + number(std::int32_t{0}) + number(std::int16_t{0}) + number(std::int32_t{25}) +
                number(std::int16_t{-1}) + number(std::int32_t{-1}) + number(std::int16_t{1});
    return of('T', body);
}
std::string data_row(std::initializer_list<std::string_view> values) {
    std::string body = number(static_cast<std::int16_t>(values.size()));
    for (const std::string_view value : values)
        body += number(static_cast<std::int32_t>(value.size())) + std::string{value};
    return of('D', body);
}
std::string command_complete(std::string_view tag) {
    return of('C', text(tag));
}
std::string error(std::initializer_list<std::pair<char, std::string_view>> fields) {
    std::string body;
    for (const auto& [field, value] : fields)
        body += field + text(value);
    return of('E', body + '\0');
}
std::string fatal(std::string_view sqlstate) {
    return error({{'S', "FATAL"}, {'V', "FATAL"}, {'C', sqlstate}, {'M', "the end"}});
}
std::string notice(std::string_view sqlstate, std::string_view what) {
    std::string body = error({{'S', "NOTICE"}, {'V', "NOTICE"}, {'C', sqlstate}, {'M', what}});
    body.front() = 'N';
    return body;
}
std::string notification(std::string_view channel, std::string_view payload) {
    return of('A', number(std::int32_t{7}) + text(channel) + text(payload));
}
std::string ready(char status) {
    return of('Z', std::string_view{&status, 1});
}
std::string one_row(std::string_view value) {
    return parse_complete() + bind_complete() + row_description({"value"}) + data_row({value}) +
           command_complete("SELECT 1") + ready('I');
}

} // namespace message
} // namespace corm::test

#include "support/mock_server.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace corm::test {

MockServer::MockServer(std::function<void(int)> serve) : serve_(std::move(serve)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "corm-mock-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error("mkdtemp");
    directory_ = pattern;
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
    using namespace std::string_view_literals;
    constexpr auto hello = "R\0\0\0\x08\0\0\0\0"sv // AuthenticationOk
                           "S\0\0\0\x19"
                           "client_encoding\0UTF8\0"         // ParameterStatus
                           "K\0\0\0\x0c\0\0\0\x07\0\0\0\x09" // BackendKeyData
                           "Z\0\0\0\x05I"sv;                 // ReadyForQuery
    [[maybe_unused]] const ssize_t sent = write(socket, hello.data(), hello.size());
}

void MockServer::drain(int socket) {
    std::array<char, 65536> bytes;
    while (read(socket, bytes.data(), bytes.size()) > 0) {
    }
}

} // namespace corm::test

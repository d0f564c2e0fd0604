#include "server_settings.hpp"

#include "subprocess.hpp"

#include <corm/base/error.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <random>

namespace corm::dev {

namespace {

/// A value for postgresql.conf. Its strings know backslash escapes.
std::string in_quotes(const std::string& name, const std::string& value) {
    std::string result = "'";
    for (const char c : value) {
        if (c == '\n' || c == '\0') {
            throw Error("the setting " + name + " holds a line break or NUL, which postgresql.conf cannot hold");
        }
        result += c == '\'' ? "''" : c == '\\' ? "\\\\" : std::string(1, c);
    }
    return result + "'";
}

} // namespace

std::string settings_text(const std::map<std::string, std::string>& settings) {
    std::string text;
    for (const auto& [name, value] : settings) {
        text += name + " = " + in_quotes(name, value) + "\n";
    }
    return text;
}

std::string url_encoded(const std::string& text) {
    constexpr const char* digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '_' || c == '.' || c == '~';
        if (plain) {
            result += c;
        } else {
            result += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return result;
}

std::string random_digits(int count) {
    constexpr const char* digits = "0123456789abcdef";
    std::random_device device;
    std::string result;
    for (int digit = 0; digit < count; ++digit) {
        result += digits[device() & 15];
    }
    return result;
}

int free_port() {
    const Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), generic, size) != 0 || ::getsockname(socket.get(), generic, &size) != 0) {
        throw Error("no free TCP port on 127.0.0.1");
    }
    return ntohs(address.sin_port);
}

} // namespace corm::dev

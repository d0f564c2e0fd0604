// A stream of PostgreSQL's protocol, cut into messages.
#pragma once

#include <arpa/inet.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace corm::soak {

/// PostgreSQL documentation, 55.7: a letter, a length that counts itself, a body. The first message of a client has no
/// letter.
class Messages {
public:
    enum class Side { client, server };

    explicit Messages(Side side) : has_letter_(side == Side::server) {}

    /// Ends the validity of what `next` has returned.
    void append(std::string_view bytes) {
        bytes_.erase(0, at_);
        at_ = 0;
        bytes_ += bytes;
    }

    /// The next message, if it has arrived whole.
    [[nodiscard]] std::optional<std::string_view> next() {
        const std::size_t letter = has_letter_ ? 1 : 0;
        if (bytes_.size() < at_ + letter + 4)
            return std::nullopt;
        std::uint32_t length = 0;
        std::memcpy(&length, bytes_.data() + at_ + letter, sizeof length);
        const std::size_t size = letter + ntohl(length);
        if (bytes_.size() < at_ + size)
            return std::nullopt;
        const std::string_view message{bytes_.data() + at_, size};
        at_ += size;
        has_letter_ = true;
        return message;
    }

private:
    std::string bytes_;
    std::size_t at_ = 0;
    bool has_letter_;
};

} // namespace corm::soak

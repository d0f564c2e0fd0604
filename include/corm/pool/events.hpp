// What a subscription hears.
#pragma once

#include <corm/wire/notification.hpp>

#include <cstdint>
#include <variant>

namespace corm::pool {

using wire::Notification;

/// In this place notifications may be missing: whoever keeps something in step by them reads it anew.
struct Gap {
    /// The connection was lost, and a new one listens now. What was notified meanwhile is not known.
    bool reconnected = false;
    /// Notifications that came while `ListenOptions::queue` of them were unread already.
    std::uint64_t dropped = 0;

    friend bool operator==(const Gap&, const Gap&) = default;
};

using Event = std::variant<Notification, Gap>;

} // namespace corm::pool

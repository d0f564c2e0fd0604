// What NOTIFY brings.
#pragma once

#include <string>

namespace corm::wire {

/// A notification, as it was committed by its sender.
struct Notification {
    std::string channel;
    std::string payload; ///< empty when none was given
    int backend = 0;     ///< process id of the server's session that sent it

    friend bool operator==(const Notification&, const Notification&) = default;
};

} // namespace corm::wire

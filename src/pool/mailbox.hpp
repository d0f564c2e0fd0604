// The events of one subscription that wait to be read.
#pragma once

#include <corm/pool/events.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace corm::pool {

/// Bounded. Once it is full, what comes is counted in a gap behind what waits, until that gap has been taken: so
/// whoever reads anew when he meets a gap has missed nothing. Not thread-safe.
class Mailbox {
public:
    /// `capacity`: notifications that may wait, at least 1.
    Mailbox(std::vector<std::string> channels, std::size_t capacity);

    [[nodiscard]] const std::vector<std::string>& channels() const noexcept { return channels_; }
    [[nodiscard]] bool hears(const std::string& channel) const noexcept;

    void add(Notification notification);
    /// Notifications are missing here: the connection was another.
    void reconnected();
    /// The oldest event; none when nothing waits.
    [[nodiscard]] std::optional<Event> take();
    [[nodiscard]] bool empty() const noexcept { return events_.empty(); }

private:
    /// The gap at the end, if there is one.
    [[nodiscard]] Gap* gap() noexcept;

    std::vector<std::string> channels_; // in order, each once
    std::size_t capacity_;
    std::deque<Event> events_;
};

} // namespace corm::pool

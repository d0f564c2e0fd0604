#include "pool/mailbox.hpp"

#include <algorithm>
#include <utility>

namespace corm::pool {

Mailbox::Mailbox(std::vector<std::string> channels, std::size_t capacity)
    : channels_(std::move(channels)), capacity_(std::max<std::size_t>(capacity, 1)) {
    std::sort(channels_.begin(), channels_.end());
    channels_.erase(std::unique(channels_.begin(), channels_.end()), channels_.end());
}

bool Mailbox::hears(const std::string& channel) const noexcept {
    return std::binary_search(channels_.begin(), channels_.end(), channel);
}

Gap* Mailbox::gap() noexcept {
    return events_.empty() ? nullptr : std::get_if<Gap>(&events_.back());
}

void Mailbox::add(Notification notification) {
    Gap* last = gap();
    if (last != nullptr && last->dropped != 0) {
        ++last->dropped;
        return;
    }
    if (events_.size() < capacity_) {
        events_.emplace_back(std::move(notification));
        return;
    }
    if (last == nullptr)
        last = &std::get<Gap>(events_.emplace_back(Gap{}));
    ++last->dropped;
}

void Mailbox::reconnected() {
    Gap* last = gap();
    if (last == nullptr)
        last = &std::get<Gap>(events_.emplace_back(Gap{}));
    last->reconnected = true;
}

std::optional<Event> Mailbox::take() {
    if (events_.empty())
        return std::nullopt;
    std::optional<Event> oldest{std::move(events_.front())};
    events_.pop_front();
    return oldest;
}

} // namespace corm::pool

#include "orm/savepoints.hpp"

#include <algorithm>
#include <array>

namespace corm::orm {
namespace {

using Kind = SavepointCommand::Kind;
constexpr std::size_t prepared_depths = 4;

std::string text_of(Kind kind, std::size_t depth) {
    constexpr std::string_view verbs[] = {"SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT"};
    return std::string{verbs[static_cast<std::size_t>(kind)]} + " corm_" + std::to_string(depth + 1);
}

} // namespace

std::shared_ptr<const std::string> SavepointCommand::text() const {
    using Texts = std::array<std::shared_ptr<const std::string>, 3 * prepared_depths>;
    static const Texts texts = [] {
        Texts made;
        for (std::size_t i = 0; i < made.size(); ++i)
            made[i] = std::make_shared<const std::string>(text_of(static_cast<Kind>(i % 3), i / 3));
        return made;
    }();
    if (repeats())
        return texts[depth * 3 + static_cast<std::size_t>(kind)];
    return std::make_shared<const std::string>(text_of(kind, depth));
}

const char* SavepointCommand::tag() const noexcept {
    static constexpr const char* tags[] = {"SAVEPOINT", "RELEASE", "ROLLBACK"};
    return tags[static_cast<std::size_t>(kind)];
}

bool SavepointCommand::repeats() const noexcept {
    return depth < prepared_depths;
}

Savepoints::Serial Savepoints::open() {
    queue_.push_back({Kind::open, stack_.size()});
    stack_.push_back({.serial = next_});
    return next_++;
}

std::optional<std::size_t> Savepoints::find(Serial serial) const noexcept {
    const auto found =
        std::find_if(stack_.begin(), stack_.end(), [serial](const Open& open) { return open.serial == serial; });
    if (found == stack_.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - stack_.begin());
}

void Savepoints::release(std::size_t depth) {
    if (stack_[depth].sent) {
        // The release of inner savepoints is part of it.
        queue_.resize(queued_for_commit().size());
        queue_.push_back({Kind::release, depth});
    } else {
        queue_.erase(std::find(queue_.begin(), queue_.end(), SavepointCommand{Kind::open, depth}), queue_.end());
    }
    stack_.resize(depth);
}

void Savepoints::roll_back(std::size_t depth) {
    if (stack_[depth].sent) {
        // All that is queued happened within it.
        queue_.clear();
        queue_.push_back({Kind::roll_back, depth});
        queue_.push_back({Kind::release, depth}); // the server keeps one that was rolled back to
    } else {
        queue_.erase(std::find(queue_.begin(), queue_.end(), SavepointCommand{Kind::open, depth}), queue_.end());
    }
    stack_.resize(depth);
}

void Savepoints::clear() noexcept {
    stack_.clear();
    queue_.clear();
}

std::span<const SavepointCommand> Savepoints::queued_for_commit() const noexcept {
    std::size_t count = queue_.size();
    while (count > 0 && queue_[count - 1].kind != Kind::roll_back)
        --count;
    return {queue_.data(), count};
}

void Savepoints::sent() noexcept {
    queue_.clear();
    for (Open& open : stack_)
        open.sent = true;
}

} // namespace corm::orm

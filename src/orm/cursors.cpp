#include "orm/cursors.hpp"

#include <algorithm>
#include <utility>

namespace corm::orm {
namespace {

std::string name_of(std::size_t number) {
    return "corm_stream_" + std::to_string(number);
}

} // namespace

std::string Cursor::name() const {
    return name_of(number);
}

bool Cursors::is_free(std::size_t number) const noexcept {
    const auto has_it = [number](const auto& each) { return each.number == number; };
    return std::none_of(queue_.begin(), queue_.end(), has_it) &&
           std::none_of(read_.begin(), read_.end(),
                        [number](const std::shared_ptr<Cursor>& each) { return each->number == number; });
}

void Cursors::declare(const std::shared_ptr<Cursor>& cursor, std::size_t depth) {
    std::size_t number = 1;
    while (!is_free(number))
        ++number;
    queue_.reserve(queue_.size() + read_.size() + 1);
    read_.push_back(cursor);
    cursor->number = number;
    cursor->depth = depth;
}

void Cursors::close(Cursor& cursor) noexcept {
    if (std::exchange(cursor.open, false))
        queue_.push_back({cursor.number, cursor.depth});
}

void Cursors::forget(Cursor& cursor) noexcept {
    close(cursor);
    std::erase_if(read_, [&cursor](const std::shared_ptr<Cursor>& each) { return each.get() == &cursor; });
}

void Cursors::savepoint_released(std::size_t depth) noexcept {
    for (const std::shared_ptr<Cursor>& cursor : read_)
        cursor->depth = std::min(cursor->depth, depth);
    for (Closing& closing : queue_)
        closing.depth = std::min(closing.depth, depth);
}

void Cursors::savepoint_rolled_back(std::size_t depth, const StreamEnd& end) noexcept {
    std::erase_if(queue_, [depth](const Closing& closing) { return closing.depth > depth; });
    std::erase_if(read_, [&](const std::shared_ptr<Cursor>& cursor) {
        if (cursor->depth <= depth)
            return false;
        cursor->open = false;
        cursor->end = end;
        return true;
    });
}

void Cursors::transaction_ended(const StreamEnd& end) noexcept {
    queue_.clear();
    for (const std::shared_ptr<Cursor>& cursor : read_) {
        cursor->open = false;
        cursor->end = end;
    }
    read_.clear();
}

std::shared_ptr<const std::string> Cursors::close_text(std::size_t n) const {
    return std::make_shared<const std::string>("CLOSE " + name_of(queue_[n].number));
}

void Cursors::sent(std::size_t closes) noexcept {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(closes));
}

} // namespace corm::orm

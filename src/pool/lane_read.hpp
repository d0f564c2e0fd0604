// A read that waits for a lane.
#pragma once

#include "wire/request.hpp"

#include <corm/base/clock.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <span>
#include <vector>

namespace corm::pool {

class LaneRead;
using LaneReadPtr = std::shared_ptr<LaneRead>;

/// Statements that only read, and whoever waits for their rows. Kept alive by the lanes until it was told how it ended.
///
/// Told once, on a thread of the executor and with no lock held, unless it has ceased to wait: then it is dropped.
class LaneRead {
public:
    LaneRead() = default;
    LaneRead(const LaneRead&) = delete;
    LaneRead& operator=(const LaneRead&) = delete;
    virtual ~LaneRead() = default;

    /// False once it was cancelled, or told how it ended. From any thread.
    [[nodiscard]] virtual bool waits() const noexcept = 0;
    /// Appends its statements; for a group, of which it is the first, those that answer all. May throw. Called again
    /// when they have to be sent again.
    virtual void append(std::span<const LaneReadPtr> group, std::vector<wire::Statement>& request) = 0;
    /// The answers to the statements that it has appended, for the whole group.
    virtual void answer(std::span<const LaneReadPtr> group, std::span<wire::Result> results) noexcept = 0;
    /// `statement`: the one of its statements that failed; none when it was the connection.
    virtual void fail(std::exception_ptr error, std::size_t statement) noexcept = 0;
    static constexpr std::size_t no_statement = SIZE_MAX;
    /// The statements that it has appended, which are not sent any more.
    virtual void returned(std::span<wire::Statement> /*statements*/) noexcept {}
    /// It travelled with others, and all together took long: one of them may be slow. `stuck`: so long that it hardly
    /// was the work; a lock perhaps. Not to call out.
    virtual void suspect(bool /*stuck*/) noexcept {}

    /// Reads with the same mark become one statement when they travel together; null: never. Constant.
    const void* joins = nullptr;
    TimePoint deadline = TimePoint::max();
    std::source_location where;

private:
    friend class Lanes;
    friend class LaneInbox;
    friend struct LaneBatch;
    LaneReadPtr self_;         // while it is in a queue
    LaneRead* next_ = nullptr; // in the inbox
    bool again_ = false;       // a neighbour failed: it goes by itself now
    bool stale_ = false;       // it was sent again because its statement was prepared for an older table
};

/// Reads on their way to the one who sends them. Any number of threads push, any takes all. No lock.
class LaneInbox {
public:
    LaneInbox() = default;
    LaneInbox(const LaneInbox&) = delete;
    LaneInbox& operator=(const LaneInbox&) = delete;
    ~LaneInbox() {
        std::vector<LaneReadPtr> rest;
        take(rest);
    }

    void push(LaneReadPtr read) noexcept {
        LaneRead* const node = read.get();
        node->self_ = std::move(read);
        node->next_ = top_.load(std::memory_order_relaxed);
        while (!top_.compare_exchange_weak(node->next_, node, std::memory_order_release, std::memory_order_relaxed)) {
        }
    }
    /// Appends them in the order in which they came.
    template <class Queue>
    void take(Queue& queue) {
        LaneRead* node = top_.exchange(nullptr, std::memory_order_acquire);
        LaneRead* first = nullptr;
        while (node != nullptr) {
            LaneRead* const next = node->next_;
            node->next_ = first;
            first = node;
            node = next;
        }
        for (; first != nullptr;) {
            LaneRead* const next = first->next_;
            queue.push_back(std::move(first->self_));
            first = next;
        }
    }

private:
    std::atomic<LaneRead*> top_{nullptr};
};

} // namespace corm::pool

// Reads that travel together in one request.
#pragma once

#include "pool/lane_read.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

namespace corm::pool {

/// What is sent over a lane at once, and who it is for. Not thread-safe; used again for its memory.
struct LaneBatch {
    /// Reads that one statement answers, or one read with its statements.
    struct Group {
        std::uint32_t first_member = 0;
        std::uint32_t members = 0;
        std::uint32_t first_statement = 0;
        std::uint32_t statements = 0;
    };
    struct Failure {
        LaneReadPtr read;
        std::exception_ptr error;
    };

    std::vector<LaneReadPtr> members; ///< group by group
    std::vector<Group> groups;
    bool apart = false; ///< each statement under a Sync of its own

    [[nodiscard]] std::span<const LaneReadPtr> members_of(const Group& group) const noexcept {
        return {members.data() + group.first_member, group.members};
    }
    void clear() noexcept {
        members.clear();
        groups.clear();
    }

    /// Takes up to `count` reads from the front of the queue that still wait, and joins those that can be, if they are
    /// enough to be worth it, unless they go again. Precondition: empty.
    void take(std::deque<LaneReadPtr>& queue, std::size_t count);
    /// What is to be sent. Reads whose statements cannot be made go to `failures`.
    [[nodiscard]] wire::Request request(std::vector<Failure>& failures);
    /// Ends with the last of its reads.
    [[nodiscard]] TimePoint deadline() const noexcept;

    /// How a request ended for its reads.
    struct Outcome {
        std::vector<LaneReadPtr> again; ///< to be sent again, by themselves
        std::vector<Failure> failures;
        std::vector<std::size_t> failed_statements; ///< of each failure, counted within its read
        std::vector<std::size_t> answered;          ///< groups whose results are there
    };
    [[nodiscard]] Outcome sort_out(const wire::Reply& reply) const;

private:
    void split_small_groups();
    void fail(Outcome& outcome, const Group& group, const std::exception_ptr& error, std::size_t statement) const;

    std::vector<LaneReadPtr> taken_;
    std::vector<std::uint32_t> group_of_;
};

} // namespace corm::pool

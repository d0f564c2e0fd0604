#include "pool/lane_batch.hpp"

#include <corm/base/error.hpp>

#include <algorithm>

namespace corm::pool {
namespace {

/// From so many on, one statement for all costs the server less than one for each: it has an array to unnest and a join
/// to set up (docs/decisions.md).
constexpr std::uint32_t smallest_join = 6;

bool is_worth_it(const LaneBatch::Group& group) noexcept {
    return group.members == 1 || group.members >= smallest_join;
}

/// The server could not use the statement as it was prepared: nothing is wrong with the read.
bool has_stale_plan(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const DatabaseError& refused) {
        return refused.diagnostics().stale_plan;
    } catch (...) {
        return false;
    }
}

} // namespace

void LaneBatch::take(std::deque<LaneReadPtr>& queue, std::size_t count) {
    taken_.clear();
    group_of_.clear();
    // Of which mark the last group was: reads of one kind come in a row.
    std::uint32_t last = 0;
    const void* last_mark = nullptr;
    while (!queue.empty() && taken_.size() < count) {
        LaneReadPtr read = std::move(queue.front());
        queue.pop_front();
        if (!read->waits())
            continue;
        const void* const mark = read->again_ ? nullptr : read->joins;
        std::uint32_t at = last;
        if (mark == nullptr || mark != last_mark) {
            at = static_cast<std::uint32_t>(groups.size());
            for (std::uint32_t i = 0; mark != nullptr && i < groups.size(); ++i) {
                // The first statement stands for the first member until all are in their places.
                const LaneRead& first = *taken_[groups[i].first_statement];
                if (first.joins == mark && !first.again_) {
                    at = i;
                    break;
                }
            }
            if (at == groups.size())
                groups.push_back({.first_statement = static_cast<std::uint32_t>(taken_.size())});
            last = at;
            last_mark = mark;
        }
        ++groups[at].members;
        group_of_.push_back(at);
        taken_.push_back(std::move(read));
    }
    std::uint32_t place = 0;
    for (Group& group : groups) {
        group.first_member = group.first_statement = place;
        place += group.members;
    }
    members.resize(taken_.size());
    for (std::size_t i = 0; i < taken_.size(); ++i)
        members[groups[group_of_[i]].first_statement++] = std::move(taken_[i]);
    split_small_groups();
}

void LaneBatch::split_small_groups() {
    if (std::all_of(groups.begin(), groups.end(), is_worth_it))
        return;
    std::vector<Group> split;
    for (const Group& group : groups) {
        if (is_worth_it(group)) {
            split.push_back(group);
            continue;
        }
        for (std::uint32_t i = 0; i < group.members; ++i)
            split.push_back({.first_member = group.first_member + i, .members = 1});
    }
    groups = std::move(split);
}

wire::Request LaneBatch::request(std::vector<Failure>& failures) {
    wire::Request made;
    made.apart = apart;
    made.repeatable = true;
    made.statements.reserve(groups.size());
    for (Group& group : groups) {
        const std::size_t first = made.statements.size();
        const std::span<const LaneReadPtr> reads = members_of(group);
        try {
            reads.front()->append(reads, made.statements);
            for (std::size_t i = first; i < made.statements.size(); ++i)
                wire::check(made.statements[i], reads.front()->where);
        } catch (...) {
            made.statements.resize(first);
            for (const LaneReadPtr& read : reads)
                failures.push_back({read, std::current_exception()});
        }
        group.first_statement = static_cast<std::uint32_t>(first);
        group.statements = static_cast<std::uint32_t>(made.statements.size() - first);
    }
    std::erase_if(groups, [](const Group& group) { return group.statements == 0; });
    made.deadline = deadline();
    if (!groups.empty())
        made.where = members[groups.front().first_member]->where;
    return made;
}

TimePoint LaneBatch::deadline() const noexcept {
    TimePoint latest = TimePoint::min();
    for (const LaneReadPtr& read : members)
        latest = std::max(latest, read->deadline);
    return latest;
}

void LaneBatch::fail(Outcome& outcome, const Group& group, const std::exception_ptr& error,
                     std::size_t statement) const {
    for (const LaneReadPtr& read : members_of(group)) {
        outcome.failures.push_back({read, error});
        outcome.failed_statements.push_back(statement);
    }
}

LaneBatch::Outcome LaneBatch::sort_out(const wire::Reply& reply) const {
    Outcome outcome;
    const bool connection_failed = reply.error && !reply.failed_in_statement;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const Group& group = groups[i];
        const std::span<const LaneReadPtr> reads = members_of(group);
        const std::size_t end = group.first_statement + group.statements;
        std::exception_ptr error;
        std::size_t failed_at = group.first_statement;
        if (connection_failed) {
            fail(outcome, group, reply.error, LaneRead::no_statement);
            continue;
        }
        if (apart) {
            while (failed_at < end && !reply.errors[failed_at])
                ++failed_at;
            if (failed_at < end)
                error = reply.errors[failed_at];
        } else if (reply.results.size() < end) {
            failed_at = std::max<std::size_t>(reply.results.size(), group.first_statement);
            if (failed_at != reply.results.size()) {
                // Behind the failure: the server has skipped it.
                outcome.again.insert(outcome.again.end(), reads.begin(), reads.end());
                continue;
            }
            error = reply.error;
        }
        if (!error) {
            outcome.answered.push_back(i);
        } else if (reads.size() > 1) {
            // Which of them it was is not known.
            outcome.again.insert(outcome.again.end(), reads.begin(), reads.end());
        } else if (!reads.front()->stale_ && has_stale_plan(error)) {
            reads.front()->stale_ = true;
            outcome.again.push_back(reads.front());
        } else {
            fail(outcome, group, error, failed_at - group.first_statement);
        }
    }
    for (const LaneReadPtr& read : outcome.again)
        read->again_ = true;
    return outcome;
}

} // namespace corm::pool

// A tracer that remembers.
#pragma once

#include <corm/trace/tracer.hpp>

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace corm::test {

class Recorder final : public trace::Tracer {
public:
    void finish(const trace::OperationFinish& event) noexcept override {
        const std::lock_guard lock(mutex_);
        finished.push_back(std::string{to_string(event.operation)} + (event.failed ? " failed" : ""));
        subjects.emplace_back(event.subject);
    }
    void statement(const trace::StatementFinish& event) noexcept override {
        const std::lock_guard lock(mutex_);
        statements.push_back(std::string{event.sql} + " rows=" + std::to_string(event.rows) +
                             " trip=" + std::to_string(event.round_trip) + (event.failed ? " failed" : ""));
    }
    void notice(std::string_view text, SqlState state) noexcept override {
        const std::lock_guard lock(mutex_);
        notices.push_back(std::string{text} + " " + std::string{state.code()});
    }
    /// Notices that hold `text`.
    std::size_t noticed(std::string_view text) const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count_if(notices.begin(), notices.end(), [&](const std::string& each) {
            return each.find(text) != std::string::npos;
        }));
    }
    /// Operations of this kind that have ended, as in `finished`.
    std::size_t count(std::string_view what) const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count(finished.begin(), finished.end(), what));
    }

    std::vector<std::string> finished, subjects, statements, notices;

private:
    mutable std::mutex mutex_;
};

} // namespace corm::test

// An operation that is a COPY by steps.
#pragma once

#include "orm/part.hpp"
#include "orm/session_core.hpp"

#include <corm/orm/detail/bulk.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace corm::orm {

/// Bytes from which on a buffer goes to the server: few enough that it has the next ones while it works on these.
inline constexpr std::size_t copy_buffer = std::size_t{1} << 16;

/// What stands ahead of a COPY, and what it finds out before its first byte is sent. Shared with the connection.
class CopyCheck : public wire::CopySource {
public:
    std::string_view bytes(std::span<const wire::Result> results) final {
        check(results.subspan(first));
        return {};
    }
    void copied(std::int64_t /*rows*/) override {}
    /// The answers to the questions. Whatever it throws fails the COPY.
    virtual void check(std::span<const wire::Result> answers) = 0;

    std::size_t first = 0; ///< of the questions in the request
};

/// The command of a COPY.
struct CopyCommand {
    std::string doing; ///< for messages: "copying rows into users"
    std::shared_ptr<const std::string> text;
    bool raw = false;
    std::vector<wire::Statement> questions{};
    std::shared_ptr<CopyCheck> check{};
};

/// Marks the session as busy, opens one COPY after the other and takes their steps. If the last one is not at its end
/// when this goes, the connection is given back, which makes the server give up, and the transaction has failed.
class CopyRun {
public:
    /// Throws `Error` where the session is of no use, or has no transaction.
    CopyRun(detail::Core core, const char* name, Duration within, std::source_location where);
    CopyRun(const CopyRun&) = delete;
    CopyRun& operator=(const CopyRun&) = delete;
    ~CopyRun();

    /// Unflushed changes that go first.
    Task<void> flush_ahead();
    /// One request that is no COPY.
    Task<void> run(std::shared_ptr<Part> part);
    /// Opens a COPY. The answers to its questions are in `answers` then.
    Task<void> open(CopyCommand command);
    /// Sends `bytes`.
    Task<void> put() { return step(wire::CopyStep::put); }
    /// There are no more rows.
    Task<void> end() { return step(wire::CopyStep::end); }
    /// Makes the COPY fail with this exception, and throws it.
    Task<void> fail(std::exception_ptr cause);
    /// Fills `bytes`.
    Task<void> get();

    [[nodiscard]] std::string& bytes() noexcept { return channel_->bytes; }
    [[nodiscard]] bool is_open() const noexcept { return channel_->open; }
    /// What the server has counted, once the COPY is at its end.
    [[nodiscard]] std::int64_t rows() const noexcept;

    std::vector<wire::Result> answers;
    std::int64_t first_row = 0; ///< of this COPY among those of the operation, for messages

private:
    class OpenPart;
    class StepPart;
    struct State;
    Task<void> step(wire::CopyStep which);
    [[nodiscard]] OperationPlan plan() const noexcept;

    detail::Core core_;
    const char* name_;
    Duration within_;
    TimePoint deadline_ = TimePoint::max();
    std::source_location where_;
    SessionCore::Busy busy_;
    Parts ahead_;
    bool flushes_ = false;
    bool lifts_ = false; // the next request is that of a COPY, which may last for longer than any statement
    std::shared_ptr<wire::CopyChannel> channel_ = std::make_shared<wire::CopyChannel>();
    std::shared_ptr<State> state_;
    std::shared_ptr<Part> steps_;
};

} // namespace corm::orm

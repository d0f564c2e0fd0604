// One COPY: what to send, what to wait for, what came back.
#pragma once

#include "wire/pq.hpp"
#include "wire/request.hpp"
#include "wire/result.hpp"
#include "wire/want.hpp"

#include <corm/base/diagnostics.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace corm::wire {

/// Sans-I/O, as `PipelineFsm`, which leaves pipeline mode for it. Not thread-safe; the connection must outlive it.
///
/// Rows are handed to libpq one chunk at a time, the next when the socket has taken the one before, so that its buffer
/// stays small. A server that refuses a row answers at once and drops the others; libpq tells of it behind the last,
/// which is made of the next one where its answer is seen.
///
/// With a channel it pauses behind `bytes`, and does what `resume` says.
class CopyFsm {
public:
    CopyFsm(ConnHandle& conn, const std::string& sql, std::string_view bytes,
            std::shared_ptr<CopyChannel> channel = nullptr) noexcept
        : conn_(conn), sql_(sql), bytes_(bytes), channel_(std::move(channel)) {}

    /// Sends the command. Precondition: the connection is idle and not in pipeline mode.
    Want begin();
    Want on_readable();
    Want on_writable();
    /// Precondition: `paused()`.
    Want resume(CopyStep step);
    /// Nobody waits for the outcome: the server is told to give the COPY up, unless it has all rows; those that it
    /// sends are dropped.
    void give_up() noexcept {
        given_up_ = true;
        paused_ = false;
    }

    /// Waits for the next step.
    [[nodiscard]] bool paused() const noexcept { return paused_; }
    [[nodiscard]] bool done() const noexcept { return stage_ == Stage::done; }
    /// Valid once it is done: the answer, what the server said against it, or neither when the connection was lost
    /// without a word.
    [[nodiscard]] Result take_result() noexcept { return std::move(result_); }
    [[nodiscard]] std::optional<Diagnostics>& error() noexcept { return error_; }
    [[nodiscard]] bool lost() const noexcept { return lost_; }
    /// Round trips begun: one for the command, one for the rows.
    [[nodiscard]] std::uint64_t round_trips() const noexcept { return round_trips_; }

private:
    enum class Stage { starting, sending, receiving, ending, done };

    Want step();
    Want take();
    Want pause() noexcept;
    int put();
    void note_refusal();
    void receive();
    void finish() noexcept;
    Want lose();

    ConnHandle& conn_;
    const std::string& sql_;
    std::string_view bytes_; // what is left of them
    std::shared_ptr<CopyChannel> channel_;
    Stage stage_ = Stage::starting;
    bool paused_ = false;
    bool complete_ = false; // the caller has no more rows
    bool failed_ = false;   // the caller wants it to fail
    bool refused_ = false;  // the server has failed already
    bool given_up_ = false;
    bool lost_ = false;
    bool output_pending_ = false;
    std::uint64_t round_trips_ = 0;
    Result result_;
    std::optional<Diagnostics> error_;
};

} // namespace corm::wire

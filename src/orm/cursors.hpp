// The cursors of one transaction, and what the server has yet to hear of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <vector>

namespace corm::orm {

/// What ended a stream ahead of its last row.
struct StreamEnd {
    enum class How : std::uint8_t { none, closed, failed, transaction, savepoint };
    How how = How::none;
    const char* by = ""; ///< the call, a literal
    std::source_location where{};
};

/// A cursor, as its stream and its session see it. Its number is free for others when it is closed.
struct Cursor {
    std::size_t number = 0; ///< its name
    std::size_t depth = 0;  ///< savepoints around its declaration
    bool open = false;      ///< the server has it
    StreamEnd end{};

    /// "corm_stream_1": few, so that logs and statistics of the server see few texts.
    [[nodiscard]] std::string name() const;
};

/// Those that a stream reads, and those that the next request closes. Pure; not thread-safe.
class Cursors {
public:
    /// It is about to be declared, within so many savepoints.
    void declare(const std::shared_ptr<Cursor>& cursor, std::size_t depth);
    /// Its stream needs no more rows: CLOSE waits for the next request. It still hears of the end of the transaction.
    void close(Cursor& cursor) noexcept;
    /// Its stream is gone or at its end; closes it.
    void forget(Cursor& cursor) noexcept;

    /// The savepoint of this depth and those within it have become a part of what is around it.
    void savepoint_released(std::size_t depth) noexcept;
    /// The cursors that were declared in it are gone.
    void savepoint_rolled_back(std::size_t depth, const StreamEnd& end) noexcept;
    /// So are all.
    void transaction_ended(const StreamEnd& end) noexcept;

    [[nodiscard]] std::size_t queued() const noexcept { return queue_.size(); }
    /// The n-th of the CLOSEs that wait.
    [[nodiscard]] std::shared_ptr<const std::string> close_text(std::size_t n) const;
    /// The server has carried out the first so many.
    void sent(std::size_t closes) noexcept;

private:
    struct Closing {
        std::size_t number = 0;
        std::size_t depth = 0;
    };
    [[nodiscard]] bool is_free(std::size_t number) const noexcept;

    std::vector<std::shared_ptr<Cursor>> read_; ///< by streams
    std::vector<Closing> queue_;                ///< has room for one of each that is read
};

} // namespace corm::orm

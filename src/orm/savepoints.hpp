// The savepoints of one transaction, and what the server has yet to hear of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace corm::orm {

/// One command about a savepoint. Savepoints are named by their depth, so that texts repeat.
struct SavepointCommand {
    enum class Kind : std::uint8_t { open, release, roll_back };
    Kind kind{};
    std::size_t depth = 0;

    [[nodiscard]] std::shared_ptr<const std::string> text() const;
    /// The command tag that answers it.
    [[nodiscard]] const char* tag() const noexcept;
    /// Rare depths are not worth a prepared statement.
    [[nodiscard]] bool repeats() const noexcept;
    friend bool operator==(const SavepointCommand&, const SavepointCommand&) = default;
};

/// A stack. Commands wait for the next request, and those that cancel each other out are never sent. Pure; not
/// thread-safe.
class Savepoints {
public:
    /// Identifies a savepoint for good, unlike its depth.
    using Serial = std::uint64_t;

    Serial open();
    [[nodiscard]] std::optional<std::size_t> find(Serial serial) const noexcept;
    /// Ends the savepoint and those within it.
    void release(std::size_t depth);
    void roll_back(std::size_t depth);
    /// The transaction is over.
    void clear() noexcept;

    [[nodiscard]] bool empty() const noexcept { return stack_.empty(); }
    [[nodiscard]] std::size_t depth() const noexcept { return stack_.size(); }
    /// The server knows of it.
    [[nodiscard]] bool is_sent(std::size_t depth) const noexcept { return stack_[depth].sent; }

    [[nodiscard]] std::span<const SavepointCommand> queued() const noexcept { return queue_; }
    /// What must go ahead of a COMMIT, which releases by itself.
    [[nodiscard]] std::span<const SavepointCommand> queued_for_commit() const noexcept;
    /// The server has carried out what was queued.
    void sent() noexcept;

private:
    struct Open {
        Serial serial = 0;
        bool sent = false;
    };

    std::vector<Open> stack_;
    std::vector<SavepointCommand> queue_;
    Serial next_ = 1;
};

} // namespace corm::orm

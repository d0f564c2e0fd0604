// An operation of a reader whose statements travel with those of others.
#pragma once

#include "orm/completion.hpp"
#include "orm/keyed_part.hpp"
#include "orm/operation.hpp"
#include "pool/lane_read.hpp"

#include <corm/trace/span.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace corm::orm {

struct EngineCore;

/// A composed asynchronous operation without a lease. The lanes keep it alive until it is told how it ended.
///
/// Cancellation: of every type, at any time: reads leave nothing half done. The others that it travels with go on.
class LaneOperation final : public Running, public pool::LaneRead, public std::enable_shared_from_this<LaneOperation> {
public:
    /// Null, with `parts` left alone, if they are not for a lane; `texts` are those that have yet to show that they are
    /// quick.
    [[nodiscard]] static std::shared_ptr<LaneOperation> make(std::shared_ptr<SessionCore> session,
                                                             const OperationPlan& plan, Parts& parts,
                                                             std::vector<std::uint64_t>& texts);
    LaneOperation(std::shared_ptr<SessionCore> session, const OperationPlan& plan, Parts&& parts,
                  std::vector<wire::Statement>&& statements, std::vector<std::uint64_t>&& texts);
    ~LaneOperation() override;

    /// Starts; `handler` is called once, through `executor`, never from inside.
    void initiate(CompletionHandler handler, const boost::asio::any_io_executor& executor);
    void cancel(boost::asio::cancellation_type type) noexcept override;

    [[nodiscard]] bool waits() const noexcept override { return waits_.load(std::memory_order_acquire); }
    void append(std::span<const pool::LaneReadPtr> group, std::vector<wire::Statement>& request) override;
    void answer(std::span<const pool::LaneReadPtr> group, std::span<wire::Result> results) noexcept override;
    void fail(std::exception_ptr error, std::size_t statement) noexcept override;
    void returned(std::span<wire::Statement> statements) noexcept override;
    void suspect(bool stuck) noexcept override;

private:
    /// Whoever gets true ends it.
    [[nodiscard]] bool claim() noexcept { return waits_.exchange(false, std::memory_order_acq_rel); }
    void digest(std::span<wire::Result> results) noexcept;
    void digest_rows(const wire::Result& result, std::span<const int> rows) noexcept;
    void finish_answered(std::exception_ptr error) noexcept;
    void finish(std::exception_ptr error, bool inline_allowed) noexcept;

    // Others look at it while it ends: what is const, its parts' keys and its statements are theirs.
    const std::shared_ptr<EngineCore> engine_;
    std::shared_ptr<SessionCore> session_;
    const char* const name_;
    Parts parts_;
    KeyedPart* keyed_ = nullptr;              ///< the only part, if it can be joined
    std::vector<wire::Statement> statements_; ///< unless it is keyed, while they are not on their way
    std::vector<std::uint64_t> texts_;
    std::atomic<bool> waits_{true};
    trace::Span span_;
    Waiting waiting_;
};

} // namespace corm::orm

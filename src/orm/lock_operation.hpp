// A statement on a connection of its own, whose lease outlives it.
#pragma once

#include "orm/completion.hpp"
#include "orm/engine_core.hpp"

#include <corm/base/clock.hpp>
#include <corm/trace/span.hpp>
#include <corm/wire/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <memory>
#include <mutex>
#include <source_location>

namespace corm::orm {

/// A composed operation, as `Operation`: leases a connection, unless it is given one, and sends one request. If it
/// succeeds, whoever awaits it has the lease, and else the pool, which cleans it of whatever was locked.
class LockOperation final : public wire::RequestSink,
                            public pool::LeaseSink,
                            public std::enable_shared_from_this<LockOperation> {
public:
    struct Outcome {
        pool::Lease lease;
        wire::Reply reply;
    };
    /// `request` says by when. `lease` may be empty.
    [[nodiscard]] static Task<std::shared_ptr<Outcome>> run(std::shared_ptr<EngineCore> engine, pool::Lease lease,
                                                            const char* name, wire::Request request);

    LockOperation(std::shared_ptr<EngineCore> engine, pool::Lease lease, const char* name, wire::Request request,
                  std::shared_ptr<Outcome> outcome);

    void initiate(CompletionHandler handler, const boost::asio::any_io_executor& executor);

    void on_lease(pool::Lease lease) noexcept override;
    void on_lease_failure(std::exception_ptr error) noexcept override;
    [[nodiscard]] bool gave_up() const noexcept override {
        const std::lock_guard lock{mutex_};
        return cancelled_;
    }
    void on_reply(wire::Reply reply) noexcept override;

private:
    enum class Stage { acquiring, executing, done };

    void cancel(boost::asio::cancellation_type type) noexcept;
    void send(pool::Lease lease);
    void finish(std::exception_ptr error, bool inline_allowed) noexcept;

    std::shared_ptr<EngineCore> engine_;
    wire::Request request_;
    std::shared_ptr<Outcome> outcome_;

    mutable std::mutex mutex_; // guards what follows
    pool::Lease lease_;
    Stage stage_ = Stage::acquiring;
    bool cancelled_ = false;

    trace::Span span_;
    Waiting waiting_;
};

} // namespace corm::orm

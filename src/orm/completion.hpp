// The end of an operation: back to whoever awaits it, on his executor.
#pragma once

#include <corm/wire/task.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace corm::orm {

using CompletionHandler = boost::asio::any_completion_handler<void(std::exception_ptr)>;

/// Who waits for an operation. Not thread-safe.
class Waiting {
public:
    void begin(CompletionHandler handler, const boost::asio::any_io_executor& executor);
    /// `cancel` is called with the type of a cancellation, if there will be one.
    template <class Cancel>
    void on_cancel(Cancel cancel) {
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler_); slot.is_connected())
            slot.assign(std::move(cancel));
    }
    /// Calls the handler, once. `inline_allowed`: called on the engine's executor, and not from inside of what started
    /// the operation.
    void end(std::exception_ptr error, const boost::asio::any_io_executor& engine, bool inline_allowed) noexcept;

private:
    CompletionHandler handler_;
    boost::asio::any_io_executor executor_;
    std::optional<boost::asio::executor_work_guard<boost::asio::any_io_executor>> work_;
};

/// Starts an operation when it is awaited: its `initiate` gets the handler, and the executor of whoever awaits it.
// No coroutine: the frame of async_initiate is enough. It gives the operation away, because the operation owns the
// handler, and with it that frame.
template <class Started>
[[nodiscard]] Task<void> wait_for(std::shared_ptr<Started> operation) {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(std::exception_ptr)>(
        [](auto handler, std::shared_ptr<Started> started) {
            Started& running = *started;
            const boost::asio::any_io_executor executor = boost::asio::get_associated_executor(handler);
            running.initiate(std::move(handler), executor);
        },
        boost::asio::use_awaitable, std::move(operation));
}

/// What a cancelled operation ends with.
[[nodiscard]] std::exception_ptr aborted();

} // namespace corm::orm

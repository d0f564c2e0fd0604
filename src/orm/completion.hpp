// The end of an operation: back to whoever awaits it, on his executor.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <exception>
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

/// What a cancelled operation ends with.
[[nodiscard]] std::exception_ptr aborted();

} // namespace corm::orm

#include <corm/orm/hooks.hpp>

#include "wire/connection.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <optional>

namespace corm::orm {
namespace asio = boost::asio;
namespace {

std::exception_ptr aborted() {
    return std::make_exception_ptr(boost::system::system_error{asio::error::operation_aborted});
}

using Handler = asio::any_completion_handler<void()>;

/// Waits for the reply to one request. The connection keeps it alive, and it the coroutine that waits.
class Call final : public wire::RequestSink {
public:
    Call(Handler handler, asio::any_io_executor executor, std::shared_ptr<wire::Reply> reply)
        : handler_(std::move(handler)), reply_(std::move(reply)), executor_(std::move(executor)), work_(executor_) {}

    void on_reply(wire::Reply reply) noexcept override {
        *reply_ = std::move(reply);
        asio::dispatch(executor_, Complete{std::move(handler_)});
    }
    /// The connection does not call any more.
    void abort(wire::Reply known) noexcept {
        *reply_ = std::move(known);
        asio::post(executor_, Complete{std::move(handler_)});
    }
    [[nodiscard]] auto slot() const noexcept { return asio::get_associated_cancellation_slot(handler_); }

private:
    struct Complete {
        explicit Complete(Handler&& to_call) : handler(std::move(to_call)) {}
        Complete(Complete&&) noexcept = default;
        Complete(const Complete&) = delete;
        Complete& operator=(const Complete&) = delete;
        ~Complete() = default;
        void operator()() {
            asio::get_associated_cancellation_slot(handler).clear();
            std::move(handler)();
        }
        Handler handler;
    };

    Handler handler_;
    std::shared_ptr<wire::Reply> reply_;
    asio::any_io_executor executor_;
    asio::executor_work_guard<asio::any_io_executor> work_;
};

Task<wire::Result> run(std::shared_ptr<wire::Connection> connection, query::RawStatement sql, TimePoint deadline,
                       std::source_location where) {
    wire::Request request;
    request.deadline = sql.within_deadline ? std::min(deadline, deadline_in(*sql.within_deadline)) : deadline;
    request.where = where;
    wire::Statement& statement = request.statements.emplace_back();
    statement.sql = std::move(sql.text);
    statement.parameters = std::move(sql.parameters);
    statement.prepare = false;
    statement.raw = true;
    const auto reply = std::make_shared<wire::Reply>();
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [](auto handler, std::shared_ptr<wire::Connection> target, wire::Request what,
           std::shared_ptr<wire::Reply> result) {
            asio::any_io_executor executor = asio::get_associated_executor(handler);
            const auto call = std::make_shared<Call>(std::move(handler), std::move(executor), std::move(result));
            if (auto slot = call->slot(); slot.is_connected())
                slot.assign([target, weak = std::weak_ptr<Call>(call)](asio::cancellation_type) {
                    const auto waiting = weak.lock();
                    if (!waiting)
                        return;
                    if (std::optional<wire::Reply> known = target->abandon(aborted()))
                        waiting->abort(std::move(*known));
                });
            target->start(std::move(what), call);
        },
        asio::use_awaitable, std::move(connection), std::move(request), reply);
    if (reply->error)
        std::rethrow_exception(reply->error);
    co_return std::move(reply->results.front());
}

} // namespace

Task<void> detail::done() {
    co_return;
}

NewConnection::NewConnection(std::shared_ptr<wire::Connection> connection, TimePoint deadline) noexcept
    : connection_(std::move(connection)), deadline_(deadline) {}

Task<std::int64_t> NewConnection::execute(query::RawStatement sql, std::source_location where) {
    const wire::Result result = co_await run(connection_, std::move(sql), deadline_, where);
    co_return result.affected_rows();
}

Task<std::shared_ptr<const types::Rows>> NewConnection::rows(query::RawStatement sql, std::source_location where) {
    co_return std::make_shared<const wire::Result>(co_await run(connection_, std::move(sql), deadline_, where));
}

} // namespace corm::orm

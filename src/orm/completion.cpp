#include "orm/completion.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

namespace corm::orm {
namespace asio = boost::asio;
namespace {

using Work = asio::executor_work_guard<asio::any_io_executor>;

/// Calls the handler. Movable only, as the handler.
struct Completion {
    Completion(CompletionHandler&& to_call, Work&& held, std::exception_ptr&& outcome)
        : handler(std::move(to_call)), work(std::move(held)), error(std::move(outcome)) {}
    Completion(Completion&&) noexcept = default;
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;
    ~Completion() = default;

    void operator()() {
        asio::get_associated_cancellation_slot(handler).clear();
        work.reset();
        std::move(handler)(std::move(error));
    }

    CompletionHandler handler;
    Work work;
    std::exception_ptr error;
};

/// To an executor whose context may be another, and may run dry and end as soon as the handler has run there: not
/// before this thread has let go of it.
void go(const asio::any_io_executor& executor, Completion&& complete) {
    const Work kept = complete.work;
    asio::dispatch(executor, std::move(complete));
}

/// Goes to the executor of the handler from that of the engine.
struct Hop {
    Hop(asio::any_io_executor&& to, Completion&& completion)
        : executor(std::move(to)), complete(std::move(completion)) {}
    Hop(Hop&&) noexcept = default;
    Hop(const Hop&) = delete;
    Hop& operator=(const Hop&) = delete;
    ~Hop() = default;

    void operator()() { go(executor, std::move(complete)); }

    asio::any_io_executor executor;
    Completion complete;
};

} // namespace

std::exception_ptr aborted() {
    return std::make_exception_ptr(boost::system::system_error{asio::error::operation_aborted});
}

void Waiting::begin(CompletionHandler handler, const asio::any_io_executor& executor) {
    handler_.swap(handler); // the move assignment of Boost 1.81 recurses for ever
    executor_ = executor;
    work_.emplace(executor);
}

void Waiting::end(std::exception_ptr error, const asio::any_io_executor& engine, bool inline_allowed) noexcept {
    asio::any_io_executor executor = std::move(executor_);
    Completion complete{std::move(handler_), std::move(*work_), std::move(error)};
    work_.reset();
    if (!inline_allowed)
        asio::post(engine, Hop{std::move(executor), std::move(complete)});
    else if (executor == engine)
        complete(); // what dispatch comes to, without its copies
    else
        go(executor, std::move(complete));
}

} // namespace corm::orm

// Engine::transaction: a unit of work that is retried whole.
#pragma once

#include <corm/base/error.hpp>
#include <corm/orm/async_session.hpp>

#include <exception>

namespace corm::orm {
namespace detail {

template <class Result, class Function>
Task<Result> run_transaction(std::shared_ptr<EngineCore> engine, Function fn, TransactionOptions options,
                             std::source_location where) {
    for (int attempt = 1;; ++attempt) {
        std::exception_ptr failure;
        bool again = false;
        {
            AsyncSession session = session_of(engine, options.session, where);
            try {
                if constexpr (std::is_void_v<Result>) {
                    co_await fn(session);
                    co_await end_scope(session, where);
                    co_return;
                } else {
                    Result result = co_await fn(session);
                    co_await end_scope(session, where);
                    co_return result;
                }
            } catch (...) {
                failure = std::current_exception();
            }
            if (undoes_hooked(session)) {
                try {
                    co_await undo_hooked(session, where);
                } catch (...) { // what made it fail says more
                }
            }
            again = attempt < options.max_attempts && may_run_again(session, failure);
        }
        if (!again)
            std::rethrow_exception(failure);
        co_await back_off(engine, options, attempt, where);
    }
}

} // namespace detail

template <class Function>
auto Engine::transaction(Function fn, TransactionOptions options, std::source_location where) {
    static_assert(std::is_invocable_v<Function&, AsyncSession&>,
                  "corm: the function of a transaction takes an AsyncSession& and returns a corm::Task");
    using Result = typename detail::AwaitedType<std::invoke_result_t<Function&, AsyncSession&>>::type;
    return detail::run_transaction<Result>(core_, std::move(fn), options, where);
}

} // namespace corm::orm

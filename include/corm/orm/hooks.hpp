// Coroutines that a program gives to its engine.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/query/raw.hpp>
#include <corm/wire/task.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace corm::wire {
class Connection;
}
namespace corm::types {
class Rows;
}

namespace corm::orm {

template <class Signature>
class AsyncFunction;

namespace detail {
/// Of a function that is no coroutine.
[[nodiscard]] Task<void> done();
/// True if a call yields `Result` when it is awaited; where nothing is yielded, it need not be a coroutine.
template <class Function, class Result, class... Arguments>
concept HookFunction = std::is_invocable_r_v<Task<Result>, Function&, Arguments...> ||
                       (std::is_void_v<Result> && requires(Function& function, Arguments&&... arguments) {
                           { function(std::forward<Arguments>(arguments)...) } -> std::same_as<void>;
                       });
} // namespace detail

/// Any function object that returns a coroutine, or nothing where nothing is asked for. Copies share the object, which
/// lives as long as one of its coroutines runs.
template <class Result, class... Arguments>
class AsyncFunction<Result(Arguments...)> {
public:
    AsyncFunction() noexcept = default;
    template <class Function>
        requires(!std::same_as<Function, AsyncFunction> && detail::HookFunction<Function, Result, Arguments...>)
    AsyncFunction(Function function) // NOLINT: a lambda is meant to convert
        : target_(std::make_shared<Target<Function>>(std::move(function))) {}

    [[nodiscard]] explicit operator bool() const noexcept { return target_ != nullptr; }
    /// Precondition: there is a function. Keep this object until the coroutine has ended.
    [[nodiscard]] Task<Result> operator()(Arguments... arguments) const {
        return target_->call(std::forward<Arguments>(arguments)...);
    }

private:
    struct Base {
        virtual ~Base() = default;
        virtual Task<Result> call(Arguments... arguments) = 0;
    };
    template <class Function>
    struct Target final : Base {
        explicit Target(Function given) : function(std::move(given)) {}
        Task<Result> call(Arguments... arguments) override {
            if constexpr (std::is_invocable_r_v<Task<Result>, Function&, Arguments...>) {
                return function(std::forward<Arguments>(arguments)...);
            } else {
                function(std::forward<Arguments>(arguments)...);
                return detail::done();
            }
        }
        Function function;
    };

    std::shared_ptr<Base> target_;
};

/// A connection that is not in use yet, for `EngineOptions::on_connect`. What is left of its transaction is rolled back
/// afterwards. One statement at a time; good until the hook returns.
class NewConnection {
public:
    /// For the engine.
    NewConnection(std::shared_ptr<wire::Connection> connection, TimePoint deadline) noexcept;

    /// Runs one statement, outside a transaction unless the hook has begun one, and returns how many rows it affected.
    /// One round trip. Throws what the server says, or `TimeoutError` after `PoolOptions::connect_timeout`.
    Task<std::int64_t> execute(query::RawStatement sql, std::source_location where = std::source_location::current());
    /// The same for statements that return rows.
    [[nodiscard]] Task<std::shared_ptr<const types::Rows>>
    rows(query::RawStatement sql, std::source_location where = std::source_location::current());

private:
    std::shared_ptr<wire::Connection> connection_;
    TimePoint deadline_;
};

/// Makes a connection ready before it is used.
using ConnectHook = AsyncFunction<void(NewConnection&)>;
/// Yields the password for one dial: a token that expires, a secret that is rotated.
using PasswordProvider = AsyncFunction<std::string()>;

} // namespace corm::orm

// What a call refuses to do, as text.
#pragma once

#include <corm/base/error.hpp>
#include <corm/wire/task.hpp>

#include <string>
#include <type_traits>

namespace corm::test {

/// What one call throws, awaited if it is a coroutine; empty if it is allowed.
template <class Call>
Task<std::string> refused(Call call) {
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Call&>>)
            call();
        else
            static_cast<void>(co_await call());
    } catch (const Error& error) {
        co_return error.what();
    }
    co_return std::string{};
}

} // namespace corm::test

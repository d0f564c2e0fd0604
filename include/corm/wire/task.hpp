// The coroutine type of every operation, named in one place.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace corm {

/// What `co_await` takes. Lazy: nothing happens until it is awaited.
template <class T = void>
using Task = boost::asio::awaitable<T>;

} // namespace corm

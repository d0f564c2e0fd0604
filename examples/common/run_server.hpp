// The life of a server program.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>

namespace examples {

/// Runs `program`, and all that it starts on `context`, to the end, by so many threads, this one among them. Rethrows
/// what `program` throws; the rest is not waited for then.
void run_server(boost::asio::io_context& context, boost::asio::awaitable<void> program, std::int64_t threads = 1);

} // namespace examples

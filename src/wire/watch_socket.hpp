// A socket of libpq, as Asio sees it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace corm::wire {

/// A second descriptor of `socket`, to wait on; it closes with the object, and leaves `socket` alone. libpq closes its
/// own as soon as it reads the end of the connection, and another thread may be given that number at once: taken out of
/// Asio's set by number then, the newcomer would hear nothing. Throws `ConnectionError` when no descriptor is left.
[[nodiscard]] boost::asio::posix::stream_descriptor watch_socket(const boost::asio::any_io_executor& executor,
                                                                 int socket);

} // namespace corm::wire

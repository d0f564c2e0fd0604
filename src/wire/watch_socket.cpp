#include "wire/watch_socket.hpp"

#include <corm/base/error.hpp>

#include <boost/system/error_code.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace corm::wire {
namespace {

[[noreturn]] void refuse(int error) {
    std::string text = "the socket of a new connection cannot be watched: " + std::generic_category().message(error);
    if (error == EMFILE)
        text += "; a connection takes two descriptors: raise the limit of open files (ulimit -n), or lower "
                "PoolOptions::max_size";
    throw ConnectionError(text, {}, true);
}

} // namespace

boost::asio::posix::stream_descriptor watch_socket(const boost::asio::any_io_executor& executor, int socket) {
    boost::asio::posix::stream_descriptor watched{executor};
    const int own = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        refuse(errno);
    boost::system::error_code failed;
    watched.assign(own, failed);
    if (failed) {
        ::close(own);
        refuse(failed.value());
    }
    return watched;
}

} // namespace corm::wire

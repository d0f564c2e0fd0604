// Where letters go: the world outside of the database, which no transaction takes anything back from.
#pragma once

#include <corm/corm.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace job_queue {

/// The post does not take the letter.
class Refused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What the post is told with a letter.
struct Consignment {
    std::int64_t job = 0; ///< the same for each attempt: by this the post can tell a repetition
    std::int32_t attempt = 0;
    std::string worker{}; ///< without blanks
    std::string recipient{};
};

/// Several letters may be under way at once, all on one thread.
class PostOffice {
public:
    virtual ~PostOffice() = default;
    /// Throws `Refused`, and what the network throws. Cancellation: terminal; the letter may have been taken.
    virtual corm::Task<> send(Consignment letter) = 0;
};

/// Takes a few milliseconds, and refuses one of twenty.
std::unique_ptr<PostOffice> imaginary_post_office();

/// Asks a server on this machine, over a connection for each letter. It is sent `SEND job attempt worker recipient` as
/// a line, and answers `ok`, or a line that says why not.
std::unique_ptr<PostOffice> post_office_at(std::uint16_t port);

} // namespace job_queue

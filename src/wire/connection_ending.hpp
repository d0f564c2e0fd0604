// What a connection has to tell, once its lock is open.
#pragma once

#include "wire/connection.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace corm::wire {

/// What there is to tell when the lock is released.
struct Connection::Ending {
    std::shared_ptr<RequestSink> sink;
    Reply reply;
    bool settled = false; // nobody waited: the owner is told
    bool news = false;    // of a watched connection
    std::vector<Diagnostics> notices;
    bool traced = false;
    std::vector<PipelineFsm::Answered> answers;
    Request request; // freed, or traced, without the lock
    TimePoint started;
    std::uint64_t round_trip = 0;

    [[nodiscard]] bool empty() const noexcept { return !sink && !settled && !news && notices.empty() && !traced; }
};

} // namespace corm::wire

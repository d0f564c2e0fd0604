// What a listener does when its lock is released.
#pragma once

#include "pool/listener.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace corm::pool {

struct Listener::Todo {
    struct Wake {
        std::shared_ptr<MailSink> sink;
        std::shared_ptr<void> work;
    };
    std::vector<Wake> wakes;
    bool dials = false;
    std::shared_ptr<wire::Connection> asked; ///< null: nothing is asked
    wire::Request request;
    std::vector<std::string> listened; ///< by this request
    std::shared_ptr<wire::Connection> closed;
    TimePoint wake_by = TimePoint::max();
};

} // namespace corm::pool

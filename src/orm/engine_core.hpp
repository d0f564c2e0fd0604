// What the sessions of an engine share.
#pragma once

#include "pool/pool.hpp"

#include <corm/orm/options.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace corm::orm {

struct EngineCore {
    boost::asio::any_io_executor executor;
    std::shared_ptr<pool::Pool> pool;
    EngineOptions options;
};

} // namespace corm::orm

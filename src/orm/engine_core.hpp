// What the sessions of an engine share.
#pragma once

#include "orm/null_checks.hpp"
#include "orm/quick_texts.hpp"
#include "orm/slow_plans.hpp"
#include "pool/lanes.hpp"
#include "pool/listener.hpp"

#include <corm/orm/options.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <utility>

namespace corm::orm {

struct EngineCore {
    explicit EngineCore(EngineOptions given)
        : quick_texts(given.pool.lane_slow_after), slow_plans(given.tracer ? given.plans : PlanOptions{}),
          options(std::move(given)) {}

    boost::asio::any_io_executor executor;
    std::shared_ptr<pool::Pool> pool;
    std::shared_ptr<pool::Lanes> lanes; ///< null: readers lease as others do
    std::shared_ptr<pool::Listener> listener;
    QuickTexts quick_texts;
    SlowPlans slow_plans;
    NullChecks null_checks;
    EngineOptions options;
};

} // namespace corm::orm

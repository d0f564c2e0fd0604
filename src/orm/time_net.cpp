#include "orm/time_net.hpp"

#include <memory>
#include <string>
#include <utility>

namespace corm::orm {
namespace {

/// As the server shows a time limit: in the largest unit that leaves no rest.
std::string shown(Duration limit) {
    constexpr std::pair<int, const char*> units[] = {
        {86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1'000, "s"}};
    const auto count = limit.count();
    for (const auto& [size, unit] : units) {
        if (count % size == 0)
            return std::to_string(count / size) + unit;
    }
    return std::to_string(count) + "ms";
}

} // namespace

wire::Statement lift_net(const EngineOptions& engine) {
    static const auto text =
        std::make_shared<const std::string>("SELECT pg_catalog.set_config('statement_timeout', '0', true) "
                                            "WHERE pg_catalog.current_setting('statement_timeout') = $1");
    wire::Statement statement;
    statement.sql = text;
    statement.parameters.add_text(shown(engine.deadline + statement_timeout_margin));
    return statement;
}

wire::Statement lift_net_of_session() {
    static const auto text = std::make_shared<const std::string>("SET statement_timeout = 0");
    wire::Statement statement;
    statement.sql = text;
    statement.prepare = false;
    return statement;
}

} // namespace corm::orm

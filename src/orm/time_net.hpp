// The server's own limit on a statement, and operations that may last for longer.
#pragma once

#include "wire/request.hpp"

#include <corm/base/clock.hpp>
#include <corm/orm/options.hpp>

namespace corm::orm {

/// The server's limit is so much longer than the engine's deadline, which comes first: it ends what the client can no
/// longer cancel.
inline constexpr Duration statement_timeout_margin{1'000};

/// The server would end an operation with this limit before its deadline.
[[nodiscard]] inline bool outlasts_net(const EngineOptions& engine, Duration limit) noexcept {
    return engine.deadline != no_deadline && limit > engine.deadline;
}

/// For the rest of the transaction there is no limit on the server, but one that the program has set.
[[nodiscard]] wire::Statement lift_net(const EngineOptions& engine);
/// For the rest of the server's session: the connection has to be reset behind it. A Sync has to follow.
[[nodiscard]] wire::Statement lift_net_of_session();

} // namespace corm::orm

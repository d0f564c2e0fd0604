// The keywords that protect a connection.
#pragma once

#include "wire/connect_plan.hpp"

#include <corm/wire/transport.hpp>

#include <set>
#include <string>

namespace corm::wire {

/// The endpoint is a Unix socket.
[[nodiscard]] bool is_local(const Endpoint& endpoint) noexcept;

/// Completes `plan`: keep-alives, no GSSAPI unless asked for, and what `transport` wants of connections by TCP. Throws
/// `ConnectionError` for a configuration that is weaker than `transport` allows. `known`: the keywords of this libpq;
/// `fallback`: its environment and defaults.
void protect(ConnectPlan& plan, Transport transport, const std::set<std::string>& known, Keywords& fallback);

} // namespace corm::wire

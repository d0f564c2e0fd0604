// From a Config to single attempts: one host, one address, one port each.
#pragma once

#include "wire/keywords.hpp"

#include <corm/base/clock.hpp>
#include <corm/wire/config.hpp>

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace corm::wire {

/// A host as the user named it.
struct Endpoint {
    std::string host;     ///< name, or directory of a Unix socket; empty: libpq's default
    std::string hostaddr; ///< numeric; empty: to be resolved
    std::string port;
};

/// What all attempts share, and where they go.
struct ConnectPlan {
    Keywords common;   ///< without hosts, ports and time limits
    Keywords tcp_only; ///< for connections by TCP
    std::vector<Endpoint> endpoints;
    bool shuffle = false;
    bool prefer_standby = false; ///< try all as standbys first, then as anything
    std::optional<Duration> connect_timeout;
    std::string warning; ///< what an operator should know about it; empty for nothing
};

/// One try at one address, ready for libpq.
struct Attempt {
    Keywords keywords;
    std::string place; ///< "db1 (10.0.0.1) port 5432", for messages
};

/// Checks `config` and takes it apart. libpq knows only how to try several hosts within one time limit, and resolves
/// names while its caller waits. Throws `ConnectionError`, whose text names keywords and never a value: libpq's own
/// words about a malformed URL quote the password. No I/O.
[[nodiscard]] ConnectPlan make_plan(const Config& config);

/// Resolves names: blocks. A host that cannot be resolved gives one attempt that fails with libpq's reason.
/// `password` stands in for that of the plan.
[[nodiscard]] std::vector<Attempt> make_attempts(const ConnectPlan& plan, std::mt19937& random,
                                                 const std::optional<std::string>& password = {});

} // namespace corm::wire

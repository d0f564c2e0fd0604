// Where the server is, and how to talk to it.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/wire/transport.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::wire {

/// How to reach a server. An aggregate for designated initialisers; fields that are set win over `url`, which wins over
/// libpq's environment variables and defaults.
///
/// ```cpp
/// corm::wire::Config config{.url = "postgresql://app@db1,db2/shop", .password = secret, .statement_timeout = 10s};
/// ```
///
/// Several hosts, and all the addresses of each, are tried in order, each with its own time limit. `connect_timeout` in
/// the URL (seconds) sets that limit; otherwise the pool's options do. `load_balance_hosts=random` shuffles the hosts.
/// A password in the URL is kept in memory; libpq keeps a copy of its own. Connections by TCP have keep-alives, and
/// GSSAPI encryption is not tried, unless the URL or `parameters` say otherwise.
struct Config {
    /// `postgresql://user:password@host:port/database?keyword=value`, or libpq's `keyword=value ...` form.
    std::string url{};
    std::string host{};
    std::string port{};
    std::string user{};
    std::string password{};
    std::string database{};
    /// Shown in `pg_stat_activity`. Empty: as in the URL, and "corm" if it says nothing.
    std::string application_name{};
    /// The server ends any statement that runs longer (SQLSTATE 57014); none when not set. Whole milliseconds.
    std::optional<Duration> statement_timeout{};
    /// How well connections by TCP have to be protected.
    Transport transport = Transport::checked;
    /// Server settings that every session of the pool starts with.
    std::vector<std::pair<std::string, std::string>> settings{};
    /// Further libpq keywords, `sslmode` for example.
    std::vector<std::pair<std::string, std::string>> parameters{};

    /// Where the connection goes, safe to log: user, hosts, ports and database, never a password.
    /// Throws `ConnectionError` when the configuration is not valid.
    [[nodiscard]] std::string redacted() const;
    /// Throws `ConnectionError` when the configuration is not valid. The text names keywords, never a value. No I/O.
    void validate() const;
};

} // namespace corm::wire

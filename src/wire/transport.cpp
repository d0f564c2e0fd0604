#include "wire/transport.hpp"

#include <algorithm>
#include <cstdlib>

namespace corm::wire {
namespace {

/// Packets stay on this machine.
bool is_loopback(const Endpoint& endpoint) noexcept {
    const std::string& address = endpoint.hostaddr.empty() ? endpoint.host : endpoint.hostaddr;
    return address == "localhost" || address == "::1" || address.starts_with("127.");
}

void set_unless_given(Keywords& keywords, const char* name, const char* value) {
    if (find(keywords, name) == nullptr)
        set(keywords, name, value);
}

void require(ConnectPlan& plan, const char* name, const char* value) {
    if (const std::string* given = find(plan.common, name); given != nullptr && *given != value)
        refuse("\"" + std::string{name} + "\" says something else than Transport::secure, which needs " + value +
               "; leave it out, or choose another transport");
    static_cast<void>(take(plan.common, name));
    set(plan.tcp_only, name, value);
}

void secure(ConnectPlan& plan, const std::set<std::string>& known) {
    require(plan, "sslmode", "verify-full");
    require(plan, "channel_binding", "require");
    // Since libpq 16. Before, channel binding alone keeps it from answering to other ways.
    if (known.contains("require_auth"))
        require(plan, "require_auth", "scram-sha-256");
}

void check(ConnectPlan& plan, Keywords& fallback) {
    const bool remote = std::any_of(plan.endpoints.begin(), plan.endpoints.end(),
                                    [](const Endpoint& each) { return !is_local(each) && !is_loopback(each); });
    // What a service file says is not known here.
    if (!remote || find(plan.common, "service") != nullptr)
        return;
    const auto value = [&](const char* name) {
        const std::string* found = find(plan.common, name);
        found = found != nullptr ? found : find(fallback, name);
        return found != nullptr ? *found : std::string{};
    };
    if (find(plan.common, "sslmode") == nullptr && std::getenv("PGSSLMODE") == nullptr)
        refuse("\"sslmode\" is not given for a connection by TCP, and libpq's default goes on without protection when "
               "TLS is declined; choose Transport::secure (and \"sslrootcert\"), or sslmode=require or disable, or "
               "Transport::trusted");
    const bool verified = value("sslmode") == "verify-full";
    if (verified && (value("channel_binding") == "require" || !value("sslcert").empty()))
        return;
    plan.warning = verified ? "connections verify the server but do not bind authentication to the channel: a server "
                              "may ask for the password itself; Transport::secure adds channel_binding=require"
                            : "connections by TCP do not verify the server (see sslmode): somebody in between can read "
                              "and change everything; use Transport::secure, or "
                              "Transport::trusted where that cannot be";
}

} // namespace

bool is_local(const Endpoint& endpoint) noexcept {
    if (!endpoint.hostaddr.empty())
        return false;
    return endpoint.host.empty() || endpoint.host.front() == '/' || endpoint.host.front() == '@';
}

void protect(ConnectPlan& plan, Transport transport, const std::set<std::string>& known, Keywords& fallback) {
    // Costs a round trip and may connect twice.
    if (std::getenv("PGGSSENCMODE") == nullptr)
        set_unless_given(plan.common, "gssencmode", "disable");
    // The defaults of the system notice a server that is gone after two hours, and after a quarter of one when
    // something was sent.
    set_unless_given(plan.common, "keepalives_idle", "30");
    set_unless_given(plan.common, "keepalives_interval", "10");
    set_unless_given(plan.common, "keepalives_count", "3");
    set_unless_given(plan.common, "tcp_user_timeout", "30000");
    switch (transport) {
    case Transport::checked: check(plan, fallback); break;
    case Transport::secure: secure(plan, known); break;
    case Transport::trusted: break;
    }
}

} // namespace corm::wire

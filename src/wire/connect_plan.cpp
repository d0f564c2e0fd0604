#include "wire/connect_plan.hpp"

#include "wire/setting_name.hpp"
#include "wire/transport.hpp"

#include <libpq-fe.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <set>
#include <string_view>

namespace corm::wire {

namespace {

struct FreeOptions {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

Keywords parse_url(const std::string& url) {
    Keywords keywords;
    if (url.empty())
        return keywords;
    if (url.find('\0') != std::string::npos)
        refuse("the URL holds a NUL character");
    // libpq takes the first '@' for the end of the password, and the rest for a host that it shows.
    const std::string_view authority = std::string_view{url}.substr(0, url.find('?'));
    if (authority.find("://") != std::string_view::npos && std::count(authority.begin(), authority.end(), '@') > 1)
        refuse("the URL holds more than one '@'; write those of user, password and database as %40");
    char* reason = nullptr;
    const Options options{PQconninfoParse(url.c_str(), &reason)};
    if (reason != nullptr)
        PQfreemem(reason);
    if (!options)
        refuse("the URL cannot be parsed, or holds a keyword that this libpq does not know; percent-encode special "
               "characters of a URL, quote values of the keyword form (the text is not shown: it may hold a password)");
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr)
            keywords.emplace_back(option->keyword, option->val);
    }
    return keywords;
}

// libpq's environment variables, service file and defaults.
Keywords defaults(std::set<std::string>& known) {
    Keywords keywords;
    const Options options{PQconndefaults()};
    for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
        known.insert(option->keyword);
        if (option->val != nullptr)
            keywords.emplace_back(option->keyword, option->val);
    }
    return keywords;
}

// The server splits the value of `options` at whatever its locale calls a blank, and takes any character behind a
// backslash as it is.
std::string escape_option(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte >= 0x7f || c == '\\')
            escaped += '\\';
        escaped += c;
    }
    return escaped;
}

void add_settings(const Config& config, Keywords& keywords) {
    std::string options;
    if (const std::string* present = find(keywords, "options"))
        options = *present;
    const auto add = [&](const std::string& name, const std::string& value) {
        // Names are not escaped: what is no part of one could begin another setting.
        if (!is_setting_name(name))
            refuse(std::string{"a server setting has a name that is none; "} + setting_name_rule);
        options += (options.empty() ? "-c " : " -c ") + name + "=" + escape_option(value);
    };
    if (config.statement_timeout) {
        if (config.statement_timeout->count() < 0)
            refuse("statement_timeout is negative");
        add("statement_timeout", std::to_string(config.statement_timeout->count()));
    }
    for (const auto& [name, value] : config.settings)
        add(name, value);
    if (!options.empty())
        set(keywords, "options", std::move(options));
}

/// The server reads a startup packet of this size at most, its length apart, and closes the connection without a word
/// when it is larger.
constexpr std::size_t max_startup_packet = 10'000;

/// What the keywords take of a startup packet: a version, then names and values, each ended by a NUL, then
/// one more. Without what libpq adds from its service file.
void check_startup_packet(Keywords& given, Keywords& base) {
    const auto value = [&](const char* name) {
        const std::string* found = find(given, name);
        if (found == nullptr)
            found = find(base, name);
        return found != nullptr ? *found : std::string{};
    };
    const std::string user = value("user");
    const std::string database = value("dbname");
    const std::pair<std::string_view, std::string> parts[] = {{"user", user},
                                                              {"database", database.empty() ? user : database},
                                                              {"replication", value("replication")},
                                                              {"options", value("options")},
                                                              {"application_name", value("application_name")},
                                                              {"client_encoding", value("client_encoding")}};
    std::size_t size = sizeof(std::int32_t) + 1;
    for (const auto& [name, text] : parts)
        size += text.empty() ? 0 : name.size() + text.size() + 2;
    if (size > max_startup_packet)
        refuse("user, database, application_name and the server settings, with a backslash before each blank and each "
               "letter that is not ASCII, take " +
               std::to_string(size) + " bytes, and the server reads " + std::to_string(max_startup_packet) +
               " at most; set what is long in on_connect");
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    if (text.empty())
        return parts;
    for (std::size_t at = 0;;) {
        const std::size_t comma = text.find(',', at);
        parts.emplace_back(text.substr(at, comma - at));
        if (comma == std::string_view::npos)
            return parts;
        at = comma + 1;
    }
}

std::vector<Endpoint> make_endpoints(const std::string& host, const std::string& hostaddr, const std::string& port) {
    const std::vector<std::string> hosts = split(host), addresses = split(hostaddr), ports = split(port);
    const std::size_t count = std::max<std::size_t>({hosts.size(), addresses.size(), 1});
    if (!hosts.empty() && !addresses.empty() && hosts.size() != addresses.size())
        refuse("\"host\" and \"hostaddr\" name different numbers of hosts");
    if (ports.size() > 1 && ports.size() != count)
        refuse("\"port\" names more or fewer ports than there are hosts; give one for all, or one for each");
    std::vector<Endpoint> endpoints;
    for (std::size_t i = 0; i < count; ++i) {
        Endpoint& endpoint = endpoints.emplace_back();
        if (!hosts.empty())
            endpoint.host = hosts[i];
        if (!addresses.empty())
            endpoint.hostaddr = addresses[i];
        if (!ports.empty())
            endpoint.port = ports.size() == 1 ? ports[0] : ports[i];
        unsigned number = 0;
        const char* end = endpoint.port.data() + endpoint.port.size();
        if (!endpoint.port.empty() &&
            (std::from_chars(endpoint.port.data(), end, number).ptr != end || number == 0 || number > 65'535))
            refuse("\"port\" is not a number from 1 to 65535");
    }
    return endpoints;
}

std::optional<Duration> parse_timeout(const std::string& text) {
    if (text.empty())
        return std::nullopt;
    int seconds = 0;
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), end, seconds).ptr != end)
        refuse("\"connect_timeout\" is not a number of seconds");
    return seconds > 0 ? std::optional<Duration>{std::chrono::seconds{seconds}} : std::nullopt;
}

Attempt make_attempt(const ConnectPlan& plan, const Endpoint& endpoint, std::string hostaddr, const char* role) {
    Attempt attempt{plan.common, endpoint.host};
    if (!endpoint.host.empty())
        attempt.keywords.emplace_back("host", endpoint.host);
    if (!endpoint.port.empty())
        attempt.keywords.emplace_back("port", endpoint.port);
    if (!hostaddr.empty()) {
        if (hostaddr != endpoint.host)
            attempt.place += attempt.place.empty() ? hostaddr : " (" + hostaddr + ")";
        attempt.keywords.emplace_back("hostaddr", std::move(hostaddr));
    }
    if (attempt.place.empty())
        attempt.place = "the local server";
    if (!endpoint.port.empty())
        attempt.place += " port " + endpoint.port;
    if (role != nullptr)
        set(attempt.keywords, "target_session_attrs", role);
    if (!is_local(endpoint)) {
        for (const auto& [name, value] : plan.tcp_only)
            set(attempt.keywords, name, value);
    }
    return attempt;
}

// Numeric addresses of a name; none when it cannot be resolved.
std::vector<std::string> resolve(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    std::vector<std::string> addresses;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0)
        return addresses;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0 &&
            std::find(addresses.begin(), addresses.end(), text) == addresses.end())
            addresses.emplace_back(text);
    }
    freeaddrinfo(found);
    return addresses;
}

} // namespace

ConnectPlan make_plan(const Config& config) {
    std::set<std::string> known;
    Keywords base = defaults(known);
    Keywords given = parse_url(config.url);
    for (const auto& [name, value] : config.parameters) {
        if (!known.contains(name))
            refuse("this libpq does not know the keyword \"" + name + "\"");
        set(given, name, value);
    }
    const std::pair<const char*, const std::string&> fields[] = {
        {"host", config.host},         {"port", config.port},       {"user", config.user},
        {"password", config.password}, {"dbname", config.database}, {"application_name", config.application_name}};
    for (const auto& [name, value] : fields) {
        if (!value.empty())
            set(given, name, value);
    }
    if (find(given, "application_name") == nullptr && find(base, "application_name") == nullptr)
        set(given, "application_name", "corm");
    set(given, "client_encoding", "UTF8");
    add_settings(config, given);
    check_values(given);
    check_startup_packet(given, base);

    ConnectPlan plan;
    const auto effective = [&](const char* name) {
        const bool own = find(given, name) != nullptr;
        std::string value = take(given, name);
        const std::string* fallback = own ? nullptr : find(base, name);
        return fallback != nullptr ? *fallback : value;
    };
    plan.connect_timeout = parse_timeout(effective("connect_timeout"));
    const bool service = find(given, "service") != nullptr;
    const auto place = [&](const char* name) { return service ? take(given, name) : effective(name); };
    // An explicit host leaves no room for the environment's address of another one.
    const bool has_host = find(given, "host") != nullptr;
    const std::string host = place("host");
    std::string hostaddr = find(given, "hostaddr") != nullptr || !has_host ? place("hostaddr") : std::string{};
    plan.endpoints = make_endpoints(host, hostaddr, place("port"));
    plan.shuffle = effective("load_balance_hosts") == "random";
    if (const std::string* role = find(given, "target_session_attrs"))
        plan.prefer_standby = *role == "prefer-standby" && plan.endpoints.size() > 1;
    plan.common = std::move(given);
    protect(plan, config.transport, known, base);
    return plan;
}

std::vector<Attempt> make_attempts(const ConnectPlan& plan, std::mt19937& random,
                                   const std::optional<std::string>& password) {
    std::vector<Endpoint> endpoints = plan.endpoints;
    if (plan.shuffle)
        std::shuffle(endpoints.begin(), endpoints.end(), random);
    std::vector<std::pair<const Endpoint*, std::string>> places;
    for (const Endpoint& endpoint : endpoints) {
        std::vector<std::string> addresses;
        if (!is_local(endpoint) && endpoint.hostaddr.empty())
            addresses = resolve(endpoint.host);
        if (addresses.empty())
            addresses.push_back(endpoint.hostaddr);
        for (std::string& address : addresses)
            places.emplace_back(&endpoint, std::move(address));
    }
    std::vector<Attempt> attempts;
    if (plan.prefer_standby) {
        for (const auto& [endpoint, address] : places)
            attempts.push_back(make_attempt(plan, *endpoint, address, "standby"));
    }
    for (const auto& [endpoint, address] : places)
        attempts.push_back(make_attempt(plan, *endpoint, address, plan.prefer_standby ? "any" : nullptr));
    for (Attempt& attempt : attempts) {
        if (password)
            set(attempt.keywords, "password", *password);
    }
    return attempts;
}

void Config::validate() const {
    static_cast<void>(make_plan(*this));
}

std::string Config::redacted() const {
    ConnectPlan plan = make_plan(*this);
    std::string text = "postgresql://";
    if (const std::string* user_name = find(plan.common, "user"))
        text += *user_name + "@";
    for (std::size_t i = 0; i < plan.endpoints.size(); ++i) {
        const Endpoint& endpoint = plan.endpoints[i];
        text += (i == 0 ? "" : ",") + (endpoint.host.empty() ? endpoint.hostaddr : endpoint.host);
        if (!endpoint.port.empty())
            text += ":" + endpoint.port;
    }
    text += '/';
    if (const std::string* name = find(plan.common, "dbname"))
        text += *name;
    return text;
}

} // namespace corm::wire

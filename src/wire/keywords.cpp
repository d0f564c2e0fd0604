#include "wire/keywords.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <charconv>

namespace corm::wire {
namespace {

// Each value between blanks.
constexpr std::pair<std::string_view, std::string_view> choices[] = {
    {"sslmode", " disable allow prefer require verify-ca verify-full "},
    {"channel_binding", " disable prefer require "},
    {"gssencmode", " disable prefer require "},
    {"target_session_attrs", " any read-write read-only primary standby prefer-standby "},
    {"ssl_min_protocol_version", " TLSv1 TLSv1.1 TLSv1.2 TLSv1.3 "},
    {"ssl_max_protocol_version", " TLSv1 TLSv1.1 TLSv1.2 TLSv1.3 "},
    {"load_balance_hosts", " disable random "},
};
constexpr std::string_view numbers[] = {"keepalives",       "keepalives_idle",  "keepalives_interval",
                                        "keepalives_count", "tcp_user_timeout", "sslsni"};

bool is_number(std::string_view text) noexcept {
    int number = 0;
    return std::from_chars(text.data(), text.data() + text.size(), number).ptr == text.data() + text.size();
}

} // namespace

void refuse(const std::string& what) {
    throw ConnectionError("connection configuration: " + what, Diagnostics{}, false);
}

std::string* find(Keywords& keywords, std::string_view name) {
    const auto at =
        std::find_if(keywords.begin(), keywords.end(), [&](const auto& each) { return each.first == name; });
    return at == keywords.end() ? nullptr : &at->second;
}

void set(Keywords& keywords, const std::string& name, std::string value) {
    if (value.find('\0') != std::string::npos)
        refuse("the value of \"" + name + "\" holds a NUL character");
    if (std::string* present = find(keywords, name))
        *present = std::move(value);
    else
        keywords.emplace_back(name, std::move(value));
}

std::string take(Keywords& keywords, std::string_view name) {
    const auto at =
        std::find_if(keywords.begin(), keywords.end(), [&](const auto& each) { return each.first == name; });
    if (at == keywords.end())
        return {};
    std::string value = std::move(at->second);
    keywords.erase(at);
    return value;
}

void check_values(const Keywords& keywords) {
    for (const auto& [name, value] : keywords) {
        for (const auto& [keyword, values] : choices) {
            if (keyword == name && !value.empty() && values.find(" " + value + " ") == std::string_view::npos)
                refuse("the value of \"" + name + "\" is none that libpq knows");
        }
        if (std::find(std::begin(numbers), std::end(numbers), name) != std::end(numbers) && !is_number(value))
            refuse("the value of \"" + name + "\" is not a number");
        if (name == "host" && value.find('@') != std::string::npos && !value.starts_with('@'))
            refuse("\"host\" holds an '@'; in the password of a URL it is written %40");
    }
}

} // namespace corm::wire

#include "orm/settings.hpp"

#include <corm/base/error.hpp>
#include <corm/type/types.hpp>

#include <algorithm>
#include <string_view>

namespace corm::orm {
namespace {

/// A name, or several joined by dots, as the server takes them.
bool is_name(std::string_view name) noexcept {
    bool inside = false;
    for (const char c : name) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        const bool further = (c >= '0' && c <= '9') || c == '$';
        if (c == '.' ? !inside : !letter && !(inside && further))
            return false;
        inside = c != '.';
    }
    return inside;
}

std::string in_lower_case(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return name;
}

[[noreturn]] void refuse(const std::string& why) {
    throw MappingError("SessionOptions::settings: " + why);
}

} // namespace

std::unique_ptr<const types::Parameters> settings_of(const SessionOptions& options) {
    if (options.settings.empty())
        return nullptr;
    std::vector<std::string> seen;
    for (const auto& [name, value] : options.settings) {
        // Not shown: what is no name may be anything.
        if (!is_name(name))
            refuse("the name of number " + std::to_string(seen.size() + 1) +
                   " is none; names are made of letters, digits and underscores, with dots between them");
        seen.push_back(in_lower_case(name));
        if (seen.back().starts_with("transaction_"))
            refuse(name + " is an option of the session; use isolation, read_only or deferrable");
        if (std::find(seen.begin(), seen.end() - 1, seen.back()) != seen.end() - 1)
            refuse(name + " is given twice");
    }
    auto parameters = std::make_unique<types::Parameters>();
    const auto add = [&](auto part) {
        types::ArrayParameter array{*parameters, types::value_type<std::string>, options.settings.size()};
        for (const auto& setting : options.settings)
            array.add(&(setting.*part));
        array.finish();
    };
    using Setting = std::pair<std::string, std::string>;
    add(&Setting::first);
    try {
        add(&Setting::second);
    } catch (const ConversionError& error) {
        refuse(std::string{"a value cannot be sent: "} + error.what());
    }
    return parameters;
}

const std::shared_ptr<const std::string>& settings_text() {
    static const auto text = std::make_shared<const std::string>(
        "SELECT pg_catalog.set_config(s.name, s.value, true) FROM "
        "ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) WITH ORDINALITY s(name, value, ord) "
        "ORDER BY s.ord");
    return text;
}

} // namespace corm::orm

#include "orm/settings.hpp"

#include "wire/setting_name.hpp"

#include <corm/base/error.hpp>
#include <corm/type/types.hpp>

#include <algorithm>

namespace corm::orm {
namespace {

std::string in_lower_case(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return name;
}

[[noreturn]] void refuse(const std::string& why) {
    throw MappingError("SessionOptions::settings: " + why);
}

} // namespace

SessionOptions SessionOptions::with_setting(std::string name, std::string value) && {
    settings.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
}

TransactionOptions TransactionOptions::with_setting(std::string name, std::string value) && {
    session.settings.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
}

std::unique_ptr<const types::Parameters> settings_of(const SessionOptions& options) {
    if (options.settings.empty())
        return nullptr;
    std::vector<std::string> seen;
    for (const auto& [name, value] : options.settings) {
        // Not shown: what is no name may be anything.
        if (!wire::is_setting_name(name))
            refuse("the name of number " + std::to_string(seen.size() + 1) + " is none; " + wire::setting_name_rule);
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

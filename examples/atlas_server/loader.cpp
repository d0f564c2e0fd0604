#include "loader.hpp"

#include "atlas.hpp"
#include "schema.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace atlas {
namespace {

namespace json = boost::json;

/// The entries of `iso_<standard>.json`: an object with one member, the array.
json::array entries(const std::filesystem::path& directory, const std::string& standard) {
    const std::filesystem::path path = directory / ("iso_" + standard + ".json");
    std::ifstream file{path, std::ios::binary};
    if (!file)
        throw std::runtime_error{"cannot read " + path.string() +
                                 "; install the package iso-codes, or name its "
                                 "directory with --data"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    try {
        return json::parse(text).at(standard).as_array();
    } catch (const std::exception& error) {
        throw std::runtime_error{path.string() + " is not an ISO list: " + error.what()};
    }
}

std::string text(const json::value& entry, std::string_view field) {
    return std::string{entry.at(field).as_string()};
}

std::optional<std::string> optional_text(const json::value& entry, std::string_view field) {
    const json::value* value = entry.as_object().if_contains(field);
    return value == nullptr ? std::nullopt : std::optional<std::string>{value->as_string()};
}

template <class Value>
Value by_letter(const std::string& letter, std::initializer_list<std::pair<const char*, Value>> values) {
    for (const auto& [name, value] : values) {
        if (letter == name)
            return value;
    }
    throw std::runtime_error{"ISO 639-3 has an unknown letter '" + letter + "'"};
}

Country country(const json::value& entry) {
    return {.alpha_2 = text(entry, "alpha_2"),
            .alpha_3 = text(entry, "alpha_3"),
            .numeric = text(entry, "numeric"),
            .name = text(entry, "name"),
            .official_name = optional_text(entry, "official_name"),
            .common_name = optional_text(entry, "common_name"),
            .flag = text(entry, "flag"),
            .version = 1};
}

Subdivision subdivision(const json::value& entry) {
    Subdivision result{.code = text(entry, "code"),
                       .country = text(entry, "code").substr(0, 2),
                       .name = text(entry, "name"),
                       .type = text(entry, "type"),
                       .parent = optional_text(entry, "parent"),
                       .version = 1};
    // Most parents are given without their country.
    if (result.parent && result.parent->find('-') == std::string::npos)
        result.parent = result.country + '-' + *result.parent;
    return result;
}

Language language(const json::value& entry) {
    return {.alpha_3 = text(entry, "alpha_3"),
            .alpha_2 = optional_text(entry, "alpha_2"),
            .name = text(entry, "name"),
            .scope = by_letter<LanguageScope>(
                text(entry, "scope"),
                {{"I", LanguageScope::individual}, {"M", LanguageScope::macrolanguage}, {"S", LanguageScope::special}}),
            .kind = by_letter<LanguageKind>(text(entry, "type"), {{"A", LanguageKind::ancient},
                                                                  {"C", LanguageKind::constructed},
                                                                  {"E", LanguageKind::extinct},
                                                                  {"H", LanguageKind::historical},
                                                                  {"L", LanguageKind::living},
                                                                  {"S", LanguageKind::special}})};
}

Currency currency(const json::value& entry) {
    return {.alpha_3 = text(entry, "alpha_3"), .numeric = text(entry, "numeric"), .name = text(entry, "name")};
}

template <class Entity>
std::size_t add(const corm::AsyncSession& session, const json::array& entries, Entity (*make)(const json::value&)) {
    std::vector<Entity> objects;
    objects.reserve(entries.size());
    std::ranges::transform(entries, std::back_inserter(objects), make);
    return session.add_all(std::move(objects)).size();
}

} // namespace

corm::Task<Loaded> load(corm::Engine& engine, std::filesystem::path directory) {
    const json::array subdivisions = entries(directory, "3166-2");
    corm::AsyncSession session{engine};
    co_await create_schema(session);
    Loaded loaded;
    loaded.countries = add(session, entries(directory, "3166-1"), country);
    loaded.subdivisions = add(session, subdivisions, subdivision);
    loaded.with_parent = static_cast<std::size_t>(std::ranges::count_if(
        subdivisions, [](const json::value& entry) { return entry.as_object().contains("parent"); }));
    loaded.languages = add(session, entries(directory, "639-3"), language);
    loaded.currencies = add(session, entries(directory, "4217"), currency);
    co_await session.commit(); // four INSERTs of over 13,000 rows, and the COMMIT: one round trip
    co_return loaded;
}

} // namespace atlas

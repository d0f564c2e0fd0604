// The tables of the atlas: ISO 3166 countries and subdivisions, ISO 639 languages, ISO 4217 currencies.
#pragma once

#include <corm/corm.hpp>

#include <boost/describe.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace atlas {

struct Subdivision;

struct Country {
    std::string alpha_2;
    std::string alpha_3;
    std::string numeric;
    std::string name;
    std::optional<std::string> official_name{};
    std::optional<std::string> common_name{};
    std::string flag;
    std::int32_t version = 0;
    corm::Many<Subdivision> subdivisions{};
};
BOOST_DESCRIBE_STRUCT(Country, (),
                      (alpha_2, alpha_3, numeric, name, official_name, common_name, flag, version, subdivisions))

/// A province, state, parish, ... of a country, perhaps part of another one.
struct Subdivision {
    std::string code;
    std::string country; ///< its code, as that of the parent: the foreign keys
    std::string name;
    std::string type;
    std::optional<std::string> parent{};
    std::int32_t version = 0;
    corm::One<Subdivision> part_of{}; ///< the parent
    corm::Many<Subdivision> parts{};
};
BOOST_DESCRIBE_STRUCT(Subdivision, (), (code, country, name, type, parent, version, part_of, parts))

constexpr auto corm_mapping(corm::type<Country>) {
    return corm::table<Country>("countries")
        .schema("corm_atlas")
        .primary_key<&Country::alpha_2>()
        .unique<&Country::alpha_3>()
        .version<&Country::version>()
        .one_to_many<&Country::subdivisions, &Subdivision::country>();
}
/// The parts of subdivisions are in the collection, too: answers show it as a tree instead.
constexpr auto corm_json(corm::type<Country>) {
    return corm::json_without<&Country::subdivisions>;
}

constexpr auto corm_mapping(corm::type<Subdivision>) {
    return corm::table<Subdivision>("subdivisions")
        .schema("corm_atlas")
        .primary_key<&Subdivision::code>()
        .version<&Subdivision::version>()
        .many_to_one<&Subdivision::part_of, &Subdivision::parent>()
        .one_to_many<&Subdivision::parts, &Subdivision::parent>();
}

enum class LanguageScope { individual, macrolanguage, special };
BOOST_DESCRIBE_ENUM(LanguageScope, individual, macrolanguage, special)
constexpr auto corm_enum(corm::type<LanguageScope>) {
    return corm::pg_enum("language_scope", "corm_atlas");
}

enum class LanguageKind { ancient, constructed, extinct, historical, living, special };
BOOST_DESCRIBE_ENUM(LanguageKind, ancient, constructed, extinct, historical, living, special)
constexpr auto corm_enum(corm::type<LanguageKind>) {
    return corm::pg_enum("language_kind", "corm_atlas");
}

struct Language {
    std::string alpha_3;
    std::optional<std::string> alpha_2{};
    std::string name;
    LanguageScope scope{};
    LanguageKind kind{};
};
BOOST_DESCRIBE_STRUCT(Language, (), (alpha_3, alpha_2, name, scope, kind))

constexpr auto corm_mapping(corm::type<Language>) {
    return corm::table<Language>("languages").schema("corm_atlas").primary_key<&Language::alpha_3>();
}

struct Currency {
    std::string alpha_3;
    std::string numeric;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Currency, (), (alpha_3, numeric, name))

constexpr auto corm_mapping(corm::type<Currency>) {
    return corm::table<Currency>("currencies").schema("corm_atlas").primary_key<&Currency::alpha_3>();
}

} // namespace atlas

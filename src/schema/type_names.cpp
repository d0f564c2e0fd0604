#include "schema/type_names.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace corm::schema {
namespace {

struct Alias {
    std::string_view sql;
    std::string_view internal;
};
constexpr Alias aliases[] = {
    {"boolean", "bool"},
    {"smallint", "int2"},
    {"integer", "int4"},
    {"bigint", "int8"},
    {"real", "float4"},
    {"double precision", "float8"},
    {"character varying", "varchar"},
    {"character", "bpchar"},
    {"timestamp without time zone", "timestamp"},
    {"timestamp with time zone", "timestamptz"},
    {"time with time zone", "timetz"},
    {"bit varying", "varbit"},
    {"time without time zone", "time"},
};

} // namespace

QualifiedName parse_type_name(std::string_view sql) {
    for (const Alias& alias : aliases) {
        if (alias.sql == sql)
            return {{}, std::string{alias.internal}};
    }
    // Other spellings, which the server never prints.
    if (sql == "int")
        return {{}, "int4"};
    if (sql == "float")
        return {{}, "float8"};
    if (sql == "decimal")
        return {{}, "numeric"};
    if (sql == "char")
        return {{}, "bpchar"};
    std::vector<std::string> parts(1);
    bool quoted = false;
    for (std::size_t i = 0; i < sql.size(); ++i) {
        if (sql[i] == '"') {
            if (quoted && i + 1 < sql.size() && sql[i + 1] == '"')
                parts.back() += sql[i++];
            else
                quoted = !quoted;
        } else if (sql[i] == '.' && !quoted) {
            parts.emplace_back();
        } else {
            const bool upper = !quoted && sql[i] >= 'A' && sql[i] <= 'Z';
            parts.back() += upper ? static_cast<char>(sql[i] - 'A' + 'a') : sql[i];
        }
    }
    if (parts.size() == 1)
        return {{}, std::move(parts.front())};
    return {std::move(parts.front()), std::move(parts.back())};
}

WrittenType parse_type(std::string_view sql) {
    WrittenType written;
    written.array = sql.ends_with("[]");
    std::string plain;
    bool quoted = false;
    bool inside = false;
    for (const char c : sql.substr(0, sql.size() - (written.array ? 2 : 0))) {
        if (c == '"')
            quoted = !quoted;
        if (!quoted && c == '(')
            inside = true;
        else if (!quoted && c == ')')
            inside = false;
        else if (inside)
            written.modifier += c == ' ' ? std::string{} : std::string{c};
        else
            plain += quoted || c < 'A' || c > 'Z' ? c : static_cast<char>(c - 'A' + 'a');
    }
    plain.erase(plain.find_last_not_of(' ') + 1); // `numeric (9, 2)`
    // The fields of an interval are no part of its name.
    constexpr std::string_view interval = "interval ";
    if (plain.starts_with(interval)) {
        written.modifier.insert(0, plain.substr(interval.size()));
        plain.resize(interval.size() - 1);
    }
    written.name = parse_type_name(plain);
    if (written.name.name == "numeric" && !written.modifier.empty() && written.modifier.find(',') == std::string::npos)
        written.modifier += ",0";
    return written;
}

std::string sql_type_name(std::string_view internal) {
    const auto* const found = std::find_if(std::begin(aliases), std::end(aliases),
                                           [internal](const Alias& alias) { return alias.internal == internal; });
    return std::string{found == std::end(aliases) ? internal : found->sql};
}

} // namespace corm::schema

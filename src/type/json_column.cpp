// The compiled part of columns that are written as JSON.
#include <corm/type/detail/json_column.hpp>

#include "type/json_format.hpp"

namespace corm::types::detail {

void write_json_literal(std::string literal, bool moment, std::string& out, const JsonPath& path) {
    if (moment) {
        literal[literal.find(' ')] = 'T';
        constexpr std::string_view utc = "+00"; // of a timestamptz alone
        if (const std::size_t zone = literal.find(utc); zone != std::string::npos) {
            literal[zone] = 'Z';
            literal.erase(zone + 1, utc.size() - 1);
        }
    }
    write_json(std::string_view{literal}, out, path);
}

void write_json_special(double value, std::string& out) {
    out += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

void write_json_document(const JsonText& document, std::string& out, const JsonPath& path) {
    try {
        check_json(document.text, "json");
    } catch (...) {
        refuse_as_caught(path);
    }
    out += document.text;
}

} // namespace corm::types::detail

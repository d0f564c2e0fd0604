// What the tests of statements share: a column, a bound value, and a statement in readable form.
#pragma once

#include <corm/sql/compile.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/optional.hpp>
#include <corm/type/scalar.hpp>
#include <corm/type/text.hpp>

#include <string>

namespace sql_test {

template <class T>
corm::sql::Expr value(const T& from) {
    return corm::sql::parameter(corm::types::value_type<T>, &from);
}

inline corm::sql::Expr text(std::string from) {
    return value(from);
}

/// Type and value of a parameter, decoded on its own: `int4:7`, `text:a`, `int8:NULL`, `oid 1007:<size>` for the rest.
inline std::string show(const corm::types::Parameters& parameters, std::size_t i) {
    using namespace corm::types;
    const std::string_view bytes = parameters.bytes(i);
    const auto shown = [&](const char* name, std::string value) {
        return std::string{name} + ":" + (parameters.is_null(i) ? "NULL" : value);
    };
    switch (parameters.oid(i)) {
    case oids::int2:
        return shown("int2", bytes.size() == 2 ? std::to_string(get_big_endian<std::int16_t>(bytes.data())) : "?");
    case oids::int4:
        return shown("int4", bytes.size() == 4 ? std::to_string(get_big_endian<std::int32_t>(bytes.data())) : "?");
    case oids::int8:
        return shown("int8", bytes.size() == 8 ? std::to_string(get_big_endian<std::int64_t>(bytes.data())) : "?");
    case oids::text: return shown("text", std::string{bytes});
    case oids::boolean: return shown("bool", bytes == "\1" ? "t" : bytes == std::string_view{"\0", 1} ? "f" : "?");
    default: return "oid " + std::to_string(parameters.oid(i)) + ":" + std::to_string(bytes.size());
    }
}

/// The text and, behind ` | `, each parameter.
inline std::string show(const corm::sql::Compiled& compiled) {
    std::string out = compiled.text;
    for (std::size_t i = 0; i < compiled.parameters.size(); ++i)
        out += " | " + show(compiled.parameters, i);
    return out;
}

inline std::string show(const corm::sql::Expr& expression, const corm::sql::Scope& scope = {}) {
    corm::sql::SqlWriter writer;
    corm::sql::write_expression(writer, expression, scope);
    return show(std::move(writer).finish());
}

} // namespace sql_test

#include <corm/query/raw.hpp>

#include <corm/base/error.hpp>

namespace corm::query::detail {

RawStatement raw_statement(std::string text) {
    if (text.empty())
        throw MappingError("the SQL text is empty; give a statement");
    if (text.find('\0') != std::string::npos)
        throw MappingError("the SQL text holds a NUL byte, behind which the server would not read; remove it");
    return {std::make_shared<const std::string>(std::move(text))};
}

void bind_next(RawStatement& statement, const types::ValueType& type, const void* value) {
    try {
        statement.parameters.add(type, value);
    } catch (const ConversionError& error) {
        throw ConversionError(error, {}, "$" + std::to_string(statement.parameters.size() + 1));
    }
}

void bind_null(RawStatement& statement) {
    statement.parameters.add_null(0);
}

} // namespace corm::query::detail

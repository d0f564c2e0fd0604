#include <corm/query/raw.hpp>

#include <corm/base/error.hpp>

#include <vector>

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

std::string number_placeholders(std::string_view sql, std::span<const std::string_view> names) {
    const auto argument = [](std::string_view name) { return "corm::arg<\"" + std::string{name} + "\">()"; };
    std::string text;
    text.reserve(sql.size());
    std::size_t written = 0;
    std::vector<bool> used(names.size());
    PlaceholderScanner scanner{sql};
    for (Placeholder found; scanner.next(found); written = found.end) {
        if (!found.is_named())
            throw MappingError("the SQL text has " + std::string{sql.substr(found.begin, found.end - found.begin)} +
                               " where all arguments are named; write the :name");
        const std::size_t index = index_of(names, found.name);
        if (index == names.size())
            throw MappingError("the SQL text has :" + std::string{found.name} + ", which no argument is for; add " +
                               argument(found.name));
        used[index] = true;
        (text += sql.substr(written, found.begin - written)) += '$' + std::to_string(index + 1);
    }
    text += sql.substr(written);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!used[i])
            throw MappingError("the SQL text has no :" + std::string{names[i]} + "; leave " + argument(names[i]) +
                               " out");
    }
    return text;
}

} // namespace corm::query::detail

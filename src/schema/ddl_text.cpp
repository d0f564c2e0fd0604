#include "schema/ddl_text.hpp"

#include <corm/base/error.hpp>
#include <corm/sql/identifier.hpp>
#include <corm/type/text.hpp>

#include <cstdint>
#include <limits>

namespace corm::schema::ddl {
namespace {

/// Behind a quoted text or name that begins at `at`; npos when it does not end, or where that is not sure.
std::size_t skip_quoted(std::string_view text, std::size_t at) {
    const char quote = text[at];
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            return std::string_view::npos;
        if (text[i] == quote)
            return i + 1; // of a doubled one, the second begins another text
    }
    return std::string_view::npos;
}

/// One pair of parentheses is around all of it. In doubt, not.
bool is_in_parentheses(std::string_view text) {
    if (text.empty() || text.front() != '(')
        return false;
    int depth = 0;
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (c == '\'' || c == '"') {
            i = skip_quoted(text, i);
            if (i == std::string_view::npos)
                return false;
            continue;
        }
        if (c == '$' || text.substr(i, 2) == "--" || text.substr(i, 2) == "/*")
            return false;
        if (c == '(')
            ++depth;
        if (c == ')' && --depth == 0)
            return i + 1 == text.size();
        ++i;
    }
    return false;
}

std::string joined(const std::vector<std::string>& items, std::string_view separator) {
    std::string text;
    for (const std::string& item : items) {
        if (&item != &items.front())
            text += separator;
        text += item;
    }
    return text;
}

struct Bounds {
    std::int64_t minimum, maximum;
};

Bounds bounds_of(std::string_view type) {
    if (type == "smallint")
        return {std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()};
    if (type == "integer")
        return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
}

} // namespace

std::string quote(std::string_view name) {
    return sql::quote_identifier(name);
}

std::string quote(const QualifiedName& name) {
    std::string text;
    if (!name.schema.empty()) {
        sql::append_identifier(text, name.schema);
        text += '.';
    }
    sql::append_identifier(text, name.name);
    return text;
}

std::string plain(const QualifiedName& name) {
    return name.schema.empty() ? name.name : name.schema + "." + name.name;
}

std::string literal(std::string_view text) {
    try {
        types::check_text(text);
    } catch (const ConversionError& error) {
        throw MappingError("a comment, label or parameter of the model is no text: " + error.problem());
    }
    const bool escapes = text.find('\\') != std::string_view::npos;
    std::string made = escapes ? "E'" : "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\')
            made += c;
        made += c;
    }
    return made += '\'';
}

std::string in_parentheses(std::string_view expression) {
    std::string text{expression};
    return is_in_parentheses(expression) ? text : "(" + text + ")";
}

std::string column_list(const std::vector<std::string>& columns, std::string_view last, std::string_view last_behind) {
    std::string text = "(";
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const bool is_last = i + 1 == columns.size();
        text += i == 0 ? "" : ", ";
        text += is_last ? last : std::string_view{};
        text += quote(columns[i]);
        text += is_last ? last_behind : std::string_view{};
    }
    return text += ')';
}

std::string parameters(const std::vector<std::string>& options) {
    std::string text = "(";
    for (const std::string& option : options) {
        text += text.size() == 1 ? "" : ", ";
        const std::size_t equals = option.find('=');
        const std::string name = option.substr(0, equals);
        const std::size_t dot = name.find('.'); // of a namespace: "toast.fillfactor"
        text += dot == std::string::npos ? quote(name) : quote({name.substr(0, dot), name.substr(dot + 1)});
        if (equals != std::string::npos)
            text += "=" + literal(std::string_view{option}.substr(equals + 1));
    }
    return text += ')';
}

std::string type_text(const TypeUse& type) {
    return !type.text.empty() ? type.text : quote(type.name) + (type.array ? "[]" : "");
}

std::string collate(const QualifiedName& collation) {
    return collation.empty() ? "" : " COLLATE " + quote(collation);
}

std::string sequence_clauses(const SequenceOptions& options, std::string_view type) {
    const Bounds all = bounds_of(type);
    const bool ascending = options.increment >= 0;
    const std::int64_t minimum = ascending ? 1 : all.minimum;
    const std::int64_t maximum = ascending ? all.maximum : -1;
    // What a model made by hand has for a smaller type without saying anything.
    const bool is_unset = options.maximum == std::numeric_limits<std::int64_t>::max() && options.maximum > all.maximum;
    const std::int64_t wanted_maximum = is_unset ? maximum : options.maximum;
    std::vector<std::string> clauses;
    const auto clause = [&clauses](const char* name, std::int64_t value, std::int64_t usual) {
        if (value != usual)
            clauses.push_back(name + std::to_string(value));
    };
    clause("START WITH ", options.start, ascending ? options.minimum : wanted_maximum);
    clause("INCREMENT BY ", options.increment, 1);
    clause("MINVALUE ", options.minimum, minimum);
    clause("MAXVALUE ", wanted_maximum, maximum);
    clause("CACHE ", options.cache, 1);
    if (options.cycle)
        clauses.emplace_back("CYCLE");
    return joined(clauses, " ");
}

std::string lines(const std::vector<std::string>& items) {
    if (items.empty())
        return "()";
    constexpr std::size_t short_enough = 80;
    if (std::string line = "(" + joined(items, ", ") + ")"; line.size() <= short_enough)
        return line;
    return "(\n    " + joined(items, ",\n    ") + "\n)";
}

} // namespace corm::schema::ddl

#include "schema/qualified_text.hpp"

#include <string>
#include <utility>

namespace corm::schema {
namespace {

/// Takes one name from the front; empty if there is none.
std::string take_part(std::string_view& text) {
    std::string part;
    if (!text.starts_with('"')) {
        const std::size_t size = text.find_first_of(".\"");
        part = text.substr(0, size);
        text.remove_prefix(part.size());
        return part;
    }
    std::size_t at = 1;
    for (; at < text.size(); ++at) {
        if (text[at] == '"' && !text.substr(at + 1).starts_with('"'))
            break;
        if (text[at] == '"')
            ++at;
        part += text[at];
    }
    if (at >= text.size())
        return {}; // the quote is open
    text.remove_prefix(at + 1);
    return part;
}

} // namespace

std::optional<QualifiedName> qualified_name(std::string_view text) {
    QualifiedName name;
    name.name = take_part(text);
    if (!name.name.empty() && text.starts_with('.')) {
        text.remove_prefix(1);
        name.schema = std::exchange(name.name, take_part(text));
    }
    if (name.name.empty() || !text.empty())
        return std::nullopt;
    return name;
}

} // namespace corm::schema

#include "schema/cpp_text.hpp"

#include <cstddef>

namespace corm::schema {
namespace {

constexpr std::size_t line_width = 100;

/// The size of a control character at the start: of ASCII, or one that changes the direction of text (U+202A to U+202E,
/// U+2066 to U+2069), which compilers warn of. 0 for anything else.
std::size_t control_size(std::string_view text) noexcept {
    const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (byte(0) < 0x20 || byte(0) == 0x7f)
        return 1;
    if (text.size() < 3 || byte(0) != 0xe2)
        return 0;
    const bool turns = (byte(1) == 0x80 && byte(2) >= 0xaa && byte(2) <= 0xae) ||
                       (byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9);
    return turns ? 3 : 0;
}

} // namespace

std::string string_literal(std::string_view text) {
    std::string made{"\""};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::size_t control = control_size(text.substr(i));
        if (control != 0) {
            // Three octal digits: no digit behind them belongs to the escape.
            for (const char c : text.substr(i, control)) {
                const auto byte = static_cast<unsigned char>(c);
                made += {'\\', static_cast<char>('0' + (byte >> 6)), static_cast<char>('0' + (byte >> 3 & 7)),
                         static_cast<char>('0' + (byte & 7))};
            }
            i += control - 1;
            continue;
        }
        const bool trigraph = text[i] == '?' && i > 0 && text[i - 1] == '?';
        if (text[i] == '"' || text[i] == '\\' || trigraph)
            made += '\\';
        made += text[i];
    }
    return made + '"';
}

std::string comment(std::string_view start, std::string_view text) {
    std::string made;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string line{start};
        std::string_view rest = text.substr(0, end);
        while (!rest.empty()) {
            const std::size_t control = control_size(rest);
            if (control == 0)
                line += rest.front();
            rest.remove_prefix(control == 0 ? 1 : control);
        }
        while (line.ends_with(' ') || line.ends_with('\\'))
            line.pop_back();
        made += line + '\n';
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return made;
}

std::string list_text(std::string_view head, std::span<const std::string> items, std::string_view tail) {
    std::string made{head};
    std::size_t start = made.rfind('\n') + 1; // of the line
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::string_view after = i + 1 < items.size() ? std::string_view{","} : tail;
        if (i > 0) {
            const bool fits = made.size() - start + 1 + items[i].size() + after.size() <= line_width;
            made += fits ? " " : "\n    ";
            if (!fits)
                start = made.size() - 4;
        }
        made += items[i];
        made += after;
    }
    if (items.empty())
        made += tail;
    return made;
}

} // namespace corm::schema

#include <corm/sql/identifier.hpp>

#include <corm/base/error.hpp>
#include <corm/type/text.hpp>

#include <algorithm>

namespace corm::sql {
namespace {

bool is_utf8(std::string_view text) {
    try {
        types::check_text(text);
        return true;
    } catch (const ConversionError&) {
        return false;
    }
}

/// The name as a message may show it: bounded, control characters and bytes that are no text as \xNN.
std::string printable(std::string_view name) {
    constexpr std::size_t shown = 80;
    constexpr char digits[] = "0123456789abcdef";
    std::size_t size = name.size();
    if (size > shown) {
        size = shown;
        while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xc0) == 0x80)
            --size;
    }
    const bool as_it_is = is_utf8(name.substr(0, size));
    std::string text;
    for (const char c : name.substr(0, size)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f || (byte > 0x7f && !as_it_is))
            text += {'\\', 'x', digits[byte >> 4], digits[byte & 0xf]};
        else
            text += c;
    }
    return size < name.size() ? text + "..." : text;
}

/// Of letters, digits and underscores alone: nothing to refuse, nothing to escape.
bool is_plain(std::string_view name) noexcept {
    if (name.empty() || name.size() > max_identifier_size)
        return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
    });
}

[[noreturn]] void refuse(std::string_view name, std::string_view why) {
    throw MappingError("identifier \"" + printable(name) + "\" " + std::string{why});
}

void check(std::string_view name) {
    if (name.empty())
        refuse(name, "is empty; name the table or column");
    if (name.size() > max_identifier_size)
        refuse(name, "is longer than PostgreSQL's 63 bytes and would be truncated; use a shorter name");
    if (name.find('\0') != std::string_view::npos)
        refuse(name, "holds a NUL byte, which PostgreSQL does not take; remove it");
    if (!is_utf8(name))
        refuse(name, "is not valid UTF-8; fix its encoding");
}

} // namespace

void append_identifier(std::string& out, std::string_view name) {
    if (is_plain(name)) {
        out += '"';
        out.append(name);
        out += '"';
        return;
    }
    check(name);
    out += '"';
    for (std::size_t quote = name.find('"'); quote != std::string_view::npos; quote = name.find('"')) {
        out.append(name.substr(0, quote + 1));
        out += '"';
        name.remove_prefix(quote + 1);
    }
    out.append(name);
    out += '"';
}

std::string quote_identifier(std::string_view name) {
    std::string out;
    append_identifier(out, name);
    return out;
}

} // namespace corm::sql

#include "message.hpp"

#include <algorithm>
#include <charconv>

namespace examples {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                throw HttpError{400, "the request target has a % without two hexadecimal digits"};
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return decoded;
}

/// Calls `use` with each part between separators that is not empty.
template <class Use>
void split(std::string_view text, char separator, Use use) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (end > 0)
            use(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::string_view trim(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

} // namespace

Fields parse_fields(std::string_view text) {
    Fields fields;
    split(text, '&', [&](std::string_view part) {
        const std::size_t equals = std::min(part.find('='), part.size());
        fields.emplace_back(decode(part.substr(0, equals), true),
                            equals == part.size() ? std::string{} : decode(part.substr(equals + 1), true));
    });
    return fields;
}

void parse_target(std::string_view target, Request& request) {
    const std::size_t mark = std::min(target.find('?'), target.size());
    split(target.substr(0, mark), '/', [&](std::string_view part) { request.path.push_back(decode(part, false)); });
    if (mark < target.size())
        request.query = parse_fields(target.substr(mark + 1));
}

std::string encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
            c == '_' || c == '~') {
            encoded += c;
        } else {
            encoded += '%';
            encoded += digits[byte >> 4];
            encoded += digits[byte & 15];
        }
    }
    return encoded;
}

const std::string* find_field(const Fields& fields, std::string_view name) {
    const auto found = std::ranges::find(fields, name, &Fields::value_type::first);
    return found == fields.end() ? nullptr : &found->second;
}

std::int64_t query_number(const Request& request, std::string_view name, std::int64_t otherwise, std::int64_t least,
                          std::int64_t most) {
    const std::string* text = query_value(request, name);
    if (text == nullptr)
        return otherwise;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size() || value < least || value > most)
        throw HttpError{400, std::string{name} + " takes a number from " + std::to_string(least) + " to " +
                                 std::to_string(most)};
    return value;
}

void allow_query(const Request& request, std::initializer_list<std::string_view> names) {
    for (const auto& [name, value] : request.query) {
        if (std::ranges::find(names, name) == names.end())
            throw HttpError{400, "there is no query parameter '" + name + "' here"};
    }
}

void require_if_match(const Request& request) {
    if (!request.if_match)
        throw HttpError{428, "send If-Match with the ETag of the version that you have seen"};
}

bool matches(const Request& request, std::string_view tag) {
    bool found = false;
    split(request.if_match.value_or(""), ',', [&](std::string_view part) {
        const std::string_view given = trim(part);
        found = found || given == tag || given == "*";
    });
    return found;
}

} // namespace examples

#include "type/range_text.hpp"

#include "type/refuse.hpp"

#include <algorithm>

namespace corm::types {
namespace {

constexpr std::string_view spaces = " \t\n\r\v\f";

} // namespace

void quote_from(std::string& out, std::size_t start, std::string_view special) {
    const std::string_view written = std::string_view{out}.substr(start);
    if (!written.empty() && written.find_first_of(special) == written.npos &&
        written.find_first_of(spaces) == written.npos)
        return;
    const std::string plain{written};
    out.resize(start);
    out.push_back('"');
    for (const char c : plain) {
        if (c == '"' || c == '\\')
            out.push_back(c);
        out.push_back(c);
    }
    out.push_back('"');
}

void QuotedTextReader::skip_spaces() noexcept {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(spaces), rest_.size()));
}

bool QuotedTextReader::take(char c) noexcept {
    if (!rest_.starts_with(c))
        return false;
    rest_.remove_prefix(1);
    return true;
}

bool QuotedTextReader::take_word(std::string_view word) noexcept {
    if (!std::ranges::equal(rest_.substr(0, word.size()), word,
                            [](char given, char wanted) { return (given | 0x20) == wanted; }))
        return false;
    rest_.remove_prefix(word.size());
    return true;
}

std::optional<std::string> QuotedTextReader::take_item(std::string_view ends) {
    std::optional<std::string> item;
    bool quoted = false;
    while (quoted || rest_.empty() || ends.find(rest_.front()) == ends.npos) {
        if (rest_.empty())
            refuse();
        char c = rest_.front();
        rest_.remove_prefix(1);
        if (!item)
            item.emplace();
        if (c == '"' && !(quoted && rest_.starts_with('"'))) {
            quoted = !quoted;
            continue;
        }
        if (c == '\\' || c == '"') {
            if (rest_.empty())
                refuse();
            c = rest_.front();
            rest_.remove_prefix(1);
        }
        item->push_back(c);
    }
    return item;
}

std::string_view QuotedTextReader::take_through(std::string_view ends) {
    bool quoted = false;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
        if (rest_[i] == '\\') {
            ++i;
        } else if (rest_[i] == '"') {
            quoted = !quoted; // of two in a row, the second turns it back
        } else if (!quoted && ends.find(rest_[i]) != ends.npos) {
            const std::string_view taken = rest_.substr(0, i + 1);
            rest_.remove_prefix(i + 1);
            return taken;
        }
    }
    refuse();
}

void QuotedTextReader::finish() {
    skip_spaces();
    if (!rest_.empty())
        refuse();
}

void QuotedTextReader::refuse() const {
    throw_malformed(sql_type_);
}

} // namespace corm::types

// Where SQL text expects values.
#pragma once

#include <cstddef>
#include <string_view>

namespace corm::query::detail {

/// `$7` or `:name`.
struct Placeholder {
    std::size_t begin = 0; ///< of the `$` or `:`
    std::size_t end = 0;
    std::size_t number = 0;  ///< 0 for a name
    std::string_view name{}; ///< without the colon

    [[nodiscard]] constexpr bool is_named() const noexcept { return number == 0; }
};

/// Finds them one after the other, and none in literals, quoted names and comments, whose forms PostgreSQL's
/// documentation gives (4.1, with `standard_conforming_strings` on, as it is from the start).
///
/// A colon is no placeholder in `::`, in `:=`, and directly behind a word or a closing bracket: the slice `a[low:high]`
/// is written without spaces.
class PlaceholderScanner {
public:
    constexpr explicit PlaceholderScanner(std::string_view sql) noexcept : sql_(sql) {}

    /// False at the end of the text.
    constexpr bool next(Placeholder& found) noexcept {
        while (at_ < sql_.size()) {
            const char c = sql_[at_];
            const char behind = at_ + 1 < sql_.size() ? sql_[at_ + 1] : '\0';
            if (is_word(c)) {
                skip_word();
            } else if (c == '\'' || c == '"') {
                skip_quoted(c, false);
            } else if (c == '-' && behind == '-') {
                skip_line();
            } else if (c == '/' && behind == '*') {
                skip_comment();
            } else if (c == '$') {
                if (is_digit(behind)) {
                    take_number(found);
                    return true;
                }
                skip_dollar_quoted();
            } else if (c == ':' && behind == ':') {
                at_ += 2;
            } else if (c == ':' && is_letter(behind) && !closes_operand(at_ == 0 ? ' ' : sql_[at_ - 1])) {
                take_name(found);
                return true;
            } else {
                ++at_;
            }
        }
        return false;
    }

private:
    static constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
    /// What a name may begin with; bytes of other alphabets among them.
    static constexpr bool is_letter(char c) noexcept {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    }
    static constexpr bool is_word(char c) noexcept { return is_letter(c) || is_digit(c); }
    static constexpr bool closes_operand(char c) noexcept {
        return is_word(c) || c == '$' || c == ')' || c == ']' || c == '"' || c == '\'';
    }

    // A `$` inside of a word belongs to it. The word may be the mark of a literal with escapes.
    constexpr void skip_word() noexcept {
        const std::size_t begin = at_;
        while (at_ < sql_.size() && (is_word(sql_[at_]) || sql_[at_] == '$'))
            ++at_;
        const bool escapes = at_ - begin == 1 && (sql_[begin] == 'e' || sql_[begin] == 'E');
        if (escapes && at_ < sql_.size() && sql_[at_] == '\'')
            skip_quoted('\'', true);
    }
    // A doubled quote is the end of one piece and the begin of the next.
    constexpr void skip_quoted(char quote, bool escapes) noexcept {
        for (++at_; at_ < sql_.size(); ++at_) {
            if (escapes && sql_[at_] == '\\') {
                ++at_;
            } else if (sql_[at_] == quote) {
                ++at_;
                if (!escapes || at_ == sql_.size() || sql_[at_] != quote)
                    return;
            }
        }
    }
    constexpr void skip_line() noexcept {
        while (at_ < sql_.size() && sql_[at_] != '\n')
            ++at_;
    }
    constexpr void skip_comment() noexcept {
        int depth = 0;
        do {
            const std::string_view rest = sql_.substr(at_, 2);
            const int step = rest == "/*" ? 1 : rest == "*/" ? -1 : 0;
            depth += step;
            at_ += step == 0 ? 1 : 2;
        } while (depth != 0 && at_ < sql_.size());
    }
    constexpr void skip_dollar_quoted() noexcept {
        std::size_t end = at_ + 1;
        while (end < sql_.size() && is_word(sql_[end]))
            ++end;
        if (end == sql_.size() || sql_[end] != '$') {
            ++at_;
            return;
        }
        const std::string_view tag = sql_.substr(at_, end + 1 - at_);
        const std::size_t close = sql_.find(tag, end + 1);
        at_ = close == std::string_view::npos ? sql_.size() : close + tag.size();
    }
    constexpr void take_number(Placeholder& found) noexcept {
        constexpr std::size_t most = 65'535; // the protocol's
        found = {.begin = at_};
        for (++at_; at_ < sql_.size() && is_digit(sql_[at_]); ++at_) {
            if (found.number <= most)
                found.number = found.number * 10 + static_cast<std::size_t>(sql_[at_] - '0');
        }
        // Written, but not a number that there is.
        if (found.number == 0)
            found.number = most + 1;
        found.end = at_;
    }
    constexpr void take_name(Placeholder& found) noexcept {
        found = {.begin = at_};
        for (++at_; at_ < sql_.size() && is_word(sql_[at_]);)
            ++at_;
        found.end = at_;
        found.name = sql_.substr(found.begin + 1, at_ - found.begin - 1);
    }

    std::string_view sql_;
    std::size_t at_ = 0;
};

} // namespace corm::query::detail

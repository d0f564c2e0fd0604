// Ranges and composites in PostgreSQL's text form: how what they hold is quoted, and read again.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace corm::types {

/// Quotes what `out` holds from `start` on if it is empty, or holds a space or one of `special`: a bound of a range or
/// a field of a composite that the server would not read as it stands. Both double quotes and backslashes.
void quote_from(std::string& out, std::size_t start, std::string_view special);

/// The text of a range or a composite, from front to back. All functions throw the `ConversionError` of
/// `throw_malformed` for what is none, naming `sql_type`.
class QuotedTextReader {
public:
    QuotedTextReader(std::string_view text, std::string_view sql_type) noexcept : rest_(text), sql_type_(sql_type) {}

    void skip_spaces() noexcept;
    /// True if `c` was next; it is behind then.
    [[nodiscard]] bool take(char c) noexcept;
    /// `word` in small letters or capitals, as `take`.
    [[nodiscard]] bool take_word(std::string_view word) noexcept;
    /// What stands before the next of the characters `ends` that is not quoted, unquoted itself. Nothing if there is
    /// nothing, not even quotes.
    [[nodiscard]] std::optional<std::string> take_item(std::string_view ends);
    /// What stands before the next of `ends` that is not quoted, and that, as it is.
    [[nodiscard]] std::string_view take_through(std::string_view ends);
    /// Nothing but spaces may be left.
    void finish();
    [[noreturn]] void refuse() const;

private:
    std::string_view rest_;
    std::string_view sql_type_;
};

} // namespace corm::types

// Writes one statement: text and parameters, in one pass.
#pragma once

#include <corm/sql/identifier.hpp>
#include <corm/type/parameters.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::sql {

/// A statement ready to be sent. Equal statements with other values have equal texts: the text and the parameter types
/// identify the prepared statement.
struct Compiled {
    std::string text;
    types::Parameters parameters;
};

/// Appends keywords, quoted identifiers and numbered parameters. Not thread-safe. After an exception the contents are
/// unspecified.
class SqlWriter {
public:
    /// Text as it is: keywords and punctuation of the library's own, or a type name from a codec. Never user input.
    SqlWriter& sql(std::string_view text) {
        text_ += text;
        return *this;
    }
    /// Throws `MappingError` for a name that PostgreSQL could not hold; see `append_identifier`.
    SqlWriter& identifier(std::string_view name) {
        append_identifier(text_, name);
        return *this;
    }
    /// `"schema"."table"`, or `"table"` with an empty schema. The same for columns with their qualifier.
    SqlWriter& qualified(std::string_view qualifier, std::string_view name);

    /// `$n` for the next parameter, which the caller adds on its own.
    SqlWriter& placeholder();
    /// `$n`, and the value behind it; throws `ConversionError`.
    SqlWriter& parameter(const types::ValueType& type, const void* value);
    SqlWriter& parameter_null(types::Oid oid);
    SqlWriter& parameter_encoded(types::Oid oid, types::Format format, std::string_view bytes);
    SqlWriter& parameter_int8(std::int64_t value);
    /// `$n` of an earlier parameter that was written for `*of`; 0 if there is none.
    [[nodiscard]] unsigned number_of(const void* of) const noexcept;
    SqlWriter& placeholder(unsigned number);
    /// The last parameter stands for `*of`, which outlives the writing.
    void remember(const void* of) { numbers_.emplace_back(of, placeholders_); }

    /// Writes `separator` from the second call on: `writer.separate(first, ", ")` in a loop, `first` starting as true.
    SqlWriter& separate(bool& first, std::string_view separator) {
        if (!first)
            text_ += separator;
        first = false;
        return *this;
    }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// For bulk parameters (`types::ArrayParameter`) that go with a `placeholder()`.
    [[nodiscard]] types::Parameters& parameters() noexcept { return parameters_; }
    /// The result; the writer is used up.
    [[nodiscard]] Compiled finish() && { return {std::move(text_), std::move(parameters_)}; }

    void reserve(std::size_t bytes) { text_.reserve(bytes); }

private:
    std::string text_;
    types::Parameters parameters_;
    unsigned placeholders_ = 0;
    std::vector<std::pair<const void*, unsigned>> numbers_;
};

} // namespace corm::sql

#include "type/array_text.hpp"

#include "type/refuse.hpp"
#include <corm/type/oid.hpp>

#include <algorithm>
#include <cstdint>

namespace corm::types::detail {
namespace {

constexpr std::string_view spaces = " \t\n\r\v\f";

} // namespace

bool is_null_word(std::string_view element) noexcept {
    return std::ranges::equal(element, std::string_view{"null"},
                              [](char given, char wanted) { return (given | 0x20) == wanted; });
}

ArrayTextReader::ArrayTextReader(std::string_view text, Oid element) : rest_(text), element_(element) {
    skip_spaces();
    skip_bounds();
    if (!take('{'))
        throw_malformed("array");
    skip_spaces();
    if (!take('}'))
        read_dimension(0);
    skip_spaces();
    if (!rest_.empty())
        throw_malformed("array");
    shape_.elements = elements_.size();
}

FieldView ArrayTextReader::next() {
    FieldView field;
    field.oid = element_ != 0 ? element_ : oids::text;
    field.format = Format::text;
    if (const std::optional<std::string>& element = elements_.at(next_++)) {
        field.data = element->data();
        field.size = static_cast<std::int32_t>(element->size());
    }
    return field;
}

void ArrayTextReader::skip_bounds() {
    if (!rest_.starts_with('['))
        return;
    const std::size_t equals = rest_.find('=');
    if (equals == std::string_view::npos || rest_.substr(0, equals).find_first_not_of("[]0123456789:+- ") != rest_.npos)
        throw_malformed("array");
    rest_.remove_prefix(equals + 1);
    skip_spaces();
}

void ArrayTextReader::skip_spaces() noexcept {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(spaces), rest_.size()));
}

bool ArrayTextReader::take(char c) noexcept {
    if (!rest_.starts_with(c))
        return false;
    rest_.remove_prefix(1);
    return true;
}

/// Behind its brace, which something follows: a dimension of no elements is no array of PostgreSQL.
void ArrayTextReader::read_dimension(std::size_t dimension) {
    if (dimension == most_array_dimensions)
        throw_malformed("array");
    // The first way down to an element tells how many dimensions there are.
    const bool known = dimension < shape_.count;
    if (!known)
        shape_.count = dimension + 1;
    std::size_t size = 0;
    do {
        skip_spaces();
        const bool nested = take('{');
        if (nested != (dimension + 1 < shape_.count) && !(nested && !known && size == 0))
            throw_malformed("array");
        if (nested)
            read_dimension(dimension + 1);
        else
            read_element();
        ++size;
        skip_spaces();
    } while (take(','));
    if (!take('}') || (known && shape_.sizes[dimension] != size))
        throw_malformed("array");
    shape_.sizes[dimension] = size;
}

void ArrayTextReader::read_element() {
    if (take('"')) {
        elements_.emplace_back(read_quoted());
        return;
    }
    std::string element;
    std::size_t end = 0; // of the element: spaces behind it are no part of it, unless they are escaped
    bool escaped = false;
    while (!rest_.empty() && rest_.front() != ',' && rest_.front() != '}') {
        if (rest_.front() == '{' || rest_.front() == '"')
            throw_malformed("array");
        const bool literally = take('\\');
        if (literally && rest_.empty())
            throw_malformed("array");
        escaped = escaped || literally;
        element += rest_.front();
        if (literally || spaces.find(rest_.front()) == spaces.npos)
            end = element.size();
        rest_.remove_prefix(1);
    }
    element.resize(end);
    if (element.empty())
        throw_malformed("array");
    if (!escaped && is_null_word(element))
        elements_.emplace_back(std::nullopt);
    else
        elements_.emplace_back(std::move(element));
}

std::string ArrayTextReader::read_quoted() {
    std::string element;
    while (!take('"')) {
        static_cast<void>(take('\\'));
        if (rest_.empty())
            throw_malformed("array");
        element += rest_.front();
        rest_.remove_prefix(1);
    }
    return element;
}

} // namespace corm::types::detail

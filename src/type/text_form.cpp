#include <corm/type/text_form.hpp>

#include <corm/type/text.hpp>

namespace corm::types {

void Codec<TextForm>::encode(const TextForm& value, std::string& out) {
    check_text(value.text);
    out += value.text;
}

void Codec<TextForm>::decode(const FieldView& field, TextForm& target) {
    if (field.format == Format::text)
        target.text.assign(field.data, static_cast<std::size_t>(field.size));
    else
        detail::read_text(field, target.text); // of a column that is not cast, no text at all
}

void Codec<TextForm>::literal(const TextForm& value, std::string& out) {
    encode(value, out);
}

} // namespace corm::types

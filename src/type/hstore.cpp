#include <corm/type/hstore.hpp>

#include "type/byte_reader.hpp"
#include "type/refuse.hpp"
#include <corm/type/oid.hpp>
#include <corm/type/text.hpp>

#include <algorithm>
#include <utility>

namespace corm::types {
namespace {

// Two lengths.
constexpr std::size_t least_pair = 8;
constexpr std::string_view name = "hstore";

void put_quoted(std::string& out, std::string_view text) {
    check_text(text);
    out.push_back('"');
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out.push_back('\\');
        out.push_back(c);
    }
    out.push_back('"');
}

// Layout: see hstore_send in contrib/hstore/hstore_io.c.
Hstore decode_bytes(const FieldView& field) {
    ByteReader reader{field.bytes(), name};
    Hstore made;
    for (std::size_t left = reader.take_count(least_pair); left > 0; --left) {
        const FieldView key = reader.take_field(oids::text);
        const FieldView value = reader.take_field(oids::text, true);
        std::optional<std::string> text;
        if (!value.is_null())
            text = value.bytes();
        if (!made.emplace(key.bytes(), std::move(text)).second)
            throw_malformed(name);
    }
    reader.finish();
    return made;
}

/// `"a"=>"1", "b"=>NULL`, as hstore_out writes it.
class TextReader {
public:
    explicit TextReader(std::string_view text) noexcept : rest_(text) {}

    Hstore read() {
        Hstore made;
        skip_spaces();
        while (!rest_.empty()) {
            if (!made.empty() && !take(","))
                throw_malformed(name);
            std::string key = quoted();
            if (!take("=>"))
                throw_malformed(name);
            std::optional<std::string> value;
            if (!take("NULL"))
                value = quoted();
            if (!made.emplace(std::move(key), std::move(value)).second)
                throw_malformed(name);
            skip_spaces();
        }
        return made;
    }

private:
    void skip_spaces() noexcept { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n\r\v\f"), rest_.size())); }

    bool take(std::string_view word) noexcept {
        skip_spaces();
        if (!rest_.starts_with(word))
            return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    std::string quoted() {
        if (!take("\""))
            throw_malformed(name);
        std::string text;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\')
                rest_.remove_prefix(1);
            if (rest_.empty())
                break;
            text.push_back(rest_.front());
            rest_.remove_prefix(1);
        }
        if (rest_.empty())
            throw_malformed(name);
        rest_.remove_prefix(1);
        return text;
    }

    std::string_view rest_;
};

} // namespace

void Codec<Hstore>::encode(const Hstore& value, std::string& out) {
    std::string_view separator;
    for (const auto& [key, text] : value) {
        out += std::exchange(separator, ", ");
        put_quoted(out, key);
        out += "=>";
        if (text)
            put_quoted(out, *text);
        else
            out += "NULL";
    }
}

void Codec<Hstore>::decode(const FieldView& field, Hstore& target) {
    const bool literal = field.format == Format::text && (field.oid == oids::text || field.oid == oids::unknown);
    if (!literal && field.oid < oids::first_user_oid)
        throw_unreadable(field, "corm::Hstore");
    target = field.format == Format::text ? TextReader{field.bytes()}.read() : decode_bytes(field);
}

void Codec<Hstore>::write_json(const Hstore& value, std::string& out, const detail::JsonPath& path) {
    char separator = '{';
    for (const auto& [key, text] : value) {
        out.push_back(std::exchange(separator, ','));
        const detail::JsonPath inner{path, std::string_view{key}};
        detail::write_json(std::string_view{key}, out, inner);
        out.push_back(':');
        if (text)
            detail::write_json(std::string_view{*text}, out, inner);
        else
            out += "null";
    }
    out += separator == '{' ? "{}" : "}";
}

} // namespace corm::types

// jsonb and json to values.
#include <corm/type/json.hpp>

#include "type/json_format.hpp"
#include "type/refuse.hpp"
#include <corm/base/error.hpp>
#include <corm/type/numeric.hpp>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>

#include <charconv>

namespace corm::types {
namespace {

namespace json = boost::json;
using Code = boost::system::error_code;

// Builds a value as boost::json::parse does, except for numbers: that function may be off by a unit in the last place,
// and turns integers beyond 64 bits into whatever double is near.
class Builder {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    explicit Builder(const json::storage_ptr& storage) { stack_.reset(storage); }
    json::value release() { return stack_.release(); }

    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_object_begin(Code&) { return true; }
    bool on_object_end(std::size_t count, Code&) { return stack_.push_object(count), true; }
    bool on_array_begin(Code&) { return true; }
    bool on_array_end(std::size_t count, Code&) { return stack_.push_array(count), true; }
    bool on_key_part(json::string_view part, std::size_t, Code&) { return stack_.push_chars(part), true; }
    bool on_key(json::string_view rest, std::size_t, Code&) { return stack_.push_key(rest), true; }
    bool on_string_part(json::string_view part, std::size_t, Code&) { return stack_.push_chars(part), true; }
    bool on_string(json::string_view rest, std::size_t, Code&) { return stack_.push_string(rest), true; }
    bool on_bool(bool value, Code&) { return stack_.push_bool(value), true; }
    bool on_null(Code&) { return stack_.push_null(), true; }
    bool on_comment_part(json::string_view, Code&) { return true; }
    bool on_comment(json::string_view, Code&) { return true; }

    bool on_number_part(json::string_view part, Code&) {
        number_.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t value, json::string_view, Code&) {
        number_.clear();
        return stack_.push_int64(value), true;
    }
    bool on_uint64(std::uint64_t value, json::string_view, Code&) {
        number_.clear();
        return stack_.push_uint64(value), true;
    }
    bool on_double(double, json::string_view rest, Code&) {
        number_.append(rest.data(), rest.size());
        double value = 0;
        const auto [end, problem] = std::from_chars(number_.data(), number_.data() + number_.size(), value);
        static_cast<void>(end); // the parser has checked the syntax
        if (problem != std::errc{})
            throw ConversionError("a number in the JSON value is beyond the range of double");
        // The server writes large numbers without an exponent. 10^20 is a double; 10^20 + 1 is none.
        const bool integral = number_.find_first_of(".eE") == std::string::npos;
        if (integral && Numeric::from_double(value) != Numeric::from_string(number_))
            throw ConversionError("an integer in the JSON value fits neither 64 bits nor a double without loss");
        number_.clear();
        return stack_.push_double(value), true;
    }

private:
    json::value_stack stack_;
    std::string number_;
};

/// Takes everything that is JSON.
struct Anything {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_object_begin(Code&) { return true; }
    bool on_object_end(std::size_t, Code&) { return true; }
    bool on_array_begin(Code&) { return true; }
    bool on_array_end(std::size_t, Code&) { return true; }
    bool on_key_part(json::string_view, std::size_t, Code&) { return true; }
    bool on_key(json::string_view, std::size_t, Code&) { return true; }
    bool on_string_part(json::string_view, std::size_t, Code&) { return true; }
    bool on_string(json::string_view, std::size_t, Code&) { return true; }
    bool on_number_part(json::string_view, Code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, Code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, Code&) { return true; }
    bool on_double(double, json::string_view, Code&) { return true; }
    bool on_bool(bool, Code&) { return true; }
    bool on_null(Code&) { return true; }
    bool on_comment_part(json::string_view, Code&) { return true; }
    bool on_comment(json::string_view, Code&) { return true; }
};

bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

json::parse_options limits() {
    json::parse_options options;
    options.max_depth = json_depth_limit;
    return options;
}

template <class Parser>
void run(Parser& parser, std::string_view text, std::string_view name) {
    Code problem;
    std::size_t consumed = parser.write_some(false, text.data(), text.size(), problem);
    while (consumed < text.size() && is_space(text[consumed]))
        ++consumed;
    if (problem == json::error::too_deep)
        throw ConversionError("JSON value nested deeper than " + std::to_string(json_depth_limit) + " levels");
    if (problem || !parser.done() || consumed != text.size())
        throw_malformed(name);
}

} // namespace

std::string_view json_document(const FieldView& field, std::string_view target) {
    if (field.oid != oids::jsonb && field.oid != oids::json)
        throw_unreadable(field, target);
    std::string_view text = field.bytes();
    if (field.oid == oids::jsonb && field.format == Format::binary) {
        if (!text.starts_with('\1'))
            throw ConversionError("jsonb value of an unknown version; corm reads version 1");
        text.remove_prefix(1);
    }
    return text;
}

void check_json(std::string_view text, std::string_view name) {
    json::basic_parser<Anything> parser(limits());
    run(parser, text, name);
}

json::value parse_json(std::string_view text, std::string_view name, const json::storage_ptr& storage) {
    json::basic_parser<Builder> parser(limits(), storage);
    run(parser, text, name);
    return parser.handler().release();
}

json::value parse_json(const FieldView& field, std::string_view target, const json::storage_ptr& storage) {
    return parse_json(json_document(field, target), field.oid == oids::jsonb ? "jsonb" : "json", storage);
}

void Codec<json::value>::decode(const FieldView& field, json::value& target) {
    target = parse_json(field, "boost::json::value", target.storage());
}

void Codec<JsonText>::decode(const FieldView& field, JsonText& target) {
    target.text = json_document(field, "corm::types::JsonText");
}

} // namespace corm::types

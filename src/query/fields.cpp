#include <corm/query/fields.hpp>

#include <corm/base/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace corm::query {
namespace {

constexpr std::array<std::pair<std::string_view, FieldTest>, 9> words{{
    {"eq", FieldTest::equal},
    {"ne", FieldTest::not_equal},
    {"lt", FieldTest::less},
    {"le", FieldTest::less_equal},
    {"gt", FieldTest::greater},
    {"ge", FieldTest::greater_equal},
    {"contains", FieldTest::contains},
    {"starts", FieldTest::starts_with},
    {"null", FieldTest::is_null},
}};

/// What was typed, for a message: not too much of it, and nothing that could garble a log.
std::string shown(std::string_view typed) {
    std::string text;
    for (const char c : typed.substr(0, 40)) {
        const auto byte = static_cast<unsigned char>(c);
        text += byte < 0x20 || byte >= 0x7f || c == '"' ? '?' : c;
    }
    return '"' + text + (typed.size() > 40 ? "...\"" : "\"");
}

bool truth(std::string_view field, std::string_view value) {
    if (value == "true" || value == "false")
        return value == "true";
    throw ConversionError("whether " + shown(field) + " is null is asked by true or false, not by " + shown(value));
}

} // namespace

FieldTest field_test(std::string_view word) {
    std::string known;
    for (const auto& [name, test] : words) {
        if (name == word)
            return test;
        known += (known.empty() ? "" : ", ") + std::string{name};
    }
    throw ConversionError("there is no test " + shown(word) + "; there are " + known);
}

Fields& Fields::add(std::string name, detail::Place place) {
    static_cast<void>(detail::column_expression(place)); // refuses what is no column
    const bool usable = !name.empty() && name.front() != '-' && name.find(',') == std::string::npos;
    if (!usable || !places_.emplace(name, place).second)
        throw MappingError("\"" + name +
                           "\" is no name for a field: it has to be given once, without commas and "
                           "without a minus in front");
    return *this;
}

const detail::Place& Fields::find(std::string_view field) const {
    if (const auto found = places_.find(field); found != places_.end())
        return found->second;
    std::string known;
    for (const auto& [name, place] : places_)
        known += (known.empty() ? "" : ", ") + name;
    throw ConversionError("there is no field " + shown(field) + "; there are " + known);
}

Condition Fields::condition(std::string_view field, FieldTest test, std::string_view value) const {
    using enum sql::BinaryOperator;
    const detail::Place& place = find(field);
    const auto compared = [&](sql::BinaryOperator op) {
        if (place.mapper->column(place.index).type->oid == types::oids::json)
            throw ConversionError(shown(field) + " is JSON, which is not compared as a whole");
        return detail::compare_text(place, op, std::string{value});
    };
    const auto searched = [&](detail::Match match) {
        const types::ValueType& type = *place.mapper->column(place.index).type;
        if (type.oid != types::oids::text && !type.as_text)
            throw ConversionError(shown(field) + " is no text, so it cannot be searched; compare it");
        match.ignores_case = true;
        return detail::like_literally(place, match, value);
    };
    switch (test) {
    case FieldTest::equal: return compared(equal);
    case FieldTest::not_equal: return compared(not_equal);
    case FieldTest::less: return compared(less);
    case FieldTest::less_equal: return compared(less_equal);
    case FieldTest::greater: return compared(greater);
    case FieldTest::greater_equal: return compared(greater_equal);
    case FieldTest::contains: return searched({});
    case FieldTest::starts_with: return searched({.at_start = true});
    case FieldTest::is_null: return detail::null_test(place, truth(field, value));
    }
    throw ConversionError("there is no such test");
}

std::vector<Ordering> Fields::order(std::string_view text) const {
    std::vector<Ordering> terms;
    std::vector<const detail::Place*> named;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        std::string_view field = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        const bool descending = field.starts_with('-');
        field.remove_prefix(descending ? 1 : 0);
        const detail::Place& place = find(field);
        if (std::find(named.begin(), named.end(), &place) != named.end())
            throw ConversionError("the order names " + shown(field) + " twice");
        named.push_back(&place);
        terms.push_back(Ordering{{detail::column_expression(place), descending}});
    }
    return terms;
}

} // namespace corm::query

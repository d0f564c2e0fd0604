#include "schema/inflection.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace corm::schema {
namespace {

using namespace std::string_view_literals;

constexpr std::array irregular{
    std::pair{"analysis"sv, "analyses"sv}, std::pair{"cache"sv, "caches"sv},  std::pair{"child"sv, "children"sv},
    std::pair{"cookie"sv, "cookies"sv},    std::pair{"foot"sv, "feet"sv},     std::pair{"half"sv, "halves"sv},
    std::pair{"index"sv, "indexes"sv},     std::pair{"knife"sv, "knives"sv},  std::pair{"leaf"sv, "leaves"sv},
    std::pair{"life"sv, "lives"sv},        std::pair{"man"sv, "men"sv},       std::pair{"menu"sv, "menus"sv},
    std::pair{"mouse"sv, "mice"sv},        std::pair{"movie"sv, "movies"sv},  std::pair{"person"sv, "people"sv},
    std::pair{"quiz"sv, "quizzes"sv},      std::pair{"shelf"sv, "shelves"sv}, std::pair{"shoe"sv, "shoes"sv},
    std::pair{"tie"sv, "ties"sv},          std::pair{"tooth"sv, "teeth"sv},   std::pair{"woman"sv, "women"sv},
};
constexpr std::array uncountable{"data"sv,     "equipment"sv, "feedback"sv, "history"sv, "information"sv, "media"sv,
                                 "metadata"sv, "money"sv,     "news"sv,     "series"sv,  "species"sv,     "staff"sv};
// Singulars that end as plurals do.
constexpr std::array with_s{"alias"sv, "atlas"sv, "bias"sv, "canvas"sv, "gas"sv, "lens"sv};

bool contains(const auto& words, std::string_view word) noexcept {
    return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr bool is_upper(char c) noexcept {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
/// Bytes of other scripts are taken for letters.
constexpr bool is_letter(char c) noexcept {
    return is_upper(c) || is_lower(c) || static_cast<unsigned char>(c) >= 0x80;
}
constexpr bool is_vowel(char c) noexcept {
    return "aeiou"sv.find(c) != std::string_view::npos;
}

/// Where the last word begins: behind anything that is no letter, or where capitals begin.
std::size_t last_word(std::string_view name) noexcept {
    std::size_t start = name.size();
    while (start > 0 && is_letter(name[start - 1])) {
        if (start < name.size() && is_upper(name[start]) && is_lower(name[start - 1]))
            break;
        --start;
    }
    return start;
}

std::string in_lower_case(std::string_view word) {
    std::string lower{word};
    for (char& c : lower) {
        if (is_upper(c))
            c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::string without(std::string_view word, std::size_t size) {
    return std::string{word.substr(0, word.size() - size)};
}

std::string singular_word(const std::string& word) {
    if (contains(uncountable, word) || contains(with_s, word))
        return word;
    for (const auto& [one, many] : irregular) {
        if (word == many)
            return std::string{one};
    }
    const auto ends = [&word](std::string_view end) { return word.ends_with(end); };
    if (!ends("s") || ends("ss") || ends("us") || ends("is") || word.size() < 3)
        return word;
    if (ends("ies"))
        return word.size() > 4 ? without(word, 3) + "y" : without(word, 1);
    if (ends("sses") || ends("xes") || ends("ches") || ends("shes") || ends("oes"))
        return without(word, 2);
    if (ends("es") && contains(with_s, std::string_view{word}.substr(0, word.size() - 2)))
        return without(word, 2);
    if (ends("uses") && word.size() > 4 && !ends("ouses") && !ends("auses"))
        return without(word, 2);
    return without(word, 1);
}

std::string plural_word(const std::string& word) {
    if (contains(uncountable, word))
        return word;
    for (const auto& [one, many] : irregular) {
        if (word == one)
            return std::string{many};
    }
    if (singular_word(word) != word)
        return word;
    const auto ends = [&word](std::string_view end) { return word.ends_with(end); };
    if (ends("y") && word.size() > 1 && !is_vowel(word[word.size() - 2]))
        return without(word, 1) + "ies";
    if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh"))
        return word + "es";
    return word + "s";
}

/// Puts another form in the place of the last word, in the case of what it replaces.
std::string with_form(std::string_view name, std::string (*form)(const std::string&)) {
    const std::size_t start = last_word(name);
    const std::string_view word = name.substr(start);
    const std::string lower = in_lower_case(word);
    const std::string other = form(lower);
    std::size_t same = 0;
    while (same < lower.size() && same < other.size() && lower[same] == other[same])
        ++same;
    std::string result{name.substr(0, start + same)};
    const bool shouts = word.size() > 1 && std::none_of(word.begin(), word.end(), is_lower);
    for (const char c : other.substr(same))
        result += shouts && is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    return result;
}

} // namespace

std::string plural(std::string_view name) {
    if (name.empty() || !is_letter(name.back()))
        return std::string{name} + "_list";
    return with_form(name, &plural_word);
}

std::string singular(std::string_view name) {
    return with_form(name, &singular_word);
}

} // namespace corm::schema

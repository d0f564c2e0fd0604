#include "schema/cpp_names.hpp"

#include <corm/schema/cpp.hpp>

#include <algorithm>
#include <iterator>
#include <map>

namespace corm::schema {
namespace {

/// Keywords of C++20 and its alternative tokens, and behind them macros of the standard headers and of compilers that a
/// column may well be called.
constexpr std::string_view words[] = {
    "alignas",     "alignof",  "and",        "and_eq",    "asm",       "auto",         "bitand",
    "bitor",       "bool",     "break",      "case",      "catch",     "char",         "char16_t",
    "char32_t",    "char8_t",  "class",      "co_await",  "co_return", "co_yield",     "compl",
    "concept",     "const",    "const_cast", "consteval", "constexpr", "constinit",    "continue",
    "decltype",    "default",  "delete",     "do",        "double",    "dynamic_cast", "else",
    "enum",        "explicit", "export",     "extern",    "false",     "float",        "for",
    "friend",      "goto",     "if",         "inline",    "int",       "long",         "mutable",
    "namespace",   "new",      "noexcept",   "not",       "not_eq",    "nullptr",      "operator",
    "or",          "or_eq",    "private",    "protected", "public",    "register",     "reinterpret_cast",
    "requires",    "return",   "short",      "signed",    "sizeof",    "static",       "static_assert",
    "static_cast", "struct",   "switch",     "template",  "this",      "thread_local", "throw",
    "true",        "try",      "typedef",    "typeid",    "typename",  "union",        "unsigned",
    "using",       "virtual",  "void",       "volatile",  "wchar_t",   "while",        "xor",
    "xor_eq",      "BUFSIZ",   "EOF",        "FALSE",     "HUGE_VAL",  "INFINITY",     "NAN",
    "NULL",        "TRUE",     "assert",     "errno",     "i386",      "linux",        "major",
    "makedev",     "minor",    "offsetof",   "setjmp",    "stderr",    "stdin",        "stdout",
    "unix",        "va_arg",   "va_copy",    "va_end",    "va_start",
};

/// What generated code calls by name.
constexpr std::string_view used[] = {"boost", "corm", "corm_enum", "corm_mapping", "std"};

constexpr bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) noexcept {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_word(char c) noexcept {
    return is_lower(c) || is_upper(c) || is_digit(c);
}

bool is_one_of(std::string_view name, const auto& list) {
    return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

/// `name` itself, or with the first number that makes it free.
std::string numbered(const std::string& name, const std::set<std::string>& taken) {
    std::string free = name;
    for (int number = 2; taken.contains(free); ++number)
        free = name + "_" + std::to_string(number);
    return free;
}

} // namespace

bool is_identifier(std::string_view name) {
    if (name.empty() || is_digit(name.front()) || name.find("__") != std::string_view::npos ||
        (name.size() > 1 && name[0] == '_' && is_upper(name[1])))
        return false;
    return std::all_of(name.begin(), name.end(), [](char c) { return is_word(c) || c == '_'; }) &&
           !is_one_of(name, words) && !is_one_of(name, used);
}

std::string member_identifier(std::string_view name) {
    if (is_identifier(name))
        return std::string{name};
    std::string made;
    for (const char c : name) {
        const char next = is_word(c) ? c : '_';
        if (next != '_' || (!made.empty() && made.back() != '_'))
            made += next;
    }
    if (made.size() > 1 && made.back() == '_' && !name.ends_with('_'))
        made.pop_back();
    if (made.empty() || is_digit(made.front()))
        made.insert(0, made.empty() ? "column" : "column_");
    if (!is_identifier(made))
        made += '_';
    return made;
}

std::string type_identifier(std::string_view name) {
    std::string made;
    bool begins = true;
    for (const char c : name) {
        if (!is_word(c)) {
            begins = true;
            continue;
        }
        made += begins && is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
        begins = false;
    }
    if (made.empty() || is_digit(made.front()))
        made.insert(0, "Type");
    if (!is_identifier(made))
        made += '_';
    return made;
}

std::vector<std::string> choose_names(std::span<const std::vector<std::string>> lists, std::set<std::string>& taken) {
    std::vector<std::string> names(lists.size());
    std::size_t longest = 0;
    for (const std::vector<std::string>& list : lists)
        longest = std::max(longest, list.size());
    for (std::size_t place = 0; place < longest; ++place) {
        std::map<std::string, int> wanted;
        for (std::size_t i = 0; i < lists.size(); ++i) {
            if (names[i].empty() && place < lists[i].size())
                ++wanted[lists[i][place]];
        }
        for (std::size_t i = 0; i < lists.size(); ++i) {
            if (!names[i].empty() || place >= lists[i].size() || wanted[lists[i][place]] != 1 ||
                taken.contains(lists[i][place]))
                continue;
            names[i] = lists[i][place];
            taken.insert(names[i]);
        }
    }
    for (std::size_t i = 0; i < lists.size(); ++i) {
        if (names[i].empty()) {
            names[i] = numbered(lists[i].back(), taken);
            taken.insert(names[i]);
        }
    }
    return names;
}

std::vector<std::string> member_identifiers(std::span<const std::string> names, const std::set<std::string>& taken) {
    std::set<std::string> all = taken;
    std::vector<std::string> made(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (is_identifier(names[i]) && all.insert(names[i]).second)
            made[i] = names[i];
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!made[i].empty())
            continue;
        made[i] = numbered(member_identifier(names[i]), all);
        all.insert(made[i]);
    }
    return made;
}

bool is_cpp_namespace(std::string_view name) {
    for (;;) {
        const std::size_t end = name.find("::");
        const std::string_view part = name.substr(0, end);
        if (!is_identifier(part) || part.starts_with('_'))
            return false;
        if (end == std::string_view::npos)
            return true;
        name.remove_prefix(end + 2);
    }
}

} // namespace corm::schema

// Arguments of raw SQL with names.
#pragma once

#include <corm/query/placeholders.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace corm::query {

namespace detail {

// Without <algorithm>, which takes longer to compile than all of this.

/// A string literal as an argument of a template.
template <std::size_t N>
struct NameText {
    consteval NameText(const char (&text)[N]) { // NOLINT: a literal is a name
        for (std::size_t i = 0; i < N; ++i)
            characters[i] = text[i];
    }

    char characters[N]{};
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {characters, N - 1}; }
};

} // namespace detail

/// An argument for each `:name` of a statement. A value, which copies what it was given.
template <detail::NameText name, class Value>
struct NamedArgument {
    Value value;
};

/// The argument for `:name`: `corm::arg<"age">(17)`.
template <detail::NameText name, class Value>
[[nodiscard]] constexpr NamedArgument<name, std::decay_t<Value>> arg(Value&& value) {
    constexpr auto is_name = [] {
        constexpr std::string_view text = name.view();
        detail::Placeholder found;
        std::array<char, text.size() + 1> written{':'};
        for (std::size_t i = 0; i < text.size(); ++i)
            written[i + 1] = text[i];
        return detail::PlaceholderScanner{{written.data(), written.size()}}.next(found) && found.name == text;
    };
    static_assert(is_name(), "corm: this is no name for an argument of SQL; use letters, digits and underscores, and "
                             "leave the colon out");
    return {std::forward<Value>(value)};
}

namespace detail {

template <class Argument>
inline constexpr std::string_view name_of{};
template <NameText name, class Value>
inline constexpr std::string_view name_of<NamedArgument<name, Value>> = name.view();

/// The names of the arguments, empty without.
template <class... Arguments>
inline constexpr std::array<std::string_view, sizeof...(Arguments)> argument_names{name_of<Arguments>...};

template <class... Arguments>
inline constexpr bool are_named = sizeof...(Arguments) != 0 && (!name_of<Arguments>.empty() && ...);

constexpr std::size_t index_of(std::span<const std::string_view> names, std::string_view name) noexcept {
    std::size_t at = 0;
    while (at < names.size() && names[at] != name)
        ++at;
    return at;
}

template <class... Arguments>
consteval bool names_differ() {
    constexpr auto& names = argument_names<Arguments...>;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!names[i].empty() && index_of(names, names[i]) != i)
            return false;
    }
    return true;
}

} // namespace detail

} // namespace corm::query

// Command lines of the examples: flags, numbers and texts, each with a default.
#pragma once

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

/// A command line that cannot be used; `what()` says why.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Options are taken out by name; `finish` then complains about what nobody asked for. Throws `UsageError`.
class Arguments {
public:
    Arguments(int argc, char** argv) : words_(argv + 1, argv + argc) {}

    [[nodiscard]] bool flag(std::string_view name) {
        for (auto word = words_.begin(); word != words_.end(); ++word) {
            if (*word == name) {
                words_.erase(word);
                return true;
            }
        }
        return false;
    }

    /// `--name value` or `--name=value`.
    [[nodiscard]] std::string text(std::string_view name, std::string otherwise) {
        const std::string with_equals = std::string{name} + '=';
        for (auto word = words_.begin(); word != words_.end(); ++word) {
            if (word->starts_with(with_equals)) {
                std::string value = word->substr(with_equals.size());
                words_.erase(word);
                return value;
            }
            if (*word == name) {
                if (word + 1 == words_.end())
                    throw UsageError{std::string{name} + " needs a value"};
                std::string value = *(word + 1);
                words_.erase(word, word + 2);
                return value;
            }
        }
        return otherwise;
    }

    [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                      std::int64_t most) {
        const std::string given = text(name, std::to_string(otherwise));
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
        if (error != std::errc{} || end != given.data() + given.size() || value < least || value > most)
            throw UsageError{std::string{name} + " takes a number from " + std::to_string(least) + " to " +
                             std::to_string(most)};
        return value;
    }

    void finish() const {
        if (!words_.empty())
            throw UsageError{"unknown option '" + words_.front() + "'"};
    }

private:
    std::vector<std::string> words_;
};

} // namespace examples

// The command line of corm-reflect.
#pragma once

#include <corm/schema/cpp.hpp>
#include <corm/schema/reflect_options.hpp>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace corm::reflect_command {

extern const std::string_view usage;

/// A command line that cannot be used; `what()` says why, and shows no value of `--url`.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

enum class Format : std::uint8_t { cpp, json, mermaid, dot };

struct Options {
    std::string url{}; ///< empty: not given
    schema::ReflectOptions reflect{};
    Format format = Format::cpp;
    schema::CppOptions cpp{};
    std::string output{}; ///< empty: standard output
    bool help = false;
};

/// `words`: without the name of the program. Throws `UsageError`.
[[nodiscard]] Options parse_options(std::span<const char* const> words);

} // namespace corm::reflect_command

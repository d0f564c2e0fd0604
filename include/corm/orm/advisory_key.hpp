// What an advisory lock is named by.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace corm::orm {

/// A number of 64 bits, two numbers of 32 bits, which are another space, or a text, whose number the server computes:
/// `pg_catalog.hashtextextended(text, 0)`, so that SQL can name the same lock. Numbers of texts are spread over those
/// of 64 bits; two texts have the same one by accident only.
///
/// `session.advisory_lock(7)`, `session.advisory_lock({1, 7})`, `session.advisory_lock("nightly report")`.
class AdvisoryKey {
public:
    template <std::integral Integer>
        requires(!std::same_as<Integer, bool> && (sizeof(Integer) < 8 || std::signed_integral<Integer>))
    AdvisoryKey(Integer number) noexcept : value_(static_cast<std::int64_t>(number)) {} // NOLINT: a key is its number
    AdvisoryKey(std::int32_t space, std::int32_t number) noexcept : value_(std::pair{space, number}) {}
    AdvisoryKey(std::string_view text) : value_(std::string{text}) {} // NOLINT: as above
    AdvisoryKey(const std::string& text) : value_(text) {}            // NOLINT: as above
    AdvisoryKey(const char* text) : value_(std::string{text}) {}      // NOLINT: as above

    using Value = std::variant<std::int64_t, std::pair<std::int32_t, std::int32_t>, std::string>;
    [[nodiscard]] const Value& value() const noexcept { return value_; }

private:
    Value value_;
};

} // namespace corm::orm

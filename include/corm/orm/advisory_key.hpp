// What an advisory lock is named by.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace corm::orm {

/// A number of 64 bits, two numbers of 32 bits, which are another space, or a text, whose number the server computes:
/// `pg_catalog.hashtextextended(text, 0)`, so that SQL can name the same lock. Numbers of texts are spread over those
/// of 64 bits; two texts have the same one by accident only.
///
/// `session.advisory_lock(7)`, `session.advisory_lock({1, 7})`, `session.advisory_lock("nightly report")`.
class AdvisoryKey {
public:
    enum class Kind : std::uint8_t { number, pair, text };

    template <std::integral Integer>
        requires(!std::same_as<Integer, bool> && (sizeof(Integer) < 8 || std::signed_integral<Integer>))
    AdvisoryKey(Integer number) noexcept : number_(static_cast<std::int64_t>(number)) {} // NOLINT: a key is its number
    AdvisoryKey(std::int32_t space, std::int32_t number) noexcept : number_(number), space_(space), kind_(Kind::pair) {}
    AdvisoryKey(std::string_view text) : text_(text), kind_(Kind::text) {}   // NOLINT: as above
    AdvisoryKey(const std::string& text) : text_(text), kind_(Kind::text) {} // NOLINT: as above
    AdvisoryKey(const char* text) : text_(text), kind_(Kind::text) {}        // NOLINT: as above

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    /// The number, and of a pair its second one.
    [[nodiscard]] std::int64_t number() const noexcept { return number_; }
    [[nodiscard]] std::int32_t space() const noexcept { return space_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
    std::int64_t number_ = 0;
    std::int32_t space_ = 0;
    Kind kind_ = Kind::number;
};

} // namespace corm::orm

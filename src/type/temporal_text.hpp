// Dates and times from the text that the server and `literal` write in ISO style. Private to this layer.
#pragma once

#include <cstdint>
#include <string_view>

namespace corm::types {

// All throw `ConversionError` for text that is not of that form, other styles and the words for infinity included.
// Which values fit is checked by the caller.

/// `2024-02-29`, `0044-03-15 BC`: days since 1970.
[[nodiscard]] std::int64_t read_date_text(std::string_view text);
/// `2024-02-29 13:04:05.678901`, with `T` for the space too, and ` BC` at the end: microseconds since 1970.
/// With `zone`, an offset from UTC follows the time: `Z`, `+00`, `-03:30`, `+05:53:28`.
[[nodiscard]] std::int64_t read_timestamp_text(std::string_view text, bool zone);
/// `13:04:05.678901`: microseconds since midnight.
[[nodiscard]] std::int64_t read_clock_text(std::string_view text);

/// The parts of an interval, each within its limits.
struct IntervalText {
    std::int32_t months;
    std::int32_t days;
    std::int64_t microseconds;
};
/// `1 year -2 mons +3 days -04:05:06.789`, the IntervalStyle `postgres`.
[[nodiscard]] IntervalText read_interval_text(std::string_view text);

} // namespace corm::types

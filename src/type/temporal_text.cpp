#include "type/temporal_text.hpp"

#include "type/calendar.hpp"
#include "type/refuse.hpp"
#include <corm/base/error.hpp>

#include <limits>
#include <string>

namespace corm::types {
namespace {

/// Takes text from the front; throws where it is not what it must be.
class Scanner {
public:
    Scanner(std::string_view text, std::string_view form) noexcept : rest_(text), form_(form) {}

    [[noreturn]] void refuse() const {
        throw ConversionError("the text is not of the form that corm reads, " + std::string{form_} +
                              "; infinity and other styles are not read");
    }
    [[nodiscard]] bool is_at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] bool is_at_digit() const noexcept { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
    bool accept(std::string_view text) noexcept {
        if (!rest_.starts_with(text))
            return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    void expect(std::string_view text) {
        if (!accept(text))
            refuse();
    }
    /// A number of `least` to `most` digits, 18 at the most: 64 bits hold that.
    std::int64_t number(int least, int most) {
        std::int64_t value = 0;
        int count = 0;
        while (is_at_digit()) {
            if (++count > most)
                refuse();
            value = value * 10 + (rest_[0] - '0');
            rest_.remove_prefix(1);
        }
        if (count < least)
            refuse();
        return value;
    }
    std::int64_t number_up_to(std::int64_t greatest) {
        const std::int64_t value = number(2, 2);
        if (value > greatest)
            refuse();
        return value;
    }
    /// -1 or 1; a sign may be missing.
    int sign() noexcept { return accept("-") ? -1 : (accept("+"), 1); }
    /// `.678`, or nothing: microseconds.
    std::int64_t fraction() {
        if (!accept("."))
            return 0;
        const std::size_t before = rest_.size();
        std::int64_t value = number(1, 6);
        for (std::size_t digits = before - rest_.size(); digits < 6; ++digits)
            value *= 10;
        return value;
    }
    void finish() const {
        if (!is_at_end())
            refuse();
    }

private:
    std::string_view rest_;
    std::string_view form_;
};

constexpr std::int64_t second = 1'000'000;

// The inverse of `civil_from_days`.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) noexcept {
    const std::int64_t march_year = year - (month <= 2 ? 1 : 0);
    const std::int64_t era = floor_divide(march_year, 400);
    const std::int64_t year_of_era = march_year - era * 400;
    const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

struct Ymd {
    std::int64_t year, month, day;
};

Ymd scan_date(Scanner& scanner) {
    Ymd date{};
    date.year = scanner.number(4, 7);
    scanner.expect("-");
    date.month = scanner.number(2, 2);
    scanner.expect("-");
    date.day = scanner.number(2, 2);
    return date;
}

std::int64_t days_of(Ymd date, bool before_christ, const Scanner& scanner) {
    if (date.year == 0)
        scanner.refuse(); // there is none: 1 BC comes before 1
    if (before_christ)
        date.year = 1 - date.year;
    const std::int64_t days = days_from_civil(date.year, date.month, date.day);
    // The way back shows days that the calendar does not have.
    const Civil back = civil_from_days(days);
    if (back.year != date.year || back.month != date.month || back.day != date.day)
        scanner.refuse();
    return days;
}

// What follows the hours.
std::int64_t scan_clock(Scanner& scanner, std::int64_t hours) {
    constexpr std::int64_t most_hours = std::numeric_limits<std::int64_t>::max() / (3600 * second);
    if (hours > most_hours)
        scanner.refuse();
    scanner.expect(":");
    const std::int64_t minutes = scanner.number_up_to(59);
    scanner.expect(":");
    const std::int64_t seconds = scanner.number_up_to(59);
    const std::int64_t rest = (minutes * 60 + seconds) * second + scanner.fraction();
    if (hours * 3600 * second > std::numeric_limits<std::int64_t>::max() - rest)
        scanner.refuse();
    return hours * 3600 * second + rest;
}

// Microseconds east of UTC.
std::int64_t scan_zone(Scanner& scanner) {
    if (scanner.accept("Z"))
        return 0;
    const bool west = scanner.accept("-");
    if (!west)
        scanner.expect("+");
    std::int64_t seconds = scanner.number_up_to(23) * 3600;
    for (const std::int64_t unit : {60, 1}) {
        if (scanner.accept(":"))
            seconds += scanner.number_up_to(59) * unit;
    }
    return (west ? -seconds : seconds) * second;
}

std::int32_t checked_part(std::int64_t count) {
    using Part = std::numeric_limits<std::int32_t>;
    if (count > Part::max() || count < Part::min())
        throw_out_of_range("interval");
    return static_cast<std::int32_t>(count);
}

} // namespace

std::int64_t read_date_text(std::string_view text) {
    Scanner scanner{text, "2024-02-29"};
    const Ymd date = scan_date(scanner);
    const bool before_christ = scanner.accept(" BC");
    scanner.finish();
    return days_of(date, before_christ, scanner);
}

std::int64_t read_timestamp_text(std::string_view text, bool zone) {
    Scanner scanner{text, zone ? "2024-02-29 13:04:05.678901+00" : "2024-02-29 13:04:05.678901"};
    const Ymd date = scan_date(scanner);
    if (!scanner.accept("T"))
        scanner.expect(" ");
    std::int64_t clock = scan_clock(scanner, scanner.number_up_to(23));
    if (zone)
        clock -= scan_zone(scanner);
    const bool before_christ = scanner.accept(" BC");
    scanner.finish();
    const std::int64_t days = days_of(date, before_christ, scanner);
    using Limits = std::numeric_limits<std::int64_t>;
    if (days > Limits::max() / day_length || days < Limits::min() / day_length)
        throw_out_of_range("64 bits of microseconds");
    const std::int64_t midnight = days * day_length;
    if (clock > 0 ? midnight > Limits::max() - clock : midnight < Limits::min() - clock)
        throw_out_of_range("64 bits of microseconds");
    return midnight + clock;
}

std::int64_t read_clock_text(std::string_view text) {
    Scanner scanner{text, "13:04:05.678901"};
    const std::int64_t clock = scan_clock(scanner, scanner.number_up_to(24));
    scanner.finish();
    if (clock > day_length)
        scanner.refuse();
    return clock;
}

IntervalText read_interval_text(std::string_view text) {
    Scanner scanner{text, "1 year 2 mons -3 days +04:05:06.789"};
    IntervalText interval{};
    constexpr int most_digits = 10; // hours, days and months have no more
    do {
        const int sign = scanner.sign();
        // `literal` writes the least count of microseconds in this form, as the other cannot hold its magnitude.
        if (sign < 0 && scanner.accept("9223372036854775808 microseconds")) {
            interval.microseconds = std::numeric_limits<std::int64_t>::min();
            break;
        }
        const std::int64_t count = sign * scanner.number(1, most_digits);
        if (scanner.accept(" year")) {
            interval.months = checked_part(interval.months + count * 12);
        } else if (scanner.accept(" mon")) {
            interval.months = checked_part(interval.months + count);
        } else if (scanner.accept(" day")) {
            interval.days = checked_part(interval.days + count);
        } else {
            interval.microseconds = sign * scan_clock(scanner, sign * count);
            break;
        }
        scanner.accept("s");
    } while (scanner.accept(" "));
    scanner.finish();
    return interval;
}

} // namespace corm::types

// Range<T>: what lies between two bounds. Its codec is in corm/type/range.hpp.
#pragma once

#include <corm/type/chrono_unit.hpp>
#include <corm/type/numeric.hpp>
#include <corm/type/oid.hpp>
#include <corm/type/temporal.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace corm::types {

/// Which bounds belong to the range, in the words of intervals: `[1,5)` is `closed_open`.
enum class RangeBounds : std::uint8_t { closed_open, closed, open_closed, open };

namespace detail {

/// Throws `ConversionError`: the lower bound is greater than the upper one.
[[noreturn]] void throw_bounds_swapped();
/// Throws `ConversionError`: `[a,b]` is kept as `[a,b + 1)`, and there is no `b + 1`.
[[noreturn]] void throw_no_next_bound();

template <class T>
inline constexpr bool is_discrete =
    std::same_as<T, std::int32_t> || std::same_as<T, std::int64_t> || std::same_as<T, std::chrono::sys_days> ||
    std::same_as<T, std::chrono::local_days> || std::same_as<T, std::chrono::year_month_day>;

template <class T>
[[nodiscard]] T next_bound(const T& value) {
    using namespace std::chrono;
    if constexpr (std::integral<T>) {
        if (value == std::numeric_limits<T>::max())
            throw_no_next_bound();
        return value + 1;
    } else if constexpr (std::same_as<T, year_month_day>) {
        const year_month_day next{local_days{value} + days{1}};
        if (!value.ok() || !next.ok())
            throw_no_next_bound();
        return next;
    } else {
        if (value == T::max())
            throw_no_next_bound();
        return value + days{1};
    }
}

} // namespace detail

/// The values of `T` between two bounds, or none at all. Each bound may be missing, and may belong to the range or
/// not. Default-constructed it is empty.
///
/// It is always in the form that PostgreSQL keeps: of whole numbers and dates, `[1,4]` and `(0,5)` are `[1,5)`; a
/// range without a value in it, as `[3,3)`, is empty; a missing bound belongs to no range. So two ranges are equal if
/// they hold the same values, and `==` says what the server's `=` does. Not for changing in parts: make another one.
template <class T>
class Range {
public:
    using Value = T;

    Range() noexcept = default;
    /// From `lower` to `upper`; std::nullopt for no bound. Throws `ConversionError` if `lower` is greater, and if the
    /// bounds cannot be brought into PostgreSQL's form, as those of `[1,2147483647]` (so does the server).
    Range(std::optional<T> lower, std::optional<T> upper, RangeBounds bounds = RangeBounds::closed_open)
        : Range(std::move(lower), std::move(upper), bounds == RangeBounds::closed_open || bounds == RangeBounds::closed,
                bounds == RangeBounds::open_closed || bounds == RangeBounds::closed) {}

    /// Of all values.
    [[nodiscard]] static Range all() { return Range{std::nullopt, std::nullopt}; }
    /// From `lower` on.
    [[nodiscard]] static Range from(T lower) { return Range{std::move(lower), std::nullopt}; }
    /// Up to `upper`, which is not in it.
    [[nodiscard]] static Range until(T upper) { return Range{std::nullopt, std::move(upper)}; }

    [[nodiscard]] bool is_empty() const noexcept { return empty_; }
    /// Empty if there is none, be it that the range is empty.
    [[nodiscard]] const std::optional<T>& lower() const noexcept { return lower_; }
    [[nodiscard]] const std::optional<T>& upper() const noexcept { return upper_; }
    /// The bound exists and is in the range.
    [[nodiscard]] bool is_lower_inclusive() const noexcept { return lower_inclusive_; }
    [[nodiscard]] bool is_upper_inclusive() const noexcept { return upper_inclusive_; }

    /// As the server's `@>` and `&&`.
    [[nodiscard]] bool contains(const T& value) const {
        return !empty_ && (!lower_ || *lower_ < value || (lower_inclusive_ && *lower_ == value)) &&
               (!upper_ || value < *upper_ || (upper_inclusive_ && *upper_ == value));
    }
    [[nodiscard]] bool contains(const Range& other) const {
        if (empty_ || other.empty_)
            return other.empty_;
        return begins_no_later(other) && ends_no_sooner(other);
    }
    [[nodiscard]] bool overlaps(const Range& other) const {
        return !empty_ && !other.empty_ && reaches(other, false) && other.reaches(*this, false);
    }

    /// Both not empty: this one has the first value, or they begin alike.
    [[nodiscard]] bool begins_no_later(const Range& other) const {
        if (!lower_ || !other.lower_)
            return !lower_;
        return *lower_ < *other.lower_ || (*lower_ == *other.lower_ && (lower_inclusive_ || !other.lower_inclusive_));
    }
    /// Both not empty: this one has the last value, or they end alike.
    [[nodiscard]] bool ends_no_sooner(const Range& other) const {
        if (!upper_ || !other.upper_)
            return !upper_;
        return *other.upper_ < *upper_ || (*upper_ == *other.upper_ && (upper_inclusive_ || !other.upper_inclusive_));
    }
    /// Both not empty: nothing lies between the end of this one and the beginning of the other.
    [[nodiscard]] bool touches_beginning_of(const Range& other) const { return reaches(other, true); }

    /// As the server's `=`: numerics of another scale are equal.
    friend bool operator==(const Range&, const Range&) = default;

private:
    Range(std::optional<T> lower, std::optional<T> upper, bool lower_inclusive, bool upper_inclusive)
        : lower_(std::move(lower)), upper_(std::move(upper)), lower_inclusive_(lower_inclusive && lower_.has_value()),
          upper_inclusive_(upper_inclusive && upper_.has_value()), empty_(false) {
        if (lower_ && upper_ && *upper_ < *lower_)
            detail::throw_bounds_swapped();
        if constexpr (detail::is_discrete<T>) {
            // `(3,3)` and the like have no value, whether there is a next one or not.
            if (lower_ && upper_ && *lower_ == *upper_ && !(lower_inclusive_ && upper_inclusive_)) {
                make_empty();
                return;
            }
            if (lower_ && !lower_inclusive_)
                lower_ = detail::next_bound(*lower_);
            if (upper_inclusive_)
                upper_ = detail::next_bound(*upper_);
            lower_inclusive_ = lower_.has_value();
            upper_inclusive_ = false;
        }
        if (lower_ && upper_ && *lower_ == *upper_ && !(lower_inclusive_ && upper_inclusive_))
            make_empty();
    }

    // Not by assignment of an empty one: g++ 12 takes its missing bounds for values that nobody has set.
    void make_empty() noexcept {
        lower_.reset();
        upper_.reset();
        lower_inclusive_ = upper_inclusive_ = false;
        empty_ = true;
    }

    [[nodiscard]] bool reaches(const Range& other, bool adjacent) const {
        if (!upper_ || !other.lower_ || *other.lower_ < *upper_)
            return true;
        const bool both = upper_inclusive_ && other.lower_inclusive_;
        return *upper_ == *other.lower_ && (both || (adjacent && (upper_inclusive_ || other.lower_inclusive_)));
    }

    std::optional<T> lower_{};
    std::optional<T> upper_{};
    bool lower_inclusive_ = false;
    bool upper_inclusive_ = false;
    bool empty_ = true;
};

/// Which range type holds the ranges of `T`. Specialise it for a range type of the database's own: its names as SQL
/// has them, and 0 for the OIDs, which differ from one database to the next:
///
/// ```cpp
/// // CREATE TYPE floatrange AS RANGE (subtype = float8)
/// template <>
/// struct corm::types::RangeType<double>
///     : corm::types::RangeTypeOf<"floatrange", "floatmultirange", 0, 0, 0, 0> {};
/// ```
template <class T>
struct RangeType {};

/// A name as template argument.
template <std::size_t N>
struct TypeName {
    char text[N]{};
    constexpr TypeName(const char (&name)[N]) noexcept { // NOLINT: for the sake of the literal
        for (std::size_t i = 0; i < N; ++i)
            text[i] = name[i];
    }
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, N - 1}; }
};

template <TypeName range_name, TypeName multirange_name, Oid range_oid, Oid range_array_oid, Oid multi_oid,
          Oid multi_array_oid>
struct RangeTypeOf {
    static constexpr Oid oid = range_oid;
    static constexpr Oid array_oid = range_array_oid;
    static constexpr Oid multirange_oid = multi_oid;
    static constexpr Oid multirange_array_oid = multi_array_oid;
    static constexpr std::string_view sql_type() noexcept { return range_name.view(); }
    static constexpr std::string_view multirange_sql_type() noexcept { return multirange_name.view(); }
};

template <>
struct RangeType<std::int32_t> : RangeTypeOf<"int4range", "int4multirange", oids::int4_range, oids::int4_range_array,
                                             oids::int4_multirange, oids::int4_multirange_array> {};
template <>
struct RangeType<std::int64_t> : RangeTypeOf<"int8range", "int8multirange", oids::int8_range, oids::int8_range_array,
                                             oids::int8_multirange, oids::int8_multirange_array> {};
template <>
struct RangeType<Numeric> : RangeTypeOf<"numrange", "nummultirange", oids::numeric_range, oids::numeric_range_array,
                                        oids::numeric_multirange, oids::numeric_multirange_array> {};
template <detail::ClockUnit Duration>
struct RangeType<std::chrono::sys_time<Duration>>
    : RangeTypeOf<"tstzrange", "tstzmultirange", oids::timestamptz_range, oids::timestamptz_range_array,
                  oids::timestamptz_multirange, oids::timestamptz_multirange_array> {};
template <detail::ClockUnit Duration>
struct RangeType<std::chrono::local_time<Duration>>
    : RangeTypeOf<"tsrange", "tsmultirange", oids::timestamp_range, oids::timestamp_range_array,
                  oids::timestamp_multirange, oids::timestamp_multirange_array> {};

namespace detail {
using DateRangeType = RangeTypeOf<"daterange", "datemultirange", oids::date_range, oids::date_range_array,
                                  oids::date_multirange, oids::date_multirange_array>;
}
template <>
struct RangeType<std::chrono::sys_days> : detail::DateRangeType {};
template <>
struct RangeType<std::chrono::local_days> : detail::DateRangeType {};
template <>
struct RangeType<std::chrono::year_month_day> : detail::DateRangeType {};

} // namespace corm::types

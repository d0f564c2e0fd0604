// The codec of Range<T>. Not in corm/corm.hpp: include it beside that.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/range_type.hpp>
#include <corm/type/scalar.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace corm::types {

namespace detail {

/// A range type, seen by the compiled part; static data.
struct RangeTable {
    Oid oid; ///< 0: a type made in the database
    std::string_view sql_type;
    const ValueType* bound;
};

/// A range, seen by the compiled part.
struct RangeView {
    bool empty;
    bool lower_inclusive;
    bool upper_inclusive;
    const void* lower; ///< null: none
    const void* upper;
};

/// What was read of a range beside the values of its bounds.
struct RangeRead {
    bool empty;
    RangeBounds bounds;
    bool has_lower;
    bool has_upper;
};

void encode_range(const RangeTable& table, const RangeView& range, std::string& out);
void write_range(const RangeTable& table, const RangeView& range, std::string& out);
/// Decodes the bounds that there are into `lower` and `upper`.
[[nodiscard]] RangeRead decode_range(const RangeTable& table, const FieldView& field, void* lower, void* upper);

template <class T>
concept RangeBound = ColumnValue<T> && std::totally_ordered<T> && requires { RangeType<T>::oid; };

/// Stands in for ranges that PostgreSQL lacks. The assertion sits in a body, so that concepts see a codec and the
/// sentence is the only message; the functions without a body are never reached.
template <class T>
struct RangeCodec {
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::text;
    static std::string_view sql_type() {
        static_assert(RangeBound<T>,
                      "corm: PostgreSQL has no ranges of this type: it has those of std::int32_t, std::int64_t, "
                      "corm::Numeric, dates and timestamps; for a range type made in the database specialise "
                      "corm::types::RangeType");
        return {};
    }
    static void encode(const Range<T>& value, std::string& out);
    static void decode(const FieldView& field, Range<T>& target);
    static void literal(const Range<T>& value, std::string& out);
    static bool same(const Range<T>& left, const Range<T>& right);
};

template <RangeBound T>
struct RangeCodec<T> {
    static constexpr Oid oid = RangeType<T>::oid;
    static constexpr Oid array_oid = RangeType<T>::array_oid;
    static constexpr Format format = oid != 0 ? Format::binary : Format::text;
    static constexpr bool written_as_literal = true;
    static constexpr std::string_view sql_type() noexcept { return RangeType<T>::sql_type(); }

    static void encode(const Range<T>& value, std::string& out) {
        if constexpr (format == Format::binary)
            encode_range(table, view(value), out);
        else
            write_range(table, view(value), out);
    }
    static void decode(const FieldView& field, Range<T>& target) {
        std::optional<T> lower{std::in_place}, upper{std::in_place};
        const RangeRead read = decode_range(table, field, &*lower, &*upper);
        if (read.empty) {
            target = Range<T>{};
            return;
        }
        if (!read.has_lower)
            lower.reset();
        if (!read.has_upper)
            upper.reset();
        target = Range<T>{std::move(lower), std::move(upper), read.bounds};
    }
    static void literal(const Range<T>& value, std::string& out) { write_range(table, view(value), out); }
    static bool same(const Range<T>& left, const Range<T>& right) {
        return left.is_empty() == right.is_empty() && left.is_lower_inclusive() == right.is_lower_inclusive() &&
               left.is_upper_inclusive() == right.is_upper_inclusive() && same_bound(left.lower(), right.lower()) &&
               same_bound(left.upper(), right.upper());
    }

private:
    static constexpr RangeTable table{oid, RangeType<T>::sql_type(), &value_type<T>};

    static RangeView view(const Range<T>& value) noexcept {
        return {value.is_empty(), value.is_lower_inclusive(), value.is_upper_inclusive(),
                value.lower() ? &*value.lower() : nullptr, value.upper() ? &*value.upper() : nullptr};
    }
    static bool same_bound(const std::optional<T>& left, const std::optional<T>& right) {
        return left && right ? Codec<T>::same(*left, *right) : left.has_value() == right.has_value();
    }
};

} // namespace detail

/// Reads range columns of its own type. A bound that `T` cannot hold, such as the date `infinity` (which is no missing
/// bound to PostgreSQL), is a `ConversionError`.
template <class T>
struct Codec<Range<T>> : detail::RangeCodec<T> {};

} // namespace corm::types

namespace corm {
using types::Range;
using types::RangeBounds;
} // namespace corm

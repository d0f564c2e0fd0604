// MultiRange<T>: several ranges, and its codec. Not in corm/corm.hpp: include it beside that.
#pragma once

#include <corm/type/range.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::types {

/// Ranges that do not meet, in order: what a multirange column holds (PostgreSQL 14 and later). Default-constructed it
/// holds none.
///
/// It is always in the form that PostgreSQL keeps: empty ranges are left out, and those that overlap or adjoin are
/// one. So two of them are equal if they hold the same values.
template <class T>
class MultiRange {
public:
    using Value = T;
    using const_iterator = typename std::vector<Range<T>>::const_iterator;

    MultiRange() noexcept = default;
    /// Ranges in any order.
    MultiRange(std::initializer_list<Range<T>> ranges) : MultiRange(std::vector<Range<T>>{ranges}) {}
    explicit MultiRange(std::vector<Range<T>> ranges) : ranges_(std::move(ranges)) {
        std::erase_if(ranges_, [](const Range<T>& range) { return range.is_empty(); });
        std::sort(ranges_.begin(), ranges_.end(), [](const Range<T>& left, const Range<T>& right) {
            return left.begins_no_later(right) && !right.begins_no_later(left);
        });
        std::size_t last = 0;
        for (std::size_t i = 1; i < ranges_.size(); ++i) {
            if (ranges_[last].touches_beginning_of(ranges_[i]))
                ranges_[last] = joined(ranges_[last], ranges_[i]);
            else if (++last != i)
                ranges_[last] = std::move(ranges_[i]);
        }
        if (!ranges_.empty())
            ranges_.erase(ranges_.begin() + static_cast<std::ptrdiff_t>(last) + 1, ranges_.end());
    }

    [[nodiscard]] bool is_empty() const noexcept { return ranges_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return ranges_.size(); }
    [[nodiscard]] const Range<T>& operator[](std::size_t index) const noexcept { return ranges_[index]; }
    [[nodiscard]] const_iterator begin() const noexcept { return ranges_.begin(); }
    [[nodiscard]] const_iterator end() const noexcept { return ranges_.end(); }

    /// As the server's `@>` and `&&`. They look at one range after the other.
    [[nodiscard]] bool contains(const T& value) const {
        return std::any_of(begin(), end(), [&value](const Range<T>& range) { return range.contains(value); });
    }
    [[nodiscard]] bool contains(const Range<T>& other) const {
        return other.is_empty() ||
               std::any_of(begin(), end(), [&other](const Range<T>& range) { return range.contains(other); });
    }
    [[nodiscard]] bool overlaps(const Range<T>& other) const {
        return std::any_of(begin(), end(), [&other](const Range<T>& range) { return range.overlaps(other); });
    }

    friend bool operator==(const MultiRange&, const MultiRange&) = default;

private:
    /// The first one begins no later.
    static Range<T> joined(const Range<T>& first, const Range<T>& second) {
        const Range<T>& end = first.ends_no_sooner(second) ? first : second;
        const bool lower = first.is_lower_inclusive(), upper = end.is_upper_inclusive();
        return {first.lower(), end.upper(),
                lower   ? upper ? RangeBounds::closed : RangeBounds::closed_open
                : upper ? RangeBounds::open_closed
                        : RangeBounds::open};
    }

    std::vector<Range<T>> ranges_{};
};

namespace detail {

/// A multirange type, seen by the compiled part.
struct MultiRangeTable {
    Oid oid; ///< 0: a type made in the database
    std::string_view sql_type;
    Oid range_oid;
};

/// The ranges in a field, one by one. Throws `ConversionError` for bytes and texts that are no multirange.
class MultiRangeReader {
public:
    MultiRangeReader(const MultiRangeTable& table, const FieldView& field);
    /// False behind the last one.
    [[nodiscard]] bool next(FieldView& range);

private:
    [[nodiscard]] bool next_text(FieldView& range);

    const MultiRangeTable& table_;
    std::string_view rest_;
    Oid range_oid_;
    Format format_;
    std::size_t left_ = 0; ///< of binary ones
    bool first_ = true;
};

/// Appends four bytes for the size of what follows, and where they are.
[[nodiscard]] std::size_t open_item(std::string& out);
/// Writes the size of what `out` holds since.
void close_item(std::string& out, std::size_t at);
void put_count(std::string& out, std::size_t count);

/// As `RangeCodec`.
template <class T>
struct MultiRangeCodec : RangeCodec<T> {
    static void encode(const MultiRange<T>& value, std::string& out);
    static void decode(const FieldView& field, MultiRange<T>& target);
    static void literal(const MultiRange<T>& value, std::string& out);
    static bool same(const MultiRange<T>& left, const MultiRange<T>& right);
};

template <RangeBound T>
struct MultiRangeCodec<T> {
    using Element = Codec<Range<T>>;
    static constexpr Oid oid = RangeType<T>::multirange_oid;
    static constexpr Oid array_oid = RangeType<T>::multirange_array_oid;
    static constexpr Format format = oid != 0 ? Format::binary : Format::text;
    static constexpr bool written_as_literal = true;
    static constexpr std::string_view sql_type() noexcept { return RangeType<T>::multirange_sql_type(); }

    static void encode(const MultiRange<T>& value, std::string& out) {
        if constexpr (format == Format::text) {
            literal(value, out);
        } else {
            put_count(out, value.size());
            for (const Range<T>& range : value) {
                const std::size_t at = open_item(out);
                Element::encode(range, out);
                close_item(out, at);
            }
        }
    }
    static void decode(const FieldView& field, MultiRange<T>& target) {
        MultiRangeReader reader{table, field};
        std::vector<Range<T>> ranges;
        FieldView range;
        while (reader.next(range))
            Element::decode(range, ranges.emplace_back());
        target = MultiRange<T>{std::move(ranges)};
    }
    static void literal(const MultiRange<T>& value, std::string& out) {
        out.push_back('{');
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (i != 0)
                out.push_back(',');
            Element::literal(value[i], out);
        }
        out.push_back('}');
    }
    static bool same(const MultiRange<T>& left, const MultiRange<T>& right) {
        return std::equal(left.begin(), left.end(), right.begin(), right.end(), &Element::same);
    }

private:
    static constexpr MultiRangeTable table{oid, RangeType<T>::multirange_sql_type(), Element::oid};
};

} // namespace detail

/// Reads multirange columns of its own type; bounds as those of `Range`.
template <class T>
struct Codec<MultiRange<T>> : detail::MultiRangeCodec<T> {};

} // namespace corm::types

namespace corm {
using types::MultiRange;
} // namespace corm

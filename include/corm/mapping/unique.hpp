// UNIQUE constraints, as far as a flush needs to know them.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

namespace corm::mapping {

/// Says of a UNIQUE constraint that it is `DEFERRABLE`: the server checks it at the end of a statement and not row by
/// row, so objects of one flush may exchange their values.
struct Deferrable {
    explicit Deferrable() = default;
};
inline constexpr Deferrable deferrable{};

/// A value that no row keeps and that objects which exchange their unique values pass through; see `temporary`.
template <class Value>
struct Temporary {
    Value value;
};

/// Declares the value for the last member of a UNIQUE constraint, `corm::temporary(-1)`. Where that may be NULL,
/// `corm::temporary(std::nullopt)` is the best one: sessions that use it at the same time do not meet.
template <class Value>
[[nodiscard]] constexpr Temporary<std::decay_t<Value>> temporary(Value&& value) {
    return {static_cast<Value&&>(value)};
}

/// PostgreSQL's default: a value is checked as each row is written.
struct Immediate {};

template <class T>
struct IsExchange : std::is_same<T, Immediate> {};
template <>
struct IsExchange<Deferrable> : std::true_type {};
template <class Value>
struct IsExchange<Temporary<Value>> : std::true_type {};

/// The columns of a UNIQUE constraint, or of the primary key.
struct UniqueSet {
    std::vector<std::uint16_t> columns; ///< in the order of the mapping
    bool key = false;                   ///< they are the primary key
    bool deferrable = false;
    std::shared_ptr<const void> temporary; ///< a value of the last column's type; null if none was declared
};

} // namespace corm::mapping

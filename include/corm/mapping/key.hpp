// Keys as users give them, checked at compile time against the mapping.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/type/bytes.hpp>

#include <concepts>
#include <source_location>
#include <string>
#include <tuple>

namespace corm::mapping {

class Record;

/// The parts of a composite key, as given: `corm::key(7, 2)`.
template <class... Parts>
struct KeyParts {
    std::tuple<Parts...> parts;
};

template <class... Parts>
[[nodiscard]] constexpr KeyParts<std::decay_t<Parts>...> key(Parts&&... parts) {
    return {{std::forward<Parts>(parts)...}};
}

/// An identity within its mapper: the key columns, encoded. Equal bytes, equal identity.
using EncodedKey = std::string;

namespace detail {

template <class Part, class Member>
concept FitsKey = requires(Part part) { Member{part}; };

template <class Member, class Part>
void encode_part(EncodedKey& out, bool composite, const Part& part) {
    using Value = typename types::Nullable<Member>::Value;
    const std::size_t length_at = out.size();
    if (composite)
        types::put_int32(out, 0);
    types::Codec<Value>::encode(Value{part}, out);
    if (composite)
        types::patch_int32(out, length_at, static_cast<std::int32_t>(out.size() - length_at - 4));
}

template <class... Members, class... Parts, std::size_t... I>
EncodedKey encode_key(std::tuple<Members...>*, const std::tuple<Parts...>& parts, std::index_sequence<I...>) {
    EncodedKey out;
    (encode_part<Members>(out, sizeof...(Members) > 1, std::get<I>(parts)), ...);
    return out;
}

template <class Key, class Parts>
struct KeyFits : std::false_type {};
template <class... Members, class... Parts>
    requires(sizeof...(Members) == sizeof...(Parts))
struct KeyFits<std::tuple<Members...>, std::tuple<Parts...>>
    : std::bool_constant<(FitsKey<Parts, typename types::Nullable<Members>::Value> && ...)> {};

} // namespace detail

/// The key argument of `get<T>`: takes a value, or `corm::key(...)` for several, and remembers the place of the call.
template <class T>
class KeyArgument {
public:
    template <class Value>
    KeyArgument(const Value& value, std::source_location where = std::source_location::current()) // NOLINT: by design
        : KeyArgument(key(value), where) {}

    template <class... Parts>
    KeyArgument(const KeyParts<Parts...>& key, std::source_location where = std::source_location::current()) // NOLINT
        : where_(where) {
        require_mapped<T>();
        if constexpr (Mapped<T>) {
            using Key = key_types<T>;
            static_assert(std::tuple_size_v<Key> == sizeof...(Parts),
                          "corm: the number of key parts does not fit the primary key of the mapping; give a composite "
                          "key as corm::key(a, b)");
            static_assert(std::tuple_size_v<Key> != sizeof...(Parts) ||
                              detail::KeyFits<Key, std::tuple<Parts...>>::value,
                          "corm: this key does not convert to the type of the key member without narrowing; cast it to "
                          "that type");
            if constexpr (detail::KeyFits<Key, std::tuple<Parts...>>::value)
                encoded_ =
                    detail::encode_key(static_cast<Key*>(nullptr), key.parts, std::index_sequence_for<Parts...>{});
        }
    }

    [[nodiscard]] const EncodedKey& encoded() const noexcept { return encoded_; }
    [[nodiscard]] const std::source_location& where() const noexcept { return where_; }

private:
    EncodedKey encoded_;
    std::source_location where_;
};

/// The key of a record, checked at run time against the types of the key columns.
class RecordKey {
public:
    template <types::ColumnValue Value>
    RecordKey(const Value& value, std::source_location where = std::source_location::current()) // NOLINT: by design
        : where_(where) {
        add(types::value_type<Value>, &value);
    }
    template <types::ColumnValue... Parts>
    RecordKey(const KeyParts<Parts...>& key, std::source_location where = std::source_location::current()) // NOLINT
        : where_(where) {
        std::apply([this](const auto&... part) { (add(types::value_type<std::decay_t<decltype(part)>>, &part), ...); },
                   key.parts);
    }

    /// The key of a record's row, whatever its types are. Throws `MappingError` for a NULL in it.
    [[nodiscard]] static RecordKey of(const Record& record,
                                      std::source_location where = std::source_location::current());

    /// Throws `MappingError` if number or types of the parts do not fit.
    [[nodiscard]] EncodedKey encode(const Mapper& mapper) const;
    [[nodiscard]] const std::source_location& where() const noexcept { return where_; }

private:
    explicit RecordKey(std::source_location where) : where_(where) {}
    void add(const types::ValueType& type, const void* value);

    std::vector<std::pair<const types::ValueType*, std::string>> parts_;
    std::source_location where_;
};

} // namespace corm::mapping

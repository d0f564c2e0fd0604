#include "schema/record_types.hpp"

#include <corm/type/types.hpp>

#include <boost/json/value.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace corm::schema {
namespace {

/// One C++ type by itself and where NULL may be, as element of an array, and as such where NULL may be.
struct Known {
    std::string_view name; ///< in pg_catalog
    const types::ValueType* value;
    const types::ValueType* nullable;
    const types::ValueType* array;
    const types::ValueType* nullable_array;
};

template <class T>
constexpr Known known(std::string_view name) {
    using Array = std::vector<std::optional<T>>;
    return {name, &types::value_type<T>, &types::value_type<std::optional<T>>, &types::value_type<Array>,
            &types::value_type<std::optional<Array>>};
}

// char(n) is not among them: its text comes with the spaces that PostgreSQL does not count.
constexpr Known table[] = {
    known<bool>("bool"),
    known<std::int16_t>("int2"),
    known<std::int32_t>("int4"),
    known<std::int64_t>("int8"),
    known<float>("float4"),
    known<double>("float8"),
    known<types::Numeric>("numeric"),
    known<std::string>("text"),
    known<std::string>("varchar"),
    known<std::string>("bpchar"),
    known<std::string>("name"),
    known<types::Bytes>("bytea"),
    known<types::Uuid>("uuid"),
    known<std::chrono::sys_days>("date"),
    known<types::Timestamp>("timestamptz"),
    known<types::LocalTimestamp>("timestamp"),
    known<types::TimeOfDay>("time"),
    known<types::Interval>("interval"),
    known<boost::json::value>("jsonb"),
    known<types::JsonText>("json"),
};

const Known* find(const QualifiedName& name) noexcept {
    if (name.schema != "pg_catalog")
        return nullptr;
    const auto* const found =
        std::find_if(std::begin(table), std::end(table), [&](const Known& each) { return each.name == name.name; });
    return found == std::end(table) ? nullptr : found;
}

} // namespace

RecordType record_type(const Database& database, const TypeUse& type, bool nullable, bool typed_arrays) {
    const TypeUse& base = database.base_type(type);
    const Known* const found = find(base.name);
    // The elements of an array of a domain are not told apart from those of its base.
    if (found != nullptr && (!base.array || (typed_arrays && &base == &type))) {
        if (base.array)
            return {nullable ? found->nullable_array : found->array, {}};
        return {nullable ? found->nullable : found->value, {}};
    }
    return {nullable ? &types::value_type<std::optional<types::TextForm>> : &types::value_type<types::TextForm>,
            type.text};
}

} // namespace corm::schema

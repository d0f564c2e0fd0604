#include "schema/record_types.hpp"

#include <corm/type/types.hpp>

#include <boost/json/value.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::schema {
namespace {

/// One C++ type by itself and where NULL may be, as element of an array, and as such where NULL may be.
struct Known {
    std::string_view name; ///< in pg_catalog
    std::string_view cpp;
    const types::ValueType* value;
    const types::ValueType* nullable;
    const types::ValueType* array;
    const types::ValueType* nullable_array;
    bool exact; ///< holds every value, and writes it as PostgreSQL does
};

template <class T>
constexpr Known known(std::string_view name, std::string_view cpp, bool exact = false) {
    using Array = std::vector<std::optional<T>>;
    return {name,
            cpp,
            &types::value_type<T>,
            &types::value_type<std::optional<T>>,
            &types::value_type<Array>,
            &types::value_type<std::optional<Array>>,
            exact};
}

constexpr Known table[] = {
    known<bool>("bool", "bool"),
    known<std::int16_t>("int2", "std::int16_t", true),
    known<std::int32_t>("int4", "std::int32_t", true),
    known<std::int64_t>("int8", "std::int64_t", true),
    known<float>("float4", "float"),
    known<double>("float8", "double"),
    known<types::Numeric>("numeric", "corm::Numeric"),
    known<std::string>("text", "std::string", true),
    known<std::string>("varchar", "std::string", true),
    known<std::string>("bpchar", "std::string", true),
    known<std::string>("name", "std::string", true),
    known<types::Bytes>("bytea", "corm::Bytes"),
    known<types::Uuid>("uuid", "corm::Uuid", true),
    known<std::chrono::sys_days>("date", "std::chrono::sys_days"),
    known<types::Timestamp>("timestamptz", "corm::types::Timestamp"),
    known<types::LocalTimestamp>("timestamp", "corm::types::LocalTimestamp"),
    known<types::TimeOfDay>("time", "corm::types::TimeOfDay"),
    known<types::Interval>("interval", "corm::types::Interval"),
    known<boost::json::value>("jsonb", "boost::json::value"),
    known<types::JsonText>("json", "corm::types::JsonText"),
};

const Known* find(const QualifiedName& name) noexcept {
    if (name.schema != "pg_catalog")
        return nullptr;
    const auto* const found =
        std::find_if(std::begin(table), std::end(table), [&](const Known& each) { return each.name == name.name; });
    return found == std::end(table) ? nullptr : found;
}

} // namespace

RecordType record_type(const Database& database, const TypeUse& type, bool nullable, TypeChoice choice) {
    const TypeUse& base = database.base_type(type);
    const Known* const found = find(base.name);
    // The elements of an array of a domain are not told apart from those of its base.
    // A vector has one dimension; an array of PostgreSQL may have others.
    const bool arrays = choice.typed_arrays && !choice.exact_types && &base == &type;
    const bool chosen = found != nullptr && (found->exact || !choice.exact_types) && (!base.array || arrays);
    if (chosen) {
        // The server compares char(n) with text as text, for which the spaces behind it count.
        std::string declared = base.name.name == "bpchar" ? base.text : std::string{};
        if (base.array)
            return {nullable ? found->nullable_array : found->array, std::move(declared), found->cpp, true};
        return {nullable ? found->nullable : found->value, std::move(declared), found->cpp};
    }
    return {nullable ? &types::value_type<std::optional<types::TextForm>> : &types::value_type<types::TextForm>,
            type.text, "corm::TextForm"};
}

} // namespace corm::schema

#include "schema/record_types.hpp"

#include <corm/type/bit_string.hpp>
#include <corm/type/hstore.hpp>
#include <corm/type/multirange.hpp>
#include <corm/type/network.hpp>
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

using Int4 = types::Range<std::int32_t>;
using Int8 = types::Range<std::int64_t>;
using Num = types::Range<types::Numeric>;
using Date = types::Range<std::chrono::sys_days>;
using Local = types::Range<types::LocalTimestamp>;
using Moment = types::Range<types::Timestamp>;

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
    known<types::Inet>("inet", "corm::Inet"),
    known<types::Cidr>("cidr", "corm::Cidr"),
    known<types::MacAddr>("macaddr", "corm::MacAddr"),
    known<types::MacAddr8>("macaddr8", "corm::MacAddr8"),
    known<types::BitString>("bit", "corm::BitString"),
    known<types::BitString>("varbit", "corm::BitString"),
    known<types::Hstore>("hstore", "corm::Hstore"),
    known<Int4>("int4range", "corm::Range<std::int32_t>"),
    known<Int8>("int8range", "corm::Range<std::int64_t>"),
    known<Num>("numrange", "corm::Range<corm::Numeric>"),
    known<Date>("daterange", "corm::Range<std::chrono::sys_days>"),
    known<Local>("tsrange", "corm::Range<corm::types::LocalTimestamp>"),
    known<Moment>("tstzrange", "corm::Range<corm::types::Timestamp>"),
    known<types::MultiRange<Int4::Value>>("int4multirange", "corm::MultiRange<std::int32_t>"),
    known<types::MultiRange<Int8::Value>>("int8multirange", "corm::MultiRange<std::int64_t>"),
    known<types::MultiRange<Num::Value>>("nummultirange", "corm::MultiRange<corm::Numeric>"),
    known<types::MultiRange<Date::Value>>("datemultirange", "corm::MultiRange<std::chrono::sys_days>"),
    known<types::MultiRange<Local::Value>>("tsmultirange", "corm::MultiRange<corm::types::LocalTimestamp>"),
    known<types::MultiRange<Moment::Value>>("tstzmultirange", "corm::MultiRange<corm::types::Timestamp>"),
};

/// True for types of the system, and for hstore where its name alone leads to it.
bool is_known_schema(const Database& database, const QualifiedName& name) {
    const std::vector<std::string>& path = database.search_path;
    return name.schema == "pg_catalog" ||
           (name.name == "hstore" && std::find(path.begin(), path.end(), name.schema) != path.end());
}

const Known* find(const Database& database, const QualifiedName& name) {
    if (!is_known_schema(database, name))
        return nullptr;
    const auto* const found =
        std::find_if(std::begin(table), std::end(table), [&](const Known& each) { return each.name == name.name; });
    return found == std::end(table) ? nullptr : found;
}

} // namespace

RecordType record_type(const Database& database, const TypeUse& type, bool nullable, TypeChoice choice) {
    const TypeUse& base = database.base_type(type);
    const Known* const found = find(database, base.name);
    // The elements of an array of a domain are not told apart from those of its base.
    // A vector has one dimension; an array of PostgreSQL may have others.
    // An array of varbit is not compared with one of bit.
    const bool arrays = choice.typed_arrays && !choice.exact_types && &base == &type && base.name.name != "bit";
    const bool chosen = found != nullptr && (found->exact || !choice.exact_types) && (!base.array || arrays);
    if (chosen) {
        // The server compares char(n) with text as text, for which the spaces behind it count; bit(n) is no varbit.
        const bool says_more = base.name.name == "bpchar" || base.name.name == "bit";
        std::string declared = says_more ? base.text : std::string{};
        if (base.array)
            return {nullable ? found->nullable_array : found->array, std::move(declared), found->cpp, true};
        return {nullable ? found->nullable : found->value, std::move(declared), found->cpp};
    }
    return {nullable ? &types::value_type<std::optional<types::TextForm>> : &types::value_type<types::TextForm>,
            type.text, "corm::TextForm"};
}

} // namespace corm::schema

// Hstore: text by text, and its codec. Not in corm/corm.hpp: include it beside that.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/detail/json_table.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace corm::types {

/// What a column of the extension `hstore` holds: text, or NULL, by text.
using Hstore = std::map<std::string, std::optional<std::string>>;

/// Reads hstore columns only. The type has no fixed OID: it travels as text, and the server infers the type. Results
/// are binary. Texts are checked by `check_text` before they are sent.
template <>
struct Codec<Hstore> {
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::text;
    static constexpr std::string_view sql_type() noexcept { return "hstore"; }
    static void encode(const Hstore& value, std::string& out);
    /// After a `ConversionError` the target is unchanged.
    static void decode(const FieldView& field, Hstore& target);
    static void literal(const Hstore& value, std::string& out) { encode(value, out); }
    static bool same(const Hstore& left, const Hstore& right) { return left == right; }
    /// An object, with null for NULL.
    static void write_json(const Hstore& value, std::string& out, const detail::JsonPath& path);
};

} // namespace corm::types

namespace corm {
using types::Hstore;
} // namespace corm

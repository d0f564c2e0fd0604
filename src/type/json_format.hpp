// JSON text from and to values, shared by the codecs of JSON.
#pragma once

#include <corm/type/field_view.hpp>

#include <boost/json/fwd.hpp>
#include <boost/json/storage_ptr.hpp>

#include <string>
#include <string_view>

namespace corm::types {

/// Throws `ConversionError` for text that PostgreSQL cannot hold.
void write_json_string(std::string_view text, std::string& out);
/// Throws `ConversionError` for NaN and infinity.
void write_json_double(double value, std::string& out);
/// `depth` counts the arrays and objects around it.
void write_json_value(const boost::json::value& value, std::string& out, int depth);

/// The document in a field, without the version that stands before it in binary jsonb. Throws `ConversionError` for
/// another column type, naming `target`.
[[nodiscard]] std::string_view json_document(const FieldView& field, std::string_view target);
/// Throws `ConversionError` for anything but one JSON document, called `name` then. Numbers may be of any size.
void check_json(std::string_view text, std::string_view name);
/// The same as a value; throws for numbers that it cannot hold, too.
[[nodiscard]] boost::json::value parse_json(std::string_view text, std::string_view name,
                                            const boost::json::storage_ptr& storage);
/// The same for the document in a field.
[[nodiscard]] boost::json::value parse_json(const FieldView& field, std::string_view target,
                                            const boost::json::storage_ptr& storage);

} // namespace corm::types

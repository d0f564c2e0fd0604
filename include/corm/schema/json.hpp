// A model as JSON. Include <boost/json/value.hpp> to use the values, <boost/json/serialize.hpp> for their text.
#pragma once

#include <corm/schema/model.hpp>
#include <corm/schema/relations.hpp>

#include <span>

namespace boost::json {
class value;
}

namespace corm::schema {

/// An object with a member for each part of the model, by the names of the C++ members: `{"tables": [{"kind": "table",
/// "schema": "app", "name": "customer", "columns": [...], "primary_key": {...}}]}`. Names in a schema are
/// `{"schema": "app", "name": "mood"}`, kinds and actions the words of SQL in lower case. What is as it is without a
/// word (an empty text or list, false, the default kind) is left out; `schema`, `name`, `kind` and the members of a
/// type and of a sequence are always there. Deterministic.
[[nodiscard]] boost::json::value to_json(const Database& database);

/// An array with an object for each relation.
[[nodiscard]] boost::json::value to_json(std::span<const Relation> relations);

} // namespace corm::schema

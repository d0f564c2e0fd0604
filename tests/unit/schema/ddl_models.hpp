// Models by hand for the tests of DDL.
#pragma once

#include <corm/schema/ddl.hpp>

#include <string>
#include <utility>
#include <vector>

namespace corm::schema::test {

using Strings = std::vector<std::string>;

inline TypeUse type(std::string text) {
    TypeUse made;
    made.text = std::move(text);
    return made;
}
inline Column column(std::string name, std::string type_text, bool not_null = false) {
    Column made;
    made.name = std::move(name);
    made.type = type(std::move(type_text));
    made.not_null = not_null;
    return made;
}
/// With a column "id" that is its key.
inline Table table(std::string name, std::string schema = {}) {
    Table made;
    made.schema = std::move(schema);
    made.name = std::move(name);
    made.columns = {column("id", "bigint")};
    made.primary_key.emplace().columns = {"id"};
    return made;
}
/// A foreign key and its column.
inline void refer(Table& from, const Table& to, const std::string& by) {
    from.columns.push_back(column(by, "bigint"));
    ForeignKey& key = from.foreign_keys.emplace_back();
    key.columns = {by};
    key.target = to.qualified_name();
    key.target_columns = {"id"};
}
inline Database model(std::vector<Table> tables) {
    Database made;
    made.tables = std::move(tables);
    sort(made);
    return made;
}

} // namespace corm::schema::test

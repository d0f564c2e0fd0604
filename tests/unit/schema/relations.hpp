// Small models for the tests of relations. Everything is in the schema "s".
#pragma once

#include <corm/schema/relations.hpp>

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace corm::test {

using namespace corm::schema;
using Names = std::vector<std::string>;

inline Table table(std::string name, const Names& columns, Names key) {
    Table made{.schema = "s", .name = std::move(name)};
    for (const std::string& column : columns)
        made.columns.push_back({.name = column});
    made.primary_key = KeyConstraint{.name = made.name + "_pkey", .columns = std::move(key)};
    return made;
}

inline ForeignKey reference(Names columns, std::string target, Names target_columns = {"id"}) {
    ForeignKey key{.target = {"s", std::move(target)}, .target_columns = std::move(target_columns)};
    for (const std::string& column : columns)
        key.name += column + "_";
    key.name += "fkey";
    key.columns = std::move(columns);
    return key;
}

inline Table with(Table table, ForeignKey key) {
    table.foreign_keys.push_back(std::move(key));
    return table;
}

/// Of posts and tags.
inline Table pairs() {
    Table made = table("post_tag", {"post_id", "tag_id"}, {"post_id", "tag_id"});
    return with(with(made, reference({"post_id"}, "post")), reference({"tag_id"}, "tag"));
}

inline Database model(std::vector<Table> tables) {
    Database made;
    made.tables = std::move(tables);
    sort(made);
    return made;
}

inline const Relation& relation(const std::vector<Relation>& relations, const std::string& table,
                                const std::string& name) {
    for (const Relation& each : relations) {
        if (each.table.name == table && each.name == name)
            return each;
    }
    throw std::runtime_error(table + " has no relation " + name);
}

/// The names of the relations of one table, in their order.
inline Names names_at(const Database& database, const std::string& table) {
    Names names;
    for (const Relation& each : derive_relations(database)) {
        if (each.table.name == table)
            names.push_back(each.name);
    }
    return names;
}

} // namespace corm::test

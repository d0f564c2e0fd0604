// Names for relations.
#pragma once

#include <corm/schema/relations.hpp>

#include <string>
#include <vector>

namespace corm::schema {

/// What its columns say of a foreign key.
[[nodiscard]] std::string stem_of(const ForeignKey& key);

/// A relation that waits for its name.
struct Unnamed {
    Relation relation;
    std::vector<std::string> names; ///< the best first
};

/// The names of a relation along its own foreign key.
[[nodiscard]] std::vector<std::string> names_to_one(const ForeignKey& key);
/// The names at the target of a foreign key of `table`. `only`: no other foreign key of it leads there.
[[nodiscard]] std::vector<std::string> names_from_other_side(const Table& table, const ForeignKey& key, bool unique,
                                                             bool only);
/// The names at the target of `own`, a foreign key of the table of pairs whose other one is `other`.
[[nodiscard]] std::vector<std::string> names_of_pairs(const Table& pairs, const ForeignKey& own,
                                                      const ForeignKey& other);

/// Gives each of the relations of one table its name.
void name_relations(const Table& table, std::vector<Unnamed>& relations);

} // namespace corm::schema

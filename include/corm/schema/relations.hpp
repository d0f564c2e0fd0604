// The relations that foreign keys make of tables.
#pragma once

#include <corm/mapping/relation_descriptor.hpp>
#include <corm/schema/model.hpp>

#include <span>
#include <string>
#include <vector>

namespace corm::schema {

using mapping::RelationKind;

/// One direction of what a foreign key says, or of what a table of pairs says.
struct Relation {
    RelationKind kind{};
    std::string name{};    ///< none of the table's columns and other relations has it
    QualifiedName table{}; ///< that the relation belongs to
    QualifiedName target{};
    std::vector<std::string> columns{};        ///< of `table`
    std::vector<std::string> target_columns{}; ///< of `target`; equal to `columns`, but for many_to_many
    /// Constraint: of `table` where that refers, of `target` where that does, of many_to_many the one of the
    /// association that leads to `table`.
    std::string foreign_key{};
    /// Where `table` refers: its foreign key may be NULL. Otherwise true: nothing has to refer to a row.
    bool optional = true;

    QualifiedName association{};                           ///< of many_to_many: the table of pairs
    std::vector<std::string> association_columns{};        ///< of `association`, equal to `columns`
    std::vector<std::string> association_target_columns{}; ///< of `association`, equal to `target_columns`
    std::string association_target_key{};                  ///< constraint that leads to `target`

    friend bool operator==(const Relation&, const Relation&) = default;
};

/// A table of pairs: it has exactly two foreign keys, each column belongs to one of them, and all of them are the
/// primary key.
[[nodiscard]] bool is_association(const Table& table);

/// The relations of all tables, in both directions, by schema and name of the table and then by their own name. Pure;
/// the same model always gives the same names.
///
/// Kinds. A foreign key makes a `many_to_one` at its table and a `one_to_many` at the other. If a primary key, a unique
/// constraint or a unique index of its table has no other columns, it is `one_to_one` and `one_to_one_inverse`. A table
/// of pairs makes a `many_to_many` at both of its targets instead of two `one_to_many`; its own two relations stay. A
/// foreign key to a table outside of the model makes none, one that says the same as another counts once, and one that
/// a partition has from its parent makes nothing at its target.
///
/// Names. Each relation has a list of names, the best first. It gets the first that no column of the table has, no
/// relation ahead of it, and no other one that is at the same place of its list: those give way to each other, all of
/// them. Relations to one along a foreign key of the table itself are ahead of the rest.
///
/// * The stem of a foreign key is its column without `_` and the name of the column that it refers to, else without
///   `_id`, `_uuid`, `_fk` or `Id`: `author_id` and `authorId` are `author`, `country_code` to `code` is `country`. Of
///   several columns it is what they have in common ahead of an underscore: `warehouse_country, warehouse_number` is
///   `warehouse`. Otherwise it is the columns, joined by underscores.
/// * To one: the stem, unless it is the column itself; then the columns with `_ref`; then with the singular of the
///   target behind them.
/// * From the other side: the plural of the referring table (`books`), or its singular if there is one row at most
///   (`passport`); if the table refers to the target more than once, for the foreign key alone whose stem is the
///   singular of the target. Then with the stem ahead: `billing_customer_addresses`; then with the schema ahead.
/// * To itself: `parent` has `children`, or `child`; another stem has the name with the stem ahead:
///   `manager_employees`.
/// * Many to many: the plural of the stem that leads to the target (`tags`), at a table of pairs of itself with the
///   plural of the target behind the stem (`followee_users`); then with `_by_` and the table of pairs.
/// * When no name is left, the first with a number.
[[nodiscard]] std::vector<Relation> derive_relations(const Database& database);

/// Those of one table among `relations`, which have the order of `derive_relations`.
[[nodiscard]] std::span<const Relation> relations_of(std::span<const Relation> relations, const QualifiedName& table);

} // namespace corm::schema

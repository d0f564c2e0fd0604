// Tables mapped at run time: what a program says of one.
#pragma once

#include <corm/base/type_tag.hpp>
#include <corm/mapping/record_relations.hpp>
#include <corm/mapping/unique.hpp>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::mapping {

class Record;
template <class T>
const std::shared_ptr<const Mapper>& mapper_of();

/// What a relation of a record leads to: a table by its name, which is looked up among those that are defined with it
/// and then in the registry, in the same schema first; a mapper; or a struct, `corm::type<User>{}`.
class RelationTarget {
public:
    /// A table of that schema, of those that are defined with it.
    RelationTarget(std::string schema, std::string table);
    RelationTarget(std::string table); // NOLINT: all of these stand for the target
    RelationTarget(const char* table) : RelationTarget(std::string{table}) {} // NOLINT
    RelationTarget(std::shared_ptr<const Mapper> mapper);                     // NOLINT
    template <class T>
    RelationTarget(corm::type<T>) // NOLINT
        : function_(&mapper_of<T>), many_(&relation_slot<Many<T>>), one_(&relation_slot<One<T>>) {}

private:
    friend class GroupDefinition;
    std::optional<std::string> schema_;
    std::string table_;
    std::shared_ptr<const Mapper> mapper_;
    TargetMapper::Function function_ = nullptr;
    const RelationSlot* many_;
    const RelationSlot* one_;
};

/// Describes a mapper for `Record`:
///
/// ```cpp
/// auto tags =
/// corm::define("tags").column<std::int64_t>("id").column<std::string>("label").primary_key({"id"}).build();
/// ```
///
/// A value: copies are independent. What it says is checked when a mapper is made of it, by `build` or a `Registry`.
/// The calls are those of `Table`, with names in place of members.
class RecordDefinition {
public:
    explicit RecordDefinition(std::string table, std::string schema = {});

    /// `sql_type`: what the server calls the column's type, quoted and with its schema where needed; empty: the name
    /// that goes with `T`. For types of a database's own, such as enums, whose values travel as text: see `TextForm`.
    template <types::ColumnValue T>
    RecordDefinition& column(std::string name, std::string sql_type = {}) {
        return column(std::move(name), types::value_type<T>, std::move(sql_type));
    }
    RecordDefinition& column(std::string name, const types::ValueType& type, std::string sql_type = {});
    RecordDefinition& primary_key(std::vector<std::string> columns, bool assigned = false);
    RecordDefinition& version(std::string column, bool assigned = false);
    RecordDefinition& unique(std::string_view column) { return unique({column}); }
    RecordDefinition& unique(std::initializer_list<std::string_view> columns);
    RecordDefinition& unique(std::vector<std::string> columns, bool deferrable = false);
    RecordDefinition& unique(std::initializer_list<std::string_view> columns, Deferrable);
    /// `T` is the type that the last column was defined with.
    template <types::ColumnValue T>
    RecordDefinition& unique(std::initializer_list<std::string_view> columns, const Temporary<T>& temporary) {
        return unique(columns, std::make_shared<const T>(temporary.value), types::value_type<T>);
    }
    RecordDefinition& confirm_rows(bool confirmed);
    RecordDefinition& bulk_copy(std::size_t min_rows = default_bulk_copy_rows);
    RecordDefinition& sequence(std::string column, std::string name, std::string schema = {});
    RecordDefinition& generated(std::string column);
    RecordDefinition& server_default(std::string column);
    RecordDefinition& server_onupdate(std::string column);
    /// The table has a foreign key to another one that no relation stands for; see `Table::references`.
    RecordDefinition& references(RelationTarget target);
    /// As that; the mapper is kept by others for as long as this one lives.
    RecordDefinition& references(TargetMapper target);

    /// `foreign_key` are columns of the side that refers, in the order of the key that they refer to. Of a target that
    /// is a struct they are its columns as well.
    RecordDefinition& one_to_many(std::string name, RelationTarget target, std::vector<std::string> foreign_key,
                                  RelationOptions options = {});
    RecordDefinition& many_to_one(std::string name, RelationTarget target, std::vector<std::string> foreign_key,
                                  RelationOptions options = {});
    RecordDefinition& one_to_one(std::string name, RelationTarget target, std::vector<std::string> foreign_key,
                                 RelationOptions options = {});
    RecordDefinition& one_to_one_inverse(std::string name, RelationTarget target, std::vector<std::string> foreign_key,
                                         RelationOptions options = {});
    RecordDefinition& many_to_many(std::string name, RelationTarget target, AssociationTable association,
                                   RelationOptions options = {});
    /// Of a collection that was named before; by columns of its target.
    RecordDefinition& order_by(std::string_view relation, std::vector<RelationOrder> order);

    [[nodiscard]] const std::string& table() const noexcept { return table_; }
    [[nodiscard]] const std::string& schema() const noexcept { return schema_; }

    /// A mapper of no registry. Relations lead to itself, to other mappers and to structs. Throws `MappingError` if the
    /// definition is not consistent.
    [[nodiscard]] std::shared_ptr<const Mapper> build() const;

private:
    friend class GroupDefinition;
    struct ColumnDefinition {
        std::string name;
        const types::ValueType* type;
        std::string sql_type;
    };
    struct Unique {
        std::vector<std::string> columns;
        bool deferrable = false;
        std::shared_ptr<const void> temporary{};
        const types::ValueType* type = nullptr;
    };
    struct Sequence {
        std::string column;
        std::string name;
        std::string schema;
    };
    struct RelationDefinition {
        std::string name;
        RelationKind kind;
        RelationTarget target;
        std::vector<std::string> foreign_key;
        RelationOptions options;
        AssociationTable association{};
        std::vector<RelationOrder> order{};
    };
    struct Version {
        std::string column;
        bool assigned;
    };
    RecordDefinition& unique(std::initializer_list<std::string_view> columns, std::shared_ptr<const void> temporary,
                             const types::ValueType& type);
    RecordDefinition& relate(RelationDefinition relation);

    std::string table_;
    std::string schema_;
    std::vector<ColumnDefinition> columns_;
    std::vector<std::string> key_;
    bool assigned_key_ = false;
    std::optional<Version> version_;
    std::vector<Unique> unique_sets_;
    bool confirms_rows_ = true;
    std::size_t bulk_copy_rows_ = 0;
    std::optional<Sequence> sequence_;
    std::vector<std::string> generated_;
    std::vector<std::string> server_defaults_;
    std::vector<std::string> server_onupdates_;
    std::vector<TargetMapper> kept_references_;
    std::vector<RelationTarget> references_;
    std::vector<RelationDefinition> relations_;
};

/// Begins the definition of a table mapped at run time.
[[nodiscard]] RecordDefinition define(std::string table, std::string schema = {});

} // namespace corm::mapping

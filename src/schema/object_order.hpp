// The types, tables and views of a model in an order in which they can be created.
#pragma once

#include <corm/schema/model.hpp>

#include <cstddef>
#include <map>
#include <variant>
#include <vector>

namespace corm::schema::ddl {

/// Points into the model.
using Object = std::variant<const Enum*, const Domain*, const Composite*, const Range*, const Table*>;

struct ObjectOrder {
    std::vector<Object> objects;
    std::map<QualifiedName, std::size_t> tables; ///< place of each table and view among the objects

    /// `target` is a table of the model that comes later than `table`, which has to be one.
    [[nodiscard]] bool is_later(const QualifiedName& target, const Table& table) const;
};

/// Types stand behind those that they are made of, tables behind their types and parents, views behind what they read;
/// tables behind the targets of their foreign keys and the partitions of these unless both are in a circle. Otherwise
/// types come ahead of tables, tables ahead of views, and those of a kind have the order of the model. Throws
/// `MappingError` that names objects which need each other first.
[[nodiscard]] ObjectOrder order_objects(const Database& database);

} // namespace corm::schema::ddl

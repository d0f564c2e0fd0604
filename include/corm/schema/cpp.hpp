// A model as C++: described structs with their mappings.
#pragma once

#include <corm/schema/model.hpp>

#include <string>
#include <string_view>

namespace corm::schema {

struct CppOptions {
    std::string namespace_{"model"}; ///< of everything: `model`, `shop::tables`
    /// A column of this name, if a table has it as an integer that is NOT NULL, is its version. Empty: none.
    std::string version_column{};
    /// As `RecordOptions::typed_arrays`.
    bool typed_arrays = true;
    /// As `RecordOptions::relations`.
    bool relations = true;
};

/// The text of a header with a struct for each table that can be mapped, and a comment for each that cannot. It says
/// what `record_definitions` says: the same tables, columns, keys, marks and relations. The same model always gives the
/// same text. Pure.
///
/// * A struct is named by the singular of its table: `order_lines` is `OrderLine`. If two want that, by the table as it
///   is, then with the schema ahead.
/// * Members have the names of columns and relations. What is no identifier is made one (`Ref.erence` is `Ref_erence`),
///   words of the language get an underscore behind them, and `.column` says what the column is called.
/// * Enums of the database are enums, unless a label is no identifier; composites are structs, unless an attribute has
/// no
///   C++ type or is of a domain. Then their columns are `corm::TextForm` like those of all types without a C++ type,
///   and
///   `.sql_type` says which it is.
/// * A struct of more members than BOOST_DESCRIBE_STRUCT takes has the first ones in bases.
///
/// Throws `Error` if `namespace_` is no name of a namespace.
[[nodiscard]] std::string to_cpp(const Database& database, const CppOptions& options = {});

/// True of one or more identifiers, joined by `::`, that a program may use for its own namespaces.
[[nodiscard]] bool is_cpp_namespace(std::string_view name);

} // namespace corm::schema

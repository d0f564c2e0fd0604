// Which C++ type holds the values of a column.
#pragma once

#include <corm/schema/model.hpp>
#include <corm/type/codec.hpp>

#include <string>
#include <string_view>

namespace corm::schema {

/// The type of a record's column.
struct RecordType {
    const types::ValueType* type;
    std::string sql_type; ///< for a definition; empty where the C++ type says it
    std::string_view cpp; ///< the C++ type by itself, or of the elements
    bool array = false;   ///< `std::vector<std::optional<...>>` of it
};

/// As the members of these names in `RecordOptions`.
struct TypeChoice {
    bool typed_arrays = true;
    bool exact_types = false;
};

[[nodiscard]] RecordType record_type(const Database& database, const TypeUse& type, bool nullable,
                                     TypeChoice choice = {});

} // namespace corm::schema

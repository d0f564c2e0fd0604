// Which C++ type holds the values of a column.
#pragma once

#include <corm/schema/model.hpp>
#include <corm/type/codec.hpp>

#include <string>

namespace corm::schema {

/// The type of a record's column.
struct RecordType {
    const types::ValueType* type;
    std::string sql_type; ///< for a definition; empty where the C++ type says it
};

[[nodiscard]] RecordType record_type(const Database& database, const TypeUse& type, bool nullable, bool typed_arrays);

} // namespace corm::schema

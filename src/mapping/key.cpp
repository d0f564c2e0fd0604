#include <corm/mapping/key.hpp>

#include <corm/base/error.hpp>
#include <corm/mapping/record.hpp>
#include <corm/type/oid.hpp>

namespace corm::mapping {

void RecordKey::add(const types::ValueType& type, const void* value) {
    if (type.is_null(value))
        throw MappingError("a key part is NULL; primary keys have no NULL parts");
    std::string bytes;
    type.encode(value, bytes);
    parts_.emplace_back(&type, std::move(bytes));
}

RecordKey RecordKey::of(const Record& record, std::source_location where) {
    const Mapper& mapper = *mapper_of_record(record);
    const void* const values = mapper.object().values(const_cast<Record*>(&record)); // gives their place alone
    RecordKey key{where};
    for (const std::uint16_t index : mapper.key_columns())
        key.add(*mapper.column(index).type, mapper.column(index).in(values));
    return key;
}

EncodedKey RecordKey::encode(const Mapper& mapper) const {
    require_records(&mapper, "get()");
    const auto columns = mapper.key_columns();
    if (columns.size() != parts_.size())
        throw MappingError(mapper.entity() + " has a primary key of " + std::to_string(columns.size()) +
                           " columns and was asked for by " + std::to_string(parts_.size()) +
                           "; give all parts as corm::key(a, b)");
    EncodedKey out;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const Column& column = mapper.column(columns[i]);
        const auto& [type, bytes] = parts_[i];
        const bool as_text = column.type->as_text && type->oid == types::oids::text;
        if (!as_text && (type->oid != column.type->oid || type->format != column.type->format))
            throw MappingError(mapper.entity() + "." + column.name + " is a key of type " +
                               std::string{column.sql_type()} + " and was given a " + std::string{type->sql_type()} +
                               "; give the type of its definition");
        if (parts_.size() > 1)
            types::put_int32(out, static_cast<std::int32_t>(bytes.size()));
        out += bytes;
    }
    return out;
}

} // namespace corm::mapping

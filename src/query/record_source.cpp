#include <corm/query/record_source.hpp>

#include "mapping/value.hpp"
#include "query/column_at.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/record.hpp>

namespace corm::query::detail {
namespace {

const mapping::Mapper& usable(const std::shared_ptr<const mapping::Mapper>& mapper) {
    if (mapper == nullptr)
        throw MappingError("a query reads from no mapper; define one by corm::define");
    mapper->require_usable("a query");
    return *mapper;
}

} // namespace

sql::Expr record_column(const std::shared_ptr<const mapping::Mapper>& mapper, std::string_view name,
                        const types::ValueType& type) {
    const mapping::Column& column = mapping::column_by_name(usable(mapper), name);
    const types::ValueType& own = *column.type;
    const bool reads = type.as_text || (own.oid == type.oid && own.sql_type() == type.sql_type() && !own.as_text);
    if (!reads)
        throw MappingError(mapper->entity() + "." + column.name + " is defined as " + std::string{column.sql_type()} +
                           (own.nullable ? ", which can be NULL," : "") + " and is read as " +
                           std::string{type.sql_type()} +
                           (own.as_text ? "; ask for corm::TextForm" : "; ask for the type that it was defined with"));
    if (own.nullable && !type.nullable)
        throw MappingError(mapper->entity() + "." + column.name +
                           " can be NULL, and is read as a type that holds none; ask for std::optional");
    // Whatever stands beside a text form is cast to what the column is.
    if (type.as_text)
        return sql::column(mapper->schema(), mapper->table(), column.name, std::string{column.cast_type()});
    return column_expression({mapper.get(), static_cast<std::size_t>(&column - mapper->columns().data())});
}

RowSource record_source(const std::shared_ptr<const mapping::Mapper>& mapper, std::string alias) {
    sql::Source source = source_of(mapper);
    auto columns = std::make_shared<std::vector<Yielded>>();
    for (std::size_t i = 0; i < mapper->columns().size(); ++i) {
        const mapping::Column& column = mapper->column(i);
        columns->push_back(
            {.label = column.name, .type = column.type, .cast = std::string{sql::cast_of(column_at(*mapper, i, {}))}});
    }
    source.alias = std::move(alias);
    return {std::move(source), std::move(columns)};
}

sql::Source source_of(const std::shared_ptr<const mapping::Mapper>& mapper) {
    return table_source(usable(mapper));
}

} // namespace corm::query::detail

#include <corm/query/select.hpp>

#include "query/checked_rows.hpp"
#include "query/table_columns.hpp"

#include <corm/base/error.hpp>

namespace corm::query::detail {
namespace {

class TableColumns final : public mapping::MapperExtension {
public:
    explicit TableColumns(const mapping::Mapper& mapper) : columns(selected(mapper)) {}

    const sql::SelectedColumns columns;

private:
    static sql::SelectedColumns selected(const mapping::Mapper& mapper) {
        std::vector<sql::SelectedColumn> columns;
        columns.reserve(mapper.columns().size());
        for (const mapping::Column& column : mapper.columns())
            columns.emplace_back(column.name, column.type->as_text);
        return sql::SelectedColumns{std::move(columns)};
    }
};

} // namespace

const sql::SelectedColumns& columns_of(const mapping::Mapper& mapper) {
    return mapper.extension<TableColumns>().columns;
}

SelectQuery select_all(std::shared_ptr<const mapping::Mapper> mapper) {
    if (mapper == nullptr)
        throw MappingError("a query needs a mapper; define one by corm::define");
    SelectQuery query;
    query.statement.schema = mapper->schema();
    query.statement.table = mapper->table();
    query.statement.columns = columns_of(*mapper);
    query.mapper = std::move(mapper);
    return query;
}

void add_condition(SelectQuery& query, const Condition& condition) {
    query.statement.where = sql::both(std::move(query.statement.where), condition.expression());
}

void add_order(SelectQuery& query, const Ordering& order) {
    query.statement.order_by.push_back(order.term());
}

void set_limit(SelectQuery& query, std::int64_t rows) {
    query.statement.limit = checked_rows(rows, "limit");
}

void set_offset(SelectQuery& query, std::int64_t rows) {
    query.statement.offset = checked_rows(rows, "offset");
}

void set_lock(SelectQuery& query, sql::LockMode mode) {
    std::optional<sql::Lock>& lock = query.statement.lock;
    if (!lock)
        lock.emplace();
    lock->mode = mode;
}

void set_wait(SelectQuery& query, sql::LockWait wait, std::string_view name) {
    if (!query.statement.lock)
        throw MappingError(std::string{name} + "() needs a lock; call for_update() or one of its variants before it");
    query.statement.lock->wait = wait;
}

SelectQuery counted(SelectQuery query) {
    if (query.statement.lock)
        throw MappingError("count() cannot lock rows of " + query.statement.table +
                           "; select them with the lock, or count without it");
    query.statement.yield = sql::Yield::row_count;
    return query;
}

} // namespace corm::query::detail

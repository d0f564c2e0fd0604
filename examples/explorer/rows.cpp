#include "rows.hpp"

#include <corm/sql/expr.hpp>
#include <corm/sql/identifier.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>

namespace explorer {
namespace {

namespace json = boost::json;
namespace schema = corm::schema;
using corm::sql::quote_identifier;
using examples::HttpError;

constexpr std::array<std::string_view, 9> operator_names{"eq", "ne", "lt", "le", "gt", "ge", "has", "null", "set"};

void require_column(const Table& table, std::string_view column) {
    if (table.shape->find_column(column) == nullptr)
        throw UnknownName{400, table.shape->name + " has no column '" + std::string{column} + "'"};
}

/// The condition of a mapped table. Throws `corm::ConversionError` for a value that is none of the column's type.
corm::query::Condition condition_of(const Table& table, const Filter& filter) {
    const corm::query::RecordColumn column = corm::column(table.mapper, filter.column);
    switch (filter.op) {
    case Operator::eq: return column == corm::from_text(filter.value);
    case Operator::ne: return column != corm::from_text(filter.value);
    case Operator::lt: return column < corm::from_text(filter.value);
    case Operator::le: return column <= corm::from_text(filter.value);
    case Operator::gt: return column > corm::from_text(filter.value);
    case Operator::ge: return column >= corm::from_text(filter.value);
    case Operator::has: return column.icontains(filter.value);
    case Operator::null: return column.is_null();
    case Operator::set: return column.is_not_null();
    }
    throw HttpError{400, "there is no such operator"};
}

/// The SQL of a condition on a table without a mapper; values come from the array that is the first parameter.
std::string sql_of(const corm::schema::Column& column, const Filter& filter, std::vector<std::string>& values) {
    const std::string name = quote_identifier(column.name);
    if (filter.op == Operator::null || filter.op == Operator::set)
        return name + (filter.op == Operator::null ? " IS NULL" : " IS NOT NULL");
    values.push_back(filter.op == Operator::has ? '%' + corm::sql::escape_like(filter.value) + '%' : filter.value);
    const std::string value = "($1::text[])[" + std::to_string(values.size()) + "]";
    if (filter.op == Operator::has)
        return name + "::text ILIKE " + value;
    constexpr std::array<const char*, 6> signs{" = ", " <> ", " < ", " <= ", " > ", " >= "};
    // The type without its modifier: a cast to varchar(3) or numeric(10,2) would cut and round what was asked for.
    const schema::QualifiedName& type = column.type.name;
    return name + signs.at(static_cast<std::size_t>(filter.op)) + value + "::" + quote_identifier(type.schema) + '.' +
           quote_identifier(type.name) + (column.type.array ? "[]" : "");
}

bool is_text(const corm::mapping::Column& column) {
    return column.type->as_text || column.sql_type() == "text";
}

corm::Task<Listing> read_mapped(const corm::AsyncSession& session, const Table& table, Wanted wanted) {
    const std::vector<corm::Ref<corm::Record>> found = co_await session.all(select_rows(table, wanted));
    Listing listing;
    for (const corm::Ref<corm::Record>& record : found)
        listing.rows.push_back(row_of(table, *record));
    co_return listing;
}

/// Texts of names and types come from the catalogue, values travel as parameters.
corm::Task<Listing> read_unmapped(const corm::AsyncSession& session, const Table& table, Wanted wanted) {
    std::string sql = "SELECT ARRAY[";
    for (const corm::schema::Column& column : table.shape->columns)
        sql += (&column == table.shape->columns.data() ? "" : ", ") + quote_identifier(column.name) + "::text";
    sql += "]::text[] FROM " + quote_identifier(table.shape->schema) + '.' + quote_identifier(table.shape->name);
    std::vector<std::string> values;
    const char* link = " WHERE ";
    for (const Filter& filter : wanted.filters) {
        sql += link + sql_of(*table.shape->find_column(filter.column), filter, values);
        link = " AND ";
    }
    if (!wanted.order.empty())
        sql += " ORDER BY " + quote_identifier(wanted.order) + (wanted.descending ? " DESC" : "");
    sql += " LIMIT $2 OFFSET $3";
    if (values.empty())
        sql += " + 0 * coalesce(array_length($1::text[], 1), 0)"; // each parameter has to be used
    corm::query::RawStatement statement =
        corm::unsafe_sql(std::move(sql), values, wanted.limit + 1, wanted.offset).unprepared();
    Listing listing;
    listing.rows = co_await session.all<Row>(std::move(statement));
    co_return listing;
}

} // namespace

std::optional<Operator> operator_named(std::string_view name) noexcept {
    const auto found = std::ranges::find(operator_names, name);
    if (found == operator_names.end())
        return std::nullopt;
    return static_cast<Operator>(found - operator_names.begin());
}

std::string_view to_string(Operator op) noexcept {
    return operator_names[static_cast<std::size_t>(op)];
}

Wanted wanted_from(const examples::Request& request, const Table& table) {
    Wanted wanted;
    wanted.limit = examples::query_number(request, "limit", wanted.limit, 1, 500);
    wanted.offset = examples::query_number(request, "offset", 0, 0, 1'000'000'000);
    for (const auto& [name, value] : request.query) {
        if (name == "limit" || name == "offset")
            continue;
        if (name == "order" || name == "desc") {
            wanted.descending = name == "desc";
            wanted.order = value;
            require_column(table, wanted.order);
            continue;
        }
        const std::size_t dot = name.starts_with("f.") ? name.find('.', 2) : std::string::npos;
        const auto op = dot == std::string::npos ? std::nullopt : operator_named(name.substr(2, dot - 2));
        if (!op)
            throw HttpError{400, "there is no query parameter '" + name + "' here; filters are f.OPERATOR.COLUMN"};
        wanted.filters.push_back(Filter{*op, name.substr(dot + 1), value});
        require_column(table, wanted.filters.back().column);
    }
    return wanted;
}

std::string query_of(const Wanted& wanted) {
    std::string query;
    const auto add = [&query](std::string_view name, std::string_view value) {
        query += query.empty() ? '?' : '&';
        query += examples::encode(name) + '=' + examples::encode(value);
    };
    for (const Filter& filter : wanted.filters)
        add("f." + std::string{to_string(filter.op)} + '.' + filter.column, filter.value);
    if (!wanted.order.empty())
        add(wanted.descending ? "desc" : "order", wanted.order);
    if (wanted.limit != Wanted{}.limit)
        add("limit", std::to_string(wanted.limit));
    if (wanted.offset != 0)
        add("offset", std::to_string(wanted.offset));
    return query;
}

corm::query::Select<corm::Record> select_rows(const Table& table, const Wanted& wanted) {
    corm::query::Select<corm::Record> query = corm::select(table.mapper);
    for (const Filter& filter : wanted.filters) {
        const auto index = static_cast<std::size_t>(table.mapper->find_column(filter.column));
        if (filter.op == Operator::has && !is_text(table.mapper->column(index)))
            throw HttpError{422, filter.column + " is no text; 'has' looks into texts"};
        query.where(condition_of(table, filter));
    }
    if (!wanted.order.empty()) {
        const corm::query::RecordColumn column = corm::column(table.mapper, wanted.order);
        query.order_by(wanted.descending ? column.desc() : column.asc());
    }
    for (const std::size_t key : table.mapper->key_columns())
        query.order_by(corm::column(table.mapper, table.mapper->column(key).name).asc());
    query.limit(wanted.limit + 1).offset(wanted.offset);
    return query;
}

corm::Task<Listing> read_rows(const corm::AsyncSession& session, const Table& table, Wanted wanted) {
    const auto limit = static_cast<std::size_t>(wanted.limit);
    Listing listing;
    if (table.mapper != nullptr)
        listing = co_await read_mapped(session, table, std::move(wanted));
    else
        listing = co_await read_unmapped(session, table, std::move(wanted));
    listing.more = listing.rows.size() > limit;
    if (listing.more)
        listing.rows.pop_back();
    co_return listing;
}

corm::mapping::RecordKey key_from(const examples::Request& request, const Table& table) {
    if (table.mapper == nullptr)
        throw HttpError{404, table.shape->name + " has no key to find a row by: " + table.why};
    corm::Record probe{table.mapper};
    for (const std::size_t key : table.mapper->key_columns()) {
        const std::string& name = table.mapper->column(key).name;
        if (std::ranges::count(request.query, name, &examples::Fields::value_type::first) != 1)
            throw HttpError{400, "the key needs one value for " + name};
        probe.set_text(name, *examples::query_value(request, name));
    }
    for (const auto& [name, value] : request.query) {
        const int index = table.mapper->find_column(name);
        if (index < 0 || !table.mapper->column(static_cast<std::size_t>(index)).key)
            throw HttpError{400, '\'' + name + "' is no column of the key"};
    }
    return corm::mapping::RecordKey::of(probe);
}

std::string key_query(const Table& table, const Row& row) {
    std::string query;
    if (table.mapper == nullptr)
        return query;
    for (const std::size_t key : table.mapper->key_columns()) {
        const std::string& name = table.mapper->column(key).name;
        query += (query.empty() ? "?" : "&") + examples::encode(name) + '=' +
                 examples::encode(cell(table, row, name).value_or(""));
    }
    return query;
}

Row row_of(const Table& table, const corm::Record& record) {
    Row row;
    for (const corm::schema::Column& column : table.shape->columns)
        row.push_back(record.text(column.name));
    return row;
}

const Cell& cell(const Table& table, const Row& row, std::string_view column) {
    const corm::schema::Column* found = table.shape->find_column(column);
    if (found == nullptr)
        throw UnknownName{400, table.shape->name + " has no column '" + std::string{column} + "'"};
    return row.at(static_cast<std::size_t>(found - table.shape->columns.data()));
}

bool is_document(const Snapshot& snapshot, const schema::Column& column) {
    const schema::TypeUse& type = snapshot.database().base_type(column.type);
    return !type.array && type.name.schema == "pg_catalog" && (type.name.name == "json" || type.name.name == "jsonb");
}

std::string to_json(const Snapshot& snapshot, const Table& table, const Row& row) {
    constexpr std::array<std::string_view, 5> numbers{"int2", "int4", "int8", "float4", "float8"};
    std::string object = "{";
    for (std::size_t i = 0; i < row.size(); ++i) {
        const schema::Column& column = table.shape->columns[i];
        const schema::TypeUse& type = snapshot.database().base_type(column.type);
        const bool known = !type.array && type.name.schema == "pg_catalog";
        const bool is_number = known && std::ranges::count(numbers, type.name.name) > 0;
        object += (i == 0 ? "" : ",") + json::serialize(json::value(column.name)) + ':';
        if (!row[i])
            object += "null";
        else if (is_document(snapshot, column) || (known && type.name.name == "bool"))
            object += *row[i];
        else if (is_number && row[i]->find_first_of("NI") == std::string::npos) // NaN and Infinity are none of JSON
            object += *row[i];
        else
            object += json::serialize(json::value(*row[i]));
    }
    return object + '}';
}

} // namespace explorer

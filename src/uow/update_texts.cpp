// Statements that change and delete rows, and what they check.
#include "uow/statement_texts.hpp"

#include <corm/type/oid.hpp>

#include <algorithm>
#include <iterator>

namespace corm::uow {
namespace {

std::string number(std::size_t n) {
    return std::to_string(n);
}

bool is_number(const types::ValueType& type) {
    return type.integer || type.oid == types::oids::numeric || type.oid == types::oids::float4 ||
           type.oid == types::oids::float8;
}

} // namespace

std::vector<ColumnIndex> guarded_columns(const mapping::Mapper& mapper, std::span<const ColumnIndex> columns) {
    std::vector<ColumnIndex> guarded;
    if (mapper.version_column() >= 0 || !mapper.confirms_rows())
        return guarded;
    std::copy_if(columns.begin(), columns.end(), std::back_inserter(guarded),
                 [&mapper](ColumnIndex index) { return !mapper.column(index).key; });
    return guarded;
}

std::string StatementTexts::version_step() const {
    const int version = mapper_.version_column();
    if (version < 0 || !mapper_.column(static_cast<std::size_t>(version)).counted)
        return {};
    const std::string& name = quoted(static_cast<ColumnIndex>(version));
    return ", " + name + " = t." + name + " + 1";
}

// The source of rows for a write: the arrays, paired with the table at the version that was read.
void StatementTexts::append_rows(std::string& out, std::span<const Array> arrays) const {
    append_unnest(out, arrays, true);
    out += " WHERE ";
    append_keys(out, arrays);
    if (mapper_.version_column() >= 0)
        out += " AND t." + quoted(arrays.back().column) + " = " + value_of(arrays.back());
}

// The server raises inside the pipeline, so that the COMMIT behind cannot succeed. The text of the cast lists the rows
// that were there: those that were not would take a second look at the arrays, which every flush would pay for. It
// depends on an aggregate, or the planner would evaluate it beforehand. Where rows are not confirmed, NULL in place of
// the outcome says that there is nothing to read of a row.
std::string StatementTexts::checked(std::string write, Columns returned, bool confirmed, bool many) const {
    if (!confirmed && returned.empty())
        return write;
    const std::string check = std::string{"SELECT CASE WHEN count(*) = "} +
                              (many ? "cardinality($1) THEN 0 ELSE ('corm found ' || "
                                      "coalesce(array_to_string(array_agg(ord), ','), ''))::int4 END"
                                    : "1 THEN 0 ELSE ('corm found ' || repeat('1,', count(*)::int4))::int4 END");
    std::string out = "WITH u AS (" + std::move(write) + " RETURNING " + (many ? "x.ord" : "1");
    if (returned.empty())
        return out + ") " + check + " FROM u";
    if (!many && !confirmed)
        out += " AS ord";
    std::string names;
    std::size_t n = 0;
    for (const ColumnIndex column : returned) {
        const std::string name = "r" + number(++n);
        out += read(", t.", column) + " AS " + name;
        names += ", u." + name;
    }
    if (confirmed)
        return out + "), a AS (" + check + " AS missing FROM u) SELECT a.missing" + names +
               " FROM a LEFT JOIN u ON true" + (many ? " ORDER BY u.ord" : "");
    return out + ") SELECT u.ord" + names +
           (many ? " FROM generate_series(1, cardinality($1)) n LEFT JOIN u ON u.ord = n ORDER BY n"
                 : " FROM (SELECT) a LEFT JOIN u ON true");
}

// The one row with the key of the first parameters, at the version of the next one.
std::string StatementTexts::where_one(std::size_t parameter) const {
    const auto keys = mapper_.key_columns();
    std::string out;
    for (std::size_t i = 0; i < keys.size(); ++i)
        out += (i == 0 ? " WHERE t." : " AND t.") + quoted(keys[i]) + " = " + parameter_of(keys[i], i + 1);
    if (const int version = mapper_.version_column(); version >= 0)
        out += " AND t." + quoted(static_cast<ColumnIndex>(version)) + " = $" + number(parameter + 1);
    return out;
}

// What a switch of rows does not write, and an insert would leave to the server.
std::string StatementTexts::set_defaults(Columns columns) const {
    std::string out;
    for (const ColumnIndex column : returned_by_switch(mapper_, columns)) {
        if (!std::binary_search(columns.begin(), columns.end(), column) && !mapper_.column(column).computed)
            out += ", " + quoted(column) + " = DEFAULT";
    }
    return out;
}

std::string StatementTexts::change(const Shape& shape, const std::string& behind) const {
    return shape.many ? change_many(shape, behind) : change_one(shape, behind);
}

std::string StatementTexts::change_one(const Shape& shape, const std::string& behind) const {
    std::string out = "UPDATE " + table_ + " t SET ";
    std::size_t parameter = mapper_.key_columns().size();
    for (std::size_t i = 0; i < shape.columns.size(); ++i)
        out += (i == 0 ? "" : ", ") + quoted(shape.columns[i]) + " = $" + number(++parameter);
    out += behind + where_one(parameter);
    if (shape.guarded)
        append_guard(out, shape.columns, "$", parameter + 1);
    return out;
}

std::string StatementTexts::change_many(const Shape& shape, const std::string& behind) const {
    std::vector<Array> all = arrays(shape.columns, true);
    const std::size_t keys = mapper_.key_columns().size();
    std::string out = "UPDATE " + table_ + " t SET ";
    for (std::size_t i = 0; i < shape.columns.size(); ++i)
        out += (i == 0 ? "" : ", ") + quoted(shape.columns[i]) + " = " + value_of(all[keys + i]);
    std::size_t n = 0;
    if (shape.guarded) {
        for (const ColumnIndex column : guarded_columns(mapper_, shape.columns))
            all.push_back({column, std::string{"o"}.append(number(++n)), true});
    }
    out += behind + " FROM ";
    append_rows(out, all);
    if (shape.guarded)
        append_guard(out, shape.columns, "x.o", 1);
    return out;
}

// The old values are literals, which `json_populate_record` reads as values of the very columns: a numeric of the scale
// that is declared, a char(n) with its padding, a float4 where the member is a double. Numbers compare by value,
// because a member may leave the scale out that its column has. Documents have no equality but as jsonb; there a struct
// writes null for a member that the document lacks. All other types have a text, and it shows every difference.
void StatementTexts::append_guard(std::string& out, Columns columns, std::string_view prefix, std::size_t first) const {
    struct Group {
        std::string row{};
        std::string names{};
        std::string values{};
        std::size_t size = 0;
    };
    Group numbers;
    Group others;
    for (const ColumnIndex column : guarded_columns(mapper_, columns)) {
        const mapping::Column& guarded = mapper_.column(column);
        const std::string value = std::string{prefix} + number(first++);
        const std::string name = "t." + quoted(column);
        if (const std::string_view kind = guarded.sql_type(); kind == "json" || kind == "jsonb") {
            out += " AND jsonb_strip_nulls(" + name + "::jsonb) IS NOT DISTINCT FROM jsonb_strip_nulls(" + value +
                   "::jsonb)";
            continue;
        }
        Group& group = is_number(*guarded.type) ? numbers : others;
        const char* const comma = group.size == 0 ? "" : ", ";
        group.row += comma + name;
        group.names += (group.size == 0 ? "f" : ",f") + number(group.size + 1);
        group.values += comma + value;
        ++group.size;
    }
    for (const Group* group : {&numbers, &others}) {
        if (group->size == 0)
            continue;
        const std::string row = "ROW(" + group->row + ")";
        const char* const as_text = group == &others ? "::text" : "";
        out += " AND " + row + as_text + " = json_populate_record(" + row + ", json_object('{" + group->names +
               "}', ARRAY[" + group->values + "]))" + as_text;
    }
}

// A version is checked by the row that it finds.
bool StatementTexts::confirms_updates() const noexcept {
    return mapper_.confirms_rows() || mapper_.version_column() >= 0;
}

std::string StatementTexts::update_text(const Shape& shape) const {
    return checked(change(shape, version_step()), mapper_.returned_by_update(), confirms_updates(), shape.many);
}

std::string StatementTexts::switch_text(const Shape& shape) const {
    return checked(change(shape, set_defaults(shape.columns) + version_step()),
                   returned_by_switch(mapper_, shape.columns), confirms_updates(), shape.many);
}

std::string StatementTexts::rearrange_text(const Shape& shape) const {
    return checked(change(shape, {}), {}, confirms_updates(), shape.many);
}

std::string StatementTexts::remove_text(const Shape& shape) const {
    std::string out = "DELETE FROM " + table_ + " t";
    if (shape.many) {
        out += " USING ";
        append_rows(out, arrays({}, true));
    } else {
        out += where_one(mapper_.key_columns().size());
    }
    return checked(std::move(out), {}, mapper_.confirms_rows(), shape.many);
}

} // namespace corm::uow

#include "uow/statement_texts.hpp"

#include <corm/sql/compile.hpp>
#include <corm/type/parameters.hpp>

#include <algorithm>
#include <numeric>

namespace corm::uow {
namespace {

std::string number(std::size_t n) {
    return std::to_string(n);
}

} // namespace

std::vector<ColumnIndex> others(const mapping::Mapper& mapper, std::span<const ColumnIndex> columns) {
    std::vector<ColumnIndex> made;
    for (std::size_t i = 0; i < mapper.columns().size(); ++i) {
        if (!std::binary_search(columns.begin(), columns.end(), static_cast<ColumnIndex>(i)))
            made.push_back(static_cast<ColumnIndex>(i));
    }
    return made;
}

std::vector<ColumnIndex> returned_by_switch(const mapping::Mapper& mapper, std::span<const ColumnIndex> columns) {
    std::vector<ColumnIndex> made;
    for (std::size_t i = 0; i < mapper.columns().size(); ++i) {
        const mapping::Column& column = mapper.column(i);
        const bool written = std::binary_search(columns.begin(), columns.end(), static_cast<ColumnIndex>(i));
        if (!column.key && !column.version && (!written || column.server_onupdate))
            made.push_back(static_cast<ColumnIndex>(i));
    }
    return made;
}

StatementTexts::StatementTexts(const mapping::Mapper& mapper) : mapper_(mapper) {
    if (!mapper.schema().empty()) {
        sql::append_identifier(table_, mapper.schema());
        table_ += '.';
    }
    sql::append_identifier(table_, mapper.table());
    for (const mapping::Column& column : mapper.columns())
        sql::append_identifier(quoted_.emplace_back(), column.name);

    std::string text = "SELECT ";
    for (std::size_t i = 0; i < quoted_.size(); ++i)
        text += (i == 0 ? "" : ", ") + quoted_[i];
    text += " FROM " + table_ + " WHERE ";
    std::size_t parameter = 0;
    for (const ColumnIndex index : mapper.key_columns()) {
        text += (parameter == 0 ? "" : " AND ") + quoted_[index] + " = $" + number(parameter + 1);
        ++parameter;
    }
    plain_select_ = std::make_shared<const std::string>(std::move(text));
}

Text StatementTexts::cached(std::string shape, std::string (StatementTexts::*make)(std::span<const ColumnIndex>) const,
                            std::span<const ColumnIndex> columns) const {
    for (const ColumnIndex column : columns)
        (shape += ' ') += number(column);
    const std::scoped_lock lock{mutex_};
    Text& text = place(std::move(shape));
    if (!text)
        text = std::make_shared<const std::string>((this->*make)(columns));
    return text;
}

// Of a wide table any set of columns may be updated: past the limit all texts are made anew, when they are needed
// again.
Text& StatementTexts::place(std::string shape) const {
    constexpr std::size_t limit = 512;
    if (const auto found = texts_.find(shape); found != texts_.end())
        return found->second;
    if (texts_.size() >= limit)
        texts_.clear();
    return texts_[std::move(shape)];
}

Text StatementTexts::select_by_key(const std::optional<sql::Lock>& lock) const {
    if (!lock)
        return plain_select_;
    sql::SqlWriter writer;
    writer.sql(*plain_select_);
    sql::write_lock(writer, *lock);
    const std::scoped_lock guard{mutex_};
    Text& text = place(writer.text());
    if (!text)
        text = std::make_shared<const std::string>(writer.text());
    return text;
}

Text StatementTexts::update(std::span<const ColumnIndex> columns, bool many) const {
    return many ? cached("U", &StatementTexts::update_many, columns)
                : cached("u", &StatementTexts::update_one, columns);
}

Text StatementTexts::switch_rows(std::span<const ColumnIndex> columns, bool many) const {
    return many ? cached("S", &StatementTexts::switch_many, columns)
                : cached("s", &StatementTexts::switch_one, columns);
}

Text StatementTexts::rearrange(std::span<const ColumnIndex> columns, bool many) const {
    return many ? cached("R", &StatementTexts::rearrange_many, columns)
                : cached("r", &StatementTexts::rearrange_one, columns);
}

Text StatementTexts::remove(bool many) const {
    return many ? cached("D", &StatementTexts::remove_many, {}) : cached("d", &StatementTexts::remove_one, {});
}

Text StatementTexts::insert(std::span<const ColumnIndex> columns, bool many) const {
    return many ? cached("I", &StatementTexts::insert_many, columns)
                : cached("i", &StatementTexts::insert_one, columns);
}

Text StatementTexts::lock_rows(bool keys_written) const {
    return keys_written ? cached("K", &StatementTexts::lock_keys, {}) : cached("L", &StatementTexts::lock_many, {});
}

bool StatementTexts::leaves_key(std::span<const ColumnIndex> columns) const noexcept {
    const int key = mapper_.generated_key();
    return key >= 0 && !std::binary_search(columns.begin(), columns.end(), static_cast<ColumnIndex>(key));
}

std::vector<StatementTexts::Array> StatementTexts::arrays(std::span<const ColumnIndex> columns,
                                                          bool with_version) const {
    std::vector<Array> made;
    for (const ColumnIndex key : mapper_.key_columns())
        made.push_back({key, std::string{"k"}.append(number(made.size() + 1))});
    for (std::size_t i = 0; i < columns.size(); ++i)
        made.push_back({columns[i], std::string{"c"}.append(number(i + 1))});
    if (const int version = mapper_.version_column(); with_version && version >= 0)
        made.push_back({static_cast<ColumnIndex>(version), "v"});
    return made;
}

void StatementTexts::append_unnest(std::string& out, std::span<const Array> arrays, bool ordinals) const {
    std::string names;
    out += "unnest(";
    for (std::size_t i = 0; i < arrays.size(); ++i) {
        const types::ValueType& type = *mapper_.column(arrays[i].column).type;
        out += (i == 0 ? "$" : ", $") + number(i + 1) + "::";
        out += types::ArrayParameter::as_literals(type) ? std::string_view{"text"} : type.sql_type();
        out += "[]";
        names += (i == 0 ? "" : ", ") + arrays[i].name;
    }
    out += ordinals ? ") WITH ORDINALITY x(" + names + ", ord)" : ") x(" + names + ")";
}

std::string StatementTexts::value_of(const Array& array) const {
    const types::ValueType& type = *mapper_.column(array.column).type;
    std::string value = "x." + array.name;
    if (types::ArrayParameter::as_literals(type)) {
        value += "::";
        value += type.sql_type();
    }
    return value;
}

// The condition that pairs a row of the table with its row of the arrays.
void StatementTexts::append_keys(std::string& out, std::span<const Array> arrays) const {
    for (std::size_t i = 0; i < mapper_.key_columns().size(); ++i)
        out += (i == 0 ? "t." : " AND t.") + quoted(arrays[i].column) + " = " + value_of(arrays[i]);
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
std::string StatementTexts::checked(std::string write, std::span<const ColumnIndex> returned, bool confirmed,
                                    bool many) const {
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
        out += ", t." + quoted(column) + " AS " + name;
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
        out += (i == 0 ? " WHERE t." : " AND t.") + quoted(keys[i]) + " = $" + number(i + 1);
    if (const int version = mapper_.version_column(); version >= 0)
        out += " AND t." + quoted(static_cast<ColumnIndex>(version)) + " = $" + number(parameter + 1);
    return out;
}

std::string StatementTexts::version_step() const {
    const int version = mapper_.version_column();
    if (version < 0)
        return {};
    const std::string& name = quoted(static_cast<ColumnIndex>(version));
    return ", " + name + " = t." + name + " + 1";
}

// What a switch of rows does not write, and an insert would leave to the server.
std::string StatementTexts::set_defaults(std::span<const ColumnIndex> columns) const {
    std::string out;
    for (const ColumnIndex column : returned_by_switch(mapper_, columns)) {
        if (!std::binary_search(columns.begin(), columns.end(), column) && !mapper_.column(column).computed)
            out += ", " + quoted(column) + " = DEFAULT";
    }
    return out;
}

// `behind` are the assignments behind those of `columns`.
std::string StatementTexts::change_one(std::span<const ColumnIndex> columns, const std::string& behind) const {
    std::string out = "UPDATE " + table_ + " t SET ";
    std::size_t parameter = mapper_.key_columns().size();
    for (std::size_t i = 0; i < columns.size(); ++i)
        out += (i == 0 ? "" : ", ") + quoted(columns[i]) + " = $" + number(++parameter);
    return out + behind + where_one(parameter);
}

std::string StatementTexts::change_many(std::span<const ColumnIndex> columns, const std::string& behind) const {
    const std::vector<Array> all = arrays(columns, true);
    const std::size_t keys = mapper_.key_columns().size();
    std::string out = "UPDATE " + table_ + " t SET ";
    for (std::size_t i = 0; i < columns.size(); ++i)
        out += (i == 0 ? "" : ", ") + quoted(columns[i]) + " = " + value_of(all[keys + i]);
    out += behind + " FROM ";
    append_rows(out, all);
    return out;
}

// A version is checked by the row that it finds.
bool StatementTexts::confirms_updates() const noexcept {
    return mapper_.confirms_rows() || mapper_.version_column() >= 0;
}

std::string StatementTexts::update_one(std::span<const ColumnIndex> columns) const {
    return checked(change_one(columns, version_step()), mapper_.returned_by_update(), confirms_updates(), false);
}

std::string StatementTexts::update_many(std::span<const ColumnIndex> columns) const {
    return checked(change_many(columns, version_step()), mapper_.returned_by_update(), confirms_updates(), true);
}

std::string StatementTexts::switch_one(std::span<const ColumnIndex> columns) const {
    return checked(change_one(columns, set_defaults(columns) + version_step()), returned_by_switch(mapper_, columns),
                   confirms_updates(), false);
}

std::string StatementTexts::switch_many(std::span<const ColumnIndex> columns) const {
    return checked(change_many(columns, set_defaults(columns) + version_step()), returned_by_switch(mapper_, columns),
                   confirms_updates(), true);
}

std::string StatementTexts::rearrange_one(std::span<const ColumnIndex> columns) const {
    return checked(change_one(columns, {}), {}, confirms_updates(), false);
}

std::string StatementTexts::rearrange_many(std::span<const ColumnIndex> columns) const {
    return checked(change_many(columns, {}), {}, confirms_updates(), true);
}

std::string StatementTexts::remove_one(std::span<const ColumnIndex>) const {
    return checked("DELETE FROM " + table_ + " t" + where_one(mapper_.key_columns().size()), {},
                   mapper_.confirms_rows(), false);
}

std::string StatementTexts::remove_many(std::span<const ColumnIndex>) const {
    std::string out = "DELETE FROM " + table_ + " t USING ";
    append_rows(out, arrays({}, true));
    return checked(std::move(out), {}, mapper_.confirms_rows(), true);
}

// What the server filled in, beside the outcome of the check. A generated key is the order of the rows, and always
// confirmed; other keys are returned for the program to find each row by.
std::string StatementTexts::checked_insert(std::string write, std::span<const ColumnIndex> columns, bool many) const {
    const bool key_left = leaves_key(columns);
    const bool confirmed = key_left || mapper_.confirms_rows();
    std::string values;
    std::string names;
    const auto append = [&](ColumnIndex column, const std::string& name) {
        values += (values.empty() ? "" : ", ") + quoted(column) + " AS " + name;
        names += ", i." + name;
    };
    std::size_t n = 0;
    for (const ColumnIndex column : others(mapper_, columns))
        append(column, key_left && static_cast<int>(column) == mapper_.generated_key() ? "k" : "r" + number(++n));
    if (!confirmed && names.empty())
        return write;
    if (many && !key_left && !names.empty()) {
        for (const ColumnIndex key : mapper_.key_columns())
            append(key, "k" + number(key));
    }
    std::string out = "WITH i AS (" + std::move(write) + " RETURNING ";
    if (!confirmed)
        return out + values + ", 1 AS ord) SELECT i.ord" + names +
               (many ? " FROM i" : " FROM (SELECT) a LEFT JOIN i ON true");
    return out + (values.empty() ? "1 AS k" : values) +
           "), a AS (SELECT CASE WHEN count(*) = " + (many ? "cardinality($1)" : "1") +
           " THEN 0 ELSE ('corm missing ' || count(*))::int4 END AS missing FROM i) SELECT a.missing" + names +
           " FROM a" + (names.empty() ? "" : " LEFT JOIN i ON true") + (many && key_left ? " ORDER BY i.k" : "");
}

std::string StatementTexts::insert_one(std::span<const ColumnIndex> columns) const {
    std::string out = "INSERT INTO " + table_;
    if (columns.empty()) {
        out += " DEFAULT VALUES";
    } else {
        std::string values;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            out += (i == 0 ? " (" : ", ") + quoted(columns[i]);
            values += (i == 0 ? "$" : ", $") + number(i + 1);
        }
        out += ") VALUES (" + values + ")";
    }
    return checked_insert(std::move(out), columns, false);
}

// Rows are inserted in the order of the ordinals, so an ascending sequence gives ascending keys in that order.
// RETURNING cannot name the ordinal.
std::string StatementTexts::insert_many(std::span<const ColumnIndex> columns) const {
    std::vector<Array> all;
    std::string names;
    std::string values;
    for (const ColumnIndex column : columns) {
        const char* comma = all.empty() ? "" : ", ";
        all.push_back({column, std::string{"c"}.append(number(all.size() + 1))});
        names += comma + quoted(column);
        values += comma + value_of(all.back());
    }
    std::string out = "INSERT INTO " + table_ + " (" + names + ") SELECT " + values + " FROM ";
    append_unnest(out, all, true);
    out += " ORDER BY x.ord";
    return checked_insert(std::move(out), columns, true);
}

std::string StatementTexts::lock_many(std::span<const ColumnIndex>) const {
    return lock_text("NO KEY UPDATE");
}

std::string StatementTexts::lock_keys(std::span<const ColumnIndex>) const {
    return lock_text("UPDATE");
}

// An array has no order that the plan of a write would follow, so the rows are locked by key beforehand.
std::string StatementTexts::lock_text(const char* strength) const {
    const std::vector<Array> keys = arrays({}, false);
    std::string order;
    for (const Array& key : keys)
        order += (order.empty() ? " ORDER BY t." : ", t.") + quoted(key.column);
    std::string out = "SELECT FROM " + table_ + " t";
    append_rows_by_key(out, keys);
    return out + order + " FOR " + strength + " OF t";
}

void StatementTexts::append_rows_by_key(std::string& out, std::span<const Array> keys) const {
    const types::ValueType& type = *mapper_.column(keys.front().column).type;
    if (keys.size() == 1 && !types::ArrayParameter::as_literals(type)) {
        out += " WHERE t." + quoted(keys.front().column) + " = ANY ($1::";
        out += type.sql_type();
        out += "[])";
    } else {
        out += " JOIN ";
        append_unnest(out, keys, false);
        out += " ON ";
        append_keys(out, keys);
    }
}

} // namespace corm::uow

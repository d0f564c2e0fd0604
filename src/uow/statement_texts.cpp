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

std::string qualified(const std::string& schema, const std::string& name) {
    std::string quoted;
    if (!schema.empty()) {
        sql::append_identifier(quoted, schema);
        quoted += '.';
    }
    sql::append_identifier(quoted, name);
    return quoted;
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

StatementTexts::StatementTexts(const mapping::Mapper& mapper)
    : mapper_(mapper), table_(qualified(mapper.schema(), mapper.table())) {
    if (!mapper.sequence().empty())
        sequence_ = qualified(mapper.sequence_schema(), mapper.sequence());
    for (const mapping::Column& column : mapper.columns())
        sql::append_identifier(quoted_.emplace_back(), column.name);

    std::string text = "SELECT ";
    for (std::size_t i = 0; i < quoted_.size(); ++i)
        text += read(i == 0 ? "" : ", ", i);
    text += " FROM " + table_ + " WHERE ";
    std::size_t parameter = 0;
    for (const ColumnIndex index : mapper.key_columns()) {
        text += (parameter == 0 ? "" : " AND ") + quoted_[index] + " = " + parameter_of(index, parameter + 1);
        ++parameter;
    }
    plain_select_ = std::make_shared<const std::string>(std::move(text));
}

std::string StatementTexts::parameter_of(ColumnIndex column, std::size_t place) const {
    std::string out = "$" + number(place);
    const mapping::Column& of = mapper_.column(column);
    if (!of.declared.empty() && of.casts(*of.type))
        (out += "::") += of.cast_type();
    return out;
}

std::string StatementTexts::read(std::string_view prefix, std::size_t column) const {
    std::string out{prefix};
    out += quoted_[column];
    if (mapper_.column(column).type->as_text)
        out += "::text";
    return out;
}

Text StatementTexts::cached(char name, std::string (StatementTexts::*make)(const Shape&) const,
                            const Shape& shape) const {
    std::string key{name};
    if (shape.guarded)
        key += 'g';
    for (const ColumnIndex column : shape.columns)
        (key += ' ') += number(column);
    const std::scoped_lock lock{mutex_};
    Text& text = place(std::move(key));
    if (!text)
        text = std::make_shared<const std::string>((this->*make)(shape));
    return text;
}

// Of a wide table any set of columns may be updated: past the limit all texts are made anew, when they are needed
// again.
Text& StatementTexts::place(std::string name) const {
    constexpr std::size_t limit = 512;
    if (const auto found = texts_.find(name); found != texts_.end())
        return found->second;
    if (texts_.size() >= limit)
        texts_.clear();
    return texts_[std::move(name)];
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

Text StatementTexts::update(Columns columns, bool many, bool guarded) const {
    return cached(many ? 'U' : 'u', &StatementTexts::update_text, {columns, many, guarded});
}

Text StatementTexts::switch_rows(Columns columns, bool many) const {
    return cached(many ? 'S' : 's', &StatementTexts::switch_text, {columns, many});
}

Text StatementTexts::rearrange(Columns columns, bool many, bool guarded) const {
    return cached(many ? 'R' : 'r', &StatementTexts::rearrange_text, {columns, many, guarded});
}

Text StatementTexts::remove(bool many) const {
    return cached(many ? 'D' : 'd', &StatementTexts::remove_text, {{}, many});
}

Text StatementTexts::remove_where(Columns columns) const {
    return cached('W', &StatementTexts::remove_where_text, {columns, true});
}

Text StatementTexts::insert(Columns columns, bool many) const {
    return cached(many ? 'I' : 'i', &StatementTexts::insert_text, {columns, many});
}

Text StatementTexts::lock_rows(bool keys_written) const {
    return keys_written ? cached('K', &StatementTexts::lock_keys_text, {})
                        : cached('L', &StatementTexts::lock_text, {});
}

bool StatementTexts::leaves_key(Columns columns) const noexcept {
    const int key = mapper_.generated_key();
    return key >= 0 && !std::binary_search(columns.begin(), columns.end(), static_cast<ColumnIndex>(key));
}

std::vector<StatementTexts::Array> StatementTexts::arrays(Columns columns, bool with_version) const {
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
        const mapping::Column& column = mapper_.column(arrays[i].column);
        const bool literals = arrays[i].old || types::ArrayParameter::as_literals(*column.type);
        out += (i == 0 ? "$" : ", $") + number(i + 1) + "::";
        out += literals ? std::string_view{"text"} : column.cast_type();
        out += "[]";
        names += (i == 0 ? "" : ", ") + arrays[i].name;
    }
    out += ordinals ? ") WITH ORDINALITY x(" + names + ", ord)" : ") x(" + names + ")";
}

std::string StatementTexts::value_of(const Array& array) const {
    const mapping::Column& column = mapper_.column(array.column);
    std::string value = "x." + array.name;
    if (types::ArrayParameter::as_literals(*column.type)) {
        value += "::";
        value += column.cast_type();
    }
    return value;
}

// The condition that pairs a row of the table with its row of the arrays.
void StatementTexts::append_keys(std::string& out, std::span<const Array> arrays) const {
    for (std::size_t i = 0; i < mapper_.key_columns().size(); ++i)
        out += (i == 0 ? "t." : " AND t.") + quoted(arrays[i].column) + " = " + value_of(arrays[i]);
}

// What the server filled in, beside the outcome of the check. A generated key is the order of the rows, and always
// confirmed; other keys are returned for the program to find each row by.
std::string StatementTexts::checked_insert(std::string write, Columns columns, bool many) const {
    const bool key_left = leaves_key(columns);
    const bool confirmed = key_left || mapper_.confirms_rows();
    std::string values;
    std::string names;
    const auto append = [&](ColumnIndex column, const std::string& name) {
        values += read(values.empty() ? "" : ", ", column) + " AS " + name;
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
    const std::string check = std::string{"SELECT CASE WHEN count(*) = "} + (many ? "cardinality($1)" : "1") +
                              " THEN 0 ELSE ('corm missing ' || count(*)::text)::int4 END";
    if (names.empty())
        return out + "1) " + check + " FROM i";
    return out + values + "), a AS (" + check + " AS missing FROM i) SELECT a.missing" + names +
           " FROM a LEFT JOIN i ON true" + (many && key_left ? " ORDER BY i.k" : "");
}

std::string StatementTexts::insert_text(const Shape& shape) const {
    return shape.many ? insert_many(shape.columns) : insert_one(shape.columns);
}

std::string StatementTexts::insert_one(Columns columns) const {
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
std::string StatementTexts::insert_many(Columns columns) const {
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

std::string StatementTexts::lock_text(const Shape&) const {
    return lock_rows_text("NO KEY UPDATE");
}

std::string StatementTexts::lock_keys_text(const Shape&) const {
    return lock_rows_text("UPDATE");
}

// The rows are locked by key, and then deleted by the same condition: a ctid names a row in one partition alone, and
// not the version that a transaction before the lock may have made. The outcome of the locks is a condition that no row
// passes before all of them are held.
std::string StatementTexts::remove_where_text(const Shape& shape) const {
    std::vector<Array> all;
    std::string condition;
    for (const ColumnIndex column : shape.columns) {
        all.push_back({column, std::string{"c"}.append(number(all.size() + 1))});
        condition += (condition.empty() ? "t." : " AND t.") + quoted(column) + " = " + value_of(all.back());
    }
    std::string order;
    for (const ColumnIndex key : mapper_.key_columns())
        order += (order.empty() ? " ORDER BY t." : ", t.") + quoted(key);
    std::string out = "DELETE FROM " + table_ + " t USING ";
    append_unnest(out, all, false);
    out += " WHERE " + condition + " AND (SELECT count(*) FROM (SELECT FROM " + table_ + " t JOIN ";
    append_unnest(out, all, false);
    return out + " ON " + condition + order + " FOR UPDATE OF t) l) >= 0";
}

// An array has no order that the plan of a write would follow, so the rows are locked by key beforehand.
std::string StatementTexts::lock_rows_text(const char* strength) const {
    const std::vector<Array> keys = arrays({}, false);
    std::string order;
    for (const Array& key : keys)
        order += (order.empty() ? " ORDER BY t." : ", t.") + quoted(key.column);
    std::string out = "SELECT FROM " + table_ + " t";
    append_rows_by_key(out, keys);
    return out + order + " FOR " + strength + " OF t";
}

void StatementTexts::append_rows_by_key(std::string& out, std::span<const Array> keys) const {
    const mapping::Column& key = mapper_.column(keys.front().column);
    if (keys.size() == 1 && !types::ArrayParameter::as_literals(*key.type)) {
        out += " WHERE t." + quoted(keys.front().column) + " = ANY ($1::";
        out += key.cast_type();
        out += "[])";
    } else {
        out += " JOIN ";
        append_unnest(out, keys, false);
        out += " ON ";
        append_keys(out, keys);
    }
}

} // namespace corm::uow

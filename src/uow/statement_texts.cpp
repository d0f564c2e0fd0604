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
    Text& text = texts_[shape];
    if (!text)
        text = std::make_shared<const std::string>((this->*make)(columns));
    return text;
}

Text StatementTexts::select_by_key(const std::optional<sql::Lock>& lock) const {
    if (!lock)
        return plain_select_;
    sql::SqlWriter writer;
    writer.sql(*plain_select_);
    sql::write_lock(writer, *lock);
    const std::scoped_lock guard{mutex_};
    Text& text = texts_[writer.text()];
    if (!text)
        text = std::make_shared<const std::string>(writer.text());
    return text;
}

Text StatementTexts::update(std::span<const ColumnIndex> columns, bool many) const {
    return many ? cached("U", &StatementTexts::update_many, columns)
                : cached("u", &StatementTexts::update_one, columns);
}

Text StatementTexts::remove(bool many) const {
    return many ? cached("D", &StatementTexts::remove_many, {}) : cached("d", &StatementTexts::remove_one, {});
}

Text StatementTexts::insert(bool generated, bool many) const {
    std::vector<ColumnIndex> columns;
    for (std::size_t i = 0; i < mapper_.columns().size(); ++i) {
        if (!generated || static_cast<int>(i) != mapper_.generated_key())
            columns.push_back(static_cast<ColumnIndex>(i));
    }
    return many ? cached("I", &StatementTexts::insert_many, columns)
                : cached("i", &StatementTexts::insert_one, columns);
}

Text StatementTexts::lock_rows(bool keys_written) const {
    return keys_written ? cached("K", &StatementTexts::lock_keys, {}) : cached("L", &StatementTexts::lock_many, {});
}

bool StatementTexts::is_generated_insert(std::span<const ColumnIndex> columns) const {
    return columns.size() < mapper_.columns().size();
}

void StatementTexts::append_rows(std::string& out, std::span<const ColumnIndex> columns, bool with_version) const {
    std::vector<std::pair<ColumnIndex, std::string>> arrays;
    const auto keys = mapper_.key_columns();
    for (std::size_t i = 0; i < keys.size(); ++i)
        arrays.emplace_back(keys[i], "k" + number(i + 1));
    for (std::size_t i = 0; i < columns.size(); ++i)
        arrays.emplace_back(columns[i], "c" + number(i + 1));
    if (with_version)
        arrays.emplace_back(static_cast<ColumnIndex>(mapper_.version_column()), "v");

    out += "x AS (SELECT ";
    for (const auto& [index, name] : arrays) {
        const types::ValueType& type = *mapper_.column(index).type;
        out += name;
        if (types::ArrayParameter::as_literals(type)) {
            out += "::";
            out += type.sql_type();
            out += " AS " + name;
        }
        out += ", ";
    }
    out += "ord FROM unnest(";
    for (std::size_t i = 0; i < arrays.size(); ++i) {
        const types::ValueType& type = *mapper_.column(arrays[i].first).type;
        out += (i == 0 ? "$" : ", $") + number(i + 1) + "::";
        out += types::ArrayParameter::as_literals(type) ? std::string_view{"text"} : type.sql_type();
        out += "[]";
    }
    out += ") WITH ORDINALITY x(";
    for (const auto& [index, name] : arrays)
        out += name + ", ";
    out += "ord))";
}

// The order of an array is no lock order, so the rows are locked by key before they are written. They carry their new
// values along: joined with the arrays once more, a plan for few rows would compare each with each.
void StatementTexts::append_lock(std::string& out, const char* strength) const {
    const auto keys = mapper_.key_columns();
    std::string join;
    std::string order;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const std::string& name = quoted(keys[i]);
        join += (i == 0 ? "t." : " AND t.") + name + " = x.k" + number(i + 1);
        order += (i == 0 ? "t." : ", t.") + name;
    }
    out += "l AS MATERIALIZED (SELECT x.* FROM " + table_ + " t JOIN x ON " + join + " ORDER BY " + order + " FOR " +
           strength + " OF t)";
}

// The condition that pairs a row of the table with its locked row, at the version that was read.
void StatementTexts::append_match(std::string& out) const {
    const auto keys = mapper_.key_columns();
    for (std::size_t i = 0; i < keys.size(); ++i)
        out += (i == 0 ? " WHERE t." : " AND t.") + quoted(keys[i]) + " = l.k" + number(i + 1);
    if (const int version = mapper_.version_column(); version >= 0)
        out += " AND t." + quoted(static_cast<ColumnIndex>(version)) + " = l.v";
}

// The server raises inside the pipeline, so that the COMMIT behind cannot succeed. The text of the cast names the rows;
// it depends on an aggregate, or the planner would evaluate it beforehand.
void StatementTexts::append_stale_check(std::string& out) const {
    out +=
        "a AS (SELECT CASE WHEN count(*) = cardinality($1) THEN 0 ELSE ('corm stale ' || "
        "coalesce((SELECT string_agg(x.ord::text, ',') FROM x WHERE NOT EXISTS (SELECT FROM u u WHERE u.ord = x.ord)), "
        "'many'))::int4 END AS missing FROM u) SELECT missing FROM a";
}

void StatementTexts::append_version_step(std::string& out) const {
    if (const int version = mapper_.version_column(); version >= 0) {
        const std::string& name = quoted(static_cast<ColumnIndex>(version));
        out += ", " + name + " = t." + name + " + 1";
    }
}

// The one row with the key of the first parameters, at the version of the next one, and the check that it was there.
void StatementTexts::append_one_row(std::string& out, std::size_t parameter) const {
    const auto keys = mapper_.key_columns();
    for (std::size_t i = 0; i < keys.size(); ++i)
        out += (i == 0 ? " WHERE t." : " AND t.") + quoted(keys[i]) + " = $" + number(i + 1);
    if (const int version = mapper_.version_column(); version >= 0)
        out += " AND t." + quoted(static_cast<ColumnIndex>(version)) + " = $" + number(parameter + 1);
    out += " RETURNING 1) SELECT CASE WHEN count(*) = 1 THEN 0 ELSE ('corm stale ' || (count(*) + 1))::int4 END FROM u";
}

std::string StatementTexts::update_one(std::span<const ColumnIndex> columns) const {
    std::string out = "WITH u AS (UPDATE " + table_ + " t SET ";
    std::size_t parameter = mapper_.key_columns().size();
    for (std::size_t i = 0; i < columns.size(); ++i)
        out += (i == 0 ? "" : ", ") + quoted(columns[i]) + " = $" + number(++parameter);
    append_version_step(out);
    append_one_row(out, parameter);
    return out;
}

std::string StatementTexts::update_many(std::span<const ColumnIndex> columns) const {
    const int version = mapper_.version_column();
    const bool key_written = std::any_of(columns.begin(), columns.end(), [this](ColumnIndex index) {
        return mapper_.column(index).key || mapper_.column(index).unique;
    });
    std::string out = "WITH ";
    append_rows(out, columns, version >= 0);
    out += ", ";
    append_lock(out, key_written ? "UPDATE" : "NO KEY UPDATE");
    out += ", u AS (UPDATE " + table_ + " t SET ";
    for (std::size_t i = 0; i < columns.size(); ++i)
        out += (i == 0 ? "" : ", ") + quoted(columns[i]) + " = l.c" + number(i + 1);
    append_version_step(out);
    out += " FROM l";
    append_match(out);
    out += " RETURNING l.ord), ";
    append_stale_check(out);
    return out;
}

std::string StatementTexts::remove_one(std::span<const ColumnIndex>) const {
    std::string out = "WITH u AS (DELETE FROM " + table_ + " t";
    append_one_row(out, mapper_.key_columns().size());
    return out;
}

std::string StatementTexts::remove_many(std::span<const ColumnIndex>) const {
    const int version = mapper_.version_column();
    std::string out = "WITH ";
    append_rows(out, {}, version >= 0);
    out += ", ";
    append_lock(out, "UPDATE");
    out += ", u AS (DELETE FROM " + table_ + " t USING l";
    append_match(out);
    out += " RETURNING l.ord), ";
    append_stale_check(out);
    return out;
}

std::string StatementTexts::insert_one(std::span<const ColumnIndex> columns) const {
    const bool generated = is_generated_insert(columns);
    std::string out = "WITH i AS (INSERT INTO " + table_;
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
    const std::string key = generated ? quoted(static_cast<ColumnIndex>(mapper_.generated_key())) : std::string{"1"};
    out += " RETURNING " + key +
           " AS k), a AS (SELECT CASE WHEN count(*) = 1 THEN 0 ELSE ('corm missing ' || count(*))::int4 END AS missing "
           "FROM i) "
           "SELECT a.missing" +
           (generated ? ", i.k FROM a LEFT JOIN i ON true" : " FROM a");
    return out;
}

// Rows are inserted in the order of the ordinals, so an ascending sequence gives ascending keys in that order.
// RETURNING cannot name the ordinal.
std::string StatementTexts::insert_many(std::span<const ColumnIndex> columns) const {
    const bool generated = is_generated_insert(columns);
    std::string names;
    std::string values;
    std::string arrays;
    std::string aliases;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const types::ValueType& type = *mapper_.column(columns[i]).type;
        const bool literals = types::ArrayParameter::as_literals(type);
        const std::string c = "c" + number(i + 1);
        const char* comma = i == 0 ? "" : ", ";
        names += comma + quoted(columns[i]);
        values += comma + ("x." + c);
        if (literals) {
            values += "::";
            values += type.sql_type();
        }
        arrays += comma + ("$" + number(i + 1)) + "::";
        arrays += literals ? std::string_view{"text"} : type.sql_type();
        arrays += "[]";
        aliases += c + ", ";
    }
    const std::string key = generated ? quoted(static_cast<ColumnIndex>(mapper_.generated_key())) : std::string{"1"};
    return "WITH i AS (INSERT INTO " + table_ + " (" + names + ") SELECT " + values + " FROM unnest(" + arrays +
           ") WITH ORDINALITY x(" + aliases + "ord) ORDER BY x.ord RETURNING " + key +
           " AS k), a AS (SELECT CASE WHEN count(*) = cardinality($1) THEN 0 ELSE ('corm missing ' || count(*))::int4 "
           "END AS "
           "missing FROM i) SELECT a.missing" +
           (generated ? ", i.k FROM a LEFT JOIN i ON true ORDER BY i.k" : " FROM a");
}

std::string StatementTexts::lock_many(std::span<const ColumnIndex>) const {
    return lock_text("NO KEY UPDATE");
}

std::string StatementTexts::lock_keys(std::span<const ColumnIndex>) const {
    return lock_text("UPDATE");
}

std::string StatementTexts::lock_text(const char* strength) const {
    std::string out = "WITH ";
    append_rows(out, {}, false);
    out += ", ";
    append_lock(out, strength);
    return out + " SELECT count(*) FROM l";
}

} // namespace corm::uow

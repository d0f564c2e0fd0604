// Statements for any number of rows that no flush has planned: reads by key, and inserts that may meet a conflict.
#include "uow/statement_texts.hpp"

#include <corm/sql/identifier.hpp>

namespace corm::uow {
namespace {

void append_shape(std::string& out, char kind, std::span<const ColumnIndex> columns) {
    out += kind;
    for (const ColumnIndex column : columns)
        (out += ' ') += std::to_string(column);
}

} // namespace

Text StatementTexts::select_by_keys() const {
    return cached('G', &StatementTexts::select_keys_text, {});
}

// A key of a row may have another form than the one that finds it, so the program cannot pair them by their bytes.
std::string StatementTexts::select_keys_text(const Shape&) const {
    const std::vector<Array> keys = arrays({}, false);
    std::string out;
    for (std::size_t i = 0; i < quoted_.size(); ++i)
        out += read(i == 0 ? "SELECT t." : ", t.", i);
    out += ", x.ord FROM " + table_ + " t JOIN ";
    append_unnest(out, keys, true);
    out += " ON ";
    append_keys(out, keys);
    return out;
}

Text StatementTexts::upsert(const UpsertShape& shape, bool returned) const {
    std::string name;
    append_shape(name, returned ? 'A' : 'a', shape.columns);
    append_shape(name, static_cast<char>('0' + static_cast<int>(shape.action)), shape.target);
    append_shape(name, ':', shape.updated);
    name += ' ' + shape.constraint;
    const std::scoped_lock lock{mutex_};
    Text& text = place(std::move(name));
    if (!text)
        text = std::make_shared<const std::string>(upsert_text(shape, returned));
    return text;
}

// Sessions that write the same rows meet them in the order of the values that conflict, so that they do not deadlock.
std::string StatementTexts::upsert_text(const UpsertShape& shape, bool returned) const {
    std::vector<Array> all;
    std::string names;
    std::string values;
    std::string order;
    for (const ColumnIndex column : shape.columns) {
        const char* comma = all.empty() ? "" : ", ";
        all.push_back({column, std::string{"c"}.append(std::to_string(all.size() + 1))});
        names += comma + quoted(column);
        values += comma + value_of(all.back());
    }
    for (const ColumnIndex column : shape.target) {
        for (const Array& array : all) {
            if (array.column == column)
                order += value_of(array) + ", ";
        }
    }
    std::string out = "INSERT INTO " + table_ + " AS t (" + names + ") SELECT " + values + " FROM ";
    append_unnest(out, all, true);
    out += " ORDER BY " + order + "x.ord";
    append_conflict(out, shape);
    for (std::size_t i = 0; returned && i < quoted_.size(); ++i)
        out += read(i == 0 ? " RETURNING t." : ", t.", i);
    return out;
}

void StatementTexts::append_conflict(std::string& out, const UpsertShape& shape) const {
    if (shape.action == UpsertShape::Action::fail)
        return;
    out += " ON CONFLICT";
    if (!shape.constraint.empty()) {
        out += " ON CONSTRAINT ";
        sql::append_identifier(out, shape.constraint);
    }
    for (std::size_t i = 0; i < shape.target.size(); ++i)
        out += (i == 0 ? " (" : ", ") + quoted(shape.target[i]);
    if (!shape.target.empty())
        out += ')';
    if (shape.action == UpsertShape::Action::nothing) {
        out += " DO NOTHING";
        return;
    }
    for (std::size_t i = 0; i < shape.updated.size(); ++i) {
        const std::string& column = quoted(shape.updated[i]);
        out += (i == 0 ? " DO UPDATE SET " : ", ") + column + " = excluded." + column;
    }
    out += version_step();
}

} // namespace corm::uow

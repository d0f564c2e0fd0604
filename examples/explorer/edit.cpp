#include "edit.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace explorer {
namespace {

std::string digest(std::string_view text) {
    boost::uuids::name_generator_sha1 generate{boost::uuids::uuid{}};
    return boost::uuids::to_string(generate(text.data(), text.size()));
}

/// The row for writing, locked until the end of the transaction. Somebody else's lock is not waited for: that would
/// keep a connection from everyone.
corm::Task<corm::Ref<corm::Record>> locked_row(const corm::AsyncSession& session, const Table& table,
                                               const corm::mapping::RecordKey& key) {
    return session.get_one(table.alone, key, corm::for_update, corm::nowait);
}

} // namespace

std::string entity_tag(const Row& row) {
    std::string all; // lengths keep ("a", "b") apart from ("ab", "")
    for (const Cell& cell : row)
        all += cell ? std::to_string(cell->size()) + ':' + *cell : std::string{"-"};
    return '"' + digest(all) + '"';
}

std::string with_lf(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r')
            plain += text[i];
        else if (i + 1 == text.size() || text[i + 1] != '\n')
            plain += '\n';
    }
    return plain;
}

std::string mark_of(const Cell& value) {
    return value ? digest(with_lf(*value)) : std::string{"-"};
}

bool is_editable(const Table& table, std::string_view name) {
    const int index = table.alone == nullptr ? -1 : table.alone->find_column(name);
    if (index < 0)
        return false;
    const corm::mapping::Column& column = table.alone->column(static_cast<std::size_t>(index));
    return !column.key && !column.computed && !column.version;
}

corm::Task<Outcome> change_row(corm::Engine& engine, const Table& table, const corm::mapping::RecordKey& key,
                               const examples::Request& request, const Changes& changes) {
    corm::AsyncSession session{engine};
    const corm::Ref<corm::Record> row = co_await locked_row(session, table, key);
    Outcome outcome{.row = row_of(table, *row)};
    outcome.stale = !examples::matches(request, entity_tag(outcome.row));
    if (outcome.stale)
        co_return outcome; // the session ends here, and its transaction and lock with it
    for (const auto& [column, value] : changes) {
        if (!is_editable(table, column))
            throw examples::HttpError{422, table.shape->name + '.' + column + " cannot be changed"};
        row.edit().set_text(column, value);
    }
    co_await session.flush();
    co_await session.refresh(row); // with what triggers made of it
    outcome.row = row_of(table, *row);
    co_await session.commit();
    co_return outcome;
}

corm::Task<Outcome> delete_row(corm::Engine& engine, const Table& table, const corm::mapping::RecordKey& key,
                               const examples::Request& request) {
    corm::AsyncSession session{engine};
    const corm::Ref<corm::Record> row = co_await locked_row(session, table, key);
    Outcome outcome{.row = row_of(table, *row)};
    outcome.stale = !examples::matches(request, entity_tag(outcome.row));
    if (outcome.stale)
        co_return outcome;
    session.remove(row);
    co_await session.commit();
    co_return outcome;
}

} // namespace explorer

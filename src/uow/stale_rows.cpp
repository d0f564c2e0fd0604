#include "uow/flush_statements.hpp"

#include <corm/base/error.hpp>

#include <charconv>

namespace corm::uow {
namespace {

/// The object that was read from the row.
const Instance& row_of(const FlushStatement& statement, std::size_t index) {
    return *(statement.replaced.empty() ? statement.rows[index].instance : statement.replaced[index]);
}

StaleDataError rows_missing(const mapping::Mapper& mapper, std::source_location where) {
    const std::string& entity = mapper.entity();
    return StaleDataError(
        entity + ": fewer rows were inserted than were added; a trigger or rule of the table keeps rows out", entity,
        {}, where);
}

} // namespace

void throw_rows_missing(const mapping::Mapper& mapper, std::source_location where) {
    throw rows_missing(mapper, where);
}

std::string joined(std::span<const std::string> keys) {
    std::string list;
    for (const std::string& key : keys)
        list += (list.empty() ? "" : ", ") + key;
    return list;
}

std::string describe(const FlushStatement& statement) {
    using Kind = FlushStatement::Kind;
    const std::string& entity = statement.mapper->entity();
    switch (statement.kind) {
    case Kind::insert: return "inserting " + entity;
    case Kind::copy: return "inserting " + entity + " by COPY";
    case Kind::update:
    case Kind::rearrange: return "updating " + entity;
    case Kind::row_switch: return "updating rows of removed objects to added ones of " + entity;
    case Kind::remove: return "deleting " + entity;
    case Kind::unlink: return "deleting pairs of removed objects from " + entity;
    case Kind::lock: return "locking rows of " + entity;
    case Kind::id_block: return "taking keys for " + entity;
    case Kind::column_types: return "looking up the columns of " + entity;
    }
    return "flushing " + entity;
}

std::exception_ptr stale_rows(const FlushStatement& statement, std::string_view message, std::source_location where) {
    const std::string& entity = statement.mapper->entity();
    // The marker is data that the server quotes, so it is the same in every language of its messages.
    constexpr std::string_view missing = "corm missing ";
    if (message.find(missing) != std::string_view::npos)
        return std::make_exception_ptr(rows_missing(*statement.mapper, where));
    constexpr std::string_view found = "corm found ";
    const std::size_t at = message.find(found);
    if (at == std::string_view::npos)
        return nullptr;
    std::vector<bool> hit(statement.rows.size());
    const char* next = message.data() + at + found.size();
    const char* const end = message.data() + message.size();
    std::size_t ordinal = 0;
    for (auto parsed = std::from_chars(next, end, ordinal); parsed.ec == std::errc{};
         parsed = std::from_chars(next, end, ordinal)) {
        if (ordinal >= 1 && ordinal <= hit.size())
            hit[ordinal - 1] = true;
        next = parsed.ptr + (parsed.ptr != end && *parsed.ptr == ',' ? 1 : 0);
    }
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < hit.size(); ++i) {
        if (!hit[i])
            keys.push_back(statement.mapper->key_text(row_of(statement, i).key));
    }
    if (keys.empty())
        return std::make_exception_ptr(StaleDataError(
            entity + ": more rows were hit than objects were flushed; map columns as primary key that are unique",
            entity, {}, where));
    const std::string list = joined(keys);
    return std::make_exception_ptr(StaleDataError(
        entity + " with key " + list + " was changed or deleted by another transaction since it was loaded; " +
            "roll back, read it again and repeat the change",
        entity, std::move(keys), where));
}

} // namespace corm::uow

#include "related.hpp"

#include "problems.hpp"

#include <algorithm>

namespace explorer {
namespace {

namespace schema = corm::schema;

/// Through the table of pairs, with the other end of each in the same statement. An end that is not there, or not for
/// this role to be seen, is left out.
corm::Task<Listing> read_through_pairs(const corm::AsyncSession& session, const Table& pairs, const Table& target,
                                       const std::string& other_end, Wanted wanted) {
    corm::query::Select<corm::Record> query = select_rows(pairs, wanted).with_joined(corm::load_named(other_end));
    std::vector<corm::Ref<corm::Record>> found = co_await session.all(std::move(query));
    Listing listing;
    listing.more = found.size() > static_cast<std::size_t>(wanted.limit);
    if (listing.more)
        found.pop_back();
    for (const corm::Ref<corm::Record>& pair : found) {
        if (const corm::Ref<corm::Record> end = pair->one(other_end).get())
            listing.rows.push_back(row_of(target, *end));
    }
    co_return listing;
}

/// The relation of the table of pairs that leads on to the target; empty if its mapper has none.
std::string other_end_of(const Table& pairs, const schema::Relation& relation) {
    const auto found = std::ranges::find_if(pairs.relations, [&](const schema::Relation& end) {
        const bool refers =
            end.kind == schema::RelationKind::many_to_one || end.kind == schema::RelationKind::one_to_one;
        return refers && end.foreign_key == relation.association_target_key;
    });
    if (found == pairs.relations.end() || pairs.mapper == nullptr)
        return {};
    const bool mapped = std::ranges::any_of(
        pairs.mapper->relations(), [&](const corm::mapping::Relation& end) { return end.name == found->name; });
    return mapped ? found->name : std::string{};
}

corm::Task<void> read_one(const corm::AsyncSession& session, const Snapshot& snapshot, const Table& table,
                          const Row& row, Related& related) {
    const schema::Relation& relation = *related.relation;
    const bool through = relation.kind == schema::RelationKind::many_to_many;
    const Table* const pairs = through ? snapshot.find(relation.association) : nullptr;
    std::optional<Wanted> wanted =
        matching(table, row, relation.columns, through ? relation.association_columns : relation.target_columns);
    if (!wanted || (through && pairs == nullptr))
        co_return;
    related.all_of = through ? pairs : related.table;
    related.all = *wanted;
    wanted->limit = related_rows;
    const std::string other_end = through ? other_end_of(*pairs, relation) : std::string{};
    if (through && other_end.empty())
        related.table = pairs; // the pairs themselves
    if (through && !other_end.empty())
        related.listing = co_await read_through_pairs(session, *pairs, *related.table, other_end, std::move(*wanted));
    else
        related.listing = co_await read_rows(session, *related.table, std::move(*wanted));
}

} // namespace

std::optional<Wanted> matching(const Table& table, const Row& row, const std::vector<std::string>& own,
                               const std::vector<std::string>& columns) {
    Wanted wanted;
    for (std::size_t i = 0; i < own.size(); ++i) {
        const Cell& value = cell(table, row, own[i]);
        if (!value)
            return std::nullopt;
        wanted.filters.push_back(Filter{Operator::eq, columns[i], *value});
    }
    return wanted;
}

corm::Task<std::vector<Related>> read_related(corm::Engine& engine, const Snapshot& snapshot, const Table& table,
                                              const Row& row) {
    std::vector<Related> all;
    for (const schema::Relation& relation : table.relations) {
        const Table* const target = snapshot.find(relation.target);
        if (target == nullptr)
            continue;
        Related& related = all.emplace_back(Related{.relation = &relation, .table = target, .listing = {}});
        try {
            corm::AsyncSession session{engine, corm::SessionOptions{.autocommit = true, .deadline = related_deadline}};
            co_await read_one(session, snapshot, table, row, related);
        } catch (...) { // a table that may not be read, or not in time, is no reason to hide the row
            related.problem = problem_of(std::current_exception()).message;
        }
    }
    co_return all;
}

} // namespace explorer

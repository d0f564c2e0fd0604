// Relations that are read by the statement of a query.
#include <corm/query/select.hpp>

#include "mapping/relation_ends.hpp"
#include "query/table_columns.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <string>

namespace corm::query::detail {
namespace {

using mapping::Relation;
using mapping::RelationEnds;

/// Index of the join of this relation, of the objects that `from` is the number of; -1 if there is none.
int find_join(const SelectQuery& query, const Relation& relation, std::size_t from) {
    for (std::size_t i = 0; i < query.joined.size(); ++i) {
        if (query.joined[i].relation == &relation && query.statement.joins[i].from == from)
            return static_cast<int>(i);
    }
    return -1;
}

void add_join(SelectQuery& query, const Relation& relation, std::size_t from) {
    const RelationEnds& ends = mapping::RelationMap::of(relation.owner.get(), relation);
    const mapping::Mapper& target = *ends.target;
    sql::Select& statement = query.statement;
    std::size_t column = statement.columns.size();
    if (!query.joined.empty())
        column = query.joined.back().column + statement.joins.back().columns.size();
    sql::Join join{.schema = target.schema(), .table = target.table(), .from = from, .columns = columns_of(target)};
    for (std::size_t i = 0; i < ends.here.size(); ++i)
        join.on.push_back({ends.owner->column(ends.here[i]).name, target.column(ends.there[i]).name});
    statement.joins.push_back(std::move(join));
    query.joined.push_back({&relation, column});
}

} // namespace

void add_joined(SelectQuery& query, const RelationPath& path, bool inner) {
    std::size_t from = 0;
    for (const Relation* relation : path) {
        int at = find_join(query, *relation, from);
        if (at < 0) {
            add_join(query, *relation, from);
            at = static_cast<int>(query.joined.size()) - 1;
        }
        sql::Join& join = query.statement.joins[static_cast<std::size_t>(at)];
        join.inner = join.inner || inner;
        from = static_cast<std::size_t>(at) + 1;
    }
}

void add_joined(SelectQuery& query, const NamedLoad& named, bool inner) {
    const RelationPath path = path_of(*query.mapper, named);
    for (const Relation* relation : path) {
        if (is_to_many(relation->kind))
            throw MappingError(relation->entity + "." + relation->name +
                               " leads to many objects, and a join reads relations to one; read it behind the query, "
                               "by with()");
    }
    add_joined(query, path, inner);
}

void lock_joined(SelectQuery& query, const NamedLoad& path) {
    lock_joined(query, path_of(*query.mapper, path));
}

void lock_joined(SelectQuery& query, const RelationPath& path) {
    std::optional<sql::Lock>& lock = query.statement.lock;
    if (!lock)
        throw MappingError("lock_joined() needs a lock; call for_update() or one of its variants before it");
    std::size_t from = 0;
    for (const Relation* relation : path) {
        const int at = find_join(query, *relation, from);
        if (at < 0)
            throw MappingError(relation->entity + "." + relation->name +
                               " is not joined, so its rows cannot be locked by this query; call with_inner_joined() "
                               "for it before lock_joined()");
        from = static_cast<std::size_t>(at) + 1;
    }
    if (!query.statement.joins[from - 1].inner)
        throw MappingError(path.back()->entity + "." + path.back()->name +
                           " is joined by an outer join, whose rows the server does not lock; join it by "
                           "with_inner_joined(), or lock its objects by themselves: refresh(ref, corm::for_update)");
    if (lock->of.empty())
        lock->of.push_back(sql::alias_of(0));
    const std::string alias = sql::alias_of(from);
    if (std::find(lock->of.begin(), lock->of.end(), alias) == lock->of.end())
        lock->of.push_back(alias);
}

} // namespace corm::query::detail

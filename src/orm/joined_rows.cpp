#include "orm/joined_rows.hpp"

#include <corm/base/error.hpp>

#include <algorithm>

namespace corm::orm {

JoinedRows::JoinedRows(uow::UnitOfWork& uow, const query::SelectQuery& query, std::source_location where)
    : uow_(uow), query_(query), where_(where) {
    if (query.joined.empty())
        return;
    objects_.resize(query.joined.size() + 1);
    const std::optional<sql::Lock>& lock = query.statement.lock;
    for (std::size_t i = 0; i < query.joined.size(); ++i) {
        const mapping::Relation& relation = *query.joined[i].relation;
        const bool locked = lock && std::find(lock->of.begin(), lock->of.end(), sql::alias_of(i + 1)) != lock->of.end();
        Step& step = steps_.emplace_back();
        step.ends = &mapping::RelationMap::of(relation.owner.get(), relation);
        step.from = query.statement.joins[i].from;
        step.column = static_cast<int>(query.joined[i].column);
        step.populate = query.populate_existing ? uow::Populate::overwrite
                        : locked                ? uow::Populate::locked
                                                : uow::Populate::fill;
        step.unsent = uow.unsent_targets(*step.ends);
    }
}

void JoinedRows::take(const types::Rows& rows, int row, const Object& object) {
    if (steps_.empty())
        return;
    objects_.front() = object;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        Step& step = steps_[i];
        const Object& owner = objects_[step.from];
        Object& target = objects_[i + 1];
        target.reset();
        if (!owner)
            continue;
        const mapping::Mapper& mapper = *step.ends->target;
        // No part of a key is NULL, unless there is no row.
        if (!rows.field(row, step.column + mapper.key_columns().front()).is_null())
            target = uow_.attach(step.ends->relation->target(), rows, row, step.column, step.populate, where_);
        if (!refers(step.ends->kind()))
            require_single(step, owner, target);
        const int first = step.from == 0 ? 0 : steps_[step.from - 1].column;
        if (!uow_.joined(*step.ends, {rows, row, first, owner, target, step.unsent, !query_.statement.lock},
                         query_.populate_existing))
            incomplete_ = true;
    }
}

void JoinedRows::require_single(Step& step, const Object& owner, const Object& target) const {
    const auto [known, added] = step.found.emplace(owner, target);
    if (!added && known->second != target)
        throw MappingError(owner->describe() + "." + step.ends->relation->name +
                               " has several rows; map it as one_to_many, or make the foreign key unique",
                           where_);
}

std::vector<query::RelationPath> JoinedRows::unfinished() const {
    std::vector<query::RelationPath> paths;
    if (!incomplete_)
        return paths;
    for (const Step& step : steps_) {
        query::RelationPath path = step.from == 0 ? query::RelationPath{} : paths[step.from - 1];
        path.push_back(step.ends->relation);
        paths.push_back(std::move(path));
    }
    return paths;
}

void append_joined(const query::SelectQuery& query, const std::vector<std::shared_ptr<uow::Instance>>& objects,
                   std::vector<std::shared_ptr<uow::Instance>>& found) {
    std::vector<std::vector<std::shared_ptr<uow::Instance>>> targets;
    for (std::size_t i = 0; i < query.joined.size(); ++i) {
        const std::size_t from = query.statement.joins[i].from;
        std::vector<std::shared_ptr<uow::Instance>> step;
        for (const auto& owner : from == 0 ? objects : targets[from - 1]) {
            const auto living = uow::Member{*owner, *query.joined[i].relation}.living();
            step.insert(step.end(), living.begin(), living.end());
        }
        found.insert(found.end(), step.begin(), step.end());
        targets.push_back(std::move(step));
    }
}

} // namespace corm::orm

#include "uow/unit_of_work.hpp"

#include "uow/flush_statements.hpp"
#include "uow/relation_access.hpp"
#include "uow/relation_book.hpp"

#include <corm/base/error.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <utility>

namespace corm::uow {
namespace {

/// Small lists grow in one step.
template <class Handle>
void append(std::vector<Handle>& list, const std::shared_ptr<Instance>& instance) {
    if (list.capacity() == 0)
        list.reserve(16);
    list.push_back(instance);
}

/// The server has incremented the version that was checked; both targets get it.
void count_up(const types::ValueType& type, const void* checked, void* first, void* second) {
    std::string bytes;
    type.encode(checked, bytes);
    for (std::size_t i = bytes.size(); i-- > 0 && ++bytes[i] == '\0';) {
    }
    const types::FieldView field{bytes.data(), static_cast<std::int32_t>(bytes.size()), type.oid, type.format};
    type.decode(field, first);
    type.decode(field, second);
}

/// A version that updates count goes on from that of the removed object.
void take_over(FlushRow& row, Instance& replaced) {
    const int index = replaced.mapper().version_column();
    if (index < 0)
        return;
    const mapping::Column& version = replaced.mapper().column(static_cast<std::size_t>(index));
    if (!version.counted)
        return;
    void* const fresh = version.in(row.instance->values());
    count_up(*version.type, loaded(replaced, version), fresh, row.sent ? row.sent.at(version) : fresh);
}

} // namespace

void UnitOfWork::watch(const std::shared_ptr<Instance>& instance) {
    if (!instance->sent() && instance->state == ObjectState::persistent)
        instance->make_sent() = mapping::ValueBlock(instance->mapper(), instance->values());
    if (!instance->watched) {
        instance->watched = true;
        append(watched_, instance);
    }
    if (!instance->edited) {
        instance->edited = true;
        append(edited_, instance);
    }
}

bool UnitOfWork::has_changes() const {
    if (!pending_.empty() || !doomed_.empty())
        return true;
    return std::any_of(watched_.begin(), watched_.end(), [](const std::weak_ptr<Instance>& weak) {
        const auto instance = weak.lock();
        return instance && instance->state == ObjectState::persistent &&
               (instance->is_modified() || instance->is_relinked());
    });
}

// Pointers to handles: `living` keeps those that are held weakly.
std::vector<const std::shared_ptr<Instance>*>
UnitOfWork::changed(const PlanMode& mode, std::vector<std::shared_ptr<Instance>>& living) const {
    std::vector<const std::shared_ptr<Instance>*> found;
    found.reserve(watched_.size());
    const auto consider = [&](const std::shared_ptr<Instance>& instance) {
        const bool left_out = instance.get() == mode.except && !instance->is_relinked() && doomed_.empty();
        if (!left_out && instance->watched && instance->state == ObjectState::persistent && !instance->doomed &&
            instance->freshness != Freshness::expired)
            found.push_back(&instance);
    };
    if (watched_are_edited()) {
        std::for_each(edited_.begin(), edited_.end(), consider);
    } else {
        living.reserve(watched_.size());
        for (const std::weak_ptr<Instance>& weak : watched_) {
            if (auto instance = weak.lock())
                consider(living.emplace_back(std::move(instance)));
        }
    }
    return found;
}

std::vector<std::shared_ptr<Instance>> UnitOfWork::modified(const PlanMode& mode) const {
    // A foreign key changes for certain where it gets a key that there is not yet.
    const auto refers_to_new = [](Instance& instance) {
        const auto relations = instance.mapper().relations();
        return std::any_of(relations.begin(), relations.end(), [&](const mapping::Relation& relation) {
            if (!mapping::refers(relation.kind))
                return false;
            const Member member{instance, relation};
            const auto target = member.changed() ? member.single() : nullptr;
            return target && target->state == ObjectState::pending;
        });
    };
    std::vector<std::shared_ptr<Instance>> living, found;
    for (const std::shared_ptr<Instance>* const instance : changed(mode, living)) {
        if ((*instance)->is_modified() || refers_to_new(**instance))
            found.push_back(*instance);
    }
    return found;
}

FlushPlan UnitOfWork::plan(const PlanMode& mode) {
    if (pending_.empty() && doomed_.empty() && watched_.empty())
        return {};
    std::vector<std::shared_ptr<Instance>> living, added, removed;
    ChangeSet changes;
    changes.added = pending_;
    changes.removed = doomed_;
    if (is_staged_) {
        const auto copy = [](const auto& list, ObjectState state, auto& to) {
            std::copy_if(list.begin(), list.end(), std::back_inserter(to),
                         [state](const auto& instance) { return instance->state == state; });
        };
        copy(pending_, ObjectState::pending, added);
        copy(doomed_, ObjectState::persistent, removed);
        changes.added = added;
        changes.removed = removed;
    }
    changes.copies = mode.copies;
    changes.guarded = mode.guarded;
    changes.modified = changed(mode, living);
    FlushPlan plan = has_relations() ? plan_relations(std::move(changes)) : plan_flush(std::move(changes));
    plan.except = mode.except;
    return plan;
}

// A value that does not fit is no reason to forget what was written: the object has to be read then.
bool UnitOfWork::take_returned(const FlushStatement& statement, Instance& instance, mapping::ValueBlock& sent,
                               const types::Rows& rows, int at) {
    const mapping::Mapper& mapper = instance.mapper();
    // There was no row to read from, and the mapping does not mind.
    if (rows.field(at, 0).is_null())
        return false;
    bool whole = true;
    for (std::size_t i = 0; i < statement.returned.size(); ++i) {
        const mapping::Column& column = mapper.column(statement.returned[i]);
        const types::FieldView field = rows.field(at, static_cast<int>(i) + 1);
        try {
            column.type->decode(field, column.in(instance.values()));
            if (sent)
                column.type->decode(field, sent.at(column));
        } catch (const ConversionError& error) {
            if (!returned_error_)
                returned_error_ =
                    std::make_exception_ptr(ConversionError(error, mapper.table(), column.name, error.where()));
            whole = false;
        }
    }
    return whole;
}

// For each object the row of the result with its key, or -1 if a trigger gave the row another key.
std::vector<int> UnitOfWork::match_by_key(FlushStatement& statement, const types::Rows& rows) const {
    const mapping::Mapper& mapper = *statement.mapper;
    const int first = static_cast<int>(statement.returned.size()) + 1;
    boost::unordered_flat_map<std::string, int> by_key;
    mapping::ValueBlock values{mapper};
    for (int row = 0; row < rows.row_count(); ++row) {
        int at = first;
        for (const ColumnIndex key : mapper.key_columns())
            mapper.column(key).type->decode(rows.field(row, at++), values.at(mapper.column(key)));
        std::string key;
        mapper.append_packed_key(values.data(), key);
        by_key.emplace(std::move(key), row);
    }
    std::vector<int> found;
    for (FlushRow& row : statement.rows) {
        std::string key;
        if (row.sent)
            mapper.append_packed_key(row.sent.data(), key);
        else
            mapper.append_key(row.instance->values(), key);
        const auto entry = by_key.find(key);
        found.push_back(entry == by_key.end() ? -1 : entry->second);
    }
    return found;
}

void UnitOfWork::inserted(FlushStatement& statement, std::size_t index, const types::Rows* returned, int at) {
    FlushRow& row = statement.rows[index];
    Instance& instance = *row.instance;
    const bool whole =
        statement.returned.empty() || (at >= 0 && take_returned(statement, instance, row.sent, *returned, at));
    // As sent: the program may have edited the object since.
    scratch_.clear();
    if (row.sent)
        instance.mapper().append_packed_key(row.sent.data(), scratch_);
    else
        instance.mapper().append_key(instance.values(), scratch_);
    instance.key = scratch_;
    if (row.sent)
        instance.make_sent() = std::move(row.sent);
    else
        instance.forget_sent();
    instance.state = ObjectState::persistent;
    instance.freshness = whole ? Freshness::fresh : Freshness::expired;
    if (instance.given() != 0)
        instance.make_given() = 0;
    instance.inserted_now = true;
    map_.insert(row.instance);
    inserted_.push_back(row.instance);
}

void UnitOfWork::updated(const FlushStatement& statement, std::size_t row, const types::Rows* returned, bool final) {
    const std::shared_ptr<Instance>& handle = statement.rows[row].instance;
    Instance& instance = *handle;
    const mapping::Mapper& mapper = instance.mapper();
    if (!final && !instance.at_begin() && !instance.inserted_now)
        instance.make_at_begin() = instance.sent();
    mapping::ValueBlock& sent = instance.make_sent();
    if (!final && !scopes_.empty())
        scopes_.back().remember(handle);
    bool key_written = false;
    for (const ColumnCopies& copies : statement.sent) {
        const mapping::Column& column = copies.column();
        column.type->copy_assign(sent.at(column), copies.at(row));
        key_written = key_written || column.key;
    }
    if (!statement.returned.empty() && !take_returned(statement, instance, sent, *returned, static_cast<int>(row)))
        instance.freshness = Freshness::expired;
    if (const int index = mapper.version_column(); index >= 0) {
        const mapping::Column& version = mapper.column(static_cast<std::size_t>(index));
        if (version.counted)
            count_up(*version.type, sent.at(version), sent.at(version), version.in(instance.values()));
    }
    if (!key_written)
        return;
    map_.erase(instance);
    if (!instance.key_at_begin().has_value())
        instance.make_key_at_begin() = instance.key;
    scratch_.clear();
    mapper.append_packed_key(sent.data(), scratch_);
    instance.key = scratch_;
    map_.insert(handle);
}

void UnitOfWork::deleted(const std::shared_ptr<Instance>& instance) {
    map_.erase(*instance);
    instance->state = ObjectState::deleted;
    deleted_.push_back(instance);
}

void UnitOfWork::flushed(FlushPlan& plan, const std::vector<const types::Rows*>& results, bool final) {
    for (std::size_t i = 0; i < plan.statements.size(); ++i) {
        FlushStatement& statement = plan.statements[i];
        const std::vector<int> matched =
            statement.matched_by_key ? match_by_key(statement, *results[i]) : std::vector<int>{};
        for (std::size_t index = 0; index < statement.rows.size(); ++index) {
            switch (statement.kind) {
            case FlushStatement::Kind::lock:
            case FlushStatement::Kind::rearrange:
            case FlushStatement::Kind::id_block:
            case FlushStatement::Kind::column_types:
            case FlushStatement::Kind::unlink: break;
            case FlushStatement::Kind::copy:
                inserted(statement, index, results[statement.copy->keys_at.value_or(i)], static_cast<int>(index));
                break;
            case FlushStatement::Kind::insert:
                inserted(statement, index, results[i],
                         statement.matched_by_key ? matched[index] : static_cast<int>(index));
                break;
            case FlushStatement::Kind::update: updated(statement, index, results[i], final); break;
            case FlushStatement::Kind::remove: deleted(statement.rows[index].instance); break;
            case FlushStatement::Kind::row_switch:
                take_over(statement.rows[index], *statement.replaced[index]);
                deleted(statement.replaced[index]);
                inserted(statement, index, results[i], static_cast<int>(index));
                break;
            }
        }
    }
    ++time_;
    is_staged_ = plan.has_more;
    if (!is_staged_)
        settle(final, plan.except);
    if (const std::exception_ptr error = std::exchange(returned_error_, nullptr))
        std::rethrow_exception(error);
}

void UnitOfWork::settle(bool final, const Instance* except) {
    settle_relations(final);
    leave_relations(doomed_, final);
    for (const std::shared_ptr<Instance>& instance : doomed_)
        forget_doom(*instance);
    pending_.clear();
    doomed_.clear();
    is_staged_ = false;
    settle_edits(except);
}

// Nothing is unflushed any more: objects are held weakly again, and those that are gone or left are forgotten.
void UnitOfWork::settle_edits(const Instance* except) {
    bool all_stay = watched_are_edited();
    std::shared_ptr<Instance> left_out; // its edits are unflushed yet, if there are any
    for (const auto& instance : edited_) {
        all_stay = all_stay && instance->watched;
        if (instance.get() == except && instance->watched && instance->is_modified())
            left_out = instance;
        else
            instance->edited = false;
    }
    edited_.clear();
    if (left_out)
        edited_.push_back(std::move(left_out));
    if (all_stay)
        return;
    std::erase_if(watched_, [](const std::weak_ptr<Instance>& weak) {
        const auto instance = weak.lock();
        return !instance || !instance->watched;
    });
}

void UnitOfWork::committed(ExpireOnCommit policy) {
    begun_ = ++time_;
    for (const auto& weak : deleted_) {
        if (const auto instance = weak.lock(); instance && owns(*instance) && instance->state == ObjectState::deleted)
            detach_deleted(*instance);
    }
    deleted_.clear();
    inserted_.clear();
    revived_.clear();
    // What was edited back to what it was, no flush has settled, and neither what needed no further stage.
    if (!edited_.empty() || is_staged_)
        settle(true);
    scopes_.clear();
    map_.for_each([policy](const std::shared_ptr<Instance>& instance) {
        instance->inserted_now = false;
        instance->forget_begin();
        if (RelationBook* const book = instance->book())
            book->begin.clear();
        if (policy == ExpireOnCommit::expire && !instance->mapper().disposed())
            instance->freshness = Freshness::expired;
        else if (policy == ExpireOnCommit::stale && instance->freshness == Freshness::fresh)
            instance->freshness = Freshness::stale;
    });
}

} // namespace corm::uow

#include "uow/merge.hpp"

#include "uow/flush_statements.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <utility>

namespace corm::uow {
namespace {

/// The identity that an object has or will have; empty if the server is to generate it, or if a part is NULL.
std::string identity_of(const Instance& instance) {
    if (!instance.key.empty())
        return instance.key;
    std::string key;
    if (!has_null_key(instance) && !leaves_key_to_server(instance))
        instance.mapper().append_key(instance.values(), key);
    return key;
}

/// Values that no row has given are those of a new object: what an insert would leave to the server is not copied.
bool copied(const Instance& source, const mapping::Column& column) {
    return source.key.empty() ? column.inserted(source.given) : !column.computed;
}

/// The same for the insert of its copy.
std::uint64_t given_of(const Instance& source) noexcept {
    return source.key.empty() ? source.given : ~std::uint64_t{0};
}

} // namespace

void UnitOfWork::merge_into(const Instance& source, std::string_view key, const std::shared_ptr<Instance>& target) {
    const bool row = target->state == ObjectState::persistent;
    // To the server both are one key, such as 1.5 and 1.50.
    const bool keeps_key = row && key != target->key;
    for (const mapping::Column& column : source.mapper().columns()) {
        if (!copied(source, column) || (row && column.counted))
            continue;
        if (keeps_key && column.key && !source.is_changed(column))
            continue;
        const void* const value = column.in(source.values());
        if (column.type->same(value, column.in(target->values())))
            continue;
        if (row)
            watch(target);
        column.type->copy_assign(column.in(target->values()), value);
    }
    if (target->state == ObjectState::pending)
        target->given |= given_of(source);
}

std::shared_ptr<Instance> UnitOfWork::merge_new(const Instance& source, std::source_location where) {
    std::shared_ptr<Instance> made = Instance::create(source.shared_mapper());
    for (const mapping::Column& column : source.mapper().columns()) {
        if (copied(source, column))
            column.type->copy_assign(column.in(made->values()), column.in(source.values()));
    }
    made->given = given_of(source);
    add(made, where);
    return made;
}

void UnitOfWork::require_clean(const Instance& source, std::source_location where) const {
    const auto refuse = [&](const Instance& instance, const char* why) {
        throw Error("merge() without loading: " + instance.describe() + " " + why, where);
    };
    if (source.key.empty() || source.row_deleted)
        refuse(source, "has no row that its values could be taken for; merge it with MergeOptions::load");
    if (source.is_modified())
        refuse(source, "has changes that are not flushed; flush them in its session, or merge it with "
                       "MergeOptions::load");
    static_cast<void>(source.readable());
    if (const auto target = map_.find(source.mapper(), source.key); target && target->is_modified())
        refuse(*target, "has changes in this session as well, which would be lost; flush them first");
}

std::shared_ptr<Instance> UnitOfWork::take_clean(const Instance& source) {
    std::shared_ptr<Instance> target = map_.find(source.mapper(), source.key);
    const bool known = target != nullptr;
    if (!known) {
        target = Instance::create(source.shared_mapper());
        target->key = source.key;
        target->state = ObjectState::persistent;
        target->scope = scope_;
    }
    for (const mapping::Column& column : source.mapper().columns())
        column.type->copy_assign(column.in(target->values()), column.in(source.values()));
    if (target->sent)
        target->sent = mapping::ValueBlock(target->mapper(), target->values());
    target->freshness = Freshness::fresh;
    if (!known) {
        target->forget_relations();
        map_.insert(target);
    }
    if (!scopes_.empty())
        scopes_.back().note_read(target);
    return target;
}

std::vector<std::shared_ptr<Instance>> UnitOfWork::merge_clean(std::span<const std::shared_ptr<Instance>> sources,
                                                               std::source_location where) {
    for (const std::shared_ptr<Instance>& source : sources) {
        if (!owns(*source))
            require_clean(*source, where);
    }
    std::vector<std::shared_ptr<Instance>> merged;
    merged.reserve(sources.size());
    for (const std::shared_ptr<Instance>& source : sources)
        forget_removal(merged.emplace_back(owns(*source) ? source : take_clean(*source)));
    return merged;
}

Merge::Merge(UnitOfWork& uow, std::vector<std::shared_ptr<Instance>> sources) : uow_(uow) {
    bool new_keys = false;
    entries_.reserve(sources.size());
    for (std::shared_ptr<Instance>& source : sources) {
        const bool own = uow_.owns(*source) && source->state != ObjectState::deleted;
        if (!own)
            static_cast<void>(source->readable());
        std::string key = own ? std::string{} : identity_of(*source);
        if (!key.empty() && !new_keys) {
            const std::shared_ptr<Instance> known = uow_.find(source->mapper(), key);
            new_keys = !known || known->doomed;
        }
        entries_.push_back({std::move(source), std::move(key), own});
    }
    // There may be many, and each key has to be encoded.
    if (!new_keys)
        return;
    for (const std::shared_ptr<Instance>& pending : uow_.added()) {
        if (&pending->mapper() != &entries_.front().source->mapper())
            continue;
        if (std::string key = identity_of(*pending); !key.empty())
            pending_.insert_or_assign(std::move(key), pending);
    }
}

std::shared_ptr<Instance> Merge::target(const Entry& entry) const {
    if (entry.own)
        return entry.source;
    if (entry.key.empty())
        return nullptr;
    const auto row = rows_.find(entry.key);
    std::shared_ptr<Instance> known = row == rows_.end() ? uow_.find(entry.source->mapper(), entry.key) : row->second;
    if (known && !known->doomed)
        return known;
    // One that was added under the key of a removed object takes its row over.
    const auto found = pending_.find(entry.key);
    return found == pending_.end() ? known : found->second;
}

void Merge::add_row(mapping::EncodedKey key, std::shared_ptr<Instance> object) {
    rows_.insert_or_assign(std::move(key), std::move(object));
}

std::vector<mapping::EncodedKey> Merge::unread() const {
    std::vector<mapping::EncodedKey> keys;
    for (const Entry& entry : entries_) {
        if (entry.own || entry.key.empty())
            continue;
        if (const std::shared_ptr<Instance> known = target(entry); !known || known->freshness != Freshness::fresh)
            keys.push_back(entry.key);
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

void Merge::check_versions(std::source_location where) const {
    if (entries_.empty())
        return;
    const mapping::Mapper& mapper = entries_.front().source->mapper();
    if (mapper.version_column() < 0)
        return;
    const mapping::Column& version = mapper.column(static_cast<std::size_t>(mapper.version_column()));
    std::vector<std::string> keys;
    for (const Entry& entry : entries_) {
        const std::shared_ptr<Instance> known = target(entry);
        if (entry.own || !known || known->state != ObjectState::persistent)
            continue;
        if (version.type->same(loaded(*entry.source, version), loaded(*known, version)))
            continue;
        keys.push_back(mapper.key_text(entry.key));
    }
    if (keys.empty())
        return;
    const std::string list = joined(keys);
    throw StaleDataError(mapper.entity() + " with key " + list + " has another " + version.member +
                             " than the merged values: it was changed since they were read, or they never had one; "
                             "read it again, or give MergeOptions::check_version = false to write over it",
                         mapper.entity(), std::move(keys), where);
}

std::vector<std::shared_ptr<Instance>> Merge::finish(bool check_version, std::source_location where) {
    if (check_version)
        check_versions(where);
    std::vector<std::shared_ptr<Instance>> merged;
    merged.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        std::shared_ptr<Instance> object = target(entry);
        if (!object) {
            object = uow_.merge_new(*entry.source, where);
            if (!entry.key.empty())
                pending_.insert_or_assign(entry.key, object);
        } else {
            uow_.forget_removal(object);
            if (!entry.own)
                uow_.merge_into(*entry.source, entry.key, object);
        }
        merged.push_back(std::move(object));
    }
    return merged;
}

} // namespace corm::uow

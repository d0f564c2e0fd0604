#include "uow/merge.hpp"

#include "uow/flush_statements.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <utility>

namespace corm::uow {
namespace {

/// The identity that an object has or will have; none if the server is to generate it, or if a part is NULL.
std::optional<std::string> identity_of(const Instance& instance) {
    if (instance.key.has_value())
        return std::string{instance.key.view()};
    if (has_null_key(instance) || leaves_key_to_server(instance))
        return std::nullopt;
    std::string key;
    instance.mapper().append_key(instance.values(), key);
    return key;
}

/// Values that no row has given are those of a new object: what an insert would leave to the server is not copied.
bool copied(const Instance& source, const mapping::Column& column) {
    return source.key.has_value() ? !column.computed : column.inserted(source.given());
}

/// The same for the insert of its copy.
std::uint64_t given_of(const Instance& source) noexcept {
    return source.key.has_value() ? ~std::uint64_t{0} : source.given();
}

} // namespace

void UnitOfWork::merge_into(const Instance& source, std::string_view key, std::span<const std::uint16_t> linked,
                            const std::shared_ptr<Instance>& target) {
    const bool row = target->state == ObjectState::persistent;
    // To the server both are one key, such as 1.5 and 1.50.
    const bool keeps_key = row && key != target->key;
    for (std::size_t i = 0; i < source.mapper().columns().size(); ++i) {
        const mapping::Column& column = source.mapper().column(i);
        if (!copied(source, column) || (row && column.counted))
            continue;
        if (!column.key && std::find(linked.begin(), linked.end(), i) != linked.end())
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
        target->make_given() |= given_of(source);
}

std::shared_ptr<Instance> UnitOfWork::merge_new(const Instance& source) {
    std::shared_ptr<Instance> made = Instance::create(source.shared_mapper());
    for (const mapping::Column& column : source.mapper().columns()) {
        if (copied(source, column))
            column.type->copy_assign(column.in(made->values()), column.in(source.values()));
    }
    made->make_given() = given_of(source);
    return made;
}

void UnitOfWork::require_clean(const Instance& source, std::source_location where) const {
    const auto refuse = [&](const Instance& instance, const char* why) {
        throw Error("merge() without loading: " + instance.describe() + " " + why, where);
    };
    if (!source.key.has_value() || source.row_deleted)
        refuse(source, "has no row that its values could be taken for; merge it with MergeOptions::load");
    if (source.is_modified() || source.is_relinked())
        refuse(source, "has changes that are not flushed; flush them in its session, or merge it with "
                       "MergeOptions::load");
    static_cast<void>(source.readable());
    if (const auto target = map_.find(source.mapper(), source.key);
        target && (target->is_modified() || target->is_relinked()))
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
    if (target->sent())
        target->make_sent() = mapping::ValueBlock(target->mapper(), target->values());
    target->freshness = Freshness::fresh;
    if (known) {
        target->check_references();
    } else {
        target->forget_relations();
        map_.insert(target);
    }
    if (!scopes_.empty())
        scopes_.back().note_read(target);
    return target;
}

Merge::Merge(UnitOfWork& uow, std::vector<Object> sources) : uow_(uow) {
    roots_.reserve(sources.size());
    entries_.reserve(sources.size());
    for (const Object& source : sources)
        roots_.push_back(reach(source));
    given_ = entries_.size();
    for (std::size_t i = 0; i < entries_.size(); ++i) { // grows
        if (!entries_[i].own)
            walk(i);
    }
    for (const Entry& entry : entries_)
        hold(entry);
}

std::size_t Merge::reach(const Object& source) {
    const auto [place, added] = places_.try_emplace(source.get(), entries_.size());
    if (!added)
        return place->second;
    const bool own = uow_.owns(*source) && source->state != ObjectState::deleted;
    if (!own)
        static_cast<void>(source->readable());
    entries_.push_back({source, own ? std::nullopt : identity_of(*source), own, table_of(*source)});
    return entries_.size() - 1;
}

std::size_t Merge::table_of(const Instance& source) {
    const auto found = std::find_if(tables_.begin(), tables_.end(),
                                    [&](const Table& table) { return table.mapper.get() == &source.mapper(); });
    if (found != tables_.end())
        return static_cast<std::size_t>(found - tables_.begin());
    tables_.push_back({source.shared_mapper()});
    return tables_.size() - 1;
}

// What is known of the session under the key stays.
void Merge::hold(const Entry& entry) {
    if (entry.own || !entry.key)
        return;
    const Object known = uow_.find(entry.source->mapper(), *entry.key);
    if (known)
        held_.push_back(known);
    Table& table = tables_[entry.table];
    if ((known && !known->doomed) || table.searched)
        return;
    // There may be many, and each key has to be encoded.
    table.searched = true;
    for (const Object& pending : uow_.added()) {
        if (&pending->mapper() != table.mapper.get())
            continue;
        if (std::optional<std::string> key = identity_of(*pending))
            table.pending.insert_or_assign(std::move(*key), pending);
    }
}

Merge::Object Merge::target(const Entry& entry) const {
    // A flush on the way may have carried out its removal: then it is copied like any other.
    if (entry.own && entry.source->state != ObjectState::deleted)
        return entry.source;
    if (!entry.key)
        return nullptr;
    const Table& table = tables_[entry.table];
    const auto row = table.rows.find(*entry.key);
    Object known = row == table.rows.end() ? uow_.find(*table.mapper, *entry.key) : row->second;
    if (known && !known->doomed)
        return known;
    // One that was added under the key of a removed object takes its row over.
    const auto found = table.pending.find(*entry.key);
    return found == table.pending.end() ? known : found->second;
}

void Merge::add_row(const mapping::Mapper& mapper, mapping::EncodedKey key, Object object) {
    for (Table& table : tables_) {
        if (table.mapper.get() == &mapper)
            table.rows.insert_or_assign(std::move(key), std::move(object));
    }
}

std::vector<Merge::Keys> Merge::unread() const {
    std::vector<Keys> found;
    for (const Table& table : tables_)
        found.push_back({table.mapper, {}});
    for (const Entry& entry : entries_) {
        if (entry.own || !entry.key)
            continue;
        if (const Object known = target(entry); !known || known->freshness != Freshness::fresh)
            found[entry.table].keys.push_back(*entry.key);
    }
    for (Keys& of_table : found) {
        std::vector<mapping::EncodedKey>& keys = of_table.keys;
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    }
    std::erase_if(found, [](const Keys& of_table) { return of_table.keys.empty(); });
    return found;
}

void Merge::check_versions(std::source_location where) const {
    for (std::size_t i = 0; i < tables_.size(); ++i) {
        const mapping::Mapper& mapper = *tables_[i].mapper;
        if (mapper.version_column() < 0)
            continue;
        const mapping::Column& version = mapper.column(static_cast<std::size_t>(mapper.version_column()));
        std::vector<std::string> keys;
        for (const Entry& entry : entries_) {
            if (entry.own || entry.table != i)
                continue;
            const Object known = target(entry);
            if (!known || known->state != ObjectState::persistent)
                continue;
            if (!version.type->same(loaded(*entry.source, version), loaded(*known, version)))
                keys.push_back(mapper.key_text(*entry.key));
        }
        if (keys.empty())
            continue;
        const std::string list = joined(keys);
        throw StaleDataError(mapper.entity() + " with key " + list + " has another " + version.member +
                                 " than the merged values: it was changed since they were read, or they never had "
                                 "one; read it again, or give MergeOptions::check_version = false to write over it",
                             mapper.entity(), std::move(keys), where);
    }
}

std::vector<Merge::Object> Merge::roots(const std::vector<Object>& targets) const {
    std::vector<Object> found;
    found.reserve(roots_.size());
    for (const std::size_t root : roots_)
        found.push_back(targets[root]);
    return found;
}

std::vector<Merge::Object> Merge::finish(std::source_location where) {
    std::vector<Object> targets;
    std::vector<bool> made;
    for (const Entry& entry : entries_) {
        Object object = target(entry);
        made.push_back(object == nullptr);
        if (!entry.own || object == nullptr) // a savepoint that was dropped meanwhile has forgotten what it read
            static_cast<void>((object == nullptr ? entry.source : object)->readable());
        if (object == nullptr) {
            object = UnitOfWork::merge_new(*entry.source);
            if (entry.key)
                tables_[entry.table].pending.insert_or_assign(*entry.key, object);
        }
        targets.push_back(std::move(object));
    }
    std::vector<Change> changes = this->changes(targets);
    std::for_each(changes.begin(), changes.end(), prepare);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        if (made[i]) {
            uow_.add(targets[i], where);
            continue;
        }
        uow_.keep(targets[i], where);
        if (!entry.own)
            uow_.merge_into(*entry.source, *entry.key, entry.linked, targets[i]);
    }
    // What moves from one collection to another must not look lost between the two.
    for (const Change& change : changes)
        link(change);
    for (const Change& change : changes)
        unlink(change);
    for (const Change& change : changes)
        sort(change);
    return roots(targets);
}

std::vector<Merge::Object> Merge::take(std::source_location where) {
    for (const Entry& entry : entries_) {
        if (!entry.own)
            uow_.require_clean(*entry.source, where);
    }
    std::vector<Object> targets;
    for (const Entry& entry : entries_) {
        targets.push_back(entry.own ? entry.source : uow_.take_clean(*entry.source));
        uow_.keep(targets.back(), where);
    }
    for (Change& change : changes(targets))
        uow_.know_links(change.owner, *change.ends, std::move(change.content));
    return roots(targets);
}

} // namespace corm::uow

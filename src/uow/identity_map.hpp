// One object per row and session.
#pragma once

#include "base/memory.hpp"

#include <corm/uow/instance.hpp>

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::uow {

/// From identity (mapper and encoded key) to the object, which says itself what its key is. Holds objects weakly:
/// entries of objects that are gone are swept as the map grows. Not thread-safe.
class IdentityMap {
public:
    /// The living object with this identity, or null.
    [[nodiscard]] std::shared_ptr<Instance> find(const mapping::Mapper& mapper, std::string_view key) const {
        std::shared_ptr<Instance> living;
        entries_.find(Wanted{hash(mapper, key), &mapper, key, &living});
        return living;
    }
    /// Registers `instance` under `instance->key`, in place of whatever was there.
    void insert(const std::shared_ptr<Instance>& instance) {
        erase_other(instance->mapper(), instance->key);
        add(instance);
    }
    /// The same for one that `find` has just not found.
    void add(const std::shared_ptr<Instance>& instance) {
        if (entries_.size() >= sweep_at_)
            sweep();
        entries_.insert(Entry{hash(instance->mapper(), instance->key), instance});
    }
    /// Forgets the identity if it is `instance`'s.
    void erase(const Instance& instance) {
        std::shared_ptr<Instance> there;
        const auto found =
            entries_.find(Wanted{hash(instance.mapper(), instance.key), &instance.mapper(), instance.key, &there});
        if (found != entries_.end() && there.get() == &instance)
            entries_.erase(found);
    }
    void clear() noexcept { entries_.clear(); }
    /// Room for so many more objects, at once instead of growing step by step.
    void reserve(std::size_t more) {
        if (more <= 64)
            return;
        // Not for every batch of a stream whose objects are kept.
        if (entries_.size() + more >= sweep_at_)
            sweep();
        entries_.reserve(entries_.size() + more);
        sweep_at_ = std::max(sweep_at_, entries_.size() + more + 64);
    }

    /// Calls `visit` with every living object.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const Entry& entry : entries_) {
            if (const std::shared_ptr<Instance> instance = entry.object.lock())
                visit(instance);
        }
    }
    /// True if `test` holds for a living object; looks no further than the first.
    template <class Test>
    [[nodiscard]] bool any_of(Test test) const {
        return std::any_of(entries_.begin(), entries_.end(), [&test](const Entry& entry) {
            const std::shared_ptr<Instance> instance = entry.object.lock();
            return instance && test(instance);
        });
    }
    /// Entries, those of dead objects included.
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    // The identity itself is the object's. Entries of dead objects have none any more: they equal nothing.
    struct Entry {
        std::uint64_t hash;
        std::weak_ptr<Instance> object;
    };
    struct Wanted {
        std::uint64_t hash;
        const mapping::Mapper* mapper;
        std::string_view key;
        std::shared_ptr<Instance>* found;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const Entry& entry) const noexcept { return entry.hash; }
        std::size_t operator()(const Wanted& wanted) const noexcept { return wanted.hash; }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const Entry& entry, const Wanted& wanted) const noexcept { return (*this)(wanted, entry); }
        bool operator()(const Wanted& wanted, const Entry& entry) const noexcept {
            if (entry.hash != wanted.hash)
                return false;
            std::shared_ptr<Instance> living = entry.object.lock();
            if (!living || &living->mapper() != wanted.mapper || living->key != wanted.key)
                return false;
            *wanted.found = std::move(living);
            return true;
        }
        // Only what is not there is added.
        bool operator()(const Entry&, const Entry&) const noexcept { return false; }
    };

    // The map mixes the bits of what it gets here. An integer, the most common key, needs no hash of its own.
    [[nodiscard]] static std::uint64_t hash(const mapping::Mapper& mapper, std::string_view bytes) noexcept {
        std::uint64_t key = 0;
        if (bytes.size() == sizeof(std::uint64_t))
            std::memcpy(&key, bytes.data(), sizeof(std::uint64_t));
        else if (bytes.size() == sizeof(std::uint32_t))
            std::memcpy(&key, bytes.data(), sizeof(std::uint32_t));
        else
            key = std::hash<std::string_view>{}(bytes);
        return key ^ (std::hash<const void*>{}(&mapper) * 0x9e3779b97f4a7c15ULL);
    }
    void erase_other(const mapping::Mapper& mapper, std::string_view key) {
        std::shared_ptr<Instance> there;
        const auto found = entries_.find(Wanted{hash(mapper, key), &mapper, key, &there});
        if (found != entries_.end())
            entries_.erase(found);
    }
    void sweep() {
        boost::unordered::erase_if(entries_, [](const Entry& entry) { return entry.object.expired(); });
        sweep_at_ = entries_.size() * 2 + 64;
    }

    boost::unordered_flat_set<Entry, Hash, Equal, corm::detail::Recycling<Entry>> entries_;
    std::size_t sweep_at_ = 64;
};

} // namespace corm::uow

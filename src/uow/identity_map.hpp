// One object per row and session.
#pragma once

#include "base/memory.hpp"

#include <corm/uow/instance.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::uow {

/// From identity (mapper and encoded key) to the object. Holds objects weakly: entries of objects that are gone are
/// swept as the map grows. Not thread-safe.
class IdentityMap {
public:
    /// The living object with this identity, or null.
    [[nodiscard]] std::shared_ptr<Instance> find(const mapping::Mapper& mapper, std::string_view key) const {
        const auto found = entries_.find(Identity{&mapper, key});
        return found == entries_.end() ? nullptr : found->second.lock();
    }
    /// The place of an identity, to look into and to put an object into. Valid until the next change of the map.
    [[nodiscard]] std::weak_ptr<Instance>& place(const mapping::Mapper& mapper, std::string_view key) {
        if (entries_.size() >= sweep_at_)
            sweep();
        return entries_.try_emplace(OwnedIdentity{&mapper, std::string{key}}).first->second;
    }
    /// Registers `instance` under `instance->key`, in place of whatever was there.
    void insert(const std::shared_ptr<Instance>& instance) { place(instance->mapper(), instance->key) = instance; }
    /// Forgets the identity if it is `instance`'s.
    void erase(const Instance& instance) {
        const auto found = entries_.find(Identity{&instance.mapper(), instance.key});
        if (found == entries_.end())
            return;
        const std::shared_ptr<Instance> there = found->second.lock();
        if (there == nullptr || there.get() == &instance)
            entries_.erase(found);
    }
    void clear() noexcept { entries_.clear(); }
    /// Room for so many more objects, at once instead of growing step by step.
    void reserve(std::size_t more) {
        if (more <= 64)
            return;
        sweep();
        entries_.reserve(entries_.size() + more);
        sweep_at_ = std::max(sweep_at_, entries_.size() + more + 64);
    }

    /// Calls `visit` with every living object.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& [key, weak] : entries_) {
            if (const std::shared_ptr<Instance> instance = weak.lock())
                visit(instance);
        }
    }
    /// True if `test` holds for a living object; looks no further than the first.
    template <class Test>
    [[nodiscard]] bool any_of(Test test) const {
        return std::any_of(entries_.begin(), entries_.end(), [&test](const auto& entry) {
            const std::shared_ptr<Instance> instance = entry.second.lock();
            return instance && test(instance);
        });
    }
    /// Entries, those of dead objects included.
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    struct Identity {
        const mapping::Mapper* mapper;
        std::string_view key;
    };
    struct OwnedIdentity {
        const mapping::Mapper* mapper;
        std::string key;
        operator Identity() const noexcept { return {mapper, key}; } // NOLINT: both are one thing to the map
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const Identity& id) const noexcept {
            // The map mixes the bits of what it gets here. An integer, the most common key, needs no hash of its own.
            std::uint64_t key = 0;
            if (id.key.size() == sizeof(std::uint64_t))
                std::memcpy(&key, id.key.data(), sizeof(std::uint64_t));
            else if (id.key.size() == sizeof(std::uint32_t))
                std::memcpy(&key, id.key.data(), sizeof(std::uint32_t));
            else
                key = std::hash<std::string_view>{}(id.key);
            return key ^ (std::hash<const void*>{}(id.mapper) * 0x9e3779b97f4a7c15ULL);
        }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const Identity& a, const Identity& b) const noexcept {
            return a.mapper == b.mapper && a.key == b.key;
        }
    };

    void sweep() {
        boost::unordered::erase_if(entries_, [](const auto& entry) { return entry.second.expired(); });
        sweep_at_ = entries_.size() * 2 + 64;
    }

    using Entry = std::pair<const OwnedIdentity, std::weak_ptr<Instance>>;

    boost::unordered_flat_map<OwnedIdentity, std::weak_ptr<Instance>, Hash, Equal, corm::detail::Recycling<Entry>>
        entries_;
    std::size_t sweep_at_ = 64;
};

} // namespace corm::uow

// One object per row and session.
#pragma once

#include "base/memory.hpp"

#include <corm/uow/instance.hpp>

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::uow {

/// From identity (mapper and encoded key) to the object, which says itself what its key is. Holds objects weakly:
/// entries of objects that are gone are swept as the map grows. Visits objects about in the order in which they came,
/// which is that of their memory: a visit in the order of hashes misses the cache at each of them. Not thread-safe.
class IdentityMap {
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

public:
    IdentityMap() = default;
    IdentityMap(const IdentityMap&) = delete;
    IdentityMap& operator=(const IdentityMap&) = delete;

    /// What to look for. `key` has to stay while it is used.
    struct Identity {
        Identity(const mapping::Mapper& of, std::string_view encoded) noexcept
            : mapper(&of), key(encoded), hash(hash_of(of, encoded)) {}
        explicit Identity(const Instance& instance) noexcept : Identity(instance.mapper(), instance.key) {}

        const mapping::Mapper* mapper;
        std::string_view key;
        std::uint32_t hash;
        /// An entry of a dead object with this hash that `find` has met, for `add` to take over: else a row that is
        /// read and dropped over and over would leave one each time.
        std::size_t dead = nowhere;
    };

    /// The living object with this identity, or null.
    [[nodiscard]] std::shared_ptr<Instance> find(Identity& identity) const {
        std::shared_ptr<Instance> living;
        static_cast<void>(locate({identity, living}));
        return living;
    }
    [[nodiscard]] std::shared_ptr<Instance> find(const mapping::Mapper& mapper, std::string_view key) const {
        Identity identity{mapper, key};
        return find(identity);
    }
    /// Registers `instance` under `instance->key`, in place of whatever was there.
    void insert(const std::shared_ptr<Instance>& instance) {
        Identity identity{*instance};
        std::shared_ptr<Instance> there;
        if (const std::size_t at = locate({identity, there}); at != nowhere)
            entries_[at] = instance;
        else
            add(instance, identity);
    }
    /// The same for one that `find` has just not found.
    void add(const std::shared_ptr<Instance>& instance, const Identity& identity) {
        if (identity.dead != nowhere) {
            entries_[identity.dead] = instance;
            return;
        }
        if (entries_.size() >= sweep_at_)
            sweep();
        append(instance, identity.hash);
    }
    /// Forgets the identity if it is `instance`'s.
    void erase(const Instance& instance) {
        Identity identity{instance};
        std::shared_ptr<Instance> there;
        if (const std::size_t at = locate({identity, there}); at != nowhere && there.get() == &instance)
            erase_at(at, identity.hash);
    }
    void clear() noexcept {
        entries_.clear();
        slots_.clear();
        erased_ = 0;
        indexed_ = false;
    }
    /// Room for so many more objects, at once instead of growing step by step.
    void reserve(std::size_t more) {
        if (more <= 64)
            return;
        // Not for every batch of a stream whose objects are kept.
        if (entries_.size() + more >= sweep_at_)
            sweep();
        const std::size_t wanted = entries_.size() + more;
        if (wanted > entries_.capacity())
            entries_.reserve(std::max(wanted, 2 * entries_.capacity()));
        slots_.reserve(wanted);
        sweep_at_ = std::max(sweep_at_, wanted + 64);
    }

    /// Calls `visit` with every living object.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const std::weak_ptr<Instance>& entry : entries_) {
            if (const std::shared_ptr<Instance> instance = entry.lock())
                visit(instance);
        }
    }
    /// True if `test` holds for a living object; looks no further than the first.
    template <class Test>
    [[nodiscard]] bool any_of(Test test) const {
        return std::any_of(entries_.begin(), entries_.end(), [&test](const std::weak_ptr<Instance>& entry) {
            const std::shared_ptr<Instance> instance = entry.lock();
            return instance && test(instance);
        });
    }
    /// Entries, those of dead objects included.
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - erased_; }

private:
    struct Wanted {
        Identity& identity;
        std::shared_ptr<Instance>& found;
    };
    /// Where an entry is, and the hash of its identity: eight bytes, so that the index of many objects stays in cache.
    struct Slot {
        std::uint32_t hash;
        std::uint32_t at;
    };
    struct SlotHash {
        using is_transparent = void;
        using is_avalanching = void;
        std::size_t operator()(const Slot& slot) const noexcept { return spread(slot.hash); }
        std::size_t operator()(const Wanted& wanted) const noexcept { return spread(wanted.identity.hash); }
        // The table takes bits from both ends: the group from the upper one, what to compare from the lower one.
        static std::size_t spread(std::uint64_t hash) noexcept { return hash << 32 | hash; }
    };
    struct SlotEqual {
        using is_transparent = void;
        const IdentityMap* map;
        bool operator()(const Wanted& wanted, const Slot& slot) const noexcept {
            return slot.hash == wanted.identity.hash && map->is(slot.at, wanted);
        }
        bool operator()(const Slot& slot, const Wanted& wanted) const noexcept { return (*this)(wanted, slot); }
        bool operator()(const Slot& left, const Slot& right) const noexcept { return left.at == right.at; }
    };

    // An integer, the most common key, needs no hash of its own.
    [[nodiscard]] static std::uint32_t hash_of(const mapping::Mapper& mapper, std::string_view bytes) noexcept {
        std::uint64_t key = 0;
        if (bytes.size() == sizeof(std::uint64_t))
            std::memcpy(&key, bytes.data(), sizeof(std::uint64_t));
        else if (bytes.size() == sizeof(std::uint32_t))
            std::memcpy(&key, bytes.data(), sizeof(std::uint32_t));
        else
            key = std::hash<std::string_view>{}(bytes);
        key ^= std::hash<const void*>{}(&mapper) * 0x9e3779b97f4a7c15ULL;
        key = (key ^ (key >> 32)) * 0xd6e8feb86659fd93ULL;
        return static_cast<std::uint32_t>((key ^ (key >> 32)) * 0xd6e8feb86659fd93ULL >> 32);
    }
    // The identity itself is the object's. Entries of dead objects have none any more: they equal nothing.
    [[nodiscard]] bool is(std::size_t at, const Wanted& wanted) const noexcept {
        std::shared_ptr<Instance> living = entries_[at].lock();
        if (!living)
            wanted.identity.dead = at;
        if (!living || &living->mapper() != wanted.identity.mapper || living->key != wanted.identity.key)
            return false;
        wanted.found = std::move(living);
        return true;
    }
    [[nodiscard]] std::size_t locate(const Wanted& wanted) const noexcept {
        if (indexed_) {
            const auto slot = slots_.find(wanted);
            return slot == slots_.end() ? nowhere : slot->at;
        }
        for (std::size_t at = 0; at < entries_.size(); ++at) {
            if (hashes_[at] == wanted.identity.hash && is(at, wanted))
                return at;
        }
        return nowhere;
    }
    void append(const std::shared_ptr<Instance>& instance, std::uint32_t hash) {
        const std::size_t at = entries_.size();
        if (at == 0)
            entries_.reserve(4);
        if (!indexed_ && at == hashes_.size())
            index();
        entries_.push_back(instance);
        try {
            place(at, hash);
        } catch (...) {
            entries_.pop_back();
            throw;
        }
    }
    void place(std::size_t at, std::uint32_t hash) {
        if (indexed_)
            slots_.insert(Slot{hash, static_cast<std::uint32_t>(at)});
        else
            hashes_[at] = hash;
    }
    void index() {
        slots_.clear();
        for (std::size_t at = 0; at < hashes_.size(); ++at)
            slots_.insert(Slot{hashes_[at], static_cast<std::uint32_t>(at)});
        indexed_ = true;
    }
    void erase_at(std::size_t at, std::uint32_t hash) {
        if (indexed_) {
            slots_.erase(Slot{hash, static_cast<std::uint32_t>(at)});
            entries_[at].reset();
            ++erased_;
            return;
        }
        std::move(hashes_.begin() + at + 1, hashes_.begin() + entries_.size(), hashes_.begin() + at);
        entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    // Takes no memory: there are fewer than before.
    void sweep() noexcept {
        std::erase_if(entries_, [](const std::weak_ptr<Instance>& entry) { return entry.expired(); });
        slots_.clear();
        erased_ = 0;
        indexed_ = indexed_ && entries_.size() > hashes_.size();
        for (std::size_t at = 0; at < entries_.size(); ++at) {
            if (const std::shared_ptr<Instance> instance =
                    entries_[at].lock()) // else another thread has just let it go
                place(at, Identity{*instance}.hash);
        }
        sweep_at_ = entries_.size() * 2 + 64;
    }

    std::vector<std::weak_ptr<Instance>, corm::detail::Recycling<std::weak_ptr<Instance>>> entries_;
    std::array<std::uint32_t, 8> hashes_{}; ///< of the entries, while they are few
    bool indexed_ = false;                  ///< there are more, or were: `slots_` finds them
    std::size_t erased_ = 0;                ///< entries that are in no slot any more
    std::size_t sweep_at_ = 64;
    boost::unordered_flat_set<Slot, SlotHash, SlotEqual, corm::detail::Recycling<Slot>> slots_{0, SlotHash{},
                                                                                               SlotEqual{this}};
};

} // namespace corm::uow

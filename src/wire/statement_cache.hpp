// Which statements a connection has prepared.
#pragma once

#include <corm/type/parameters.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace corm::wire {

/// The prepared statements of one connection, least recently used first out. The key is the text with the types of
/// its parameters; the name on the server is a hash of both, so that behind a pooler a name can only meet its own text.
/// Pure book-keeping, not thread-safe. Entries stay where they are until they are removed.
class StatementCache {
public:
    using Name = std::array<char, 24>;

    struct Entry {
        std::uint64_t hash = 0;
        std::shared_ptr<const std::string> sql;
        std::vector<types::Oid> oids;
        Name name{};
        std::uint64_t used_by = 0; ///< the request that used it last
        bool parsed = false;       ///< the server has confirmed it
        /// Of whoever it is prepared for, see `Statement::lifetime`.
        std::weak_ptr<const void> lifetime{};
    };

    explicit StatementCache(std::size_t capacity) noexcept;

    struct Lookup {
        Entry* entry = nullptr; ///< null: send it unnamed
        bool is_new = false;    ///< Parse has to be sent first
    };
    /// Finds or adds a statement for the request with number `request`. Entries of the same request are never evicted:
    /// when only those are left, or two texts share a hash, or its lifetime has ended, the statement goes unnamed.
    [[nodiscard]] Lookup find(const std::shared_ptr<const std::string>& sql, const types::Parameters& parameters,
                              std::uint64_t request, const std::weak_ptr<const void>& lifetime = {});

    /// Evicts what was prepared for those whose lifetime has ended. Costs a look at a counter while there is none.
    void evict_ended();

    /// The server has no such statement (any more).
    void remove(const Entry* entry);
    /// The server dropped everything (DISCARD ALL, DEALLOCATE ALL), or will.
    void clear() noexcept;

    /// Statements that the server still holds and that are to be closed. One that is asked for again before that comes
    /// back as it is, without a new Parse.
    [[nodiscard]] const std::vector<Entry>& evicted() const noexcept { return evicted_; }
    void forget_evicted() noexcept {
        evicted_.clear();
        some_ended_ = false;
    }
    /// There are enough of them to be worth it, as outside of transactions they take a Sync of their own, or nobody
    /// will ask for them again.
    [[nodiscard]] bool wants_closing() const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Statements that were found and needed no Parse, so far.
    [[nodiscard]] std::uint64_t hits() const noexcept { return hits_; }

private:
    using List = std::list<Entry>;

    bool make_room(std::uint64_t request);
    List::iterator find_entry(const Entry* entry) noexcept;
    Entry take(List::iterator at);
    Lookup add(Entry entry);
    Lookup use(List::iterator at, std::uint64_t request, const std::weak_ptr<const void>& lifetime) noexcept;

    std::size_t capacity_;
    List entries_; // most recently used in front
    std::unordered_map<std::uint64_t, List::iterator> by_hash_;
    std::vector<Entry> evicted_;
    std::uint64_t hits_ = 0;
    std::uint64_t ended_; // as counted when the entries were last looked through
    bool some_ended_ = false;
};

/// The hash that names are made of: the same in every process.
[[nodiscard]] std::uint64_t statement_hash(std::string_view sql, const types::Parameters& parameters) noexcept;

} // namespace corm::wire

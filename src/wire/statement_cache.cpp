#include "wire/statement_cache.hpp"

#include "base/lifetimes.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace corm::wire {
namespace {

// Searched by pointer before the hash of a text is computed: what a task repeats is among them.
constexpr std::size_t recent = 8;

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;
    return hash ^ (hash >> 29);
}

/// Of the same thing, or both of none.
bool same_lifetime(const std::weak_ptr<const void>& left, const std::weak_ptr<const void>& right) noexcept {
    return !left.owner_before(right) && !right.owner_before(left);
}

bool same_types(const std::vector<types::Oid>& oids, const types::Parameters& parameters) noexcept {
    if (oids.size() != parameters.size())
        return false;
    for (std::size_t i = 0; i < oids.size(); ++i) {
        if (oids[i] != parameters.oid(i))
            return false;
    }
    return true;
}

StatementCache::Name make_name(std::uint64_t hash) noexcept {
    static constexpr char digits[] = "0123456789abcdef";
    StatementCache::Name name{'c', 'o', 'r', 'm', '_'};
    for (std::size_t i = 0; i < 16; ++i, hash >>= 4)
        name[5 + i] = digits[hash & 0xf];
    return name;
}

} // namespace

StatementCache::StatementCache(std::size_t capacity) noexcept
    : capacity_(capacity), ended_(corm::detail::ended_lifetimes()) {}

std::uint64_t statement_hash(std::string_view sql, const types::Parameters& parameters) noexcept {
    std::uint64_t hash = mix(0x243F6A8885A308D3ULL, sql.size());
    std::size_t at = 0;
    for (; at + 8 <= sql.size(); at += 8) {
        std::uint64_t word;
        std::memcpy(&word, sql.data() + at, 8);
        hash = mix(hash, word);
    }
    std::uint64_t tail = 0;
    for (; at < sql.size(); ++at)
        tail = (tail << 8) | static_cast<unsigned char>(sql[at]);
    hash = mix(hash, tail);
    for (std::size_t i = 0; i < parameters.size(); ++i)
        hash = mix(hash, parameters.oid(i));
    return mix(hash, parameters.size());
}

StatementCache::Lookup StatementCache::find(const std::shared_ptr<const std::string>& sql,
                                            const types::Parameters& parameters, std::uint64_t request,
                                            const std::weak_ptr<const void>& lifetime) {
    if (capacity_ == 0 || corm::detail::has_ended(lifetime))
        return {};
    // Most texts are constants of their mapper and soon come back: one of the last few needs no hash.
    std::size_t tried = 0;
    for (List::iterator at = entries_.begin(); at != entries_.end() && tried < recent; ++at, ++tried) {
        if (at->sql == sql && same_types(at->oids, parameters))
            return use(at, request, lifetime);
    }
    const std::uint64_t hash = statement_hash(*sql, parameters);
    const auto matches = [&](const Entry& entry) {
        return (entry.sql == sql || *entry.sql == *sql) && same_types(entry.oids, parameters);
    };
    if (const auto found = by_hash_.find(hash); found != by_hash_.end())
        return matches(*found->second) ? use(found->second, request, lifetime) : Lookup{};
    const auto again = std::find_if(evicted_.begin(), evicted_.end(), [&](const Entry& e) { return e.hash == hash; });
    if (again != evicted_.end() && !matches(*again))
        return {};
    Entry entry{.hash = hash, .sql = sql, .oids = {}, .name = make_name(hash), .used_by = request};
    entry.lifetime = lifetime;
    entry.oids.reserve(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i)
        entry.oids.push_back(parameters.oid(i));
    entry.parsed = again != evicted_.end();
    if (entry.parsed)
        evicted_.erase(again);
    return make_room(request) ? add(std::move(entry)) : Lookup{};
}

StatementCache::Lookup StatementCache::use(List::iterator at, std::uint64_t request,
                                           const std::weak_ptr<const void>& lifetime) noexcept {
    entries_.splice(entries_.begin(), entries_, at);
    if (!same_lifetime(at->lifetime, lifetime))
        at->lifetime = lifetime; // another mapping of the table goes on using it
    at->used_by = request;
    ++hits_;
    return {&*at, false};
}

StatementCache::Lookup StatementCache::add(Entry entry) {
    entries_.push_front(std::move(entry));
    try {
        by_hash_.emplace(entries_.front().hash, entries_.begin());
    } catch (...) {
        entries_.pop_front();
        throw;
    }
    return {&entries_.front(), !entries_.front().parsed};
}

bool StatementCache::make_room(std::uint64_t request) {
    if (entries_.size() < capacity_)
        return true;
    const List::iterator last = std::prev(entries_.end());
    if (last->used_by == request)
        return false;
    if (Entry evicted = take(last); evicted.parsed)
        evicted_.push_back(std::move(evicted));
    return true;
}

void StatementCache::evict_ended() {
    if (const std::uint64_t ended = corm::detail::ended_lifetimes(); std::exchange(ended_, ended) == ended)
        return;
    for (List::iterator at = entries_.begin(); at != entries_.end();) {
        const List::iterator each = at++;
        if (!corm::detail::has_ended(each->lifetime))
            continue;
        if (Entry entry = take(each); entry.parsed) {
            evicted_.push_back(std::move(entry));
            some_ended_ = true;
        }
    }
}

StatementCache::Entry StatementCache::take(List::iterator at) {
    Entry entry = std::move(*at);
    by_hash_.erase(entry.hash);
    entries_.erase(at);
    return entry;
}

StatementCache::List::iterator StatementCache::find_entry(const Entry* entry) noexcept {
    return std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) { return &each == entry; });
}

void StatementCache::remove(const Entry* entry) {
    if (const List::iterator at = find_entry(entry); at != entries_.end())
        take(at);
}

void StatementCache::clear() noexcept {
    some_ended_ = false;
    by_hash_.clear();
    entries_.clear();
    evicted_.clear();
}

bool StatementCache::wants_closing() const noexcept {
    constexpr std::size_t batch = 16;
    return some_ended_ || evicted_.size() >= batch;
}

} // namespace corm::wire

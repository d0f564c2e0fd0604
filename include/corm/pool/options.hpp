// What a pool may do, and what it has done.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/wire/session_reset.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace corm::pool {

using wire::SessionReset;

/// Limits of a connection pool. All durations are wall time, `no_deadline` for never.
struct PoolOptions {
    std::size_t min_size = 0;           ///< kept open, dialed in the background from the start
    std::size_t max_size = 10;          ///< never exceeded, dialing and cleaning connections included
    std::size_t max_waiters = 10'000;   ///< who comes when so many wait already gets a `QueueFullError` at once
    std::size_t statement_cache = 256;  ///< prepared statements per connection, least recently used first out
    SessionReset reset{};               ///< when what raw SQL left behind in a session is undone
    Duration connect_timeout{5'000};    ///< for each host and address, not for all of them; for hooks as well
    Duration max_lifetime{30 * 60'000}; ///< a connection older than this is replaced when idle; spread by 10 %
    Duration idle_timeout{10 * 60'000}; ///< idle connections above `min_size` are closed after this; spread by 10 %
    Duration ping_after{30'000};        ///< a connection that was idle for so long is asked before it is used again
    Duration ping_timeout{1'000};       ///< for the answer; at most half of what the one who waits has left
    Duration reset_timeout{5'000};      ///< to cancel, drain, roll back and reset a connection before it is closed
    /// How long a commit may wait behind its deadline for the answer to its cancellation: 0 makes it
    /// CommitOutcomeUnknown at once.
    Duration commit_grace{500};
    Duration leak_report{60'000}; ///< a lease held longer is reported to the tracer with the place that took it
    /// Connections that all readers share (`SessionOptions::reader`), of the same `max_size`. Few make client and
    /// server take turns; many make small batches. At most one less than `max_size`, where that is more than one.
    std::size_t lanes = 3;
    /// Reads that travel together at most: what one of them can hold up.
    std::size_t lane_batch = 256;
    /// A statement that takes longer keeps out of the lanes until it was faster several times in a row.
    Duration lane_slow_after{20};
};

/// A consistent picture of a pool. `idle + leased + lanes + dialing + cleaning` is its size.
struct PoolStats {
    std::size_t idle = 0;
    std::size_t leased = 0;
    std::size_t lanes = 0; ///< shared by readers
    std::size_t dialing = 0;
    std::size_t cleaning = 0; ///< being rolled back, reset, or asked whether they live
    std::size_t waiting = 0;
    std::uint64_t acquired = 0;        ///< leases given out so far
    std::uint64_t timed_out = 0;       ///< waiters whose deadline passed
    std::uint64_t connected = 0;       ///< connections made so far
    std::uint64_t discarded = 0;       ///< connections closed because they broke or could not be cleaned
    std::uint64_t round_trips = 0;     ///< Syncs sent on all connections, open and closed, and two for each COPY
    std::uint64_t statements = 0;      ///< statements sent, likewise
    std::uint64_t cache_hits = 0;      ///< of them, those whose connection had them prepared
    std::uint64_t lane_reads = 0;      ///< operations of readers that lanes have carried
    std::uint64_t lane_requests = 0;   ///< round trips that they shared
    std::size_t cached_statements = 0; ///< prepared on the connections that are open
    /// 1 while subscriptions hear by a connection of their own, which is beside the pool's size and its limit.
    std::size_t listening = 0;
};

/// How the connection of subscriptions is watched. A network that swallows everything says nothing, and neither does a
/// server without news: without a word for `ping_after` it is asked, and lost if it does not answer in time.
struct EventOptions {
    Duration ping_after{30'000};
    Duration ping_timeout{5'000};
};

} // namespace corm::pool

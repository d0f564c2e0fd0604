// What has to hold after every fault.
#pragma once

#include "client.hpp"

namespace corm::test {

/// The pool counts right, nobody waits, and it still gives out connections that work. On the server nothing of
/// `application` is in a transaction or at work, has more connections than allowed, or holds a lock.
inline void check_aftermath(Client& client, std::size_t max_size, const std::string& application) {
    client.run_until_idle();
    const pool::PoolStats stats = client.pool->stats();
    CHECK(stats.idle <= max_size);
    CHECK(stats.waiting == 0);
    CHECK(client.scalar("1") == "1");
    client.run_until_idle();
    Client admin;
    const std::string own = "FROM pg_stat_activity a WHERE application_name = '" + application + "'";
    wait_for(admin, "NOT EXISTS (SELECT " + own + " AND state <> 'idle')");
    wait_for(admin, "(SELECT count(*) " + own + ") <= " + std::to_string(max_size));
    CHECK(admin.scalar("SELECT count(*) FROM pg_locks l WHERE EXISTS (SELECT " + own + " AND a.pid = l.pid)") == "0");
}

} // namespace corm::test

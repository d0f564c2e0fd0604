// What has to hold after every fault.
#pragma once

#include "client.hpp"

namespace corm::test {

/// The pool counts right, nobody waits, and it still gives out connections that work. On the server nothing of this
/// client is in a transaction or at work, has more connections than allowed, or holds a lock. Give back every lease
/// before. `config`: how an administrator gets to the server.
inline void expect_well(Client& client, wire::Config config = {.url = server().url()}) {
    client.run_until_idle();
    const pool::PoolStats stats = client.pool->stats();
    CHECK(stats.idle <= client.options.max_size);
    CHECK(stats.waiting == 0);
    CHECK(client.scalar("1") == "1");
    client.run_until_idle();
    config.application_name = client.name + " admin";
    Client admin{{.max_size = 1}, std::move(config)};
    const std::string own = "FROM pg_stat_activity a WHERE application_name = '" + client.name + "'";
    wait_for(admin, "NOT EXISTS (SELECT " + own + " AND state <> 'idle')");
    wait_for(admin, "(SELECT count(*) " + own + ") <= " + std::to_string(client.options.max_size));
    CHECK(admin.scalar("SELECT count(*) FROM pg_locks l WHERE EXISTS (SELECT " + own + " AND a.pid = l.pid)") == "0");
}

} // namespace corm::test

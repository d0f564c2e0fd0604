// One workload over postgres.js: TASKS async functions on one thread share a pool of connections.
import postgres from 'postgres';

import {
  accounts,
  customers,
  main,
  orders,
  pageRows,
  requireRows,
  row,
  transfer,
  unitKeys,
  unitRows,
} from './node_run.mjs';

await main(async (server, connections) => {
  const sql = postgres({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    database: server.database,
    max: connections,
    onnotice: () => {},
    connection: server.options ? { options: server.options } : {},
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  });

  const workloads = {
    async get() {
      requireRows((await sql`SELECT aid, abalance FROM pgbench_accounts WHERE aid = ${row(accounts)}`).length, 1);
    },
    async query_20() {
      const found = await sql`SELECT id, customer_id, reference, total, paid, placed_at FROM bench_orders
        WHERE customer_id = ${row(customers)} ORDER BY id LIMIT 20`;
      requireRows(found.length, pageRows);
    },
    async read_100k() {
      const all = await sql`SELECT id, customer_id, reference, total, paid, placed_at FROM bench_orders`;
      requireRows(all.length, orders);
    },
    async uow_10(task, tasks) {
      await sql.begin(async (unit) => {
        const items = await unit`SELECT id, name, amount FROM bench_items
          WHERE id = ANY (${unitKeys(task, tasks)}::int8[])`;
        requireRows(items.length, unitRows);
        await unit`UPDATE bench_items t SET amount = x.amount
          FROM unnest(${items.map((item) => item.id)}::int8[], ${items.map((item) => item.amount + 1)}::int8[])
            x(id, amount)
          WHERE t.id = x.id`;
      });
    },
    async transfers() {
      const [from, to] = transfer();
      await sql.begin(async (unit) => {
        const locked = await unit`SELECT id, amount FROM bench_balances
          WHERE id = ANY (${[from, to]}::int8[]) ORDER BY id FOR UPDATE`;
        requireRows(locked.length, 2);
        const amounts = locked.map((balance) => balance.amount + (balance.id === from ? -1 : 1));
        // Sent at once: the second does not wait for the first one's answer.
        await Promise.all([
          unit`UPDATE bench_balances t SET amount = x.amount
            FROM unnest(${locked.map((balance) => balance.id)}::int8[], ${amounts}::int8[]) x(id, amount)
            WHERE t.id = x.id`,
          unit`INSERT INTO bench_ledger (from_id, to_id, amount) VALUES (${from}, ${to}, 1) RETURNING id`,
        ]);
      });
    },
    async insert_10k() {
      const entries = Array.from({ length: 10_000 }, (_, i) => ({ name: `entry number ${i}`, amount: i }));
      const keys = await sql`INSERT INTO bench_entries (name, amount)
        SELECT name, amount FROM unnest(${entries.map((entry) => entry.name)}::text[],
          ${entries.map((entry) => entry.amount)}::int8[]) x(name, amount)
        RETURNING id`;
      requireRows(keys.length, entries.length);
    },
  };
  return { workloads, close: () => sql.end() };
});

// One workload over MikroORM: TASKS async functions on one thread share a pool of connections. A fork of the entity
// manager, with an identity map of its own, for each operation.
import { BigIntType, EntitySchema, LockMode, MikroORM } from '@mikro-orm/postgresql';

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

const bigint = new BigIntType('number');
const key = { type: bigint, primary: true };

const Account = new EntitySchema({
  name: 'Account',
  tableName: 'pgbench_accounts',
  properties: { aid: { type: 'integer', primary: true }, abalance: { type: 'integer' } },
});
const Item = new EntitySchema({
  name: 'Item',
  tableName: 'bench_items',
  properties: { id: key, name: { type: 'text' }, amount: { type: bigint }, version: { type: 'integer' } },
});
const Entry = new EntitySchema({
  name: 'Entry',
  tableName: 'bench_entries',
  properties: { id: key, name: { type: 'text' }, amount: { type: bigint } },
});
const Order = new EntitySchema({
  name: 'Order',
  tableName: 'bench_orders',
  properties: {
    id: key,
    customerId: { type: 'integer', fieldName: 'customer_id' },
    reference: { type: 'text' },
    total: { type: 'double' },
    paid: { type: 'boolean' },
    placedAt: { type: 'datetime', fieldName: 'placed_at' },
  },
});
const Balance = new EntitySchema({
  name: 'Balance',
  tableName: 'bench_balances',
  properties: { id: key, amount: { type: bigint } },
});
const LedgerLine = new EntitySchema({
  name: 'LedgerLine',
  tableName: 'bench_ledger',
  properties: {
    id: key,
    fromId: { type: bigint, fieldName: 'from_id' },
    toId: { type: bigint, fieldName: 'to_id' },
    amount: { type: bigint },
  },
});

await main(async (server, connections) => {
  const orm = await MikroORM.init({
    entities: [Account, Item, Entry, Order, Balance, LedgerLine],
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    dbName: server.database,
    driverOptions: server.options ? { connection: { options: server.options } } : {},
    pool: { min: 0, max: connections },
    discovery: { disableDynamicFileAccess: true },
    batchSize: 1000,
  });

  const workloads = {
    async get() {
      requireRows((await orm.em.fork().findOne(Account, row(accounts))) !== null, true);
    },
    async query_20() {
      const em = orm.em.fork();
      const found = await em.find(Order, { customerId: row(customers) }, { orderBy: { id: 'asc' }, limit: 20 });
      requireRows(found.length, pageRows);
    },
    async read_100k() {
      requireRows((await orm.em.fork().findAll(Order)).length, orders);
    },
    async uow_10(task, tasks) {
      await orm.em.fork().transactional(async (em) => {
        const items = await em.find(Item, { id: unitKeys(task, tasks) });
        requireRows(items.length, unitRows);
        for (const item of items) {
          item.amount += 1;
        }
      });
    },
    async transfers() {
      const [from, to] = transfer();
      await orm.em.fork().transactional(async (em) => {
        const locked = await em.find(
          Balance,
          { id: [from, to] },
          { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE },
        );
        requireRows(locked.length, 2);
        for (const balance of locked) {
          balance.amount += balance.id === from ? -1 : 1;
        }
        em.persist(em.create(LedgerLine, { fromId: from, toId: to, amount: 1 }));
      });
    },
    async insert_10k() {
      const em = orm.em.fork();
      for (let i = 0; i < 10_000; ++i) {
        em.persist(em.create(Entry, { name: `entry number ${i}`, amount: i }));
      }
      await em.flush();
    },
  };
  return { workloads, close: () => orm.close(true) };
});

// What the programs on Node share: command line, choice of rows, clock and result. As run.hpp and schedule.hpp.
import { parseArgs } from 'node:util';

export const accounts = 1_000_000;
export const orders = 100_000;
export const customers = 5_000;
export const pageRows = 20;
export const unitRows = 10;
const items = 100_000;
const balances = 100_000;

/** From 1 to `count`. */
export function row(count) {
  return Math.floor(Math.random() * count) + 1;
}

/** The rows of one unit of work: ascending, distinct, and of one task alone. */
export function unitKeys(task, tasks) {
  const band = Math.floor(Math.floor(items / tasks) / unitRows);
  return Array.from({ length: unitRows }, (_, i) => (i * band + row(band) - 1) * tasks + task + 1);
}

/** Two different rows of bench_balances. */
export function transfer() {
  const from = row(balances);
  const to = row(balances - 1);
  return [from, to < from ? to : to + 1];
}

export function requireRows(found, wanted) {
  if (found !== wanted) {
    throw new Error('a table has not the rows that tools/bench makes');
  }
}

/** The parts of a PostgreSQL URI. A host may be the directory of a Unix socket, which no URL class takes. */
function parseUrl(url) {
  const pattern =
    /^postgres(?:ql)?:\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?([^:/?]*)(?::(\d+))?(?:\/([^?]*))?(?:\?(.*))?$/;
  const match = pattern.exec(url);
  if (!match) {
    throw new Error('this is not a PostgreSQL URI');
  }
  const [user, password, host, port, database] = match.slice(1, 6).map((part) => decodeURIComponent(part ?? ''));
  const query = new URLSearchParams(match[6]);
  return {
    user: query.get('user') ?? (user || process.env.USER),
    password: query.get('password') ?? password,
    host: query.get('host') ?? (host || 'localhost'),
    port: Number(query.get('port') ?? (port || 5432)),
    database: query.get('dbname') ?? (database || user),
    options: query.get('options') ?? '',
  };
}

/**
 * Runs one workload to its end and prints the result. `connect(server, connections)` opens a pool and returns
 * `{ workloads, close }`; a workload is an async function of the number of its task and of the number of tasks.
 */
export async function main(connect) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { connections: { type: 'string' }, latencies: { type: 'boolean' } },
  });
  if (positionals.length !== 4) {
    throw new Error('usage: WORKLOAD URL SECONDS TASKS [--connections N] [--latencies]');
  }
  const [name, url] = positionals;
  const [seconds, tasks] = positionals.slice(2).map(Number);
  const { workloads, close } = await connect(parseUrl(url), Number(values.connections ?? Math.min(tasks, 32)));
  const workload = workloads[name];
  if (!workload) {
    throw new Error(`no workload ${name}`);
  }

  // Connecting and the first operation of each task are not timed, nor is a second in which V8 compiles what is hot.
  const warm = performance.now() + 1000;
  let waiting = tasks;
  let measured = 0;
  let started;
  let cpu;
  const latencies = [];
  const work = async (task) => {
    for (let first = true; started === undefined || performance.now() < started + seconds * 1000; first = false) {
      const began = performance.now();
      await workload(task, tasks);
      if (started !== undefined) {
        measured += 1;
        if (began >= started) {
          latencies.push(performance.now() - began);
        }
        continue;
      }
      waiting -= first ? 1 : 0;
      if (waiting === 0 && performance.now() >= warm) {
        console.log('started');
        started = performance.now();
        cpu = process.cpuUsage();
      }
    }
  };
  await Promise.all(Array.from({ length: tasks }, (_, task) => work(task)));
  const elapsed = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);

  const result = { operations: measured, rate: measured / elapsed, client_us: (user + system) / Math.max(measured, 1) };
  if (values.latencies && latencies.length > 0) {
    latencies.sort((a, b) => a - b);
    for (const [key, share] of Object.entries({ p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 })) {
      result[key] = latencies[Math.min(Math.floor(share * latencies.length), latencies.length - 1)] * 1000;
    }
  }
  console.log(JSON.stringify(result));
  await close();
}

"""What is measured, and which ratios come out of it."""

from dataclasses import dataclass

TASKS = (1, 8, 32, 256)
PEERS = ("sqlalchemy", "mikro_orm", "postgres_js", "libpqxx")
# Those that corm is compared with, and the names that the page gives them.
LABELS = {
    "corm": "corm",
    "pgbench": "pgbench",
    "libpq": "raw libpq",
    "sqlalchemy": "SQLAlchemy",
    "mikro_orm": "MikroORM",
    "postgres_js": "postgres.js",
    "libpqxx": "libpqxx",
}
POOL = 32  # connections at most, of every program

# Ten rows of one client's own: no client waits for another's lock. `clients` and `band` come with the command line.
KEYS = "".join(f"\\set k{i} ({i} * :band + random(0, :band - 1)) * :clients + :client_id + 1\n" for i in range(10))
ARRAY = "ARRAY[" + ", ".join(f":k{i}" for i in range(10)) + "]::int8[]"
UPDATE = f"UPDATE bench_items t SET amount = x.c FROM unnest({ARRAY}, {ARRAY})"
ASSERTED = (
    f"WITH u AS ({UPDATE} WITH ORDINALITY x(k, c, ord) WHERE t.id = x.k RETURNING x.ord) SELECT CASE WHEN count(*) = "
    f"cardinality({ARRAY}) THEN 0 ELSE ('found ' || coalesce(array_to_string(array_agg(ord), ','), ''))::int4 END "
    "FROM u"
)
LOCK = f"SELECT FROM bench_items t WHERE t.id = ANY ({ARRAY}) ORDER BY t.id FOR NO KEY UPDATE OF t"
# What pgbench runs. The updates show what the parts of a flush cost the server.
SCRIPTS = {
    "get_transaction": """\\set aid random(1, 1000000)
\\startpipeline
BEGIN;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
\\endpipeline
ROLLBACK;
""",
    "query_20": """\\set customer random(1, 5000)
SELECT id, customer_id, reference, total, paid, placed_at FROM bench_orders WHERE customer_id = :customer \
ORDER BY id LIMIT 20;
""",
    "uow_10": f"{KEYS}BEGIN;\nSELECT id, name, amount FROM bench_items WHERE id = ANY ({ARRAY});\n"
    + "".join(f"UPDATE bench_items SET amount = amount + 1 WHERE id = :k{i};\n" for i in range(10))
    + "COMMIT;\n",
    "transfers": """\\set low random(1, 99999)
\\set high random(:low + 1, 100000)
BEGIN;
SELECT id, amount FROM bench_balances WHERE id = ANY (ARRAY[:low, :high]::int8[]) ORDER BY id FOR UPDATE;
UPDATE bench_balances SET amount = amount - 1 WHERE id = :low;
UPDATE bench_balances SET amount = amount + 1 WHERE id = :high;
INSERT INTO bench_ledger (from_id, to_id, amount) VALUES (:low, :high, 1) RETURNING id;
COMMIT;
""",
    "update_bare": f"{KEYS}\\startpipeline\nBEGIN;\n{UPDATE} x(k, c) WHERE t.id = x.k;\nCOMMIT;\n\\endpipeline\n",
    "update_asserted": f"{KEYS}\\startpipeline\nBEGIN;\n{ASSERTED};\nCOMMIT;\n\\endpipeline\n",
    "update_locked": f"{KEYS}\\startpipeline\nBEGIN;\n{LOCK};\n{ASSERTED};\nCOMMIT;\n\\endpipeline\n",
}
ITEMS = 100_000


@dataclass(frozen=True)
class Job:
    """A program that is timed."""

    program: str  # one of LABELS, or "http": the example server under wrk
    workload: str
    tasks: int = 8
    slow: bool = False  # through the delaying proxy
    threads: int = 1  # of pgbench and corm
    engines: bool = False  # of corm: each thread has one of its own

    @property
    def name(self) -> str:
        extra = f"_{self.threads}{'engines' if self.engines else 'threads'}" if self.threads > 1 else ""
        return f"{self.program}_{self.workload}_{self.tasks}{extra}{'_1ms' if self.slow else ''}"

    @property
    def connections(self) -> int:
        return min(self.tasks, POOL)


@dataclass(frozen=True)
class Ratio:
    """More is better, except for times, latencies and memory: those are divided the same way, and less is better.
    "cpu" is no ratio: us of the client's CPU that the first takes above the others, for each of `units` in an operation.
    """

    key: str
    above: Job
    below: tuple  # of jobs: the best of them in each round
    kind: str = "rate"  # or "time", "p99", "peak", "cpu"
    target: float | None = None
    units: int = 1
    quick: bool = True  # False: takes too long for the quick run

    @property
    def is_limit(self) -> bool:
        return self.kind != "rate"

    @property
    def jobs(self) -> tuple:
        return (self.above, *self.below)


def corm(workload: str, tasks: int = 8, slow: bool = False, threads: int = 1, engines: bool = False) -> Job:
    return Job("corm", workload, tasks, slow, threads, engines)


def libpq(workload: str, tasks: int = 8, slow: bool = False) -> Job:
    return Job("libpq", workload, tasks, slow)


def pgbench(workload: str, tasks: int = 8, threads: int = 1) -> Job:
    return Job("pgbench", workload, tasks, threads=threads)


BEST_PGBENCH = tuple(pgbench("get", clients, threads) for clients in (8, 32) for threads in (1, 2))
# Workloads by the numbers of tasks with which they are run, and who runs them.
EVERYBODY = ("corm", "libpq", "pgbench", *PEERS)
SWEEP = {
    "get": (TASKS, EVERYBODY),
    "get_lanes": (TASKS, ("corm",)),
    "get_joined": (TASKS, ("corm",)),
    "query_20": (TASKS, EVERYBODY),
    "uow_10": (TASKS, EVERYBODY),
    "transfers": (TASKS, EVERYBODY),
    "insert_10k": ((1,), ("corm", "libpq", *PEERS)),
    "insert_bulk_10k": ((1,), ("corm", "libpq")),
    "copy_in_1m": ((1,), ("corm", "libpq")),
    "read_100k": ((1,), ("corm", "libpq", *PEERS)),
}
SLOW = ("uow_10", "transfers")  # also with 1 ms of latency, by 8 tasks
HTTP = {"db": "/db", "queries": "/queries?queries=20", "fortunes": "/fortunes", "updates": "/updates?queries=20"}
# What a peer does where corm has two ways.
SAME_WORK = {"get_lanes": "get", "get_joined": "get"}

# What a release must reach, without other libraries: the quick run.
TARGETS = (
    Ratio("get_exclusive", corm("get"), (pgbench("get"),), target=0.88),
    Ratio("get_transaction", corm("get_transaction"), (pgbench("get_transaction"),), target=0.90),
    Ratio("uow_10", corm("uow_10"), (libpq("uow_10"),), target=2.4),
    Ratio("uow_10_1ms", corm("uow_10", slow=True), (libpq("uow_10", slow=True),), target=5.5),
    Ratio("get_lanes", corm("get_lanes", 256), BEST_PGBENCH, target=2.2),
    Ratio("get_joined", corm("get_joined", 256), BEST_PGBENCH, target=4.5),
    Ratio("get_lanes_8", corm("get_lanes"), (libpq("get"),), target=1.4),
    Ratio("get_joined_8", corm("get_joined"), (libpq("get"),), target=1.4),
    Ratio("insert_10k", corm("insert_10k", 1), (libpq("insert_10k", 1),), "time", target=1.8),
    Ratio("insert_bulk_10k", corm("insert_bulk_10k", 1), (libpq("insert_bulk_10k", 1),), "time", target=1.5),
    Ratio("copy_in_1m", corm("copy_in_1m", 1), (libpq("copy_in_1m", 1),), "time", target=1.05, quick=False),
    Ratio("read_100k", corm("read_100k", 1), (libpq("read_100k", 1),), "time", target=1.2),
    Ratio("read_100k_structs", corm("read_100k_structs", 1), (libpq("read_100k", 1),), "time", target=1.05),
    Ratio("get_p99", corm("get"), (libpq("get"),), "p99", target=1.3),
    Ratio("p99_beside_slow", corm("get_lanes_beside_slow", 256), (corm("get_lanes", 256),), "p99", target=2.0,
          quick=False),
    Ratio("cpu_get", corm("get"), (libpq("get"),), "cpu", target=1.0),
    Ratio("cpu_tracked_row", corm("read_100k", 1), (libpq("read_100k", 1),), "cpu", target=0.15, units=100_000),
    Ratio("cpu_inserted_row", corm("insert_10k", 1), (libpq("insert_10k", 1),), "cpu", target=2.0, units=10_000),
    Ratio("cpu_updated_row", corm("uow_10"), (libpq("uow_10_pipelined"),), "cpu", target=2.0, units=10),
)
# What else one wants to know when one of them is missed.
DETAILS = (
    Ratio("get_exclusive_4_columns", corm("get_wide"), (pgbench("get"),)),
    *(Ratio(f"{work}_{threads}_{'engines' if engines else 'threads'}", corm(work, 256, False, threads, engines),
            (corm(work, 256),)) for work in ("get_lanes", "get_joined") for threads in (2, 4)
      for engines in (False, True)),
    Ratio("get_exclusive_to_libpq", corm("get"), (libpq("get"),)),
    Ratio("uow_10_ceiling", libpq("uow_10_pipelined"), (libpq("uow_10"),)),
    Ratio("uow_10_ten_selects", corm("uow_10"), (libpq("uow_10_ten_selects"),)),
    Ratio("uow_10_ten_selects_1ms", corm("uow_10", slow=True), (libpq("uow_10_ten_selects", slow=True),)),
    Ratio("update_with_assertion", pgbench("update_asserted"), (pgbench("update_bare"),)),
    Ratio("update_with_assertion_and_lock_order", pgbench("update_locked"), (pgbench("update_bare"),)),
    Ratio("insert_1000", corm("insert_1000", 1), (libpq("insert_1000", 1),)),
    Ratio("insert_10k_unnest", corm("insert_10k_unnest", 1), (libpq("insert_10k_unnest", 1),)),
    Ratio("copy_10k", corm("insert_10k", 1), (libpq("insert_10k_copy_with_keys", 1),)),
    Ratio("copy_10k_gain", corm("insert_10k", 1), (corm("insert_10k_unnest", 1),)),
    Ratio("read_10k", corm("read_10k", 1), (libpq("read_10k", 1),)),
    Ratio("records_uow_10", corm("uow_10_records"), (corm("uow_10"),), target=0.5),
    Ratio("records_read_100k", corm("read_100k_records", 1), (corm("read_100k", 1),), target=0.5),
    Ratio("records_read_100k_memory", corm("read_100k_records", 1), (corm("read_100k", 1),), "peak", target=2.0),
)
PEER_TARGETS = {"get": 25, "get_joined": 100, "uow_10": 15, "read_100k": 15}  # of SQLAlchemy


@dataclass(frozen=True)
class CompileCost:
    """A file in benchmarks/ whose compilation is divided by that of the same file with CORM_BENCH_BASELINE."""

    key: str
    file: str
    level: str  # of optimisation
    limit: float
    quick: bool = True


COMPILE_COSTS = (
    CompileCost("include_cost", "include_cost.cpp", "-O0", 2.5),
    CompileCost("query_cost", "query_cost.cpp", "-O2", 2.0, quick=False),
)


def comparisons(programs: tuple) -> tuple:
    """corm over each of these programs, for every workload that both have."""
    found = []
    for program in programs:
        for workload, (tasks, _) in SWEEP.items():
            theirs = SAME_WORK.get(workload, workload)
            if program not in SWEEP[theirs][1]:
                continue
            # Lanes are for many tasks; the rest is compared where every pool has a connection for each.
            count = 256 if workload in SAME_WORK else min(8, tasks[-1])
            target = PEER_TARGETS.get(workload) if program == "sqlalchemy" else None
            found.append(Ratio(f"{workload}_vs_{program}", corm(workload, count), (Job(program, theirs, count),),
                               target=target))
            if workload in SLOW and program != "pgbench":
                found.append(Ratio(f"{workload}_1ms_vs_{program}", corm(workload, slow=True),
                                   (Job(program, workload, slow=True),)))
    return tuple(found)


def sweep(programs: tuple) -> list:
    """Every workload with every number of tasks, by each of these programs that has it."""
    found = []
    for workload, (tasks, owners) in SWEEP.items():
        for program in owners:
            if program in programs:
                found += [Job(program, workload, count) for count in tasks]
                if workload in SLOW and program != "pgbench":
                    found.append(Job(program, workload, slow=True))
    return found


def http(routes=HTTP, counts: tuple = TASKS) -> list:
    return [Job("http", route, count) for route in routes for count in counts]


def distinct(jobs) -> dict:
    return {job.name: job for job in jobs}

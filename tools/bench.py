"""Measures corm against pgbench and raw libpq in one run; see docs/performance.md."""

import argparse
import json
import os
import pathlib
import random
import shlex
import statistics
import sys
import tempfile
from dataclasses import dataclass, field

from bench_measure import Server, compile_seconds, wait_for_idle_machine
from run_tests import ROOT, compile_all, configure

OPTIONS = [
    "-Dbuildtype=release",
    "-Db_ndebug=true",
    "-Ddefault_library=static",
    "-Dbenchmarks=enabled",
    "-Dtests=disabled",
    "-Dexamples=disabled",
]
# Ten rows of one client's own: no client waits for another's lock.
KEYS = "".join(f"\\set k{i} ({i} * 1250 + random(0, 1249)) * 8 + :client_id + 1\n" for i in range(10))
ARRAY = "ARRAY[" + ", ".join(f":k{i}" for i in range(10)) + "]::int8[]"
UPDATE = f"UPDATE bench_items t SET amount = x.c FROM unnest({ARRAY}, {ARRAY})"
ASSERTED = (
    f"WITH u AS ({UPDATE} WITH ORDINALITY x(k, c, ord) WHERE t.id = x.k RETURNING x.ord) SELECT CASE WHEN count(*) = "
    f"cardinality({ARRAY}) THEN 0 ELSE ('found ' || coalesce(array_to_string(array_agg(ord), ','), ''))::int4 END FROM u"
)
LOCK = f"SELECT FROM bench_items t WHERE t.id = ANY ({ARRAY}) ORDER BY t.id FOR NO KEY UPDATE OF t"
# What pgbench runs. The updates show what the parts of a flush cost the server.
SCRIPTS = {
    "TRANSACTION": """\\set aid random(1, 1000000)
\\startpipeline
BEGIN;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
\\endpipeline
ROLLBACK;
""",
    "UPDATE_BARE": f"{KEYS}\\startpipeline\nBEGIN;\n{UPDATE} x(k, c) WHERE t.id = x.k;\nCOMMIT;\n\\endpipeline\n",
    "UPDATE_ASSERTED": f"{KEYS}\\startpipeline\nBEGIN;\n{ASSERTED};\nCOMMIT;\n\\endpipeline\n",
    "UPDATE_LOCKED": f"{KEYS}\\startpipeline\nBEGIN;\n{LOCK};\n{ASSERTED};\nCOMMIT;\n\\endpipeline\n",
}


@dataclass
class Job:
    """A program that is timed."""

    program: str  # "corm", "libpq" or "pgbench"
    workload: str  # of the program; for pgbench its arguments
    tasks: int = 8
    slow: bool = False  # through the delaying proxy
    quick: bool = True  # part of a quick run


JOBS = {
    "pgbench_select": Job("pgbench", "-S"),
    "corm_get": Job("corm", "get"),
    "corm_get_4_columns": Job("corm", "get_wide", quick=False),
    "libpq_get": Job("libpq", "get", quick=False),
    "pgbench_transaction": Job("pgbench", "-f TRANSACTION"),
    "corm_get_transaction": Job("corm", "get_transaction"),
    "libpq_uow": Job("libpq", "uow_one_select"),
    "libpq_uow_ten_selects": Job("libpq", "uow", quick=False),
    "libpq_uow_pipelined": Job("libpq", "uow_pipelined", quick=False),
    "corm_uow": Job("corm", "uow"),
    "libpq_uow_1ms": Job("libpq", "uow_one_select", slow=True),
    "libpq_uow_ten_selects_1ms": Job("libpq", "uow", slow=True, quick=False),
    "corm_uow_1ms": Job("corm", "uow", slow=True),
    "pgbench_update_bare": Job("pgbench", "-f UPDATE_BARE", quick=False),
    "pgbench_update_asserted": Job("pgbench", "-f UPDATE_ASSERTED", quick=False),
    "pgbench_update_locked": Job("pgbench", "-f UPDATE_LOCKED", quick=False),
    "libpq_insert": Job("libpq", "insert", tasks=1, quick=False),
    "corm_insert": Job("corm", "insert", tasks=1, quick=False),
    "libpq_insert_10k": Job("libpq", "insert:10000", tasks=1, quick=False),
    "libpq_copy_10k": Job("libpq", "copy:10000", tasks=1, quick=False),
    "corm_insert_10k": Job("corm", "insert:10000", tasks=1, quick=False),
    "corm_copy_10k": Job("corm", "copy:10000", tasks=1, quick=False),
    "libpq_read": Job("libpq", "read", tasks=1, quick=False),
    "corm_read": Job("corm", "read", tasks=1, quick=False),
    "corm_uow_records": Job("corm", "uow_records", quick=False),
    "corm_read_100k": Job("corm", "read_100k", tasks=1, quick=False),
    "corm_read_100k_records": Job("corm", "read_100k_records", tasks=1, quick=False),
}

# Ratios of throughput: more is better.
RATIOS = {
    "get_exclusive": ("corm_get", "pgbench_select"),
    "get_transaction": ("corm_get_transaction", "pgbench_transaction"),
    "uow_10": ("corm_uow", "libpq_uow"),
    "uow_10_1ms": ("corm_uow_1ms", "libpq_uow_1ms"),
    "get_exclusive_4_columns": ("corm_get_4_columns", "pgbench_select"),
    "get_exclusive_to_libpq": ("corm_get", "libpq_get"),
    "uow_10_ceiling": ("libpq_uow_pipelined", "libpq_uow"),
    "uow_10_ten_selects": ("corm_uow", "libpq_uow_ten_selects"),
    "uow_10_ten_selects_1ms": ("corm_uow_1ms", "libpq_uow_ten_selects_1ms"),
    "update_with_assertion": ("pgbench_update_asserted", "pgbench_update_bare"),
    "update_with_assertion_and_lock_order": ("pgbench_update_locked", "pgbench_update_bare"),
    "insert_1000": ("corm_insert", "libpq_insert"),
    "insert_10k": ("corm_insert_10k", "libpq_insert_10k"),
    "copy_10k": ("corm_copy_10k", "libpq_copy_10k"),
    "copy_10k_gain": ("corm_copy_10k", "corm_insert_10k"),
    "read_10k": ("corm_read", "libpq_read"),
    "records_uow_10": ("corm_uow_records", "corm_uow"),
    "records_read_100k": ("corm_read_100k_records", "corm_read_100k"),
}
# Ratios of the largest size of a client in memory.
MEMORY = {"records_read_100k_memory": ("corm_read_100k_records", "corm_read_100k")}
# What a release must reach.
TARGETS = {
    "get_exclusive": 0.80,
    "get_transaction": 0.85,
    "uow_10": 2.0,
    "uow_10_1ms": 5.0,
    "records_uow_10": 0.5,
    "records_read_100k": 0.5,
    "records_read_100k_memory": 2.0,
    "include_cost": 2.5,
}
LIMITS = {"include_cost", "records_read_100k_memory"}  # from above


@dataclass
class Results:
    samples: dict = field(default_factory=dict)  # of each job, one per round
    ratios: dict = field(default_factory=dict)  # of each key, one per round

    def add_ratio(self, key: str, value: float) -> None:
        self.ratios.setdefault(key, []).append(value)


def command_of(job: Job, server: Server, scripts: pathlib.Path, seconds: int) -> list:
    url = server.slow_url if job.slow else server.url
    if job.program == "pgbench":
        arguments = [str(scripts / word) if word in SCRIPTS else word for word in job.workload.split()]
        return [server.binaries / "pgbench", "-n", "-M", "prepared", "-c", str(job.tasks), "-j", "1",
                "-T", str(seconds), *arguments, url]  # fmt: skip
    return [server.programs / f"bench-{job.program}", job.workload, url, str(seconds), str(job.tasks)]


def measure_programs(results: Results, programs: pathlib.Path, jobs: dict, rounds: int, seconds: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Server(programs) as server:
        scripts = pathlib.Path(folder)
        for name, text in SCRIPTS.items():
            (scripts / name).write_text(text)
        for number in range(1, rounds + 1):
            server.tidy()
            order = list(jobs)
            random.shuffle(order)
            for done, name in enumerate(order):
                print(f"\rround {number}/{rounds}: {done}/{len(order)} {name:30}", end="", file=sys.stderr, flush=True)
                sample = server.measure(command_of(jobs[name], server, scripts, seconds))
                results.samples.setdefault(name, []).append(sample)
            for key, (above, below) in RATIOS.items():
                if above in jobs and below in jobs:
                    ours, theirs = results.samples[above][-1], results.samples[below][-1]
                    results.add_ratio(key, ours.rate / theirs.rate)
                    if key in TARGETS:  # steadier on a busy machine: what an operation costs client and server together
                        results.add_ratio(key + "_cpu", theirs.cpu_us / ours.cpu_us)
            for key, (above, below) in MEMORY.items():
                if above in jobs and below in jobs:
                    results.add_ratio(key, results.samples[above][-1].peak / results.samples[below][-1].peak)
        print(file=sys.stderr)


def measure_compiler(results: Results, rounds: int) -> None:
    compiler = [word for word in shlex.split(os.environ.get("CXX", "g++")) if pathlib.Path(word).name != "ccache"]
    source, include = ROOT / "benchmarks" / "include_cost.cpp", ROOT / "include"
    baseline = ["-DCORM_BENCH_BASELINE"]
    compile_seconds(compiler, source, include, baseline)  # brings the headers into memory
    compile_seconds(compiler, source, include, [])
    for number in range(1, rounds + 1):
        print(f"\rcompiling {number}/{rounds}", end="", file=sys.stderr, flush=True)
        below = compile_seconds(compiler, source, include, baseline)
        results.add_ratio("include_cost", compile_seconds(compiler, source, include, []) / below)
    print(file=sys.stderr)


def show(results: Results) -> None:
    if results.samples:
        print(f"\n{'program':30} {'ops/s':>9} {'min':>9} {'max':>9} {'client us':>10} {'server us':>10} {'others':>7}")
    for name, samples in sorted(results.samples.items(), key=lambda entry: list(JOBS).index(entry[0])):
        rates = [sample.rate for sample in samples]
        client, server, others = (
            statistics.median(getattr(sample, part) for sample in samples)
            for part in ("client_us", "server_us", "others")
        )
        print(f"{name:30} {statistics.median(rates):9.0f} {min(rates):9.0f} {max(rates):9.0f} "
              f"{client:10.1f} {server:10.1f} {others:7.2f}")  # fmt: skip
    print(f"\n{'ratio':38} {'median':>7} {'min':>7} {'max':>7}   target")
    for key, values in results.ratios.items():
        median, target = statistics.median(values), ""
        if key in TARGETS:
            limit = key in LIMITS
            met = median <= TARGETS[key] if limit else median >= TARGETS[key]
            target = f"{'<=' if limit else '>='} {TARGETS[key]:.2f} {'met' if met else 'MISSED'}"
        print(f"{key:38} {median:7.2f} {min(values):7.2f} {max(values):7.2f}   {target}".rstrip())


def as_json(results: Results) -> dict:
    flat = {}
    for key, values in results.ratios.items():
        flat[key] = round(statistics.median(values), 4)
        flat[key + "_spread"] = round(max(values) - min(values), 4)
    for name, samples in results.samples.items():
        for part, digits in (("rate", 1), ("client_us", 2), ("server_us", 2), ("others", 2)):
            flat[f"{name}_{part}"] = round(statistics.median(getattr(sample, part) for sample in samples), digits)
    return flat


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/bench", description="Measures corm against pgbench and raw libpq.")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="write the figures as one flat object")
    parser.add_argument("--quick", action="store_true", help="only the five ratios with a target, under a minute")
    parser.add_argument("--rounds", type=int, help="rounds to measure (5; quick: 3)")
    parser.add_argument("--seconds", type=int, help="seconds of each program in each round (3; quick: 1)")
    parser.add_argument("--build", default="build-bench", help="build directory, kept between runs (build-bench)")
    parser.add_argument("--only", metavar="TEXT", default="", help="only programs whose name contains TEXT, or one of several with commas between")
    options = parser.parse_args()
    rounds = options.rounds or (3 if options.quick else 5)
    seconds = options.seconds or (1 if options.quick else 3)

    build = ROOT / options.build
    if not configure(build, OPTIONS, True) or not compile_all(build, OPTIONS, ["bench"], True):
        print("tools/bench: the build failed", file=sys.stderr)
        return 1
    others = wait_for_idle_machine(2 if options.quick else 60)
    if others >= 0.1:
        print(f"other processes keep {others:.1f} processors busy: trust ratios and CPU, not rates", file=sys.stderr)

    results = Results()
    jobs = {name: job for name, job in JOBS.items() if any(text in name for text in options.only.split(",")) and (job.quick or not options.quick)}
    if jobs:
        measure_programs(results, build / "benchmarks", jobs, rounds, seconds)
    if options.only in "include_cost":
        measure_compiler(results, rounds)
    show(results)
    if options.json:
        options.json.write_text(json.dumps(as_json(results), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as error:
        print(f"\ntools/bench: {error}", file=sys.stderr)
        sys.exit(1)

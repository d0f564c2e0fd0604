"""The command line of tools/bench."""

import argparse
import contextlib
import datetime
import json
import pathlib
import random
import shlex
import signal
import sys
import tempfile
from dataclasses import asdict

from run_tests import ROOT, compile_all, configure

from . import jobs, machine, page, peers, report
from .measure import ExampleHttp, Runner, compile_seconds, wait_for_idle_machine
from .progress import Progress
from .servers import PrivateServer, SharedServer

OPTIONS = [
    "-Dbuildtype=release",
    "-Db_ndebug=true",
    "-Ddefault_library=static",
    "-Dbenchmarks=enabled",
    "-Dtests=disabled",
    "-Dexamples=enabled",
]
HIDDEN = argparse.SUPPRESS


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/bench", description="Measures corm against others.")
    parser.add_argument("--quick", action="store_true", help="only the ratios with a target and no peer, under 90 s")
    parser.add_argument("--peers", metavar="NAMES", help=f"which of {', '.join(jobs.PEERS)} run as well, with commas "
                        "between; all or none (all in the whole suite, else none)")
    parser.add_argument("--url", help="of your own server: works in the schema corm_bench there, and drops it again")
    parser.add_argument("--workload", metavar="NAMES", help=f"only these of {', '.join([*jobs.SWEEP, *jobs.HTTP])}")
    parser.add_argument("--tasks", metavar="NUMBERS", help="of --workload: for example 1,8,32")
    parser.add_argument("--connections", type=int, help="of every program at most (as many as tasks, up to 32)")
    parser.add_argument("--rounds", type=int, help="rounds to measure (5; quick or with --workload: 3)")
    parser.add_argument("--seconds", type=float, help="of each program in a round (2 where there is a target, else 1)")
    parser.add_argument("--only", metavar="TEXTS", help="only programs and ratios with one of these in their names")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path,
                        help="write the figures (BUILD/figures.json of the whole suite)")  # fmt: skip
    parser.add_argument("--page", metavar="FIGURES", type=pathlib.Path, help="make docs/benchmarks.md of such a file")
    parser.add_argument("--build", default="build-bench", help="build directory, kept between runs (build-bench)")
    parser.add_argument("--built", action="store_true", help=HIDDEN)  # build nothing, and take any machine: for tests
    options = parser.parse_args()
    options.build = (ROOT / options.build).resolve()
    for given, known in ((options.workload, [*jobs.SWEEP, *jobs.HTTP]), (options.peers, ["all", "none", *jobs.PEERS])):
        for name in given.split(",") if given else ():
            if name not in known:
                parser.error(f"there is no {name}; there are {', '.join(known)}")
    if options.tasks and not (options.workload or options.url):
        parser.error("--tasks goes with --workload or --url")
    for name in ("connections", "rounds", "seconds"):
        if getattr(options, name) is not None and getattr(options, name) <= 0:
            parser.error(f"--{name} must be positive")
    return options


class Plan:
    """Which jobs are run, and which ratios are taken."""

    def __init__(self, options: argparse.Namespace):
        self.chosen = bool(options.workload or options.url)
        self.complete = not (options.quick or self.chosen or options.only)
        asked = options.peers or ("all" if self.complete else "none")
        self.peers = jobs.PEERS if asked == "all" else () if asked == "none" else tuple(asked.split(","))
        others = ("libpq", *self.peers) if options.url else ("pgbench", "libpq", *self.peers)
        if self.chosen:
            self.ratios, listed = self.choose(options, others)
        elif options.quick:
            quick = (ratio for ratio in jobs.TARGETS if ratio.quick)
            self.ratios, listed = (*quick, *jobs.comparisons(self.peers)), []
        else:
            self.ratios = (*jobs.TARGETS, *jobs.DETAILS, *jobs.comparisons(others))
            listed = [*jobs.sweep(("corm", *others)), *jobs.http()]
        self.compiled = () if self.chosen else tuple(cost for cost in jobs.COMPILE_COSTS
                                                     if cost.quick or not options.quick)
        if options.only:
            texts = options.only.split(",")
            self.compiled = tuple(cost for cost in self.compiled if any(text in cost.key for text in texts))
            wanted = {job for ratio in self.ratios if any(text in ratio.key for text in texts) for job in ratio.jobs}
            listed = [job for job in [*(job for ratio in self.ratios for job in ratio.jobs), *listed]
                      if job in wanted or any(text in job.name for text in texts)]
            self.ratios = tuple(ratio for ratio in self.ratios if all(job in listed for job in ratio.jobs))
        self.jobs = jobs.distinct([*(job for ratio in self.ratios for job in ratio.jobs), *listed])

    @staticmethod
    def choose(options: argparse.Namespace, others: tuple) -> tuple:
        names = options.workload.split(",") if options.workload else list(jobs.SWEEP)
        ratios, listed = [], []
        for name in names:
            usual = (8,) if name in jobs.HTTP else (min(8, jobs.SWEEP[name][0][-1]),)
            counts = tuple(int(count) for count in options.tasks.split(",")) if options.tasks else usual
            if name in jobs.HTTP:
                listed += jobs.http((name,), counts)
                continue
            for count in counts:
                ours = jobs.corm(name, count)
                listed.append(ours)
                work = jobs.SAME_WORK.get(name, name)
                for other in others:
                    if other in jobs.SWEEP[work][1]:
                        key = f"{name}_vs_{other}" if len(counts) == 1 else f"{name}_{count}_vs_{other}"
                        ratios.append(jobs.Ratio(key, ours, (jobs.Job(other, work, count),)))
        return tuple(ratios), listed

    def drop(self, names) -> None:
        """These programs cannot run."""
        self.jobs = {name: job for name, job in self.jobs.items() if job.program not in names}

    def seconds(self, job: jobs.Job, options: argparse.Namespace) -> float:
        if options.seconds:
            return options.seconds
        if options.quick:  # pgbench counts in whole seconds, and what it is compared with runs as long
            beside = any(job in ratio.jobs and ratio.below[0].program == "pgbench" for ratio in self.ratios)
            return 1 if beside else 0.6
        targeted = {one for ratio in jobs.TARGETS for one in ratio.jobs}
        return 2 if job in targeted or self.chosen else 1


def measure(plan: Plan, options: argparse.Namespace, runner: Runner, results: report.Results, rounds: int) -> None:
    lengths = {name: plan.seconds(job, options) for name, job in plan.jobs.items()}
    expected = {name: report.expected_seconds(job, lengths[name]) for name, job in plan.jobs.items()}
    progress = Progress(sum(expected.values()) * rounds)
    runnable = dict(plan.jobs)
    try:
        for number in range(1, rounds + 1):
            runner.database.tidy()
            order = list(runnable)
            random.shuffle(order)
            samples = {}
            for name in order:
                progress.show(f"round {number} of {rounds}: {name}")
                try:
                    samples[name] = runner.measure(plan.jobs[name], lengths[name])
                except RuntimeError as error:
                    if plan.jobs[name].program not in jobs.PEERS:
                        raise
                    # Others' trouble is told, and ends nothing.
                    results.about["skipped"][name] = str(error).splitlines()[-1]
                    del runnable[name]
                progress.advance(expected[name])
            results.add_round({name: samples[name] for name in plan.jobs if name in samples}, plan.ratios)
        runner.database.tidy()
    finally:
        progress.end()


def measure_compiler(results: report.Results, cost: jobs.CompileCost, rounds: int) -> None:
    compiler = machine.compiler()
    above, below = [cost.level], [cost.level, "-DCORM_BENCH_BASELINE"]
    for flags in (below, above):  # brings the headers into memory
        compile_seconds(compiler, cost.file, flags)
    for number in range(1, rounds + 1):
        print(f"compiling {cost.file}, {number} of {rounds}", file=sys.stderr)
        base = compile_seconds(compiler, cost.file, below)
        results.add_limit(cost.key, compile_seconds(compiler, cost.file, above) / base, cost.limit)


def run_all(options: argparse.Namespace) -> report.Results:
    plan = Plan(options)
    rounds = options.rounds or (5 if plan.complete or options.only else 3)
    with_http = any(job.program == "http" for job in plan.jobs.values())
    if not options.built:
        targets = ["bench", "techempower"] if with_http else ["bench"]
        if not configure(options.build, OPTIONS, True) or not compile_all(options.build, OPTIONS, targets, True):
            raise RuntimeError("the build failed")
    programs = {name: [options.build / "benchmarks" / f"bench-{name}"] for name in ("corm", "libpq")}
    commands, versions, skipped = peers.install(plan.peers, options.build)
    programs.update(commands)
    plan.drop(skipped)
    if not options.built:
        others = wait_for_idle_machine(60 if plan.complete else 2)
        if others >= 0.1:
            print(f"other processes keep {others:.1f} processors busy: trust ratios and CPU, not rates",
                  file=sys.stderr)  # fmt: skip

    command = shlex.join(["tools/bench", *("URL" if word == options.url else word for word in sys.argv[1:])])
    results = report.Results(about={
        "date": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        "command": command.replace(f"--url={options.url}", "--url=URL"),
        "complete": plan.complete and rounds >= 5 and options.seconds is None,
        "seconds": f"{options.seconds:g} s each" if options.seconds else
                   "about 1 s each" if options.quick else "2 s where there is a target, else 1 s",
        "versions": versions,
        "skipped": skipped,
        "jobs": {name: {key: value for key, value in asdict(job).items()} for name, job in plan.jobs.items()},
    })
    database = SharedServer(options.url) if options.url else PrivateServer(options.build / "benchmarks")
    with database, tempfile.TemporaryDirectory() as scripts, contextlib.ExitStack() as stack:
        results.about["machine"] = machine.describe(database)
        runner = Runner(database, programs, options.connections, pathlib.Path(scripts))
        if with_http:
            runner.http = stack.enter_context(ExampleHttp(options.build / "examples" / "techempower", database))
        if plan.jobs:
            measure(plan, options, runner, results, rounds)
    for cost in plan.compiled:
        measure_compiler(results, cost, min(rounds, 2) if options.quick else rounds)
    return results


def interrupt(*_) -> None:
    raise KeyboardInterrupt


def main() -> int:
    options = parse_arguments()
    if options.page:
        results = report.Results.from_json(json.loads(options.page.read_text()))
        for file in page.write(results, ROOT / "docs" / "benchmarks.md"):
            print(file.relative_to(ROOT))
        return 0
    signal.signal(signal.SIGTERM, interrupt)  # servers and schemas are to be cleaned up then too
    try:
        results = run_all(options)
    except KeyboardInterrupt:
        print("\ntools/bench: interrupted; everything that was started has ended", file=sys.stderr)
        return 130
    except (OSError, RuntimeError) as error:
        print(f"\ntools/bench: {error}", file=sys.stderr)
        return 1
    report.show(results)
    for name, reason in results.about["skipped"].items():
        print(f"left out: {name}: {reason}")
    file = options.json or (options.build / "figures.json" if results.about["complete"] else None)
    if file:
        file.write_text(json.dumps(results.as_json(), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

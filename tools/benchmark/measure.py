"""Programs that are timed, and the CPU that they and their server took."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict, dataclass

from run_tests import ROOT

from .jobs import HTTP, ITEMS, SCRIPTS, Job

TICK = os.sysconf("SC_CLK_TCK")
PERCENTILES = ("p50", "p90", "p99", "p999")


def process_seconds(pid: int) -> float:
    """CPU seconds of a process; 0 when it has ended. Of its first thread only, exactly."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


def ended_children_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / TICK


def machine_seconds() -> float:
    """CPU seconds that the whole machine was busy since it started."""
    user, nice, system, _, _, irq, softirq, *_ = (
        int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) / TICK


def wait_for_idle_machine(seconds: float) -> float:
    """Returns how many processors others keep busy, as soon as they are few or `seconds` have passed."""
    until = time.monotonic() + seconds
    while True:
        busy, started = machine_seconds(), time.monotonic()
        time.sleep(0.5)
        share = (machine_seconds() - busy) / (time.monotonic() - started)
        if share < 0.1 or time.monotonic() > until:
            return share


@dataclass
class Sample:
    rate: float  # operations a second
    client_us: float  # CPU of an operation
    server_us: float | None  # None: of a server whose processes are not here
    others: float | None  # processors that everything else kept busy meanwhile
    peak: int  # KiB of the client in memory at most
    p50: float | None = None  # us of an operation
    p90: float | None = None
    p99: float | None = None
    p999: float | None = None

    @property
    def cpu_us(self) -> float | None:
        return None if self.server_us is None else self.client_us + self.server_us

    def as_dict(self) -> dict:
        return {key: value for key, value in asdict(self).items() if value is not None}


class ExampleHttp:
    """The TechEmpower server of the examples, whose CPU counts as the client's."""

    def __init__(self, program: pathlib.Path, database):
        sys.path.insert(0, str(ROOT / "examples" / "tests"))
        from example_process import ExampleServer

        self.server = ExampleServer(program, database.url, "--load")

    def __enter__(self) -> "ExampleHttp":
        self.server.__enter__()
        for path in HTTP.values():
            urllib.request.urlopen(self.server.url + path, timeout=30).close()
        return self

    def __exit__(self, *ended) -> None:
        if self.server.stop() != 0 and ended[0] is None:
            raise RuntimeError("the TechEmpower server ended badly")
        self.server.__exit__(*ended)

    def command(self, job: Job, seconds: float) -> list:
        return ["wrk", "--threads", "1", "--connections", str(job.tasks), "--duration", f"{max(round(seconds), 1)}s",
                "--timeout", "30s", "--script", pathlib.Path(__file__).with_name("wrk_result.lua"),
                self.server.url + HTTP[job.workload]]

    def seconds(self) -> float:
        return process_seconds(self.server.process.pid)


class Runner:
    """Runs jobs against one database."""

    def __init__(self, database, programs: dict, connections: int | None, scripts: pathlib.Path):
        self.database = database
        self.programs = programs  # how each is started
        self.connections = connections
        self.scripts = scripts
        self.http = None  # while it runs
        self.pgbench_starts = {}
        for name, text in SCRIPTS.items():
            (scripts / name).write_text(text)

    def command(self, job: Job, seconds: float) -> list:
        url = self.database.slow_url if job.slow else self.database.url
        count = self.connections or job.connections
        if job.program == "http":
            return self.http.command(job, seconds)
        if job.program == "pgbench":
            clients = min(job.connections, count)
            what = ["-S"] if job.workload == "get" else ["-f", self.scripts / job.workload]
            return [self.database.binaries / "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j",
                    str(job.threads), "-T", str(max(round(seconds), 1)), "-D", f"clients={clients}", "-D",
                    f"band={ITEMS // clients // 10}", *what, url]
        threads = ["--threads", str(job.threads), *(["--engines"] if job.engines else [])] if job.threads > 1 else []
        return [*self.programs[job.program], job.workload, url, str(seconds), str(job.tasks), "--connections",
                str(count), "--latencies", *threads]

    def measure(self, job: Job, seconds: float) -> Sample:
        """Runs a client program to its end."""
        command = self.command(job, seconds)
        http = self.http.seconds() if job.program == "http" else 0.0
        ran = self.run(job, command)
        result = parse_result(ran.said)
        operations = result["operations"]
        client, load = ran.client, ran.client
        if job.program == "http":
            client = self.http.seconds() - http
            load += client
        server = ran.measured_server
        if job.program == "pgbench":
            connecting = self.connecting(job, command)
            client -= connecting.client
            server = None if server is None else server - connecting.server
        others = None if ran.server is None else max(0.0, (ran.machine - load - ran.server) / ran.elapsed)
        # A program knows best what it took while its clock ran; before that it was starting up.
        client_us = result.get("client_us", client / operations * 1e6)
        server_us = None if server is None else server / operations * 1e6
        return Sample(result["rate"], client_us, server_us, others, ran.peak,
                      *(result.get(key) for key in PERCENTILES))  # fmt: skip

    def run(self, job: Job, command: list) -> "Ran":
        machine, server, started = machine_seconds(), self.database.seconds(), time.monotonic()
        first, last, lines = server, None, []
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)  # fmt: skip
        try:
            for line in process.stdout:
                if line == "started\n":
                    first = self.database.seconds()
                    continue
                if line.startswith("{"):
                    last = self.database.seconds()
                lines.append(line)
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        said = "".join(lines)
        if process.returncode != 0:
            raise RuntimeError(f"{job.name} failed ({process.returncode}): {said.strip()}")
        ran = Ran(said, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, time.monotonic() - started,
                  machine_seconds() - machine)  # fmt: skip
        if server is not None:
            end = self.database.seconds()
            ran.server, ran.measured_server = end - server, (end if last is None else last) - first
        return ran

    def connecting(self, job: Job, command: list) -> "Ran":
        """What pgbench and its server take for connecting and preparing, which others do before their clock starts."""
        key = (job.workload, job.connections, job.threads)
        if key not in self.pgbench_starts:
            at = command.index("-T")
            self.pgbench_starts[key] = self.run(job, [*command[:at], "-t", "1", *command[at + 2 :]])
        return self.pgbench_starts[key]


@dataclass
class Ran:
    """A program that has ended well."""

    said: str
    client: float  # CPU seconds
    peak: int  # KiB
    elapsed: float  # seconds
    machine: float  # CPU seconds of everything
    server: float | None = None  # CPU seconds
    measured_server: float | None = None  # while the program's clock ran, if it says when; else as above


def parse_result(said: str) -> dict:
    """One line of JSON, the last; or what pgbench prints."""
    lines = said.strip().splitlines()
    if lines and lines[-1].startswith("{"):
        return json.loads(lines[-1])
    operations = re.search(r"^number of transactions actually processed: (\d+)", said, re.MULTILINE)
    rate = re.search(r"^tps = ([\d.]+) \(without initial", said, re.MULTILINE)
    failed = re.search(r"^number of failed transactions: ([1-9]\d*)", said, re.MULTILINE)
    if not operations or not rate or failed:
        raise RuntimeError(f"this is no result: {said.strip()}")
    return {"operations": int(operations[1]), "rate": float(rate[1])}


def compile_seconds(compiler: list, file: str, flags: list) -> float:
    """CPU seconds of one compilation of a file in benchmarks/."""
    command = [*compiler, "-std=c++20", "-c", f"-I{ROOT / 'include'}", f"-I{ROOT / 'tests'}", *flags,
               ROOT / "benchmarks" / file, "-o", os.devnull]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed")
    return usage.ru_utime + usage.ru_stime

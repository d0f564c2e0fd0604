"""A private server for measurements, programs that are timed against it, and the CPU that both took."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse
from dataclasses import dataclass

TICK = os.sysconf("SC_CLK_TCK")
SCHEMA = """
CREATE TABLE bench_items (id bigint PRIMARY KEY, name text NOT NULL, amount bigint NOT NULL, version int NOT NULL)
    WITH (fillfactor = 50);
INSERT INTO bench_items SELECT i, 'item number ' || i, 0, 0 FROM generate_series(1, 100000) i;
CREATE TABLE bench_entries (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
    amount bigint NOT NULL);
"""


def process_seconds(pid: int, with_children: bool) -> float:
    """CPU seconds of a process, and of its children that have ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11 : 15 if with_children else 13]) / TICK


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
    server_us: float
    others: float  # processors that everything else kept busy meanwhile
    peak: int  # KiB of the client in memory at most

    @property
    def cpu_us(self) -> float:
        return self.client_us + self.server_us


class Server:
    """A PostgreSQL with the tables of the benchmarks, and a proxy in front of it that adds 1 ms to a round trip."""

    def __init__(self, programs: pathlib.Path):
        self.programs = programs
        self.server = subprocess.Popen(
            [programs / "bench-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        words = self.server.stdout.readline().split()
        if len(words) != 2:
            raise RuntimeError("the private server did not start")
        self.pid, self.url = int(words[0]), words[1]
        self.proxy = None
        self.proxy_directory = pathlib.Path(tempfile.mkdtemp(prefix="corm-bench-"))
        try:
            # The programs beside the server itself: PATH may name those of another version.
            self.binaries = pathlib.Path(os.readlink(f"/proc/{self.pid}/exe")).parent
            self._run([self.binaries / "pgbench", "-q", "-i", "-s", "10", self.url])
            self._sql(SCHEMA)
            self._start_proxy()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _start_proxy(self) -> None:
        parts = urllib.parse.urlsplit(self.url)
        query = dict(urllib.parse.parse_qsl(parts.query))
        socket = ".s.PGSQL." + query["port"]
        self.proxy = subprocess.Popen(
            [self.programs / "bench-proxy", self.proxy_directory / socket, pathlib.Path(query["host"]) / socket, "500"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self.proxy.stdout.readline().strip() != "ready":
            raise RuntimeError("the delaying proxy did not start")
        query["host"] = str(self.proxy_directory)
        # By hand: urlunsplit drops the empty host of postgresql://user@/database.
        self.slow_url = self.url.split("?")[0] + "?" + urllib.parse.urlencode(query)

    def close(self) -> None:
        for process in (self.proxy, self.server):
            if process is not None:
                process.stdin.close()
                process.wait()
        shutil.rmtree(self.proxy_directory, ignore_errors=True)

    def _run(self, command: list) -> str:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"{pathlib.Path(command[0]).name} failed: {done.stderr.strip()}")
        return done.stdout

    def _sql(self, *statements: str) -> None:
        command = [self.binaries / "psql", "-qX", "-v", "ON_ERROR_STOP=1", self.url]
        for statement in statements:
            command += ["-c", statement]
        self._run(command)

    def tidy(self) -> None:
        """Every round starts from the same state."""
        self._sql("TRUNCATE bench_entries", "VACUUM (ANALYZE) bench_items", "VACUUM pgbench_accounts", "CHECKPOINT")

    def _server_seconds(self) -> float:
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return process_seconds(self.pid, True) + sum(process_seconds(int(child), False) for child in children)

    def measure(self, command: list) -> Sample:
        """Runs a client program to its end."""
        machine, server, started = machine_seconds(), self._server_seconds(), time.monotonic()
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            said = output.read()
        elapsed = time.monotonic() - started
        client = usage.ru_utime + usage.ru_stime
        server = self._server_seconds() - server
        machine = machine_seconds() - machine
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))} failed ({process.returncode}): {said.strip()}")
        operations, rate = self._result(said)
        return Sample(
            rate,
            client / operations * 1e6,
            server / operations * 1e6,
            max(0.0, (machine - client - server) / elapsed),
            usage.ru_maxrss,
        )

    @staticmethod
    def _result(said: str) -> tuple:
        if said.startswith("{"):
            result = json.loads(said)
            return result["operations"], result["rate"]
        operations = re.search(r"^number of transactions actually processed: (\d+)", said, re.MULTILINE)
        rate = re.search(r"^tps = ([\d.]+) \(without initial", said, re.MULTILINE)
        failed = re.search(r"^number of failed transactions: ([1-9]\d*)", said, re.MULTILINE)
        if not operations or not rate or failed:
            raise RuntimeError(f"pgbench said: {said.strip()}")
        return int(operations[1]), float(rate[1])


def compile_seconds(compiler: list, source: pathlib.Path, include: pathlib.Path, defines: list) -> float:
    """CPU seconds of one compilation at -O0."""
    command = [*compiler, "-std=c++20", "-O0", "-c", f"-I{include}", *defines, str(source), "-o", os.devnull]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime

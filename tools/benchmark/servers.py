"""The PostgreSQL that is measured against: a private one, or a schema of its own in somebody's database."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.parse

from run_tests import ROOT

from .measure import ended_children_seconds, process_seconds

TABLES = ROOT / "benchmarks" / "tables.sql"
SCHEMA = "corm_bench"
MONEY = 100_000 * 1000  # in bench_balances, whatever was transferred


class Database:
    """The tables of the benchmarks. `slow_url` adds 1 ms to a round trip, or is None."""

    url: str
    slow_url: str | None = None
    psql: str | pathlib.Path
    binaries: pathlib.Path | None = None  # with pgbench

    def sql(self, *statements: str) -> str:
        command = [self.psql, "-qXAt", "-v", "ON_ERROR_STOP=1"]
        for statement in statements:
            command += ["-c", statement]
        return self._psql(command)

    def run_file(self, file: pathlib.Path) -> None:
        self._psql([self.psql, "-qXAt", "-1", "-v", "ON_ERROR_STOP=1", "-f", file])

    def _psql(self, command: list) -> str:
        done = subprocess.run([*command, "-d", self.url], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"psql failed: {done.stderr.strip()}")  # without the URL, which may hold a password
        return done.stdout.strip()

    def tidy(self) -> None:
        """Every round starts from the same state."""
        if self.sql("SELECT sum(amount) FROM bench_balances") != str(MONEY):
            raise RuntimeError("a program has lost money: the sum of bench_balances has changed")
        self.sql("TRUNCATE bench_entries, bench_copied, bench_ledger", "VACUUM (ANALYZE) bench_items",
                 "VACUUM (ANALYZE) bench_balances", "VACUUM (ANALYZE) bench_orders", "VACUUM pgbench_accounts")

    def version(self) -> str:
        return self.sql("SHOW server_version")

    def seconds(self) -> float | None:
        """CPU seconds of the server so far, if they can be known."""
        return None

    def close(self) -> None:
        pass

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_) -> None:
        self.close()


class PrivateServer(Database):
    """A PostgreSQL of its own, and a proxy in front of it that adds 1 ms to a round trip."""

    def __init__(self, programs: pathlib.Path):
        self.programs = programs
        # A session of its own: Ctrl-C must not stop the server before its clients.
        self.server = subprocess.Popen([programs / "bench-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True, start_new_session=True)
        words = self.server.stdout.readline().split()
        if len(words) != 2:
            raise RuntimeError("the private server did not start")
        self.pid, self.url = int(words[0]), words[1]
        self.proxy = None
        self.proxy_directory = pathlib.Path(tempfile.mkdtemp(prefix="corm-bench-"))
        try:
            # The programs beside the server itself: PATH may name those of another version.
            self.binaries = pathlib.Path(os.readlink(f"/proc/{self.pid}/exe")).parent
            self.psql = self.binaries / "psql"
            self.run_file(TABLES)
            self._start_proxy()
        except BaseException:
            self.close()
            raise

    def _start_proxy(self) -> None:
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.url).query))
        socket = ".s.PGSQL." + query["port"]
        self.proxy = subprocess.Popen(
            [self.programs / "bench-proxy", self.proxy_directory / socket, pathlib.Path(query["host"]) / socket, "500"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        if self.proxy.stdout.readline().strip() != "ready":
            raise RuntimeError("the delaying proxy did not start")
        query["host"] = str(self.proxy_directory)
        # By hand: urlunsplit drops the empty host of postgresql://user@/database.
        self.slow_url = self.url.split("?")[0] + "?" + urllib.parse.urlencode(query)

    def tidy(self) -> None:
        super().tidy()
        self.sql("CHECKPOINT")

    def seconds(self) -> float:
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children")
        while True:
            before = children.read_text(), ended_children_seconds(self.pid)
            running = process_seconds(self.pid) + sum(process_seconds(int(child)) for child in before[0].split())
            # One that ends meanwhile would be counted nowhere, or twice.
            if (children.read_text(), ended_children_seconds(self.pid)) == before:
                return before[1] + running

    def close(self) -> None:
        for process in (self.proxy, self.server):
            if process is not None:
                process.stdin.close()
                process.wait()
                process.stdout.close()
        shutil.rmtree(self.proxy_directory, ignore_errors=True)


class SharedServer(Database):
    """The schema `corm_bench` of a database that somebody else runs; touches nothing else there, and drops it again."""

    def __init__(self, url: str):
        psql = shutil.which("psql")
        if psql is None:
            raise RuntimeError("psql is not installed")
        self.psql = psql
        self.url = url
        self.created = False
        if self.sql(f"SELECT count(*) FROM pg_namespace WHERE nspname = '{SCHEMA}'") != "0":
            raise RuntimeError(f"the schema {SCHEMA} is there already: another run is under way, or one was killed; "
                               f"in the latter case DROP SCHEMA {SCHEMA} CASCADE")
        self.sql(f"CREATE SCHEMA {SCHEMA}")
        self.plain_url, self.url = url, with_search_path(url, SCHEMA)
        try:
            if self.sql("SELECT current_schema") != SCHEMA:
                raise RuntimeError("this server ignores options of the URL, so its search_path cannot be set")
            self.run_file(TABLES)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.url = self.plain_url
        self.sql(f"DROP SCHEMA {SCHEMA} CASCADE")


def with_search_path(url: str, schema: str) -> str:
    """The URI, or the string of keywords and values, with one more option for the server."""
    option = f"-csearch_path={schema}"
    if not re.match(r"postgres(ql)?://", url):
        if re.search(r"\boptions\s*=", url):
            raise RuntimeError("give a URL without options")
        return f"{url} options='{option}'"
    base, mark, query = url.partition("?")
    fields = urllib.parse.parse_qsl(query, keep_blank_values=True)
    before = [value for name, value in fields if name == "options"]
    fields = [field for field in fields if field[0] != "options"] + [("options", " ".join([*before, option]))]
    # libpq takes a plus sign for what it is.
    return base + "?" + urllib.parse.urlencode(fields, quote_via=urllib.parse.quote)

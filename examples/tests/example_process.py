"""Starts and stops dev_server and the servers of the examples, asks PostgreSQL by psql: for tests and tools/demo.py."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest
import urllib.error
import urllib.request
from dataclasses import dataclass


class DevServer:
    """A private PostgreSQL; `url` while the context is open."""

    def __init__(self, program: pathlib.Path):
        self.program = program

    def __enter__(self) -> "DevServer":
        # A session of its own: Ctrl-C must not stop the database before its clients.
        self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        start_new_session=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError(f"dev_server ended with status {self.process.wait()}")
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def command(self) -> list:
        psql = shutil.which("psql")
        if psql is None:
            raise RuntimeError("psql is not installed")
        return [psql, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", self.url]

    def ask(self, sql: str) -> str:
        done = subprocess.run([*self.command(), "--command", sql], check=True, capture_output=True)
        return done.stdout.decode().strip()  # as it is: line breaks too

    def connections(self, application: str) -> int:
        return int(self.ask(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{application}'"))


@dataclass
class Answer:
    status: int
    headers: dict
    text: str

    def json(self):
        return json.loads(self.text)

    @property
    def etag(self) -> str:
        return self.headers.get("etag", "")


class ExampleServer:
    """A running server of the examples. `lines` is what it has printed up to now."""

    def __init__(self, program: pathlib.Path, database: str, *options: str, show=None, log=None):
        self.command = [program, "--port", "0", *options]
        self.database = database
        self.show = show
        self.log = log  # a file for its standard error
        self.lines = []

    def __enter__(self) -> "ExampleServer":
        environment = dict(os.environ, CORM_DATABASE_URL=self.database)
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True, env=environment,
                                        stdin=subprocess.DEVNULL, stderr=self.log, start_new_session=True)
        for line in self.process.stdout:
            self._keep(line)
            found = re.match(r"listening on (http://\S+)", line)
            if found:
                self.url = found.group(1)
                return self
        raise RuntimeError(f"{self.command[0]} ended with status {self.process.wait()}")

    def _keep(self, line: str) -> None:
        self.lines.append(line.rstrip("\n"))
        if self.show:
            self.show(self.lines[-1])

    def stop(self) -> int:
        """Ends it as an operator would; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        for line in self.process.stdout:
            self._keep(line)
        return self.process.wait(timeout=60)

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def ask(self, method: str, path: str, body=None, if_match=None, headers=()) -> Answer:
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        if if_match is not None:
            request.add_header("If-Match", if_match)
        for name, value in dict(headers).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return self._answer(response)
        except urllib.error.HTTPError as error:
            with error:
                return self._answer(error)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def patch(self, path: str, body, if_match=None) -> Answer:
        return self.ask("PATCH", path, body, if_match)

    @staticmethod
    def _answer(response) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, response.read().decode())


def run_cases(cases) -> int:
    """Runs a TestCase, prints the totals as the programs of the tree do, and returns the exit status."""
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(cases))
    failed = len({test.id() for test, _ in result.failures + result.errors})
    skipped = len(result.skipped)
    print(f"{max(result.testsRun - failed - skipped, 0)} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not result.testsRun else 0

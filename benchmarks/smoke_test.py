#!/usr/bin/env python3
"""Runs tools/bench for an instant on a server of somebody: every workload works, and nothing is left behind.

  smoke_test.py BUILD
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(sys.argv[1]).resolve()
WORKLOADS = "get,get_lanes,get_joined,query_20,uow_10,transfers,insert_10k,insert_bulk_10k,copy_in_1m,read_100k"


class SmokeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([BUILD / "benchmarks" / "bench-server"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)  # fmt: skip
        cls.url = cls.server.stdout.readline().split()[1]
        cls.addClassCleanup(cls.stop)

    @classmethod
    def stop(cls):
        cls.server.communicate(timeout=60)

    def ask(self, sql: str) -> str:
        done = subprocess.run([shutil.which("psql"), "-qXAt", self.url, "-c", sql], capture_output=True, text=True,
                              check=True)  # fmt: skip
        return done.stdout.strip()

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-m", "benchmark", "--built", "--build", BUILD, "--url", self.url,
                                 "--rounds", "1", *arguments], env=dict(os.environ, PYTHONPATH=str(ROOT / "tools")),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def objects(self) -> str:
        return self.ask("SELECT string_agg(oid::regclass::text, ',') FROM pg_class WHERE oid >= 16384") + \
            self.ask("SELECT string_agg(nspname, ',') FROM pg_namespace WHERE oid >= 16384")

    def test_every_workload_runs_and_the_database_is_as_before(self):
        before = self.objects()
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "figures.json"
            run = self.start("--workload", WORKLOADS, "--tasks", "3", "--connections", "2", "--seconds", "0.05",
                             "--json", str(file))  # fmt: skip
            said, _ = run.communicate(timeout=300)
            self.assertEqual(run.returncode, 0, said)
            figures = json.loads(file.read_text())
        for workload in WORKLOADS.split(","):
            self.assertGreater(figures[f"corm_{workload}_3_rate"], 0)
            self.assertGreater(figures[f"{workload}_vs_libpq"], 0)
            self.assertGreaterEqual(figures[f"corm_{workload}_3_p99"], figures[f"corm_{workload}_3_p50"])
        self.assertNotIn(self.url, json.dumps(figures))
        self.assertEqual(self.objects(), before)

    def test_a_schema_that_is_there_is_left_alone(self):
        self.addCleanup(self.ask, "DROP SCHEMA corm_bench CASCADE")
        self.ask("CREATE SCHEMA corm_bench; CREATE TABLE corm_bench.mine AS SELECT 1")
        run = self.start("--workload", "get")
        said, _ = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 1, said)
        self.assertIn("corm_bench is there already", said)
        self.assertEqual(self.ask("SELECT count(*) FROM corm_bench.mine"), "1")

    def test_an_interrupted_run_leaves_nothing(self):
        before = self.objects()
        run = self.start("--workload", "transfers", "--seconds", "60")
        self.addCleanup(lambda: run.poll() is None and run.terminate())
        end = time.monotonic() + 60
        clients = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        while int(self.ask(clients)) < 8:
            self.assertIsNone(run.poll())
            self.assertLess(time.monotonic(), end)
        run.send_signal(signal.SIGTERM)
        said, _ = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130, said)
        self.assertEqual(self.objects(), before)


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(SmokeTest))
    failed = len(result.failures) + len(result.errors)
    print(f"{max(result.testsRun - failed, 0)} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)

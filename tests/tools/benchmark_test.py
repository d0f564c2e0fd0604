#!/usr/bin/env python3
"""Checks the pure parts of tools/bench: which jobs a run has, ratios, medians, the page, its plots, the time left."""

import argparse
import io
import json
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from dataclasses import asdict  # noqa: E402

from benchmark import jobs, page, progress, report, servers  # noqa: E402
from benchmark.__main__ import Plan  # noqa: E402
from benchmark.measure import Sample, parse_result  # noqa: E402

PGBENCH = """pgbench (15.20)
number of transactions actually processed: 1234
number of failed transactions: 0 (0.000%)
latency average = 0.100 ms
initial connection time = 5.1 ms
tps = 75532.123456 (without initial connection time)
"""


def options(**given) -> argparse.Namespace:
    return argparse.Namespace(**{"quick": False, "peers": None, "url": None, "workload": None, "tasks": None,
                                 "only": None, "seconds": None, **given})  # fmt: skip


def sample(rate: float, client: float = 10, server: float | None = 20, **more) -> Sample:
    return Sample(rate, client, server, 0.0, 1000, **more)


def small_results() -> report.Results:
    listed = jobs.distinct([*(jobs.corm("get", count) for count in jobs.TASKS), jobs.Job("sqlalchemy", "get", 8),
                            jobs.Job("libpqxx", "get", 8), *jobs.http(("db",), (8,))])
    results = report.Results(about={
        "date": "2026-01-02T03:04+00:00", "command": "tools/bench --quick", "complete": False, "seconds": "1 s each",
        "versions": {"sqlalchemy": "SQLAlchemy 2.9 <new>"}, "skipped": {"mikro_orm": "npm failed"},
        "machine": {"PostgreSQL": "15.20", "wrk": ""},
        "jobs": {name: asdict(job) for name, job in listed.items()},
    })  # fmt: skip
    ratios = jobs.comparisons(("sqlalchemy", "libpqxx"))
    for factor in (1.0, 3.0, 2.0):
        results.add_round({name: sample(1000 * job.tasks * (factor if job.program == "corm" else 1.25), p50=100.0,
                                        p90=200.0, p99=300.0, p999=400.0) for name, job in listed.items()}, ratios)
    return results


class BenchmarkTest(unittest.TestCase):
    def test_a_ratio_is_taken_within_a_round(self):
        above, below = jobs.corm("get"), (jobs.pgbench("get"), jobs.pgbench("get", 32))
        samples = {above.name: sample(300, p99=40.0), below[0].name: sample(100, p99=20.0),
                   below[1].name: sample(200, p99=10.0)}  # fmt: skip
        expected = {"rate": 1.5, "time": 200 / 300, "p99": 4.0, "peak": 1.0}
        for kind, value in expected.items():
            self.assertAlmostEqual(report.divide(jobs.Ratio("x", above, below, kind), samples), value, msg=kind)

    def test_cpu_above_another_is_divided_by_what_an_operation_has(self):
        ratio = jobs.Ratio("x", jobs.corm("read_100k", 1), (jobs.libpq("read_100k", 1),), "cpu", target=1.0, units=10)
        samples = {"corm_read_100k_1": sample(1, 70.0), "libpq_read_100k_1": sample(1, 50.0)}
        self.assertTrue(ratio.is_limit)
        self.assertAlmostEqual(report.divide(ratio, samples), 2.0)

    def test_threads_and_engines_are_told_to_the_program(self):
        names = {jobs.corm("get_lanes", 256, threads=2).name, jobs.corm("get_lanes", 256, threads=2, engines=True).name,
                 jobs.corm("get_lanes", 256).name}  # fmt: skip
        self.assertEqual(names, {"corm_get_lanes_256_2threads", "corm_get_lanes_256_2engines", "corm_get_lanes_256"})

    def test_what_was_not_measured_has_no_ratio(self):
        above, below = jobs.corm("get"), jobs.libpq("get")
        for samples in ({}, {above.name: sample(1)}, {below.name: sample(1)}):
            self.assertIsNone(report.divide(jobs.Ratio("x", above, (below,)), samples))
        both = {above.name: sample(1, p99=1.0), below.name: sample(1)}
        self.assertIsNone(report.divide(jobs.Ratio("x", above, (below,), "p99"), both))

    def test_medians_spread_and_cpu(self):
        ratio = jobs.Ratio("x", jobs.corm("get"), (jobs.libpq("get"),), target=2.0)
        results = report.Results(about={"jobs": {"corm_get_8": {}, "libpq_get_8": {}}})
        for rate in (100, 500, 200):
            results.add_round({"corm_get_8": sample(rate, 5, 5), "libpq_get_8": sample(100, 10, 10)}, (ratio,))
        flat = results.as_json()
        self.assertEqual((flat["x"], flat["x_spread"], flat["x_cpu"]), (2.0, 4.0, 2.0))
        self.assertEqual(flat["corm_get_8_rate"], 200)
        self.assertEqual(report.verdict(results.targets["x"], 2.0), ">= 2.00 met")
        self.assertEqual(report.verdict(results.targets["x"], 1.9), ">= 2.00 MISSED")
        self.assertEqual(report.verdict({"value": 1.2, "limit": True}, 1.3), "<= 1.20 MISSED")

    def test_a_server_elsewhere_has_no_cpu(self):
        results = report.Results(about={"jobs": {"corm_get_8": {}, "libpq_get_8": {}}})
        ratio = jobs.Ratio("x", jobs.corm("get"), (jobs.libpq("get"),), target=2.0)
        results.add_round({"corm_get_8": sample(4, server=None), "libpq_get_8": sample(2, server=None)}, (ratio,))
        self.assertEqual(results.ratios, {"x": [2.0]})

    def test_the_keys_that_a_release_is_judged_by(self):
        quick, whole = Plan(options(quick=True)), Plan(options())
        keys = {ratio.key for ratio in quick.ratios}
        self.assertEqual(keys, {"get_exclusive", "get_transaction", "uow_10", "uow_10_1ms", "get_lanes", "get_joined",
                                "get_lanes_8", "get_joined_8", "insert_10k", "insert_bulk_10k", "read_100k",
                                "read_100k_structs", "get_p99", "cpu_get", "cpu_tracked_row", "cpu_inserted_row",
                                "cpu_updated_row"})  # fmt: skip
        self.assertEqual({ratio.key for ratio in jobs.TARGETS} - keys, {"copy_in_1m", "p99_beside_slow"})
        self.assertTrue({ratio.key for ratio in jobs.TARGETS} <= {ratio.key for ratio in whole.ratios})
        self.assertTrue({job.program for job in quick.jobs.values()} <= {"corm", "libpq", "pgbench"})
        compared = {ratio.key: ratio.target for ratio in whole.ratios if "_vs_" in ratio.key}
        for key, target in {"get_vs_sqlalchemy": 25, "get_joined_vs_sqlalchemy": 100, "uow_10_vs_sqlalchemy": 15,
                            "read_100k_vs_sqlalchemy": 15, "get_vs_pgbench": None, "transfers_vs_libpqxx": None,
                            "transfers_1ms_vs_postgres_js": None, "insert_10k_vs_mikro_orm": None}.items():
            self.assertEqual(compared[key], target, key)
        self.assertNotIn("read_100k_vs_pgbench", compared)
        self.assertEqual(len(whole.jobs), len(set(whole.jobs.values())))
        self.assertEqual([[cost.key for cost in plan.compiled] for plan in (quick, whole)],
                         [["include_cost"], ["include_cost", "query_cost"]])
        self.assertTrue(whole.complete and not quick.complete)

    def test_chosen_workloads(self):
        plan = Plan(options(url="postgresql:///x", workload="get_joined,fortunes", tasks="8,256"))
        self.assertEqual(set(plan.jobs), {"corm_get_joined_8", "corm_get_joined_256", "libpq_get_8", "libpq_get_256",
                                          "http_fortunes_8", "http_fortunes_256"})  # fmt: skip
        self.assertEqual([ratio.key for ratio in plan.ratios],
                         ["get_joined_8_vs_libpq", "get_joined_256_vs_libpq"])
        self.assertEqual(plan.compiled, ())

    def test_only_takes_names_of_programs_and_of_ratios(self):
        plan = Plan(options(only="corm_uow_10_8,records_read"))
        self.assertEqual(set(plan.jobs), {"corm_uow_10_8", "corm_uow_10_8_1ms", "corm_read_100k_1",
                                          "corm_read_100k_records_1"})  # fmt: skip
        self.assertEqual({ratio.key for ratio in plan.ratios}, {"records_read_100k", "records_read_100k_memory"})

    def test_results_of_programs(self):
        self.assertEqual(parse_result(PGBENCH), {"operations": 1234, "rate": 75532.123456})
        self.assertEqual(parse_result('a warning\n{"operations": 2, "rate": 1.5}\n'), {"operations": 2, "rate": 1.5})
        for said in ("", "Traceback", PGBENCH.replace("failed transactions: 0", "failed transactions: 3")):
            with self.assertRaises(RuntimeError):
                parse_result(said)

    def test_the_schema_of_ones_own_goes_into_the_url(self):
        for url, expected in (
            ("postgresql://u@h/d", "postgresql://u@h/d?options=-csearch_path%3Dcorm_bench"),
            ("postgres://h:1/d?sslmode=require", "postgres://h:1/d?sslmode=require&options=-csearch_path%3Dcorm_bench"),
            ("postgresql:///d?options=-cjit%3Doff", "postgresql:///d?options=-cjit%3Doff%20-csearch_path%3Dcorm_bench"),
            ("host=h dbname=d", "host=h dbname=d options='-csearch_path=corm_bench'"),
        ):
            self.assertEqual(servers.with_search_path(url, "corm_bench"), expected)

    def test_the_page_comes_from_the_json_alone(self):
        written = json.dumps(small_results().as_json())
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "benchmarks.md"
            made = page.write(report.Results.from_json(json.loads(written)), file)
            text = file.read_text()
            pictures = [path for path in made if path.suffix == ".svg"]
            self.assertEqual([path.name for path in pictures], ["throughput.svg", "latency.svg", "cpu.svg"])
            for picture in pictures:
                self.assertIn(f"(benchmarks/{picture.name})", text)
                drawn = xml.etree.ElementTree.parse(picture).getroot()
                self.assertTrue(any("SQLAlchemy" in (part.text or "") for part in drawn.iter())
                                or picture.name == "throughput.svg")
        self.assertIn("short run", text)
        self.assertIn("| `get_vs_sqlalchemy` | 1.60 | 0.80 | 2.40 | >= 25.00 MISSED |", text)
        self.assertIn("| corm | 8 | 16,000 | 8,000 to 24,000 | 10.0 | 20.0 | 100 | 200 | 300 | 400 |", text)
        self.assertIn("Left out: MikroORM: npm failed", text)
        self.assertIn("| PostgreSQL | 15.20 |", text)
        self.assertNotIn("| wrk |", text)

    def test_the_page_says_where_corm_is_behind(self):
        results = small_results()
        self.assertNotIn("is behind:**", page.ratio_section(results))
        results.ratios["get_vs_libpqxx"] = [0.5, 0.9, 0.7]
        self.assertIn("**Where corm is behind:** `get_vs_libpqxx` 0.70.", page.ratio_section(results))

    def test_the_time_left_follows_the_pace(self):
        now = [0.0]
        bar = progress.Progress(100, io.StringIO(), lambda: now[0])
        self.assertAlmostEqual(bar.left(), 100)
        now[0] = 50.0
        bar.advance(25)
        self.assertGreater(bar.left(), 130)  # twice as slow as guessed
        self.assertLess(bar.left(), 150)
        self.assertEqual(progress.minutes(125.4), "2:05")

    def test_without_a_terminal_there_is_a_line_for_each_tenth(self):
        stream = io.StringIO()
        bar = progress.Progress(10, stream, lambda: 0.0)
        for _ in range(20):
            bar.show("x")
            bar.advance(0.5)
        self.assertEqual(len(stream.getvalue().splitlines()), 10)


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromTestCase(BenchmarkTest))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)

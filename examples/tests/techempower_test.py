#!/usr/bin/env python3
"""Asks the TechEmpower server what the specification of those benchmarks wants of it.

  techempower_test.py DEV_SERVER TECHEMPOWER
"""

import datetime
import email.utils
import html
import pathlib
import re
import sys
import unittest

from example_process import DevServer, ExampleServer, run_cases

DEV_SERVER, TECHEMPOWER = (pathlib.Path(argument) for argument in sys.argv[1:3])
# What counts as how many rows.
COUNTS = {"": 1, "?queries=": 1, "?queries=foo": 1, "?queries=0": 1, "?queries=-3": 1, "?queries=2.5": 1,
          "?queries=1": 1, "?queries=20": 20, "?queries=500": 500, "?queries=501": 500,
          "?queries=99999999999999999999": 500, "?queries=-99999999999999999999": 1}


class TechEmpowerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = cls.enterClassContext(DevServer(DEV_SERVER))
        cls.server = cls.enterClassContext(ExampleServer(TECHEMPOWER, cls.database.url, "--load", "--pool", "4"))

    def stored(self) -> dict:
        rows = self.database.ask("SELECT id, randomnumber FROM world").splitlines()
        return {int(key): int(number) for key, number in (row.split("|") for row in rows)}

    def json(self, path: str):
        answer = self.server.get(path)
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(int(answer.headers["content-length"]), len(answer.text.encode()))
        self.assertTrue(answer.headers["server"])
        sent = email.utils.parsedate_to_datetime(answer.headers["date"])
        self.assertLess(abs(datetime.datetime.now(datetime.timezone.utc) - sent), datetime.timedelta(minutes=1))
        return answer.json()

    def assert_stored(self, rows: list, stored: dict) -> None:
        for row in rows:
            self.assertEqual(set(row), {"id", "randomNumber"})
            self.assertEqual(row["randomNumber"], stored[row["id"]])

    def test_db_is_one_random_row(self):
        rows = [self.json("/db") for _ in range(20)]
        self.assert_stored(rows, self.stored())
        self.assertGreater(len({row["id"] for row in rows}), 1)

    def test_queries_are_as_many_rows_as_asked_for_within_limits(self):
        for asked, count in COUNTS.items():
            rows = self.json("/queries" + asked)
            self.assertEqual(len(rows), count, asked)
            self.assert_stored(rows, self.stored())

    def test_updates_are_answered_and_stored(self):
        for asked, count in COUNTS.items():
            before = self.stored()
            rows = self.json("/updates" + asked)
            after = self.stored()
            self.assertEqual(len(rows), count, asked)
            self.assert_stored(rows, after)
            touched = {row["id"] for row in rows}
            self.assertEqual({key: number for key, number in before.items() if key not in touched},
                             {key: number for key, number in after.items() if key not in touched})
            if count >= 20:
                self.assertNotEqual(before, after)
            self.assertTrue(all(1 <= row["randomNumber"] <= 10_000 for row in rows))

    def test_fortunes_are_sorted_and_escaped(self):
        answer = self.server.get("/fortunes")
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
        self.assertTrue(answer.text.startswith("<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table>"
                                               "<tr><th>id</th><th>message</th></tr>"))
        self.assertNotIn("<script>", answer.text)
        self.assertIn("&lt;script&gt;alert(&quot;This should not be", answer.text)
        rows = re.findall(r"<tr><td>(\d+)</td><td>(.*?)</td></tr>", answer.text)
        self.assertEqual(sorted(int(key) for key, _ in rows), list(range(13)))
        messages = [html.unescape(message) for _, message in rows]
        self.assertEqual(messages, sorted(messages, key=str.encode))
        self.assertEqual(dict(rows)["0"], "Additional fortune added at request time.")
        self.assertIn("フレームワークのベンチマーク", messages)

    def test_other_resources_and_methods_are_refused(self):
        self.assertEqual(self.server.get("/").status, 404)
        self.assertEqual(self.server.get("/db/1").status, 404)
        refused = self.server.ask("POST", "/db", {})
        self.assertEqual((refused.status, refused.headers["allow"]), (405, "GET"))


if __name__ == "__main__":
    sys.exit(run_cases(TechEmpowerTest))

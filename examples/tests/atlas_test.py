#!/usr/bin/env python3
"""Asks the atlas server everything that its documentation promises.

  atlas_test.py DEV_SERVER ATLAS_SERVER
"""

import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from example_process import DevServer, ExampleServer, run_cases

DEV_SERVER, ATLAS_SERVER = (pathlib.Path(argument) for argument in sys.argv[1:3])
LISTS = pathlib.Path("/usr/share/iso-codes/json")


def iso(standard: str) -> list:
    return json.loads((LISTS / f"iso_{standard}.json").read_text())[standard]


class AtlasTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = cls.enterClassContext(DevServer(DEV_SERVER))
        cls.atlas = cls.enterClassContext(ExampleServer(ATLAS_SERVER, cls.database.url, "--deadline", "1500"))

    def refused(self, status, answer):
        self.assertEqual(answer.status, status, answer.text)
        return answer.json()["error"]["message"] if "message" in answer.text else answer.json()["error"]

    # Reading

    def test_every_country_is_there(self):
        page = self.atlas.get("/countries?limit=500").json()
        expected = sorted(iso("3166-1"), key=lambda entry: entry["alpha_2"])
        self.assertEqual(page["total"], len(expected))
        self.assertGreaterEqual(len(expected), 249)
        for item, entry in zip(page["items"], expected, strict=True):
            for field in ("alpha_2", "alpha_3", "numeric", "name", "flag", "official_name", "common_name"):
                if item["alpha_2"] not in ("SE", "NO", "DK", "FI"):  # other tests change these
                    self.assertEqual(item[field], entry.get(field), item)

    def test_pages_cover_the_whole_without_overlap(self):
        codes = []
        while True:
            page = self.atlas.get(f"/countries?limit=100&offset={len(codes)}").json()
            codes += [item["alpha_2"] for item in page["items"]]
            if not page["items"]:
                break
        self.assertEqual(codes, sorted(entry["alpha_2"] for entry in iso("3166-1")))

    def test_the_name_filter_ignores_case_and_takes_patterns_literally(self):
        names = [item["name"] for item in self.atlas.get("/countries?name=ISLAND&limit=500").json()["items"]]
        expected = [entry["name"] for entry in iso("3166-1") if "island" in entry["name"].lower()]
        self.assertEqual(sorted(names), sorted(expected))
        for literal in ("%25", "_", "%5C"):
            self.assertEqual(self.atlas.get(f"/countries?name={literal}").json()["total"], 0, literal)
        found = self.atlas.get("/countries?name=" + urllib.parse.quote("côte")).json()
        self.assertEqual([item["alpha_2"] for item in found["items"]], ["CI"])

    def test_subdivisions_of_a_country(self):
        expected = [entry for entry in iso("3166-2") if entry["code"].startswith("FR-")]
        page = self.atlas.get("/countries/FR/subdivisions?limit=500").json()
        self.assertEqual([item["code"] for item in page["items"]], sorted(entry["code"] for entry in expected))
        parents = {item["code"]: item["parent"] for item in page["items"]}
        self.assertEqual(parents["FR-29"], "FR-BRE")
        inside = self.atlas.get("/countries/FR/subdivisions?parent=FR-BRE").json()
        self.assertEqual([item["code"] for item in inside["items"]], ["FR-22", "FR-29", "FR-35", "FR-56"])
        self.assertEqual(self.atlas.get("/countries/AX/subdivisions").json()["total"], 0)
        self.assertIn("Country", self.refused(404, self.atlas.get("/countries/XX/subdivisions")))

    def test_one_subdivision(self):
        answer = self.atlas.get("/subdivisions/US-CA")
        self.assertEqual((answer.status, answer.etag), (200, '"1"'))
        self.assertEqual(answer.json()["name"], "California")
        self.refused(404, self.atlas.get("/subdivisions/US-XX"))

    def round_trips_of(self, path):
        """The answer to GET, and what it cost."""
        self.wait_until_the_pool_is_clean()
        before = self.atlas.get("/stats").json()["pool"]["round_trips"]
        answer = self.atlas.get(path)
        return answer, self.atlas.get("/stats").json()["pool"]["round_trips"] - before

    def test_a_country_with_its_subdivisions_as_a_tree(self):
        answer, round_trips = self.round_trips_of("/countries/FR?with=subdivisions")
        self.assertEqual((answer.status, answer.etag, round_trips), (200, "", 3))
        tree = answer.json()
        self.assertEqual(tree["alpha_3"], "FRA")
        self.assertEqual([region["parent"] for region in tree["subdivisions"]], [None] * len(tree["subdivisions"]))
        entries = sorted((entry for entry in iso("3166-2") if entry["code"].startswith("FR-")),
                         key=lambda entry: entry["code"])
        expected = {None: []}  # codes by the code of what they are part of; newer lists have three levels
        for entry in entries:
            parent = "FR-" + entry["parent"].removeprefix("FR-") if "parent" in entry else None
            expected.setdefault(parent, []).append(entry["code"])
        found = {}

        def walk(parts, part_of):
            if parts:
                found[part_of] = [part["code"] for part in parts]
            for part in parts:
                self.assertEqual(part["part_of"], part_of, part)
                walk(part["parts"], part["code"])

        walk(tree["subdivisions"], None)
        self.assertEqual(found, expected)
        self.assertIn("FR-29", found["FR-BRE"])
        self.assertEqual(self.atlas.get("/countries/AX?with=subdivisions").json()["subdivisions"], [])
        self.refused(404, self.atlas.get("/countries/XX?with=subdivisions"))
        self.assertIn("subdivisions", self.refused(400, self.atlas.get("/countries/FR?with=rivers")))
        # Nothing of it without being asked for, in one round trip.
        answer, round_trips = self.round_trips_of("/countries/FR")
        self.assertEqual((round_trips, "subdivisions" in answer.json()), (1, False))

    def test_a_subdivision_with_its_relations(self):
        answer, round_trips = self.round_trips_of("/subdivisions/FR-BRE?with=relations")
        self.assertEqual((answer.status, round_trips), (200, 2))
        region = answer.json()
        self.assertIsNone(region["part_of"])
        self.assertEqual([(part["code"], part["part_of"]) for part in region["parts"]],
                         [(code, "FR-BRE") for code in ("FR-22", "FR-29", "FR-35", "FR-56")])
        part = self.atlas.get("/subdivisions/FR-29?with=relations").json()
        self.assertEqual((part["part_of"]["code"], part["part_of"]["name"]), ("FR-BRE", region["name"]))
        self.assertEqual(part["parts"], [])
        alone, round_trips = self.round_trips_of("/subdivisions/FR-29")
        self.assertEqual((round_trips, "parts" in alone.json()), (1, False))
        self.refused(400, self.atlas.get("/subdivisions/FR-29?with=subdivisions"))

    def test_languages_by_enum(self):
        everything = iso("639-3")
        self.assertEqual(self.atlas.get("/languages?limit=1").json()["total"], len(everything))
        expected = sorted(entry["alpha_3"] for entry in everything if entry["scope"] == "M")
        page = self.atlas.get("/languages?scope=macrolanguage&limit=500").json()
        self.assertEqual([item["alpha_3"] for item in page["items"]], expected)
        self.assertIn("planetary", self.refused(400, self.atlas.get("/languages?scope=planetary")))

    def test_currencies(self):
        page = self.atlas.get("/currencies?name=franc").json()
        self.assertIn("CHF", [item["alpha_3"] for item in page["items"]])
        self.assertEqual(self.atlas.get("/currencies").json()["total"], len(iso("4217")))

    def test_health_and_stats(self):
        self.assertEqual(self.atlas.get("/health").json(), {"status": "ok"})
        self.wait_until_the_pool_is_clean()  # what comes after the raw SQL of /health is a round trip as well
        before = self.atlas.get("/stats").json()
        self.atlas.get("/countries/DE")
        after = self.atlas.get("/stats").json()
        self.assertEqual(after["pool"]["leased"], 0)
        self.assertEqual(after["pool"]["round_trips"] - before["pool"]["round_trips"], 1)
        self.assertEqual(after["requests"] - before["requests"], 2)

    # Refusals

    def test_what_is_not_there(self):
        self.assertIn("Country", self.refused(404, self.atlas.get("/countries/XX")))
        for path in ("/", "/planets", "/countries/FR/rivers", "/subdivisions", "/languages/fra"):
            self.refused(404, self.atlas.get(path))

    def test_bad_queries(self):
        for query in ("limit=0", "limit=501", "limit=ten", "offset=-1", "limit=", "colour=red", "name=%zz"):
            self.refused(400, self.atlas.get(f"/countries?{query}"))
        self.refused(422, self.atlas.get("/countries?name=%00"))  # NUL is no text: refused before it is sent
        self.refused(422, self.atlas.get("/countries?name=%ff"))

    def test_methods(self):
        answer = self.atlas.ask("DELETE", "/countries/FR")
        self.refused(405, answer)
        self.assertEqual(answer.headers["allow"], "GET, PATCH")
        self.refused(405, self.atlas.ask("POST", "/countries", {}))

    def test_bodies(self):
        self.refused(413, self.atlas.patch("/countries/SE", b"x" * 100_000, '"1"'))
        self.refused(400, self.atlas.patch("/countries/SE", b"{", '"1"'))
        self.refused(422, self.atlas.patch("/countries/SE", [1], '"1"'))
        for fields in ({"nmae": "x"}, {"name": 7}, {"name": None}, {"version": 9}, {"alpha_2": "XX"}, {"name": "a\0b"},
                       {"subdivisions": []}):
            etag = self.atlas.get("/countries/SE").etag
            self.refused(422, self.atlas.patch("/countries/SE", fields, etag))
            self.assertEqual(self.atlas.get("/countries/SE").etag, etag)

    def test_constraints(self):
        etag = self.atlas.get("/countries/SE").etag
        taken = self.refused(409, self.atlas.patch("/countries/SE", {"alpha_3": "NOR"}, etag))
        self.assertIn("countries_alpha_3_key", taken)
        self.refused(422, self.atlas.patch("/countries/SE", {"alpha_3": "sweden"}, etag))  # CHECK
        orphan = self.refused(409, self.atlas.patch("/subdivisions/SE-AB", {"parent": "SE-??"}, '"1"'))
        self.assertIn("subdivisions_parent_fkey", orphan)
        self.assertEqual(self.atlas.get("/countries/SE").etag, etag)

    def test_not_http(self):
        address = urllib.parse.urlsplit(self.atlas.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        connection.connect()
        connection.sock.sendall(b"HELO atlas\r\n\r\n")
        self.assertIn(b" 400 ", connection.sock.recv(1000))
        connection.close()

    # Changing

    def test_patch_and_optimistic_locking(self):
        first = self.atlas.get("/countries/NO")
        self.refused(428, self.atlas.patch("/countries/NO", {"common_name": "Noreg"}))
        changed = self.atlas.patch("/countries/NO", {"common_name": "Noreg"}, first.etag)
        self.assertEqual(changed.status, 200, changed.text)
        self.assertNotEqual(changed.etag, first.etag)
        self.assertEqual(changed.json()["common_name"], "Noreg")
        again = self.atlas.get("/countries/NO")
        self.assertEqual((again.etag, again.text), (changed.etag, changed.text))
        stale = self.atlas.patch("/countries/NO", {"common_name": "Norge"}, first.etag)
        self.refused(412, stale)
        self.assertEqual(stale.etag, changed.etag)
        self.refused(412, self.atlas.patch("/countries/NO", {"common_name": "x"}, "W/" + changed.etag))
        cleared = self.atlas.patch("/countries/NO", {"common_name": None}, f'"0", {changed.etag}')
        self.assertIsNone(cleared.json()["common_name"])
        self.assertEqual(self.atlas.patch("/countries/NO", {"name": "Norway"}, "*").status, 200)
        self.refused(404, self.atlas.patch("/countries/XX", {"name": "x"}, "*"))

    def test_an_unchanged_patch_keeps_the_version(self):
        before = self.atlas.get("/countries/DK")
        same = self.atlas.patch("/countries/DK", {"name": before.json()["name"]}, before.etag)
        self.assertEqual((same.status, same.etag), (200, before.etag))

    def test_one_of_many_writers_wins(self):
        def write(number):
            return self.atlas.patch("/countries/FI", {"common_name": f"writer {number}, round {turn}"}, etag)

        with concurrent.futures.ThreadPoolExecutor(8) as writers:
            for turn in range(10):
                etag = self.atlas.get("/countries/FI").etag
                answers = list(writers.map(write, range(8)))
                self.assertEqual(sorted(answer.status for answer in answers), [200] + [412] * 7)
                winner = next(answer for answer in answers if answer.status == 200)
                self.assertEqual(self.atlas.get("/countries/FI").text, winner.text)

    # Failures of the database

    @contextlib.contextmanager
    def locked(self, statement):
        """Somebody else's transaction, which has run the statement and stays open."""
        holder = subprocess.Popen(self.database.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            holder.stdin.write(f"BEGIN;\n{statement};\nSELECT 'locked';\n")
            holder.stdin.flush()
            self.assertEqual(holder.stdout.readline().strip(), "locked")
            yield
        finally:
            holder.stdin.close()
            holder.wait()
            holder.stdout.close()

    def wait_until_the_pool_is_clean(self):
        def busy():
            pool = self.atlas.get("/stats").json()["pool"]
            return pool["leased"] + pool["cleaning"] > 0

        end = time.monotonic() + 10
        while busy() and time.monotonic() < end:
            pass
        self.assertFalse(busy())

    def test_a_read_that_waits_for_a_lock_is_503_at_the_deadline(self):
        with self.locked("LOCK TABLE corm_atlas.currencies"):
            answer = self.atlas.get("/currencies")
            self.refused(503, answer)
            self.assertEqual(answer.headers["retry-after"], "1")
        self.assertEqual(self.atlas.get("/currencies").status, 200)

    def test_a_commit_that_waits_for_a_lock_is_503_at_the_deadline(self):
        # UPDATE and COMMIT are on their way; the answer to the cancellation tells that nothing was saved.
        with self.locked("UPDATE corm_atlas.subdivisions SET name = name WHERE code = 'CH-ZH'"):
            answer = self.atlas.patch("/subdivisions/CH-ZH", {"name": "Turicum"}, '"1"')
            self.assertIn("nothing was saved", self.refused(503, answer))
            self.assertEqual(answer.headers["retry-after"], "1")
            self.wait_until_the_pool_is_clean()
        self.assertEqual(self.atlas.get("/subdivisions/CH-ZH").json()["version"], 1)
        self.assertEqual(self.atlas.patch("/subdivisions/CH-ZH", {"name": "Turicum"}, '"1"').status, 200)

    def test_killed_connections_are_replaced(self):
        self.atlas.get("/countries/FR")
        self.database.ask(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'corm-atlas'")
        statuses = [self.atlas.get("/countries/FR").status for _ in range(20)]
        self.assertEqual(statuses[-1], 200)
        self.assertLessEqual(set(statuses), {200, 503})

    def test_no_database_is_503(self):
        with ExampleServer(ATLAS_SERVER, "postgresql://127.0.0.1:1/none", "--no-load", "--deadline", "1000") as alone:
            answer = alone.get("/countries/FR")
            self.refused(503, answer)
            self.assertEqual(answer.headers["retry-after"], "1")
            self.refused(503, alone.get("/health"))
            self.assertEqual(alone.get("/stats").json()["pool"]["leased"], 0)
            self.assertEqual(alone.stop(), 0)

    def test_several_threads_and_an_orderly_end(self):
        log = self.enterContext(tempfile.TemporaryFile("w+"))
        with ExampleServer(ATLAS_SERVER, self.database.url, "--no-load", "--threads", "4", "--trace", log=log) as threads:
            with concurrent.futures.ThreadPoolExecutor(16) as clients:
                codes = [entry["alpha_2"] for entry in iso("3166-1")] * 2
                answers = list(clients.map(lambda code: threads.get(f"/countries/{code}"), codes))
            self.assertEqual({answer.status for answer in answers}, {200})
            self.assertEqual([answer.json()["alpha_2"] for answer in answers], codes)
            idle = http.client.HTTPConnection(urllib.parse.urlsplit(threads.url).netloc, timeout=10)
            idle.request("GET", "/countries/FR")
            self.assertEqual(json.load(idle.getresponse())["alpha_2"], "FR")
            # The idle connection must not hold up the end.
            self.assertEqual(threads.stop(), 0)
            self.assertRegex(threads.lines[-1], r"stopped: \d+ requests answered, none cut off, 0 leases out")
            idle.close()
        log.seek(0)
        statements = [line for line in log if 'FROM "corm_atlas"."countries"' in line]
        self.assertEqual(len(statements), len(codes) + 1)
        self.assertTrue(all("api.cpp:" in line and "$1" in line for line in statements), statements[0])


if __name__ == "__main__":
    sys.exit(run_cases(AtlasTest))

#!/usr/bin/env python3
"""Points the explorer at any schema, and changes it under its hands.

  explorer_schema_test.py DEV_SERVER EXPLORER EVERY_FEATURE_SQL
"""

import concurrent.futures
import pathlib
import re
import sys
import urllib.parse

from example_process import ExampleServer, run_cases
from explorer_case import EXPLORER, ExplorerCase, load

EVERY_FEATURE = pathlib.Path(sys.argv[3])


class ExplorerSchemaTest(ExplorerCase):
    def test_any_database(self):
        self.database.ask("create database every_feature")
        self.database.url = self.database.url.replace("@/postgres?", "@/every_feature?")
        load(self.database, EVERY_FEATURE)
        with ExampleServer(EXPLORER, self.database.url) as explorer:
            tables = explorer.get("/api/tables").json()["tables"]
            self.assertGreaterEqual(len(tables), 40)
            self.assertEqual(explorer.get("/").status, 200)
            self.assertIn("erDiagram", explorer.get("/api/diagram").text)
            self.assertIn("tables", explorer.get("/api/schema").json())
            for table in tables:
                path = f"/{urllib.parse.quote(table['schema'], safe='')}/{urllib.parse.quote(table['name'], safe='')}"
                for place in ("/api/tables", "/tables"):
                    answer = explorer.get(place + path)
                    # A materialized view WITH NO DATA, a foreign table that leads nowhere.
                    if "has not been populated" in answer.text or "has no handler" in answer.text:
                        self.assertEqual(answer.status, 409)
                    else:
                        self.assertEqual(answer.status, 200, path + answer.text)

    def test_changes_of_the_schema_are_seen_at_once(self):
        self.database.ask("alter table shop.labels add column colour text default 'red'")
        self.assertEqual(self.items("shop/labels?f.eq.id=1")[0]["colour"], "red")
        self.database.ask("alter table shop.labels rename column colour to shade")
        self.assertEqual(self.items("shop/labels?f.eq.shade=red&f.eq.id=1")[0]["shade"], "red")
        self.database.ask("alter table shop.labels alter column label type varchar(20), drop column shade")
        self.assertEqual(self.items("shop/labels?f.eq.id=1"), [{"id": 1, "label": "urgent"}])
        self.database.ask("create table shop.fresh (id int primary key); insert into shop.fresh values (1)")
        self.assertEqual(self.items("shop/fresh"), [{"id": 1}])
        self.database.ask("alter type shop.mood rename value 'sad' to 'low'")
        self.assertEqual(self.items("shop/customers?f.eq.mood=low&limit=1")[0]["mood"], "low")
        self.database.ask("alter type shop.mood rename to temper")
        self.assertEqual(self.items("shop/customers?f.eq.mood=low&limit=1")[0]["mood"], "low")
        self.database.ask("alter schema shop rename to store")
        self.assertEqual(self.items("store/fresh"), [{"id": 1}])
        self.refused(404, self.explorer.get("/api/tables/shop/fresh"))
        self.database.ask("alter schema store rename to shop; create view shop.more as select 1 as a")
        self.assertEqual(self.items("shop/more"), [{"a": 1}])
        self.database.ask("create or replace view shop.more as select 1 as a, 2 as b")
        self.assertEqual(self.items("shop/more"), [{"a": 1, "b": 2}])
        self.database.ask("drop table shop.fresh")
        self.refused(404, self.explorer.get("/api/tables/shop/fresh"))
        self.database.ask("alter table shop.order_labels drop constraint order_labels_label_id_fkey")
        self.assertNotIn("<h3>labels</h3>", self.page("/tables/shop/orders/row?id=6"))

    def test_a_request_finds_out_by_itself(self):
        """Also between two looks at the schema: what fails by it is answered from the new one."""
        explorer = self.start("--check", "3600000")
        self.database.ask("alter table shop.labels rename column label to name")
        self.assertEqual(explorer.get("/api/tables/shop/labels").json()["items"][0]["name"], "urgent")
        self.database.ask("create table shop.fresh (id int primary key)")
        self.assertEqual(explorer.get("/api/tables/shop/fresh").json()["items"], [])
        self.assertEqual(explorer.get("/api/stats").json()["schema_read"], 3)
        # Many who look at once are one look, or two: of those who came while it was under way.
        self.database.ask("create table shop.other (id int primary key)")
        with concurrent.futures.ThreadPoolExecutor(20) as tasks:
            for answer in [tasks.submit(explorer.get, "/api/tables/shop/other") for _ in range(40)]:
                self.assertEqual(answer.result().status, 200)
        self.assertEqual(explorer.get("/api/stats").json()["schema_read"], 4)
        # A page or a row that there is not has nothing to do with it.
        trips = explorer.get("/api/stats").json()["round_trips"]
        for path in ("/favicon.ico", "/api/nothing"):
            self.refused(404, explorer.get(path)) if "api" in path else explorer.get(path)
        self.assertEqual(explorer.get("/api/stats").json()["round_trips"], trips)

    def test_nothing_is_left_of_a_schema_that_was(self):
        def state():
            status = pathlib.Path(f"/proc/{self.explorer.process.pid}/status")
            text = status.read_text() if status.exists() else "VmRSS: 0"  # a plain chroot has no /proc
            stats = self.explorer.get("/api/stats").json()
            return stats, int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

        def work(rounds):
            for i in range(rounds):
                self.database.ask(f"alter table shop.labels add column c{i % 7} int default {i}")
                self.assertEqual(self.items("shop/labels?f.eq.id=1")[0][f"c{i % 7}"], i)
                self.assertEqual(self.explorer.get("/tables/shop/orders/row?id=6").status, 200)
                self.database.ask(f"alter table shop.labels drop column c{i % 7}")

        work(20)
        before, memory = state()
        work(60)
        after, memory_after = state()
        self.assertEqual(after["live_mappers"], before["live_mappers"])
        self.assertGreaterEqual(after["schema_read"], before["schema_read"] + 60)
        self.assertLessEqual(after["cached_statements"], before["cached_statements"] + 8)
        if not sanitized():
            self.assertLessEqual(memory_after, memory + 1024)

    def test_the_schema_changes_under_load(self):
        stop = []

        def ask():
            statuses = set()
            while not stop:
                statuses.add(self.explorer.get("/api/tables/shop/labels?f.eq.id=1").status)
            return statuses

        with concurrent.futures.ThreadPoolExecutor(6) as tasks:
            asking = [tasks.submit(ask) for _ in range(6)]
            try:
                for i in range(25):
                    self.database.ask(f"alter table shop.labels add column d{i} int")
                    self.database.ask(f"alter table shop.labels drop column d{i}")
            finally:
                stop.append(True)
            for each in asking:
                self.assertEqual(each.result(), {200})
        self.assertEqual(self.explorer.get("/api/stats").json()["leased"], 0)


def sanitized() -> bool:
    """Sanitizers keep freed memory for a while."""
    program = EXPLORER.read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


if __name__ == "__main__":
    sys.exit(run_cases(ExplorerSchemaTest))

#!/usr/bin/env python3
"""Asks the explorer everything that its documentation promises.

  explorer_test.py DEV_SERVER EXPLORER EVERY_FEATURE_SQL
"""

import concurrent.futures
import http.client
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.parse

from example_process import DevServer, ExampleServer, run_cases

DEV_SERVER, EXPLORER, EVERY_FEATURE = (pathlib.Path(argument) for argument in sys.argv[1:4])
SHOP = pathlib.Path(__file__).with_name("explorer_shop.sql")


def load(server: DevServer, script: pathlib.Path) -> None:
    subprocess.run([*server.command(), "--file", script], check=True, stdout=subprocess.DEVNULL)


def form(**fields) -> bytes:
    return urllib.parse.urlencode(fields).encode()


class ExplorerTest(unittest.TestCase):
    def setUp(self):
        self.database = self.enterContext(DevServer(DEV_SERVER))
        load(self.database, SHOP)
        self.explorer = self.start("--check", "0")

    def start(self, *options) -> ExampleServer:
        return self.enterContext(ExampleServer(EXPLORER, self.database.url, *options))

    def items(self, path: str) -> list:
        answer = self.explorer.get("/api/tables/" + path)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json()["items"]

    def row(self, path: str):
        answer = self.explorer.get("/api/tables/" + path)
        self.assertEqual(answer.status, 200, answer.text)
        return answer

    def refused(self, status: int, answer) -> str:
        self.assertEqual(answer.status, status, answer.text)
        return answer.json()["error"]["message"]

    def page(self, path: str, status: int = 200) -> str:
        answer = self.explorer.get(path)
        self.assertEqual(answer.status, status, answer.text)
        self.assertIn("text/html", answer.headers["content-type"])
        return answer.text

    # Reading

    def test_every_table_is_described(self):
        tables = {table["name"]: table for table in self.explorer.get("/api/tables").json()["tables"]}
        self.assertEqual(set(tables), {"customers", "products", "orders", "order_lines", "labels", "order_labels",
                                       "turnover", "log"})
        self.assertEqual(tables["order_lines"]["key"], ["order_id", "line"])
        self.assertEqual(tables["turnover"]["key"], [])
        relations = {relation["name"]: relation["many"] for relation in tables["orders"]["relations"]}
        self.assertEqual(relations, {"customer": False, "order_lines": True, "labels": True})
        editable = [column["name"] for column in tables["order_lines"]["columns"] if column["editable"]]
        self.assertEqual(editable, ["sku", "quantity"])
        page = self.page("/")
        for name in tables:
            self.assertIn(f"shop.{name}</a>", page)

    def test_values_are_what_json_has_for_them(self):
        product = self.items("shop/products?f.eq.title=Product+2")[0]
        self.assertEqual(product, {"sku": "sku/2?", "title": "Product 2", "price": "3.00", "tags": '{a,"b c"}',
                                   "details": {"weight": 2, "size": [1, 2]}, "plan": None})
        line = self.row("shop/order_lines/row?order_id=2&line=1").json()
        self.assertEqual(line, {"order_id": 2, "line": 1, "sku": "sku/2?", "quantity": 2, "doubled": 4})
        self.assertEqual(self.items("shop/turnover?f.eq.customer_id=7")[0]["customer_id"], 7)

    def test_filters(self):
        def ids(query):
            return [item["id"] for item in self.items("shop/customers?limit=500&" + query)]

        self.assertEqual(ids("f.eq.id=5"), [5])
        self.assertEqual(len(ids("f.ne.id=5")), 119)
        self.assertEqual(ids("f.lt.id=3"), [1, 2])
        self.assertEqual(ids("f.le.id=3"), [1, 2, 3])
        self.assertEqual(ids("f.gt.id=118"), [119, 120])
        self.assertEqual(ids("f.ge.id=118&f.ne.id=119"), [118, 120])
        self.assertEqual(ids("f.has.email=C11%40"), [11])
        self.assertEqual(ids("f.has.name=%25"), [])
        self.assertEqual(ids("f.gt.mood=ok&f.lt.id=6"), [2, 5])  # by the order of the enum
        self.assertEqual(ids("f.set.notes=&f.lt.id=9"), [4, 8])
        self.assertEqual(ids("f.null.notes=&f.lt.id=3"), [1, 2])
        self.assertEqual(ids("f.ge.created=2026-01-01+00:00:01%2B00"), [])
        self.assertEqual([item["at"] for item in self.items("shop/log?f.ge.at=3&f.has.what=EVENT&order=-at")],
                         [7, 6, 5, 4, 3])
        self.assertEqual(len(self.items("shop/log?f.null.what=")), 0)

    def test_pages_cover_the_whole_without_overlap(self):
        seen, offset = [], 0
        while True:
            page = self.explorer.get(f"/api/tables/shop/order_lines?limit=250&offset={offset}").json()
            seen += [(item["order_id"], item["line"]) for item in page["items"]]
            offset += 250
            if not page["more"]:
                break
        self.assertEqual(len(seen), 900)
        self.assertEqual(seen, sorted(set(seen)))
        first = self.page("/tables/shop/orders?limit=50&order=-total")
        self.assertIn("rows 1 to 50", first)
        following = re.search(r'href="([^"]*)">next', first).group(1).replace("&amp;", "&")
        second = self.page(following)
        self.assertIn("rows 51 to 100", second)
        self.assertIn(">750.00<", second)
        self.assertIn(">previous<", second)

    def test_what_cannot_be_asked_for(self):
        for status, path, reason in ((404, "shop/nothing", "shop.nothing"), (400, "shop/orders?f.eq.nope=1", "nope"),
                                     (400, "shop/orders?f.like.id=1", "f.like.id"), (400, "shop/orders?x=1", "'x'"),
                                     (400, "shop/orders?order=nope", "nope"), (400, "shop/orders?limit=0", "limit"),
                                     (422, "shop/orders?f.eq.id=one", "orders.id"),
                                     (422, "shop/customers?f.eq.mood=glad", "glad"),
                                     (422, "shop/orders?f.has.id=1", "no text"),
                                     (422, "shop/products?order=plan", "ordering operator"),
                                     (422, "shop/log?f.eq.at=one", "one"),
                                     (404, "shop/orders/row?id=12345", "12345"), (400, "shop/orders/row", "id"),
                                     (400, "shop/order_lines/row?order_id=1", "line"),
                                     (400, "shop/orders/row?id=1&total=3", "total"),
                                     (422, "shop/orders/row?id=one", "orders.id"),
                                     (404, "shop/log/row?at=1", "no key")):
            with self.subTest(path):
                self.assertIn(reason, self.refused(status, self.explorer.get("/api/tables/" + path)))
                self.assertIn("problem", self.page("/tables/" + path, status))
        self.refused(405, self.explorer.ask("POST", "/api/tables", b"{}"))
        self.refused(405, self.explorer.ask("PUT", "/api/tables/shop/orders/row?id=1", b"{}"))
        self.refused(404, self.explorer.get("/api/tables/shop"))

    def test_names_and_values_are_never_sql(self):
        self.database.ask("""create table shop."o'dd "" <i>" ("a"" ]::text, (select 1)) -- " text primary key)""")
        self.database.ask("""insert into shop."o'dd "" <i>" values ('x'' OR 1=1 --'), ('<script>')""")
        path = "shop/" + urllib.parse.quote("o'dd \" <i>", safe="")
        column = urllib.parse.quote('a" ]::text, (select 1)) -- ')
        found = self.items(f"{path}?f.eq.{column}=" + urllib.parse.quote("x' OR 1=1 --"))
        self.assertEqual(list(found[0].values()), ["x' OR 1=1 --"])
        page = self.page("/tables/" + path)
        self.assertNotIn("<script>", page)
        self.assertNotIn("<i>", page)
        self.assertIn("&lt;script&gt;", page)

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

    # Related rows

    def test_a_row_shows_what_it_is_related_to(self):
        page = self.page("/tables/shop/orders/row?id=6")
        for heading in ("customer", "labels", "order_lines"):
            self.assertIn(f"<h3>{heading}</h3>", page)
        self.assertIn(">Customer 7<", page)
        self.assertIn('href="/tables/shop/customers/row?id=7"', page)
        self.assertIn(">urgent<", page)
        self.assertIn('href="/tables/shop/order_lines/row?order_id=6&amp;line=5"', page)
        self.assertIn("&lt;b&gt;odd&lt;/b&gt;", self.page("/tables/shop/labels"))
        customer = self.page("/tables/shop/customers/row?id=7")
        every = re.search(r'href="([^"]*)">all of them', customer).group(1).replace("&amp;", "&")
        self.assertIn("rows 1 to 8", self.page(every))
        label = self.page("/tables/shop/labels/row?id=1")
        self.assertIn("f.eq.label_id=1", label)
        nobody = self.database.ask("select id from shop.orders where customer_id is null limit 1")
        self.assertIn("none", self.page(f"/tables/shop/orders/row?id={nobody}"))
        self.page("/tables/shop/products/row?sku=" + urllib.parse.quote("sku/3?", safe=""))

    # Changing

    def test_an_edit_is_checked_against_what_was_seen(self):
        path = "/api/tables/shop/customers/row?id=4"
        seen = self.explorer.get(path)
        self.assertIn("If-Match", self.refused(428, self.explorer.patch(path, {"name": "Ada"})))
        changed = self.explorer.patch(path, {"name": "Ada", "notes": None, "mood": "happy"}, seen.etag)
        self.assertEqual(changed.status, 200, changed.text)
        self.assertEqual(changed.json()["name"], "Ada")
        self.assertNotEqual(changed.etag, seen.etag)
        refused = self.explorer.patch(path, {"name": "Eve"}, seen.etag)
        self.refused(412, refused)
        self.assertEqual(refused.etag, changed.etag)
        self.assertEqual(self.explorer.get(path).etag, changed.etag)
        self.assertEqual(self.database.ask("select name || mood || coalesce(notes, '-') from shop.customers where id = 4"),
                         "Adahappy-")
        # Whoever changed it: a program that knows nothing of tags counts as well.
        self.database.ask("update shop.customers set email = 'else@example.org' where id = 4")
        self.refused(412, self.explorer.patch(path, {"name": "Eve"}, changed.etag))

    def test_of_many_edits_of_one_state_one_wins(self):
        path = "/api/tables/shop/customers/row?id=9"
        for _ in range(5):
            tag = self.explorer.get(path).etag
            with concurrent.futures.ThreadPoolExecutor(8) as tasks:
                edits = [tasks.submit(self.explorer.patch, path, {"name": f"{tag} {i}"}, tag) for i in range(8)]
                statuses = sorted(edit.result().status for edit in edits)
            self.assertEqual(statuses, [200] + [412] * 7)

    def test_what_cannot_be_written(self):
        product = "/api/tables/shop/products/row?sku=" + urllib.parse.quote("sku/3?", safe="")
        tag = self.explorer.get(product).etag
        for status, body, reason in ((422, {"sku": "x"}, "sku"), (422, {"nope": 1}, "nope"),
                                     (422, {"price": "-1"}, "check"), (422, {"title": None}, "title"),
                                     (422, {"price": "cheap"}, "price"), (422, {"details": "{"}, "details"),
                                     (400, [1], "object"), (400, b"{", "object")):
            with self.subTest(body):
                self.assertIn(reason, self.refused(status, self.explorer.patch(product, body, tag)))
        self.assertEqual(self.explorer.get(product).etag, tag)
        changed = self.explorer.patch(product, {"details": {"a": [1]}, "tags": "{x}", "price": 7.25}, tag)
        self.assertEqual((changed.json()["details"], changed.json()["price"]), ({"a": [1]}, "7.25"))
        other = "/api/tables/shop/customers/row?id=1"
        taken = self.explorer.patch(other, {"email": "c2@example.org"}, self.explorer.get(other).etag)
        self.assertIn("already exists", self.refused(409, taken))

    def test_a_delete_leaves_the_rest_to_the_database(self):
        line = "/api/tables/shop/order_lines/row?order_id=2&line=1"
        self.refused(428, self.explorer.ask("DELETE", line))
        self.refused(412, self.explorer.ask("DELETE", line, if_match='"old"'))
        self.assertEqual(self.explorer.ask("DELETE", line, if_match=self.explorer.get(line).etag).status, 204)
        self.refused(404, self.explorer.get(line))
        # No ON DELETE: refused, and nobody's foreign key becomes NULL behind its back.
        customer = "/api/tables/shop/customers/row?id=3"
        orders = self.database.ask("select count(*) from shop.orders where customer_id = 3")
        refused = self.explorer.ask("DELETE", customer, if_match=self.explorer.get(customer).etag)
        self.assertIn("orders", self.refused(409, refused))
        self.assertEqual(self.database.ask("select count(*) from shop.orders where customer_id = 3"), orders)

    def test_forms(self):
        path = "/tables/shop/customers/row?id=8"
        page = self.page(path)
        self.assertIn("first line\nsecond &lt;line&gt; &amp; &quot;third&quot;</textarea>", page)
        tag = re.search(r'name="tag" value="([^"]*)"', page).group(1).replace("&quot;", '"')
        # As a browser sends it: all fields, line breaks as CR LF.
        fields = {"tag": tag, "do": "save", "v.name": "Grace", "v.email": "g@example.org", "v.mood": "sad",
                  "v.created": "2026-01-01 00:00:00+00", "v.notes": "one\r\ntwo"}
        answer = self.explorer.ask("POST", path, form(**fields))
        self.assertEqual(answer.status, 200, answer.text)  # behind the redirection
        self.assertEqual(self.database.ask("select name || notes from shop.customers where id = 8"), "Graceone\ntwo")
        stale = self.explorer.ask("POST", path, form(**{**fields, "v.name": "Mine"}))
        self.assertEqual(stale.status, 409)
        for text in ("Mine", "Grace", "Somebody else"):
            self.assertIn(text, stale.text)
        tag = re.search(r'name="tag" value="([^"]*)"', stale.text).group(1).replace("&quot;", '"')
        self.explorer.ask("POST", path, form(**{**fields, "tag": tag, "v.name": "Mine", "n.notes": "on"}))
        self.assertEqual(self.database.ask("select name || coalesce(notes, '-') from shop.customers where id = 8"), "Mine-")
        label = "/tables/shop/labels/row?id=2"
        self.database.ask("delete from shop.order_labels where label_id = 2")
        tag = re.search(r'name="tag" value="([^"]*)"', self.page(label)).group(1).replace("&quot;", '"')
        self.assertIn("<h2>shop.labels</h2>", self.explorer.ask("POST", label, form(tag=tag, do="delete")).text)
        self.assertEqual(self.database.ask("select count(*) from shop.labels"), "2")
        missing = self.explorer.ask("POST", label, form(tag=tag, do="delete"))
        self.assertEqual(missing.status, 404)

    def test_only_those_who_may(self):
        path = "/api/tables/shop/labels/row?id=1"
        tag = self.explorer.get(path).etag
        foreign = self.explorer.ask("PATCH", path, {"label": "x"}, tag, {"Origin": "http://elsewhere.example"})
        self.assertIn("other sites", self.refused(403, foreign))
        own = self.explorer.ask("PATCH", path, {"label": "x"}, tag, {"Origin": self.explorer.url})
        self.assertEqual(own.status, 200)
        where = urllib.parse.urlsplit(self.explorer.url)
        for host, status in (("rebound.example", 403), ("localhost:1", 200), ("[::1]:80", 200)):
            connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
            connection.request("GET", "/", headers={"Host": host})
            self.assertEqual(connection.getresponse().status, status, host)
            connection.close()
        guarded = self.start("--read-only", "--host", "db.example", "--schema", "shop")
        self.assertIn("read-only", self.refused(403, guarded.patch(path, {"label": "y"}, guarded.get(path).etag)))
        self.assertNotIn("<form class=\"edit\"", guarded.get("/tables/shop/labels/row?id=1").text)
        self.assertEqual(guarded.ask("GET", "/", headers={"Host": "db.example"}).status, 200)

    def test_a_version_column_is_counted(self):
        self.database.ask("alter table shop.labels add column version int not null default 1")
        explorer = self.start("--version-column", "version")
        path = "/api/tables/shop/labels/row?id=1"
        self.assertEqual(explorer.patch(path, {"label": "x"}, explorer.get(path).etag).json()["version"], 2)
        self.refused(422, explorer.patch(path, {"version": 9}, explorer.get(path).etag))

    # Changes of the schema

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

    def test_nothing_is_left_of_a_schema_that_was(self):
        def state():
            status = pathlib.Path(f"/proc/{self.explorer.process.pid}/status").read_text()
            stats = self.explorer.get("/api/stats").json()
            return stats, int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

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

    def test_it_ends_as_it_should(self):
        self.explorer.get("/")
        self.assertEqual(self.explorer.stop(), 0)
        self.assertIn("0 leases out", self.explorer.lines[-1])
        self.assertEqual(self.database.connections("corm-explorer"), 0)


def sanitized() -> bool:
    """Sanitizers keep freed memory for a while."""
    program = EXPLORER.read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


if __name__ == "__main__":
    sys.exit(run_cases(ExplorerTest))

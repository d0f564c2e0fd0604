#!/usr/bin/env python3
"""Asks the explorer for rows, and changes them: everything that its documentation promises.

  explorer_test.py DEV_SERVER EXPLORER
"""

import concurrent.futures
import http.client
import re
import socket
import subprocess
import sys
import urllib.parse

from example_process import run_cases
from explorer_case import ExplorerCase, form


class ExplorerTest(ExplorerCase):
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
        self.assertEqual([item["at"] for item in self.items("shop/log?f.ge.at=3&f.has.what=EVENT&desc=at")],
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
        first = self.page("/tables/shop/orders?limit=50&desc=total")
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

    def test_values_that_no_type_of_cpp_holds(self):
        self.database.ask("""create table shop.extremes (id int primary key, at timestamptz, day date, doc jsonb, raw json,
            amount numeric, ratio float8, flag bool not null default true);
            insert into shop.extremes values (1, 'infinity', '-infinity', '{"n":123456789012345678901.5}',
            '{"b":1,"b":2, "n":1e400}', 'NaN', 'Infinity', false), (2, '294276-01-01', '5874897-01-01', '"text"', null,
            12345678901234567890123.456789, 0.1, true)""")
        text = self.explorer.get("/api/tables/shop/extremes").text
        for part in ('"at":"infinity"', '"day":"-infinity"', '"doc":{"n": 123456789012345678901.5}',
                     '"raw":{"b":1,"b":2, "n":1e400}', '"amount":"NaN"', '"ratio":"Infinity"', '"flag":false',
                     '"doc":"text"', '"amount":"12345678901234567890123.456789"', '"ratio":0.1', '"flag":true'):
            self.assertIn(part, text)
        self.page("/tables/shop/extremes/row?id=1")
        # A change in the last digit is a change.
        path = "/api/tables/shop/extremes/row?id=1"
        tag = self.explorer.get(path).etag
        self.database.ask("""update shop.extremes set doc = '{"n":123456789012345678901.75}' where id = 1""")
        self.refused(412, self.explorer.patch(path, {"flag": True}, tag))
        # What is sent is what is stored, digit for digit.
        body = (b'{ "amount" : 0.1234567890123456789012, "doc": {"n" :123456789012345678901.25, "s": "a,}\\"]"},'
                b'"raw":"123" ,"day":null,"flag":true}')
        self.assertEqual(self.explorer.patch(path, body, self.explorer.get(path).etag).status, 200)
        stored = self.database.ask("select amount, doc->'n', doc->>'s', json_typeof(raw), day is null, flag "
                                   "from shop.extremes where id = 1")
        self.assertEqual(stored, '0.1234567890123456789012|123456789012345678901.25|a,}"]|string|t|t')

    def test_filters_are_not_cut_to_the_type_of_a_column(self):
        self.database.ask("""create table shop.loose (v varchar(3), n numeric(10, 2), b bit(2), c char(3));
            insert into shop.loose values ('abc', 1, '10', 'x')""")
        for query, count in (("f.eq.v=abcd", 0), ("f.eq.v=abc", 1), ("f.eq.n=1.004", 0), ("f.gt.n=0.995", 1),
                             ("f.eq.b=101", 0), ("f.eq.b=10", 1), ("f.eq.c=x", 1)):
            self.assertEqual(len(self.items("shop/loose?" + query)), count, query)

    def test_rows_of_heirs_are_not_those_of_the_parent(self):
        self.database.ask("""create table shop.base (id int primary key, what text);
            create table shop.heir () inherits (shop.base);
            insert into shop.base values (1, 'parent'); insert into shop.heir values (1, 'child')""")
        self.assertEqual({item["what"] for item in self.items("shop/base")}, {"parent", "child"})
        self.assertIn("inherit", self.page("/tables/shop/base"))

    def test_head(self):
        where = urllib.parse.urlsplit(self.explorer.url)
        with socket.create_connection((where.hostname, where.port), timeout=30) as client:
            client.sendall(b"HEAD /api/tables HTTP/1.1\r\nHost: localhost\r\n\r\n"
                           b"GET /api/stats HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answers = b"".join(iter(lambda: client.recv(65536), b""))
        head, _, rest = answers.partition(b"\r\n\r\n")
        self.assertIn(b"200 OK", head)
        self.assertRegex(head, rb"Content-Length: [1-9]")
        self.assertTrue(rest.startswith(b"HTTP/1.1 200 OK"), rest[:80])

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

    def test_a_relation_that_cannot_be_read_does_not_hide_the_row(self):
        self.database.ask("""create role guest login; grant usage on schema shop to guest;
            grant select on all tables in schema shop to guest; revoke all on shop.order_lines from guest;
            alter table shop.labels enable row level security;
            create policy none on shop.labels to guest using (id = 1);
            create table shop.wide (id bigint primary key);
            create table shop.narrow (id int primary key, wide_id int references shop.wide);
            insert into shop.wide values (5000000000); grant select on shop.wide, shop.narrow to guest""")
        self.database.url = re.sub(r"//[^@]*@", "//guest@", self.database.url)
        guest = self.start()
        page = guest.get("/tables/shop/orders/row?id=6").text
        self.assertIn("permission denied", page)
        self.assertIn(">Customer 7<", page)
        self.refused(403, guest.get("/api/tables/shop/order_lines"))
        # Ends of pairs that may not be seen are left out.
        self.database.url = re.sub(r"//[^@]*@", "//postgres@", self.database.url)
        self.database.ask("delete from shop.order_labels where order_id = 1; "
                          "insert into shop.labels select i, 'l' || i from generate_series(10, 40) i; "
                          "insert into shop.order_labels select 1, i from generate_series(10, 40) i")
        self.assertEqual(guest.get("/tables/shop/orders/row?id=1").status, 200)
        self.assertIn("fit into int4", guest.get("/tables/shop/wide/row?id=5000000000").text)

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
            self.assertEqual(statuses[0], 200)
            self.assertLessEqual(set(statuses[1:]), {409, 412})  # it has changed, or is being changed

    def test_what_cannot_be_written(self):
        product = "/api/tables/shop/products/row?sku=" + urllib.parse.quote("sku/3?", safe="")
        tag = self.explorer.get(product).etag
        for status, body, reason in ((422, {"sku": "x"}, "sku"), (422, {"nope": 1}, "nope"),
                                     (422, {"price": "-1"}, "check"), (422, {"title": None}, "title"),
                                     (422, {"price": "cheap"}, "numeric"), (422, {"tags": "{"}, "malformed array"),
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
        tag = self.tag(page)
        # As a browser sends it: all fields, line breaks as CR LF.
        fields = {"tag": tag, "do": "save", **self.marks(page), "v.name": "Grace", "v.email": "g@example.org",
                  "v.mood": "sad", "v.created": "2026-01-01 00:00:00+00", "v.notes": "one\r\ntwo"}
        answer = self.explorer.ask("POST", path, form(**fields))
        self.assertEqual(answer.status, 200, answer.text)  # behind the redirection
        self.assertEqual(self.database.ask("select name || notes from shop.customers where id = 8"), "Graceone\ntwo")
        stale = self.explorer.ask("POST", path, form(**{**fields, "v.name": "Mine"}))
        self.assertEqual(stale.status, 409)
        for text in ("Mine", "Grace", "Somebody else"):
            self.assertIn(text, stale.text)
        tag = self.tag(stale.text)
        self.explorer.ask("POST", path, form(**{**fields, **self.marks(stale.text), "tag": tag, "v.name": "Mine",
                                                "n.notes": "on"}))
        self.assertEqual(self.database.ask("select name || coalesce(notes, '-') from shop.customers where id = 8"), "Mine-")
        label = "/tables/shop/labels/row?id=2"
        self.database.ask("delete from shop.order_labels where label_id = 2")
        tag = self.tag(self.page(label))
        self.assertIn("<h2>shop.labels</h2>", self.explorer.ask("POST", label, form(tag=tag, do="delete")).text)
        self.assertEqual(self.database.ask("select count(*) from shop.labels"), "2")
        missing = self.explorer.ask("POST", label, form(tag=tag, do="delete"))
        self.assertEqual(missing.status, 404)

    def test_a_form_writes_what_was_touched(self):
        self.database.ask("""create table shop.pair (id int primary key, a text, b text, c xml);
            insert into shop.pair values (1, 'a0', E'x\\r\\ny', E'<r>\\r\\n</r>')""")
        path = "/tables/shop/pair/row?id=1"
        page = self.page(path)
        sent = {"tag": self.tag(page), "do": "save", **self.marks(page), "v.a": "a0", "v.b": "x\r\ny",
                "v.c": "<r>\r\n</r>"}
        before = self.database.ask("select xmin, shop.pair.* from shop.pair")
        self.assertEqual(self.explorer.ask("POST", path, form(**sent)).status, 200)
        self.assertEqual(self.database.ask("select xmin, shop.pair.* from shop.pair"), before)
        # Somebody changes one column, somebody else another.
        self.database.ask("update shop.pair set b = 'theirs'")
        stale = self.explorer.ask("POST", path, form(**{**sent, "v.a": "mine"}))
        self.assertEqual(stale.status, 409)
        self.assertNotIn("<th>b</th>", stale.text)  # nobody entered that
        again = {**sent, **self.marks(stale.text), "tag": self.tag(stale.text), "v.a": "mine", "v.b": "theirs"}
        self.explorer.ask("POST", path, form(**again))
        self.assertEqual(self.database.ask("select a, b from shop.pair"), "mine|theirs")
        # What is typed into a field that is NULL is meant, though its box is ticked.
        self.database.ask("update shop.pair set b = null")
        page = self.page(path)
        typed = {**sent, **self.marks(page), "tag": self.tag(page), "v.a": "mine", "v.b": "typed", "n.b": "on"}
        self.explorer.ask("POST", path, form(**typed))
        self.assertEqual(self.database.ask("select b from shop.pair"), "typed")
        self.assertEqual(self.explorer.ask("POST", path, form(**{**typed, "do": "wish"})).status, 400)

    def test_a_row_that_somebody_is_changing(self):
        path = "/api/tables/shop/labels/row?id=1"
        tag = self.explorer.get(path).etag
        with subprocess.Popen(self.database.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            other.stdin.write("begin; update shop.labels set label = 'x' where id = 1; select 'locked';\n")
            other.stdin.flush()
            self.assertEqual(other.stdout.readline().strip(), "locked")
            self.assertIn("lock", self.refused(409, self.explorer.patch(path, {"label": "y"}, tag)))
            other.stdin.close()
            other.wait(timeout=30)
        self.database.ask("alter database postgres set default_transaction_read_only = on")
        standby = self.start()
        self.assertIn("read-only", self.refused(403, standby.patch(path, {"label": "y"}, standby.get(path).etag)))

    def test_only_those_who_may(self):
        path = "/api/tables/shop/labels/row?id=1"
        tag = self.explorer.get(path).etag
        foreign = self.explorer.ask("PATCH", path, {"label": "x"}, tag, {"Origin": "http://elsewhere.example"})
        self.assertIn("other sites", self.refused(403, foreign))
        own = self.explorer.ask("PATCH", path, {"label": "x"}, tag, {"Origin": self.explorer.url})
        self.assertEqual(own.status, 200)
        where = urllib.parse.urlsplit(self.explorer.url)
        for host, status in (("rebound.example", 403), ("LOCALHOST:1", 200), ("[::1]:80", 200)):
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

    def test_it_ends_as_it_should(self):
        self.explorer.get("/")
        self.assertEqual(self.explorer.stop(), 0)
        self.assertIn("0 leases out", self.explorer.lines[-1])
        self.assertEqual(self.database.connections("corm-explorer"), 0)


if __name__ == "__main__":
    sys.exit(run_cases(ExplorerTest))

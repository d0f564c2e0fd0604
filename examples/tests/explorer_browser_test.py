#!/usr/bin/env python3
"""Clicks through the explorer in a headless Chromium, as somebody would who sees it for the first time.

  explorer_browser_test.py DEV_SERVER EXPLORER SCREENSHOT_DIRECTORY
"""

import pathlib
import struct
import subprocess
import sys
import unittest

import browser
from example_process import DevServer, ExampleServer, run_cases

DEV_SERVER, EXPLORER, SCREENSHOTS = (pathlib.Path(argument) for argument in sys.argv[1:4])
SHOP = pathlib.Path(__file__).with_name("explorer_shop.sql")


@unittest.skipUnless(browser.can_run(), "chromium and chromedriver are not installed, or there is no /proc")
class ExplorerBrowserTest(unittest.TestCase):
    def setUp(self):
        self.database = self.enterContext(DevServer(DEV_SERVER))
        subprocess.run([*self.database.command(), "--file", SHOP], check=True, stdout=subprocess.DEVNULL)
        self.explorer = self.enterContext(ExampleServer(EXPLORER, self.database.url, "--check", "0"))
        self.browser = self.enterContext(browser.Browser())
        self.browser.open(self.explorer.url)

    def picture(self, name: str) -> None:
        file = SCREENSHOTS / f"explorer-{name}.png"
        self.browser.screenshot(file)
        width, height = struct.unpack(">II", file.read_bytes()[16:24])  # of the header of a PNG
        self.assertGreater(width, 1000)
        self.assertGreater(height, 500)

    def test_from_the_list_of_tables_to_a_row_and_its_relations(self):
        self.picture("tables")
        self.browser.follow("shop.orders")
        self.assertEqual(self.browser.count("//table[@class='rows']/tbody/tr"), 50)
        self.browser.follow("next")
        self.assertIn("rows 51 to 100", self.browser.text("//p[@class='pages']"))
        self.browser.follow("total")  # sorts, and begins at the first page
        self.browser.follow("total")
        self.assertEqual(self.browser.text("//table[@class='rows']/tbody/tr[1]/td[last()]"), "900.00")
        self.browser.click("//select[@name='column']/option[.='placed']")
        self.browser.click("//select[@name='op']/option[@value='lt']")
        self.browser.enter("//input[@name='value']", "2026-01-04")
        self.browser.go("//button[.='Filter']")
        self.assertEqual(self.browser.count("//table[@class='rows']/tbody/tr"), 2)
        self.assertIn("f.lt.placed=2026-01-04", self.browser.address())
        self.picture("rows")
        self.browser.follow("×")
        self.assertEqual(self.browser.count("//table[@class='rows']/tbody/tr"), 50)
        self.browser.go("//table[@class='rows']/tbody/tr[1]//a[.='open']")
        self.assertEqual(self.browser.text("//h3[.='customer']"), "customer")
        self.picture("row")
        self.browser.go("//h3[.='order_lines']/following-sibling::table[1]//a[.='open']")
        self.assertIn("/tables/shop/order_lines/row?order_id=", self.browser.address())
        self.browser.go("//h3[.='sku_ref']/following-sibling::table[1]//a[.='open']")
        self.assertIn("Product", self.browser.value("//textarea[@name='v.title']"))
        # What the page may load says the server; nothing else runs in it.
        self.assertEqual(self.browser.run("return document.scripts.length"), 0)

    def test_an_edit_is_saved(self):
        self.browser.open(self.explorer.url + "/tables/shop/customers/row?id=4")
        notes = self.browser.value("//textarea[@name='v.notes']")
        self.assertEqual(notes, 'first line\nsecond <line> & "third"')
        self.browser.enter("//textarea[@name='v.name']", "Ada <Lovelace> & 'co'")
        self.browser.go("//button[.='Save']")
        self.assertEqual(self.browser.value("//textarea[@name='v.name']"), "Ada <Lovelace> & 'co'")
        self.assertEqual(self.database.ask("select name from shop.customers where id = 4"), "Ada <Lovelace> & 'co'")
        # What nobody touched is as it was, line breaks too.
        self.assertEqual(self.database.ask("select notes from shop.customers where id = 4"), notes)
        self.browser.click("//input[@name='n.notes']")
        self.browser.go("//button[.='Save']")
        self.browser.find("//input[@name='n.notes' and @checked]")
        self.assertEqual(self.database.ask("select notes is null from shop.customers where id = 4"), "t")

    def test_a_stale_edit_is_a_conflict(self):
        address = self.explorer.url + "/tables/shop/customers/row?id=9"
        first = self.browser.tab()
        self.browser.open(address)
        second = self.browser.new_tab()
        self.browser.switch(second)
        self.browser.open(address)
        self.browser.enter("//textarea[@name='v.name']", "The quicker one")
        self.browser.go("//button[.='Save']")
        self.browser.find("//form[@class='edit']//textarea[contains(., 'The quicker one')]")

        self.browser.switch(first)
        self.browser.enter("//textarea[@name='v.name']", "The later one")
        self.browser.go("//button[.='Save']")
        self.assertIn("Somebody else has changed this row", self.browser.text("//p[@class='problem']"))
        compared = self.browser.text("//table[@class='conflict']")
        self.assertIn("The later one", compared)
        self.assertIn("The quicker one", compared)
        self.picture("conflict")
        self.assertEqual(self.database.ask("select name from shop.customers where id = 9"), "The quicker one")
        self.browser.go("//button[.='Save over it']")
        self.browser.find("//button[.='Delete this row']")
        self.assertEqual(self.database.ask("select name from shop.customers where id = 9"), "The later one")

    def test_a_column_that_is_new_is_on_the_page(self):
        self.browser.follow("shop.labels")
        self.database.ask("alter table shop.labels add column colour text default 'red'")
        self.browser.open(self.browser.address())
        self.assertEqual(self.browser.count("//td[.='red']"), 3)


if __name__ == "__main__":
    sys.exit(run_cases(ExplorerBrowserTest))

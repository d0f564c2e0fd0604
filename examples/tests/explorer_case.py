"""What the tests of the explorer have in common. Arguments: DEV_SERVER EXPLORER."""

import html
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.parse

from example_process import DevServer, ExampleServer

DEV_SERVER, EXPLORER = (pathlib.Path(argument) for argument in sys.argv[1:3])
SHOP = pathlib.Path(__file__).with_name("explorer_shop.sql")


def load(server: DevServer, script: pathlib.Path) -> None:
    subprocess.run([*server.command(), "--file", script], check=True, stdout=subprocess.DEVNULL)


def form(**fields) -> bytes:
    return urllib.parse.urlencode(fields).encode()


class ExplorerCase(unittest.TestCase):
    """A shop, and an explorer that looks at its schema with every request."""

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

    @staticmethod
    def tag(page: str) -> str:
        return html.unescape(re.search(r'name="tag" value="([^"]*)"', page).group(1))

    @staticmethod
    def marks(page: str) -> dict:
        """What the form says of the values that it was made of."""
        return {html.unescape(name): value for name, value in re.findall(r'name="(s\.[^"]*)" value="([^"]*)"', page)}

    def page(self, path: str, status: int = 200) -> str:
        answer = self.explorer.get(path)
        self.assertEqual(answer.status, status, answer.text)
        self.assertIn("text/html", answer.headers["content-type"])
        return answer.text

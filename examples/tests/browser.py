"""A headless Chromium, driven through chromedriver (W3C WebDriver). Needs nothing but the standard library."""

import base64
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver names references to elements


def can_run() -> bool:
    """A browser starts nowhere without /proc, which a plain chroot lacks."""
    return bool(shutil.which("chromedriver") and shutil.which("chromium") and pathlib.Path("/proc/self/exe").exists())


class Browser:
    """One window while the context is open."""

    def __enter__(self) -> "Browser":
        self.home = tempfile.TemporaryDirectory(prefix="corm-browser-")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                       stderr=subprocess.STDOUT, text=True)
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                break
        else:
            raise RuntimeError(f"chromedriver ended with status {self.driver.wait()}")
        self.url = f"http://127.0.0.1:{found.group(1)}"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--window-size=1280,1000", f"--user-data-dir={self.home.name}"]
        options = {"binary": shutil.which("chromium"), "args": arguments}
        capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}
        self.url += "/session/" + self._ask("POST", "/session", {"capabilities": capabilities})["sessionId"]
        return self

    def __exit__(self, *_) -> None:
        try:
            self._ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(timeout=60)
            self.driver.stdout.close()
            self.home.cleanup()

    def _ask(self, method: str, path: str, body=None):
        data = None if method in ("GET", "DELETE") else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.loads(response.read())["value"]

    def open(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    def address(self) -> str:
        return self._ask("GET", "/url")

    def find(self, xpath: str) -> str:
        """The first element; waits until the page has it."""
        until = time.monotonic() + 30
        while True:
            found = self._ask("POST", "/elements", {"using": "xpath", "value": xpath})
            if found:
                return found[0][ELEMENT]
            if time.monotonic() > until:
                raise AssertionError(f"{self.address()} has no {xpath}: {self.text('//body')}")

    def count(self, xpath: str) -> int:
        return len(self._ask("POST", "/elements", {"using": "xpath", "value": xpath}))

    def click(self, xpath: str) -> None:
        self._ask("POST", f"/element/{self.find(xpath)}/click")

    def go(self, xpath: str) -> None:
        """Clicks what leads to another page, and waits until that is there."""
        self.run("document.left = true")
        self.click(xpath)
        until = time.monotonic() + 30
        while not self._has_arrived():
            if time.monotonic() > until:
                raise AssertionError(f"{self.address()}: {xpath} leads nowhere")

    def _has_arrived(self) -> bool:
        try:
            return self.run("return !document.left && document.readyState === 'complete'")
        except urllib.error.HTTPError:  # between the pages
            return False

    def follow(self, text: str) -> None:
        self.go(f"//a[normalize-space()='{text}']")

    def text(self, xpath: str) -> str:
        return self._ask("GET", f"/element/{self.find(xpath)}/text")

    def value(self, xpath: str) -> str:
        return self._ask("GET", f"/element/{self.find(xpath)}/property/value")

    def enter(self, xpath: str, text: str) -> None:
        element = self.find(xpath)
        self._ask("POST", f"/element/{element}/clear")
        self._ask("POST", f"/element/{element}/value", {"text": text})

    def new_tab(self) -> str:
        return self._ask("POST", "/window/new", {"type": "tab"})["handle"]

    def tab(self) -> str:
        return self._ask("GET", "/window")

    def switch(self, tab: str) -> None:
        self._ask("POST", "/window", {"handle": tab})

    def run(self, script: str):
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def screenshot(self, file: pathlib.Path) -> None:
        file.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))

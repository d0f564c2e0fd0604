"""What the test of the job queue needs beside its database: a post office that is told what to do, and workers."""

import collections
import os
import pathlib
import signal
import socketserver
import subprocess
import tempfile
import threading
import time

# Of anything that is waited for. Never reached unless something is wrong.
PATIENCE = 120

Letter = collections.namedtuple("Letter", "job attempt worker recipient")


def wait_for(what: str, condition):
    """Asks until it holds, and returns what it was."""
    end = time.monotonic() + PATIENCE
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"after {PATIENCE} s there is still not: {what}")
        time.sleep(0.02)


class PostOffice:
    """Writes down every letter that a worker has brought, and decides by its recipient:

    ada          is given her letter
    flaky        refuses the first two attempts
    hopeless     refuses all
    slow         the first attempt is not answered before `release`
    """

    def __enter__(self) -> "PostOffice":
        post = self
        self.letters = []
        self.accepted = []
        self._released = threading.Event()
        self._lock = threading.Lock()

        class Counter(socketserver.StreamRequestHandler):
            def handle(self):
                post._serve(self.rfile, self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Counter)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self, source, target) -> None:
        words = source.readline().decode().split()
        letter = Letter(int(words[1]), int(words[2]), words[3], words[4])
        with self._lock:
            self.letters.append(letter)
        if letter.recipient == "slow" and letter.attempt == 1:
            self._released.wait()
        refused = letter.recipient == "hopeless" or (letter.recipient == "flaky" and letter.attempt <= 2)
        if not refused:
            with self._lock:
                self.accepted.append(letter)
        try:
            target.write(b"nobody opens\n" if refused else b"ok\n")
        except OSError:
            pass  # the worker is gone

    def release(self) -> None:
        self._released.set()

    def received(self, **wanted) -> list:
        with self._lock:
            letters = list(self.letters)
        return [letter for letter in letters
                if all(getattr(letter, name) == value for name, value in wanted.items())]


class Transaction:
    """One that is open as long as the context, with what `sql` has locked."""

    def __init__(self, database, sql: str):
        self.command = database.command()
        self.sql = sql

    def __enter__(self) -> "Transaction":
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(f"BEGIN;\n{self.sql};\n\\echo locked\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line == "locked\n":
                return self
        raise RuntimeError(f"psql ended with status {self.process.wait()}")

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()


class Worker:
    """A process `job_queue work`. What it says is kept in a file."""

    def __init__(self, program: pathlib.Path, database: str, name: str, *options: str):
        self.name = name
        self.output = tempfile.NamedTemporaryFile("w")
        # In the group of this process: whoever ends that because it takes too long ends the workers as well.
        self.process = subprocess.Popen([program, "work", "--name", name, *options], stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=subprocess.STDOUT,
                                        env=dict(os.environ, CORM_DATABASE_URL=database))

    def said(self) -> str:
        return pathlib.Path(self.output.name).read_text()

    def wait_to_say(self, text: str) -> None:
        def says() -> bool:
            if text in self.said():
                return True
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended without saying '{text}':\n{self.said()}")
            return False
        wait_for(f"'{text}' of {self.name}", says)

    def send(self, signal_number: int) -> None:
        self.process.send_signal(signal_number)

    def wait(self) -> int:
        return self.process.wait(timeout=PATIENCE)

    def stop(self) -> int:
        self.send(signal.SIGTERM)
        return self.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()

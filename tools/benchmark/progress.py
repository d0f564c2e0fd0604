"""How far a run is, and how long it still takes."""

import sys
import time


def minutes(seconds: float) -> str:
    seconds = max(round(seconds), 0)
    return f"{seconds // 60}:{seconds % 60:02}"


class Progress:
    """A bar on standard error while that is a terminal, else a line at each tenth."""

    def __init__(self, expected: float, stream=sys.stderr, clock=time.monotonic):
        self.expected = expected  # seconds of work, as guessed before
        self.stream, self.clock = stream, clock
        self.started = clock()
        self.done = 0.0  # of the seconds that were expected
        self.shown = -1

    def left(self) -> float:
        """What is left, by how long the work took up to now compared with the guess."""
        took = self.clock() - self.started
        # The guess counts as much as the first twentieth of the work.
        weight = self.expected / 20
        pace = (took + weight) / (self.done + weight) if weight else 1.0
        return (self.expected - self.done) * pace

    def show(self, what: str) -> None:
        share = min(self.done / self.expected, 1.0) if self.expected else 1.0
        if self.stream.isatty():
            bar = "#" * round(share * 24)
            text = f"[{bar:24}] {share:4.0%}, {minutes(self.left())} left  {what}"
            self.stream.write(f"\r{text[:118]:118}")
        elif int(share * 10) != self.shown:
            self.shown = int(share * 10)
            self.stream.write(f"{share:4.0%}, {minutes(self.left())} left\n")
        self.stream.flush()

    def advance(self, expected: float) -> None:
        self.done += expected

    def end(self) -> None:
        if self.stream.isatty():
            self.stream.write("\r" + " " * 118 + "\r")
            self.stream.flush()

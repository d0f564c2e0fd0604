"""What came out: samples of jobs, ratios, both as a table and as JSON."""

import statistics
import sys
from dataclasses import dataclass, field

from .jobs import Job, Ratio
from .measure import Sample

PARTS = (("rate", 1), ("client_us", 2), ("server_us", 2), ("others", 2), ("p50", 1), ("p99", 1))


def divide(ratio: Ratio, samples: dict) -> float | None:
    """Of one round: `samples` has one of each job. None when one of them is missing or says nothing of it."""
    if any(job.name not in samples for job in ratio.jobs):
        return None
    above, below = samples[ratio.above.name], [samples[job.name] for job in ratio.below]
    if ratio.kind == "rate":
        return above.rate / max(sample.rate for sample in below)
    if ratio.kind == "time":
        return max(sample.rate for sample in below) / above.rate
    if ratio.kind == "cpu":
        return (above.client_us - min(sample.client_us for sample in below)) / ratio.units
    theirs = [getattr(sample, ratio.kind) for sample in below]
    ours = getattr(above, ratio.kind)
    return None if ours is None or None in theirs else ours / min(theirs)


@dataclass
class Results:
    """Everything raw: what a page is made of."""

    rounds: list = field(default_factory=list)  # of each, the sample of each job by its name
    ratios: dict = field(default_factory=dict)  # of each key, one value per round
    targets: dict = field(default_factory=dict)  # of each key that has one: its target, and whether that is a limit
    about: dict = field(default_factory=dict)  # machine, versions, command, date, what was left out

    def add_ratio(self, key: str, value: float | None) -> None:
        if value is not None:
            self.ratios.setdefault(key, []).append(value)

    def add_round(self, samples: dict, ratios: tuple) -> None:
        self.rounds.append(samples)
        for ratio in ratios:
            value = divide(ratio, samples)
            self.add_ratio(ratio.key, value)
            if value is None:
                continue
            if ratio.target is not None:
                self.targets[ratio.key] = {"value": ratio.target, "limit": ratio.is_limit}
            if ratio.target is not None and ratio.kind == "rate" and len(ratio.below) == 1:
                # Steadier on a busy machine: what an operation costs client and server together.
                ours, theirs = samples[ratio.above.name].cpu_us, samples[ratio.below[0].name].cpu_us
                self.add_ratio(ratio.key + "_cpu", theirs / ours if ours and theirs else None)

    def add_limit(self, key: str, value: float, limit: float) -> None:
        self.add_ratio(key, value)
        self.targets[key] = {"value": limit, "limit": True}

    def values(self, name: str, part: str) -> list:
        """Of a job, over the rounds."""
        found = [getattr(samples[name], part) for samples in self.rounds if name in samples]
        return [value for value in found if value is not None]

    def median(self, name: str, part: str = "rate") -> float | None:
        values = self.values(name, part)
        return statistics.median(values) if values else None

    def names(self) -> list:
        """Of the jobs, in the order in which they are listed."""
        return [name for name in self.about.get("jobs", {}) if self.median(name) is not None]

    def as_json(self) -> dict:
        flat = {}
        for key, values in self.ratios.items():
            flat[key] = round(statistics.median(values), 4)
            flat[key + "_spread"] = round(max(values) - min(values), 4)
        for name in self.names():
            for part, digits in PARTS:
                value = self.median(name, part)
                if value is not None:
                    flat[f"{name}_{part}"] = round(value, digits)
        raw = [{name: sample.as_dict() for name, sample in samples.items()} for samples in self.rounds]
        return {**flat, "about": self.about, "targets": self.targets, "ratios": self.ratios, "rounds": raw}

    @classmethod
    def from_json(cls, figures: dict) -> "Results":
        rounds = [{name: Sample(**{"server_us": None, "others": None, **sample}) for name, sample in samples.items()}
                  for samples in figures["rounds"]]
        return cls(rounds, figures["ratios"], figures["targets"], figures["about"])


def verdict(target: dict | None, median: float) -> str:
    """What the target says of a ratio."""
    if target is None:
        return ""
    met = median <= target["value"] if target["limit"] else median >= target["value"]
    return f"{'<=' if target['limit'] else '>='} {target['value']:.2f} {'met' if met else 'MISSED'}"


def number(value: float | None, digits: int = 1) -> str:
    """With decimals only where they say something."""
    return "-" if value is None else f"{value:,.{digits if value < 100 else 0}f}"


def show(results: Results, stream=sys.stdout) -> None:
    def say(text: str) -> None:
        print(text.rstrip(), file=stream)

    names = results.names()
    if names:
        say(f"\n{'program':32} {'ops/s':>11} {'lowest':>11} {'highest':>11} {'client us':>11} {'server us':>11} "
            f"{'p50 us':>9} {'p99 us':>9} {'others':>7}")  # fmt: skip
    for name in names:
        rates = results.values(name, "rate")
        parts = [number(results.median(name, part)) for part in ("client_us", "server_us")]
        times = [number(results.median(name, part), 0) for part in ("p50", "p99")]
        say(f"{name:32} {number(statistics.median(rates)):>11} {number(min(rates)):>11} {number(max(rates)):>11} "
            f"{parts[0]:>11} {parts[1]:>11} {times[0]:>9} {times[1]:>9} "
            f"{number(results.median(name, 'others'), 2):>7}")  # fmt: skip
    if results.ratios:
        say(f"\n{'ratio':38} {'median':>8} {'lowest':>8} {'highest':>8}   target")
    for key, values in results.ratios.items():
        median = statistics.median(values)
        say(f"{key:38} {median:8.2f} {min(values):8.2f} {max(values):8.2f}   "
            f"{verdict(results.targets.get(key), median)}")


def expected_seconds(job: Job, seconds: float) -> float:
    """A guess at what a job takes, for the progress bar: starting, the first operations, and the measurement."""
    start = {"sqlalchemy": 0.9, "mikro_orm": 1.6, "postgres_js": 1.3}.get(job.program, 0.15)
    if job.workload in ("insert_10k", "read_100k") and job.program in ("sqlalchemy", "mikro_orm"):
        start += 2.5
    if job.program in ("pgbench", "http"):
        seconds = max(round(seconds), 1)
    return seconds + start

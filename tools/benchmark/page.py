"""docs/benchmarks.md, from the JSON of a run."""

import pathlib
import statistics

from . import plots
from .jobs import COMPILE_COSTS, DETAILS, HTTP, LABELS, PEERS, SWEEP, TARGETS, TASKS
from .report import Results, number, verdict

WORKLOADS = {
    "get": "One row of 1,000,000 by its key.",
    "query_20": "The 20 orders of one customer, six columns, by an index.",
    "uow_10": "A unit of work: one select of ten rows, each changed, commit. corm checks versions and locks in the "
    "order of keys; the others do neither. raw libpq and pgbench send 13 statements one by one; postgres.js and "
    "libpqxx write all rows by one statement from arrays.",
    "transfers": "Two rows `FOR UPDATE`, both changed, a line inserted into a ledger, commit.",
    "insert_10k": "10,000 objects with generated keys, known afterwards. raw libpq: binary COPY, keys left to the "
    "server.",
    "insert_bulk_10k": "10,000 structs by `insert_bulk`, their keys known afterwards. raw libpq: as in `insert_10k`.",
    "copy_in_1m": "1,000,000 structs by `copy_in`, made while they are copied. raw libpq: `psql \\copy` of a file.",
    "read_100k": "100,000 rows of six columns (bigint, int, text, double, boolean, timestamptz) into tracked objects, "
    "those of raw libpq, libpqxx and postgres.js into plain ones.",
}
LEFT_OUT = """What is not there has no sensible form. pgbench keeps no rows, so it has no `insert_10k` and no
`read_100k`, and it tells no percentiles. libpqxx has a thread for each connection, so no latency of tasks that wait for
one. Lanes and joined reads are corm's own."""


def table(head: list, rows: list) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def ratio_rows(results: Results, keys) -> list:
    rows = []
    for key in keys:
        values = results.ratios.get(key)
        if values:
            median = statistics.median(values)
            rows.append([f"`{key}`", f"{median:.2f}", f"{min(values):.2f}", f"{max(values):.2f}",
                         verdict(results.targets.get(key), median)])
    return rows


def job_row(results: Results, name: str, first: list) -> list:
    rates = results.values(name, "rate")
    return [*first, number(statistics.median(rates)), f"{number(min(rates))} to {number(max(rates))}",
            *(number(results.median(name, part)) for part in ("client_us", "server_us")),
            *(number(results.median(name, part), 0) for part in ("p50", "p90", "p99", "p999"))]


def job_table(results: Results, jobs: list, what: str) -> str:
    """`jobs`: what the first column says, the number of tasks, the job's name."""
    head = [what, "tasks", "per second", "lowest to highest", "client us", "server us", "50 %", "90 %", "99 %",
            "99.9 %"]  # fmt: skip
    return table(head, [job_row(results, name, [label, str(tasks)]) for label, tasks, name in jobs])


def workload_section(results: Results, workload: str, slow: bool = False) -> str:
    figures = plots.Figures(results)
    jobs = []
    for count in (8,) if slow else SWEEP[workload][0]:
        for label, program, work in figures.rows(workload):
            name = f"{program}_{work}_{count}{'_1ms' if slow else ''}"
            if results.median(name) is not None:
                jobs.append((label, count, name))
    if not jobs:
        return ""
    title = f"### `{workload}`, 1 ms away" if slow else f"### `{workload}`"
    text = "The same through a proxy that delays each way by 0.5 ms." if slow else WORKLOADS[workload]
    return f"{title}\n\n{text}\n\n{job_table(results, jobs, 'program')}"


def http_section(results: Results) -> str:
    jobs = [(f"`{path}`", count, f"http_{route}_{count}") for route, path in HTTP.items() for count in TASKS]
    jobs = [job for job in jobs if results.median(job[2]) is not None]
    if not jobs:
        return ""
    return ("### TechEmpower\n\nThe routes of `examples/techempower`, one thread, driven by `wrk` over that many "
            "connections. The client's CPU is the server program's.\n\n" + job_table(results, jobs, "route"))


def ratio_section(results: Results) -> str:
    head = ["key", "median", "lowest", "highest", "target"]
    known = [ratio.key for ratio in TARGETS] + [cost.key for cost in COMPILE_COSTS]
    details = [ratio.key for ratio in DETAILS]
    parts = []
    for title, keys in (("With a target", known), ("In detail", details)):
        rows = ratio_rows(results, keys)
        if rows:
            parts.append(f"### {title}\n\n{table(head, rows)}")
    compared = [key for key in results.ratios if "_vs_" in key]
    rows = ratio_rows(results, compared)
    if rows:
        parts.append("### corm over the others\n\nRates, so that less than 1 means corm is behind.\n\n"
                     + table(head, rows))
    behind = [f"`{key}` {statistics.median(results.ratios[key]):.2f}" for key in compared
              if statistics.median(results.ratios[key]) < 1 and not key.endswith("_cpu")]
    if behind:
        parts.append("**Where corm is behind:** " + ", ".join(behind) + ".\n")
    return "\n".join(parts)


def machine_section(results: Results) -> str:
    about = results.about
    rows = [[key, str(value)] for key, value in about["machine"].items() if value]
    rows += [[LABELS[name], version] for name, version in about["versions"].items()]
    rows += [["date", about["date"]], ["command", f"`{about['command']}`"],
             ["rounds", f"{len(results.rounds)}, {about['seconds']}"]]
    text = table(["what", "which"], rows)
    for name, reason in about["skipped"].items():
        text += f"\nLeft out: {LABELS.get(name, name)}: {reason}\n"
    return text


def write(results: Results, file: pathlib.Path) -> list:
    """Writes the page, and its pictures into a folder of the same name beside it. Returns what it wrote."""
    pictures = plots.draw(results)
    folder = file.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    for name, content in pictures.items():
        (folder / f"{name}.svg").write_text(content)
    sections = ["# Benchmarks\n", "<!-- Made by tools/bench --page; do not edit. -->\n"]
    if not results.about["complete"]:
        sections.append("**This is a short run, which shows how the page looks: its figures say little.**\n")
    sections.append(
        "Everything ran on one machine, client and server together, in rounds of shuffled order: figures are medians "
        "of the rounds, ratios are taken within a round. CPU per operation and ratios hold better than rates. How it "
        "is measured and what the keys mean: [performance.md](performance.md).\n")
    sections.append(machine_section(results))
    sections += [f"![{name}]({folder.name}/{name}.svg)\n" for name in pictures]
    sections += ["## Ratios\n", ratio_section(results), "## Workloads\n",
                 "`us` is CPU time of one operation; percentiles are its latency in us. Up to 32 connections: of 256 "
                 "tasks most wait for one, and pgbench and libpqxx then run 32 clients.\n"]
    for workload in WORKLOADS:
        sections += [workload_section(results, workload), workload_section(results, workload, slow=True)]
    sections.append(http_section(results))
    if any(name in results.about["versions"] for name in PEERS):
        sections.append("## What is left out\n\n" + LEFT_OUT + "\n")
    file.write_text("\n".join(section for section in sections if section))
    return [file, *(folder / f"{name}.svg" for name in pictures)]

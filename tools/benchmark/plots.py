"""Plots as SVG: lines over a few steps on a logarithmic scale, and stacked bars."""

import math
from html import escape

from .jobs import LABELS, SWEEP, TASKS

COLOURS = {
    "corm": "#c1121f",
    "corm, lanes": "#e85d04",
    "corm, joined": "#faa307",
    "pgbench": "#495057",
    "raw libpq": "#1d3557",
    "SQLAlchemy": "#2a9d8f",
    "MikroORM": "#7b2cbf",
    "postgres.js": "#4361ee",
    "libpqxx": "#6c584c",
}
WORKLOADS = ("get", "query_20", "uow_10", "transfers", "insert_10k", "read_100k")
WIDTH, HEIGHT = 420, 300  # of a panel
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 34, 34  # its margins


def text(x: float, y: float, content: str, size: int = 11, anchor: str = "start", extra: str = "") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" {extra}>'
            f"{escape(content)}</text>")  # fmt: skip


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def short(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if value >= 1e3 else f"{value:g}"


def duration(us: float) -> str:
    return f"{us:,.0f} us" if us < 10_000 else f"{us / 1000:,.1f} ms"


def lines_panel(title: str, steps: list, series: dict) -> str:
    """`series`: by label, a value or None for each step."""
    values = [value for row in series.values() for value in row if value]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)

    def across(step: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (step + 0.5) / len(steps)

    def down(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - math.log10(value)) / (high - low)

    parts = [text(LEFT, 20, title, 13, extra='font-weight="bold"')]
    for power in range(low, high + 1):
        y = down(10.0**power)
        parts += [line(LEFT, y, WIDTH - RIGHT, y, "#ced4da"), text(LEFT - 6, y + 4, short(10.0**power), anchor="end")]
    for number, step in enumerate(steps):
        parts.append(text(across(number), HEIGHT - BOTTOM + 18, step, anchor="middle"))
    for label, row in series.items():
        points = [(across(number), down(value)) for number, value in enumerate(row) if value]
        colour = COLOURS[label]
        if len(points) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            width = 2.5 if label.startswith("corm") else 1.5
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    return "".join(parts)


def bars_panel(title: str, bars: dict) -> str:
    """`bars`: by label, the CPU of client and of server, in us."""
    longest = max(client + server for client, server in bars.values())
    left, room = 92, WIDTH - 92 - 66
    height = (HEIGHT - TOP - 10) / max(len(bars), 4)
    parts = [text(left, 20, title, 13, extra='font-weight="bold"')]
    for number, (label, (client, server)) in enumerate(bars.items()):
        y = TOP + number * height
        ours, theirs = room * client / longest, room * server / longest
        middle = y + height / 2 + 2
        parts += [
            text(left - 6, middle, label, anchor="end"),
            f'<rect x="{left}" y="{y:.1f}" width="{ours:.1f}" height="{height * 0.7:.1f}" fill="{COLOURS[label]}"/>',
            f'<rect x="{left + ours:.1f}" y="{y:.1f}" width="{theirs:.1f}" height="{height * 0.7:.1f}" '
            f'fill="{COLOURS[label]}" fill-opacity="0.35"/>',
            text(left + ours + theirs + 5, middle, duration(client + server)),
        ]
    return "".join(parts)


def picture(heading: str, panels: list, legend: list) -> str:
    """Two panels beside each other, and under all of them what the colours mean."""
    rows = (len(panels) + 1) // 2
    legend_rows = (len(legend) + 4) // 5
    width, height = 2 * WIDTH, 34 + rows * HEIGHT + legend_rows * 20 + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" fill="#212529">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(width / 2, 24, heading, 15, "middle"),
    ]
    for number, panel in enumerate(panels):
        parts.append(f'<g transform="translate({number % 2 * WIDTH} {34 + number // 2 * HEIGHT})">{panel}</g>')
    for number, label in enumerate(legend):
        x, y = 40 + number % 5 * 155, 34 + rows * HEIGHT + number // 5 * 20 + 12
        parts += [f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{COLOURS[label]}"/>',
                  text(x + 18, y, label)]  # fmt: skip
    return "\n".join([*parts, "</svg>"]) + "\n"


class Figures:
    """The medians of results, by label, workload and number of tasks."""

    def __init__(self, results):
        self.results = results
        self.jobs = {(job["program"], job["workload"], job["tasks"]): name
                     for name, job in results.about["jobs"].items() if not job["slow"] and job["threads"] == 1}

    def median(self, program: str, workload: str, tasks: int, part: str = "rate") -> float | None:
        name = self.jobs.get((program, workload, tasks))
        return None if name is None else self.results.median(name, part)

    def rows(self, workload: str) -> list:
        """Label, program and workload of everybody who does this work."""
        found = [(label, program, workload) for program, label in LABELS.items()]
        if workload == "get":
            found[1:1] = [("corm, lanes", "corm", "get_lanes"), ("corm, joined", "corm", "get_joined")]
        return found


def draw(results) -> dict:
    """The pictures by their names; those without anything to show are left out."""
    figures, pictures = Figures(results), {}
    several = [workload for workload in WORKLOADS if len(SWEEP[workload][0]) > 1]

    def add(name: str, heading: str, panel_of, workloads=several) -> None:
        panels, used = [], {}
        for workload in workloads:
            made = panel_of(workload)
            if made:
                panels.append(made[0])
                used.update(dict.fromkeys(made[1]))
        if panels:
            pictures[name] = picture(heading, panels, [label for label in COLOURS if label in used])

    def throughput(workload: str):
        series = {label: [figures.median(program, work, count) for count in TASKS]
                  for label, program, work in figures.rows(workload)}
        series = {label: row for label, row in series.items() if sum(value is not None for value in row) > 1}
        return (lines_panel(workload, [f"{count} task{'s' * (count > 1)}" for count in TASKS], series),
                series) if series else None

    def latency(workload: str):
        steps = {"50 %": "p50", "90 %": "p90", "99 %": "p99", "99.9 %": "p999"}
        series = {label: [figures.median(program, work, 8, part) for part in steps.values()]
                  for label, program, work in figures.rows(workload)}
        series = {label: row for label, row in series.items() if any(row)}
        return (lines_panel(workload, list(steps), series), series) if series else None

    def cpu(workload: str):
        tasks = min(8, SWEEP[workload][0][-1])
        bars = {label: tuple(figures.median(program, work, tasks, part) for part in ("client_us", "server_us"))
                for label, program, work in figures.rows(workload)}
        bars = {label: both for label, both in bars.items() if None not in both}
        return (bars_panel(workload, bars), bars) if bars else None

    add("throughput", "Operations per second", throughput)
    add("latency", "Latency in us of 8 tasks", latency)
    add("cpu", "CPU of an operation with 8 tasks (insert_10k, read_100k: 1): client (dark), server (light)", cpu,
        WORKLOADS)  # fmt: skip
    return pictures

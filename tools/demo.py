"""Drives the atlas server by wrk, and reports what happened. tools/demo builds everything and starts this.

It ends with status 0 only if everything was as it should be: no request failed, conflicts were found and answered with
412, no lease is out, and no connection is left on the server.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples" / "tests"))

from example_process import DevServer, ExampleServer  # noqa: E402

APPLICATION = "corm-atlas"


class Checks:
    """Collects what has to hold."""

    def __init__(self):
        self.failed = []

    def hold(self, condition: bool, text: str) -> None:
        if not condition:
            self.failed.append(text)


def say(text: str) -> None:
    print(text, flush=True)


def wait_for(condition, seconds: float) -> bool:
    """Asks until it holds; false when the time is over."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def start_wrk(atlas: ExampleServer, options: argparse.Namespace, codes: list) -> subprocess.Popen:
    command = ["wrk", "--threads", "2", "--connections", str(options.connections), "--duration",
               f"{options.seconds}s", "--timeout", "10s", "--script", ROOT / "tools" / "atlas_load.lua", atlas.url,
               "--", str(options.writes), str(options.hot), *codes]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                            start_new_session=True)


def drive(atlas: ExampleServer, options: argparse.Namespace, codes: list) -> dict:
    """Runs wrk to its end and shows once a second how it goes."""
    wrk = start_wrk(atlas, options, codes)
    try:
        seen = atlas.get("/stats").json()
        while True:
            try:
                output, _ = wrk.communicate(timeout=1)
                break
            except subprocess.TimeoutExpired:
                stats = atlas.get("/stats").json()
                pool = stats["pool"]
                say(f"  {stats['requests'] - seen['requests']:>6} requests/s, "
                    f"{stats['statuses'].get('412', 0):>5} conflicts (412), "
                    f"pool: {pool['leased']} leased, {pool['idle']} idle, {pool['waiting']} waiting")
                seen = stats
    finally:
        if wrk.poll() is None:
            wrk.kill()
            wrk.wait()
    reports = [line for line in output.splitlines() if line.startswith("REPORT ")]
    if wrk.returncode != 0 or len(reports) != 1:
        raise RuntimeError(f"wrk ended with status {wrk.returncode}: {output}")
    return json.loads(reports[0].removeprefix("REPORT "))


def race(atlas: ExampleServer, checks: Checks) -> str:
    """Sixteen writers that have all seen the same version: one may win, in every round."""
    writers, rounds, won = 16, 20, 0
    with concurrent.futures.ThreadPoolExecutor(writers) as pool:
        for turn in range(rounds):
            etag = atlas.get("/countries/FR").etag
            answers = list(pool.map(
                lambda number: atlas.patch("/countries/FR", {"common_name": f"writer {number}, round {turn}"}, etag),
                range(writers)))
            statuses = sorted(answer.status for answer in answers)
            checks.hold(statuses == [200] + [412] * (writers - 1), f"a race of {writers} writers ended with {statuses}")
            won += statuses.count(200)
    return f"{rounds} races of {writers} writers for one version: {won} won, {rounds * writers - won} answered 412"


def report(load: dict, before: dict, after: dict, checks: Checks) -> None:
    statuses = load["statuses"]
    requests = after["requests"] - before["requests"] - 1  # one was for the statistics themselves
    statements = after["pool"]["statements"] - before["pool"]["statements"]
    trips = after["pool"]["round_trips"] - before["pool"]["round_trips"]
    say(f"  requests        {load['requests']} in {load['seconds']:.1f} s: "
        f"{load['requests'] / load['seconds']:.0f} per second, {load['patches']} of them PATCH")
    say(f"  latency         50 % {load['p50'] / 1000:.2f} ms, 90 % {load['p90'] / 1000:.2f} ms, "
        f"99 % {load['p99'] / 1000:.2f} ms, 99.9 % {load['p999'] / 1000:.2f} ms, max {load['max'] / 1000:.2f} ms")
    say("  answers         " + ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))
    say(f"  conflicts       {after['stale_when_read'] - before['stale_when_read']} found when the row was read, "
        f"{after['stale_when_committed'] - before['stale_when_committed']} by the commit")
    say(f"  per request     {statements / requests:.2f} statements, {trips / requests:.2f} round trips")
    pool = after["pool"]
    say(f"  pool            {pool['acquired']} leases, {pool['connected']} connections made, "
        f"{pool['discarded']} discarded, {pool['timed_out']} timed out")

    checks.hold(load["requests"] > 100, "hardly any request was answered")
    for kind in ("connect", "read", "write", "timeout"):
        checks.hold(load[kind] == 0, f"wrk counts {load[kind]} errors of the kind '{kind}'")
    checks.hold(set(statuses) <= {"200", "412"}, f"there are answers other than 200 and 412: {statuses}")
    checks.hold(statuses.get("412", 0) > 0, "no conflict under load")
    checks.hold(after["stale_when_committed"] > 0, "no conflict was found by a commit")
    checks.hold(pool["discarded"] == 0 and pool["timed_out"] == 0, "the pool lost connections or let requests wait")
    checks.hold(trips < 2 * requests, "more than two round trips per request")


def run(options: argparse.Namespace) -> int:
    checks = Checks()
    examples = options.build / "examples"
    with DevServer(examples / "dev_server") as database:
        say("PostgreSQL " + database.ask("SHOW server_version") + ", private, on a Unix socket")
        with ExampleServer(examples / "atlas_server", database.url, "--threads", str(options.threads),
                   show=lambda line: say("  atlas: " + line)) as atlas:
            codes = [item["alpha_2"] for item in atlas.get("/countries?limit=500").json()["items"]]
            before = atlas.get("/stats").json()
            say(f"wrk for {options.seconds} s over {options.connections} connections, {options.writes} % PATCH "
                f"of {options.hot} countries")
            load = drive(atlas, options, codes)
            after = atlas.get("/stats").json()
            races = race(atlas, checks)
            quiet = wait_for(lambda: atlas.get("/stats").json()["pool"]["leased"] == 0, 5)
            leased = atlas.get("/stats").json()["pool"]["leased"]
            used = database.connections(APPLICATION)
            status = atlas.stop()
            gone = wait_for(lambda: database.connections(APPLICATION) == 0, 5)
            left = database.connections(APPLICATION)
        say("\nbank_transfers")
        bank = subprocess.run([examples / "bank_transfers"], env=dict(os.environ, CORM_DATABASE_URL=database.url),
                              stdin=subprocess.DEVNULL)
        say("\natlas_server under load")
        report(load, before, after, checks)
        say("  races           " + races)
        say(f"  leases out      {leased}")
        say(f"  connections     {used} on the server before the shutdown, {left} after it")
        checks.hold(quiet, f"{leased} leases are out although nobody asks")
        checks.hold(used > 0, "pg_stat_activity does not show the server's connections: the check itself is broken")
        checks.hold(gone, f"{left} connections are left after the shutdown")
        checks.hold(status == 0, f"atlas_server ended with status {status}")
        checks.hold(bank.returncode == 0, f"bank_transfers ended with status {bank.returncode}")
    for failure in checks.failed:
        say(f"WRONG: {failure}")
    say("demo: failed" if checks.failed else "demo: everything as it should be")
    return 1 if checks.failed else 0


def interrupt(*_) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/demo", description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", type=pathlib.Path, help="build directory (build)")
    parser.add_argument("--seconds", default=10, type=int, help="length of the load (10)")
    parser.add_argument("--connections", default=32, type=int, help="of the load generator (32)")
    parser.add_argument("--writes", default=15, type=int, help="share of PATCH in percent (15)")
    parser.add_argument("--hot", default=20, type=int, help="countries that the writers compete for (20)")
    parser.add_argument("--threads", default=1, type=int, help="of the server (1)")
    options = parser.parse_args()
    options.build = (ROOT / options.build).resolve()
    if shutil.which("wrk") is None:
        sys.exit("demo: wrk is not installed; tools/install-deps does it")
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return run(options)
    except KeyboardInterrupt:
        say("demo: interrupted; everything that was started has ended")
        return 130
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        say(f"demo: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())

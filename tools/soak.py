"""Builds the soak, runs its profiles, and shows that it finds the bugs it plants; see docs/soak.md."""

import argparse
import os
import pathlib
import subprocess
import sys
import time

from run_tests import ROOT, compile_all, configure

PROFILES = {"quiet": 10, "S": 60}  # seconds of load
PLANTED_LIMIT = 60  # seconds in which a planted bug has to be found
# Each bug, and the figure that has to be missed by it.
PLANTED = {
    "skip-rollback": 2,
    "ignore-tag": 2,
    "late-cancel": 12,
    "blind-retry": 2,
}
SANITIZERS = {"address": "address,undefined", "thread": "thread"}


def run_profile(command: list, profile: str, seconds: int, arguments: list) -> bool:
    print(f"\nprofile {profile}, {seconds} s", flush=True)
    return subprocess.run([*command, "--profile", profile, "--seconds", str(seconds), *arguments],
                          stdin=subprocess.DEVNULL).returncode == 0  # fmt: skip


def finds(command: list, bug: str, seconds: int, seed: int) -> bool:
    """The program ends with status 1, and blames the figure that the bug concerns."""
    begun = time.monotonic()
    done = subprocess.run([*command, "--plant", bug, "--seconds", str(seconds), "--seed", str(seed)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    elapsed = time.monotonic() - begun
    blamed = [line for line in done.stdout.splitlines() if line.startswith(f"figure {PLANTED[bug]}: ")]
    if done.returncode == 1 and blamed and elapsed <= PLANTED_LIMIT:
        print(f"  {bug:14} found in {elapsed:4.1f} s: {blamed[0]}", flush=True)
        return True
    print(f"  {bug:14} NOT FOUND in {elapsed:.1f} s (status {done.returncode})\n{done.stdout}", flush=True)
    return False


def build(options: argparse.Namespace) -> list:
    """The command that runs the program; empty when the build failed."""
    if options.program:
        return [options.program]
    name, settings = "build", []
    if options.sanitize:
        name = f"build-{options.sanitize}"
        settings = [f"-Db_sanitize={SANITIZERS[options.sanitize]}", "-Db_lundef=false"]
    folder = ROOT / (options.build or name)
    if not configure(folder, settings, True) or not compile_all(folder, settings, ["soak"], True):
        return []
    return [folder / "tests" / "soak" / "soak"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/soak", description="Runs corm under load and faults.")
    parser.add_argument("--profile", choices=PROFILES, help="only this profile")
    parser.add_argument("--planted", action="store_true", help="only the planted bugs")
    parser.add_argument("--seconds", type=int, help="of load (quiet 10, S 60)")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is left to chance (1)")
    parser.add_argument("--threads", type=int, default=1, help="that run the tasks (1)")
    parser.add_argument("--sanitize", choices=SANITIZERS, help="build with sanitizers, in a directory of its own")
    parser.add_argument("--no-throughput", action="store_true", help="leave out the comparison with raw libpq")
    parser.add_argument("--log", metavar="FILE", help="what the chaos did, and what went wrong; of the last profile")
    parser.add_argument("--build", help="build directory, kept between runs (build)")
    parser.add_argument("--program", type=pathlib.Path, help="run this program instead of building one")
    parser.add_argument("--scaled", type=int, metavar="SECONDS",
                        help="so much load, without the comparison, unless CORM_TEST_FULL is 1: for tools/test")  # fmt: skip
    options = parser.parse_args()
    command = build(options)
    if not command:
        print("tools/soak: the build failed", file=sys.stderr)
        return 1

    scaled = options.scaled if options.scaled and os.environ.get("CORM_TEST_FULL") != "1" else None
    arguments = ["--seed", str(options.seed), "--threads", str(options.threads)]
    if options.no_throughput or options.scaled or options.sanitize:  # figures of a machine that does other things, too
        arguments.append("--no-throughput")
    if options.log:
        arguments += ["--log", options.log]
    held = True
    if not options.planted:
        for profile in [options.profile] if options.profile else PROFILES:
            seconds = options.seconds or scaled or PROFILES[profile]
            held = run_profile(command, profile, seconds, arguments) and held
    if not options.profile:
        print("\nplanted bugs, each of which has to be found", flush=True)
        seconds = options.seconds or scaled or PLANTED_LIMIT
        for bug in PLANTED:
            held = finds(command, bug, seconds, options.seed) and held
    print("\nevery figure was held" if held else "\nFIGURES WERE MISSED")
    return 0 if held else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

"""Configures, builds and runs the tests in one build directory, and adds up their test cases.

A test program says how many cases it ran by a line "N passed, N failed, N skipped" on its standard output (every
Catch2 program of the tree does). One that says nothing is one case, judged by its exit status.
"""

import argparse
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOTALS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped\r?$", re.MULTILINE)
ALL_SKIPPED = 4  # Catch2's exit status when every case was skipped


@dataclass
class Totals:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: "Totals") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def judge(entry: dict) -> Totals:
    """The cases of one test of Meson's log. A test that failed counts at least one failed case."""
    said = TOTALS.findall(entry.get("stdout") or "")
    result = entry["result"]
    bad = result in ("FAIL", "TIMEOUT", "INTERRUPT", "ERROR", "UNEXPECTEDPASS")
    if said:
        totals = Totals(*(int(number) for number in said[-1]))
        only_skipped = entry.get("returncode") == ALL_SKIPPED and totals.skipped and not totals.failed
        if bad and not totals.failed and not only_skipped:
            totals.failed = 1  # it crashed, hung or was judged broken after its last case
        return totals
    if bad:
        return Totals(failed=1)
    return Totals(skipped=1) if result == "SKIP" else Totals(passed=1)


def run(command: list, quiet: bool = False) -> int:
    """Runs a command to its end; with `quiet` its output is shown only when it fails."""
    if not quiet:
        print("+", shlex.join(map(str, command)), flush=True)
        return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
    return done.returncode


def configure(build: pathlib.Path, options: list, quiet: bool) -> bool:
    """Reuses a configured directory; starts anew when another machine or a broken run left it unusable."""
    if (build / "build.ninja").exists():
        if not options or run(["meson", "configure", build, *options], quiet) == 0:
            return True
        shutil.rmtree(build)
    elif build.exists():
        shutil.rmtree(build)
    return run(["meson", "setup", build, *options], quiet) == 0


def compile_all(build: pathlib.Path, options: list, targets: list, quiet: bool) -> bool:
    # Test programs need not be part of `all`.
    command = ["ninja", "-C", build, "all", "meson-test-prereq"]
    if targets:
        command = ["meson", "compile", "-C", build, *targets]
    if run(command, quiet) == 0:
        return True
    # A directory made by another version of Meson or another compiler cannot be repaired from inside.
    probe = subprocess.run(["meson", "introspect", build, "--projectinfo"], cwd=ROOT, capture_output=True)
    if probe.returncode == 0 and run(["ninja", "-C", build, "build.ninja"], True) == 0:
        return False
    shutil.rmtree(build)
    return configure(build, options, quiet) and run(command, quiet) == 0


def selection(build: pathlib.Path, filter_text: str) -> list:
    """Arguments of `meson test` that run what the filter names."""
    listed = subprocess.run(["meson", "introspect", build, "--tests"], cwd=ROOT, capture_output=True, check=True)
    tests = json.loads(listed.stdout)
    named = sorted({test["name"] for test in tests if filter_text in test["name"]})
    if named:
        return named
    catch2 = []
    for test in tests:
        if len(test["cmd"]) == 1 and pathlib.Path(test["cmd"][0]).is_file():
            found = subprocess.run([*test["cmd"], "--list-tests", "--verbosity", "quiet", filter_text], cwd=ROOT,
                                   capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if found.returncode == 0 and found.stdout.strip():
                catch2.append(test["name"])
    if not catch2:
        return []
    return ["--test-args", shlex.quote(filter_text), *sorted(set(catch2))]


def run_tests(build: pathlib.Path, options: argparse.Namespace) -> Totals:
    command = ["meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs"]
    if options.full:
        command += ["--setup", "full"]
    for suite in options.suite:
        command += ["--suite", suite]
    for suite in options.no_suite:
        command += ["--no-suite", suite]
    command += options.test_option
    if options.filter:
        chosen = selection(build, options.filter)
        if not chosen:
            print(f"no test matches '{options.filter}'")
            return Totals(failed=1)
        command += chosen
    for log in (build / "meson-logs").glob("testlog*.json"):
        log.unlink()
    status = run(command)
    totals = Totals()
    for log in (build / "meson-logs").glob("testlog*.json"):
        for line in log.read_text(errors="replace").splitlines():
            entry = json.loads(line)
            cases = judge(entry)
            totals.add(cases)
            if cases.failed:
                print(f"failed: {entry['name']}: {cases}")
    if totals == Totals():
        print(f"meson test ran nothing (exit status {status})")
        totals.failed = 1
    return totals


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/test", description="Builds corm and runs its tests.")
    parser.add_argument("--full", action="store_true", help="also the slow tests and the budgets")
    parser.add_argument("--filter", metavar="TEXT", help="only tests, else cases, that match TEXT")
    parser.add_argument("--suite", action="append", default=[], help="only this Meson suite; may be repeated")
    parser.add_argument("--no-suite", action="append", default=[], help="all but this Meson suite")
    parser.add_argument("--build", default="build", help="build directory, kept between runs (build)")
    parser.add_argument("--option", action="append", default=[], metavar="-DNAME=VALUE", help="for meson setup")
    parser.add_argument("--test-option", action="append", default=[], metavar="OPTION", help="for meson test")
    parser.add_argument("--target", action="append", default=[], help="build only this target; may be repeated")
    parser.add_argument("--build-only", action="store_true", help="stop after the build")
    parser.add_argument("--quiet", action="store_true", help="show the build's output only when it fails")
    options = parser.parse_args()
    build = pathlib.Path(options.build)
    if not build.is_absolute():
        build = ROOT / build

    built = configure(build, options.option, options.quiet) and compile_all(
        build, options.option, options.target, options.quiet
    )
    if not built:
        print("the build failed")
        totals = Totals(failed=1)
    elif options.build_only:
        return 0
    else:
        totals = run_tests(build, options)
    print(totals)
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Runs an example and checks what it prints.

  run_example.py --expect FILE -- COMMAND...

The file holds a regular expression for each line of the output; lines that begin with "..." in the file stand for any
number of lines.
"""

import argparse
import pathlib
import re
import subprocess
import sys


def fits(expected: list, lines: list) -> bool:
    if not expected:
        return not lines
    if expected[0].startswith("..."):
        return any(fits(expected[1:], lines[skip:]) for skip in range(len(lines) + 1))
    return bool(lines) and re.fullmatch(expected[0], lines[0]) is not None and fits(expected[1:], lines[1:])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--expect", required=True, type=pathlib.Path)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    done = subprocess.run(options.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="")
    if done.returncode != 0:
        print(f"exit status {done.returncode}")
        return 1
    if not fits(options.expect.read_text().splitlines(), done.stdout.splitlines()):
        print(f"the output is not what {options.expect} says")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

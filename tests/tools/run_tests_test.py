"""How tools/run_tests.py counts: from each kind of log entry to test cases."""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))
from run_tests import Totals, judge  # noqa: E402

CASES = [
    # what it is, the entry, passed, failed, skipped
    ("a script that says nothing", {"result": "OK"}, (1, 0, 0)),
    ("a script that fails", {"result": "FAIL", "stdout": "no"}, (0, 1, 0)),
    ("a script that skips", {"result": "SKIP", "returncode": 77}, (0, 0, 1)),
    ("totals", {"result": "OK", "stdout": "x\n12 passed, 0 failed, 3 skipped\n===\nAll passed\n"}, (12, 0, 3)),
    ("totals with failures", {"result": "FAIL", "stdout": "2 passed, 3 failed, 0 skipped\n"}, (2, 3, 0)),
    ("the last totals count", {"result": "OK", "stdout": "9 passed, 9 failed, 9 skipped\n1 passed, 0 failed, 0 skipped\n"},
     (1, 0, 0)),
    ("a crash after the totals", {"result": "FAIL", "returncode": -11, "stdout": "4 passed, 0 failed, 0 skipped\n"},
     (4, 1, 0)),
    ("a crash before them", {"result": "FAIL", "returncode": -6, "stdout": "half a line"}, (0, 1, 0)),
    ("a program that hangs", {"result": "TIMEOUT"}, (0, 1, 0)),
    ("a program that could not run", {"result": "ERROR", "stdout": None}, (0, 1, 0)),
    ("all cases skipped", {"result": "FAIL", "returncode": 4, "stdout": "0 passed, 0 failed, 2 skipped\n"}, (0, 0, 2)),
    ("status 4 without skips", {"result": "FAIL", "returncode": 4, "stdout": "2 passed, 0 failed, 0 skipped\n"},
     (2, 1, 0)),
    ("a quoted line is no total", {"result": "OK", "stdout": "  3 passed, 1 failed, 0 skipped\n"}, (1, 0, 0)),
]


def main():
    wrong = [name for name, entry, expected in CASES if judge(entry) != Totals(*expected)]
    for name in wrong:
        print(f"miscounted: {name}")
    print(f"{len(CASES) - len(wrong)} passed, {len(wrong)} failed, 0 skipped")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""What flushes and sessions cost the client, in instructions.

Instructions are counted by callgrind, because they are the same on every machine. The budget of a flush takes 3 of them
for a nanosecond, which is less than any server machine of today executes in such code: 2 us for each row, at any number
of rows, are 6,000. Those of sessions are a little above what they took when they were set: whoever makes one dearer
is told, and says why.

  check_budget.py flush PROGRAM      runs every workload of flushes
  check_budget.py sessions PROGRAM   and of sessions
  check_budget.py --self-test        checks this program
"""

import re
import shutil
import subprocess
import sys

BUDGET = 6_000  # instructions for each row
ROWS = (1_000, 100_000)
GROWTH = 1.7  # of what a row costs, from the first number of rows to the last: what sorting takes, log(100,000) / log(1,000)
WORKLOADS = ("insert", "update", "remove", "graph", "relink")
# Instructions for each operation of a session, libpq's included, and how many are run.
SESSIONS = {
    "empty": (1_000, 4_096),
    "get_hit": (1_500, 4_096),
    "get_autocommit": (23_000, 2_048),
    "get_transaction": (31_000, 2_048),
    "get_lane": (25_000, 2_048),
    "get_lanes": (18_500, 4_096),
    "get_joined": (10_500, 4_096),
    "commit_1": (62_000, 512),
    "commit_100": (640_000, 64),
}
COLLECTED = re.compile(r"^==\d+== Collected : (\d+)$", re.MULTILINE)


def collected(said):
    found = COLLECTED.search(said)
    if found is None:
        raise RuntimeError("callgrind has not said what it collected:\n" + said)
    return int(found.group(1))


def judge(costs):
    """What is wrong with the instructions for each row, by number of rows; empty if nothing is."""
    problems = [f"{cost:.0f} instructions for each of {rows} rows, at most {BUDGET} are allowed"
                for rows, cost in costs.items() if cost > BUDGET]  # fmt: skip
    first, last = costs[min(costs)], costs[max(costs)]
    if last > GROWTH * first:
        problems.append(f"a row of {max(costs)} costs {last / first:.2f} times that of {min(costs)}, at most {GROWTH}")
    return problems


def judge_session(name, cost):
    budget = SESSIONS[name][0]
    if cost > budget:
        return [f"{cost:.0f} instructions, at most {budget} are allowed"]
    # One that is much too wide would let the next change be as dear as this one was cheap.
    return [f"{cost:.0f} instructions: lower its budget of {budget}"] if cost < 0.7 * budget else []


def measure(program, function, workload, count):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--toggle-collect={function}",
               program, workload, str(count)]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=500)
    if run.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{run.stdout}{run.stderr}")
    return collected(run.stderr) / count


def self_test():
    checks = [
        collected("==7== \n==7== Events    : Ir\n==7== Collected : 1234\n==7== \n") == 1234,
        judge({1_000: 2_000, 100_000: 3_300}) == [],
        len(judge({1_000: 2_000, 100_000: 3_500})) == 1,
        len(judge({1_000: BUDGET + 1, 100_000: BUDGET})) == 1,
        judge_session("empty", SESSIONS["empty"][0]) == [],
        len(judge_session("empty", SESSIONS["empty"][0] + 1)) == 1,
        len(judge_session("empty", SESSIONS["empty"][0] / 2)) == 1,
    ]
    return report(sum(checks), len(checks))


def report(passed, total):
    print(f"{passed} passed, {total - passed} failed, 0 skipped")
    return 0 if passed == total else 1


def check_flushes(program):
    passed = 0
    for workload in WORKLOADS:
        costs = {rows: measure(program, "measured_plan", workload, rows) for rows in ROWS}
        problems = judge(costs)
        passed += not problems
        print(f"{workload}: " + ", ".join(f"{cost:.0f} for each of {rows}" for rows, cost in costs.items()))
        for problem in problems:
            print(f"  {problem}")
    return report(passed, len(WORKLOADS))


def check_sessions(program):
    passed = 0
    for name, (_, count) in SESSIONS.items():
        cost = measure(program, "measured_sessions", name, count)
        problems = judge_session(name, cost)
        passed += not problems
        print(f"{name}: {cost:.0f}")
        for problem in problems:
            print(f"  {problem}")
    return report(passed, len(SESSIONS))


def main():
    if sys.argv[1] == "--self-test":
        return self_test()
    if shutil.which("valgrind") is None:
        print("valgrind is not installed\n0 passed, 0 failed, 1 skipped")
        return 77
    return {"flush": check_flushes, "sessions": check_sessions}[sys.argv[1]](sys.argv[2])


sys.exit(main())

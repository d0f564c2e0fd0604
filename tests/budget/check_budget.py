"""What a flush costs the client, in instructions: at most 2 us for each row, at any number of rows.

Instructions are counted by callgrind, because they are the same on every machine. The budget takes 3 of them for a
nanosecond, which is less than any server machine of today executes in such code: 2 us are 6,000.

  check_budget.py PROGRAM      runs every workload
  check_budget.py --self-test  checks this program
"""

import re
import shutil
import subprocess
import sys

BUDGET = 6_000  # instructions for each row
ROWS = (1_000, 100_000)
GROWTH = 1.7  # of what a row costs, from the first number of rows to the last: what sorting takes, log(100,000) / log(1,000)
WORKLOADS = ("insert", "update", "remove", "graph", "relink")
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


def measure(program, workload, rows):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=measured_plan",
               program, workload, str(rows)]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=500)
    if run.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{run.stdout}{run.stderr}")
    return collected(run.stderr) / rows


def self_test():
    checks = [
        collected("==7== \n==7== Events    : Ir\n==7== Collected : 1234\n==7== \n") == 1234,
        judge({1_000: 2_000, 100_000: 3_300}) == [],
        len(judge({1_000: 2_000, 100_000: 3_500})) == 1,
        len(judge({1_000: BUDGET + 1, 100_000: BUDGET})) == 1,
    ]
    print(f"{sum(checks)} passed, {len(checks) - sum(checks)} failed, 0 skipped")
    return 0 if all(checks) else 1


def main():
    if sys.argv[1] == "--self-test":
        return self_test()
    if shutil.which("valgrind") is None:
        print("valgrind is not installed\n0 passed, 0 failed, 1 skipped")
        return 77
    failed = 0
    for workload in WORKLOADS:
        costs = {rows: measure(sys.argv[1], workload, rows) for rows in ROWS}
        problems = judge(costs)
        failed += bool(problems)
        print(f"{workload}: " + ", ".join(f"{cost:.0f} for each of {rows}" for rows, cost in costs.items()))
        for problem in problems:
            print(f"  {problem}")
    print(f"{len(WORKLOADS) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())

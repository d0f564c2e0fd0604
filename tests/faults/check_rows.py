#!/usr/bin/env python3
"""The rows of the fault matrix against the tests.

    check_rows.py            fails when a row has no test with its number in front of its name, when the files that
                             hold them are not those of rows.json, or when a test has a number that is no row
    check_rows.py --self-test
"""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
NUMBER = re.compile(r"F\d\d")
TEST = re.compile(r'TEST_CASE\(\s*"(F\d\d(?:,? F\d\d)*): ')


def find_tests(sources):
    """{number: [file, ...]} of the test cases in {file: text}."""
    found = {}
    for name in sorted(sources):
        for numbers in TEST.findall(sources[name]):
            for number in NUMBER.findall(numbers):
                files = found.setdefault(number, [])
                if name not in files:
                    files.append(name)
    return found


def problems(rows, tests):
    """What is wrong between the rows and the tests: one sentence each."""
    found = []
    for number, row in rows.items():
        if not NUMBER.fullmatch(number) or not row.get("holds"):
            found.append(f"{number} is no row that says what has to hold")
        if number not in tests:
            found.append(f"{number} has no test")
        elif row["tests"] != tests[number]:
            found.append(f"{number} names {row['tests']}, and its tests are in {tests[number]}")
    found += [f"{number} is tested in {tests[number]} and is no row" for number in tests if number not in rows]
    return found


def self_test():
    tests = find_tests({
        "b_test.cpp": 'TEST_CASE("F02: two", "[x]")\nTEST_CASE("F02, F03: more")\nTEST_CASE("about F04")',
        "a_test.cpp": 'TEST_CASE(\n    "F01 F02: one")',
    })
    assert tests == {"F01": ["a_test.cpp"], "F02": ["a_test.cpp", "b_test.cpp"], "F03": ["b_test.cpp"]}, tests
    rows = {number: {"holds": "it", "tests": files} for number, files in tests.items()}
    assert problems(rows, tests) == []
    assert problems({**rows, "F04": {"holds": "it", "tests": []}}, tests) == ["F04 has no test"]
    assert problems({**rows, "F03": {"holds": "", "tests": ["b_test.cpp"]}}, tests) == [
        "F03 is no row that says what has to hold"]
    assert problems({**rows, "F02": {"holds": "it", "tests": ["a_test.cpp"]}}, tests) == [
        "F02 names ['a_test.cpp'], and its tests are in ['a_test.cpp', 'b_test.cpp']"]
    assert problems({}, {"F09": ["a_test.cpp"]}) == ["F09 is tested in ['a_test.cpp'] and is no row"]


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    rows = json.loads((HERE / "rows.json").read_text())
    sources = {path.relative_to(TESTS).as_posix(): path.read_text() for path in TESTS.rglob("*_test.cpp")}
    found = problems(rows, find_tests(sources))
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The list of conformance cases against the tests, and docs/conformance.md against both.

    check_cases.py           fails when a case that claims a verdict has no test, or a test no case,
                             or when docs/conformance.md is not what would be written
    check_cases.py --write   writes docs/conformance.md
    check_cases.py --self-test
"""

import collections
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DOCUMENT = ROOT / "docs" / "conformance.md"

TESTED = ("as SQLAlchemy", "improvement")
VERDICTS = {
    "as SQLAlchemy": "passes as in SQLAlchemy",
    "improvement": "passes, with a difference that is intended",
    "not applicable": "cannot be asked of corm",
    "open": "not there yet",
}
GROUPS = {
    "IM": "identity map",
    "ST": "states",
    "AB": "autobegin and autoflush",
    "UO": "flush order",
    "BT": "batches",
    "HI": "history",
    "RB": "rollback",
    "SP": "savepoints",
    "EX": "expiry and refresh",
    "CA": "cascades",
    "ME": "merge",
    "VE": "versions",
    "LK": "locks",
    "LO": "loading",
    "MM": "many-to-many",
    "PO": "pool",
    "AS": "tasks",
    "MY": "memory",
}
NUMBER = re.compile(r"[A-Z]{2}-\d\d")
TEST = re.compile(r'TEST_CASE\(\s*"([A-Z]{2}-\d\d) ([^"]*)"')


def find_tests(sources):
    """[(number, title, file name)] of the test cases in {file name: text}."""
    return [(number, title, name) for name in sorted(sources) for number, title in TEST.findall(sources[name])]


def problems(listed, tests):
    """What is wrong with the list, or between it and the tests: one sentence each."""
    differences = listed["differences"]
    cases = listed["cases"]
    found = []
    counted = collections.Counter(number for number, _, _ in tests)
    known = collections.Counter(case["number"] for case in cases)
    for number, times in known.items():
        if times > 1:
            found.append(f"{number} is listed {times} times")
    for number, times in counted.items():
        if number not in known:
            found.append(f"{number} has a test and is not in the list")
        if times > 1:
            found.append(f"{number} has {times} tests")
    for case in cases:
        number, verdict = case["number"], case.get("verdict")
        if not NUMBER.fullmatch(number) or number[:2] not in GROUPS:
            found.append(f"{number} is no number of a case")
        if verdict not in VERDICTS:
            found.append(f"{number} has no verdict that is known")
            continue
        tested = verdict in TESTED
        if tested and number not in counted:
            found.append(f"{number} claims '{verdict}' and has no test")
        if not tested and number in counted:
            found.append(f"{number} has a test and the verdict '{verdict}'")
        if not tested and not case.get("title"):
            found.append(f"{number} has neither a test nor a title")
        if verdict in ("not applicable", "open") and not case.get("note"):
            found.append(f"{number} is '{verdict}' and does not say why")
        if (verdict == "improvement") != bool(case.get("differences")):
            found.append(f"{number}: an improvement, and nothing else, names its differences")
        for difference in case.get("differences", []):
            if difference not in differences:
                found.append(f"{number} names {difference}, which is no difference of the list")
    return found


def remarks(case):
    parts = list(case.get("differences", []))
    if "note" in case:
        parts.append(case["note"])
    if "waits" in case:
        parts.append("without: " + case["waits"])
    return "; ".join(parts)


def document(listed, tests):
    titles = {number: (title, name) for number, title, name in tests}
    cases = listed["cases"]
    count = collections.Counter(case["verdict"] for case in cases)
    asked = [case for case in cases if case["verdict"] in TESTED + ("open",)]
    passed = [case for case in asked if case["verdict"] in TESTED]
    partly = sum("waits" in case for case in passed)
    lines = [
        "# Conformance",
        "",
        "What SQLAlchemy's own tests ask of sessions, transactions and pools, and what corm does. Each case has a number,",
        "which the name of its test in `tests/conformance` begins with; its reference is the test of SQLAlchemy that it",
        "was taken from, in their directory `test`. This page is written by `tests/conformance/check_cases.py --write`.",
        "",
        f"Of {len(asked)} cases that can be asked of corm, {len(passed)} pass"
        f" ({100 * len(passed) / len(asked):.1f} %), {partly} of them without a part that is named.",
        "",
        "| verdict | | cases |",
        "|---|---|---|",
    ]
    lines += [f"| {verdict} | {meaning} | {count[verdict]} |" for verdict, meaning in VERDICTS.items()]
    lines += ["", "## Differences that are intended", "", "| | SQLAlchemy | corm |", "|---|---|---|"]
    lines += [f"| {name} | {theirs} | {ours} |" for name, (theirs, ours) in listed["differences"].items()]
    for prefix, group in GROUPS.items():
        rows = [case for case in cases if case["number"].startswith(prefix)]
        if not rows:
            continue
        lines += ["", f"## {prefix}: {group}", "", "| case | | verdict | remarks | reference |", "|---|---|---|---|---|"]
        for case in rows:
            number = case["number"]
            title = titles.get(number, (case.get("title", ""), ""))[0]
            reference = f"`{case['reference']}`" if case["reference"] else "corm's own"
            lines.append(f"| {number} | {title} | {case['verdict']} | {remarks(case)} | {reference} |")
    return "\n".join(lines) + "\n"


def self_test():
    listed = {
        "differences": {"D1": ["theirs", "ours"]},
        "cases": [
            {"number": "IM-01", "reference": "", "verdict": "as SQLAlchemy"},
            {"number": "IM-02", "reference": "", "verdict": "improvement", "differences": ["D1"]},
            {"number": "IM-03", "reference": "", "verdict": "open", "title": "t", "note": "n"},
        ],
    }
    tests = find_tests({"a_test.cpp": 'TEST_CASE("IM-01 one", "[x]")\nTEST_CASE(\n    "IM-02 two",'})
    assert tests == [("IM-01", "one", "a_test.cpp"), ("IM-02", "two", "a_test.cpp")], tests
    assert problems(listed, tests) == []
    assert "| IM-02 | two | improvement | D1 |" in document(listed, tests)

    def broken(change, more_tests=()):
        copy = json.loads(json.dumps(listed))
        change(copy["cases"])
        return problems(copy, tests + list(more_tests))

    nothing = lambda cases: None  # noqa: E731
    assert broken(nothing, [("IM-01", "again", "b")]) == ["IM-01 has 2 tests"]
    assert broken(nothing, [("IM-09", "new", "b")]) == ["IM-09 has a test and is not in the list"]
    assert broken(lambda cases: cases.pop(0)) == ["IM-01 has a test and is not in the list"]
    assert broken(lambda cases: cases.append(dict(cases[0]))) == ["IM-01 is listed 2 times"]
    assert broken(lambda cases: cases[0].update(verdict="fine")) == ["IM-01 has no verdict that is known"]
    assert broken(lambda cases: cases[2].update(verdict="as SQLAlchemy")) == [
        "IM-03 claims 'as SQLAlchemy' and has no test"]
    assert broken(lambda cases: cases[0].update(verdict="open", title="t", note="n")) == [
        "IM-01 has a test and the verdict 'open'"]
    assert broken(lambda cases: cases[2].pop("note")) == ["IM-03 is 'open' and does not say why"]
    assert broken(lambda cases: cases[2].pop("title")) == ["IM-03 has neither a test nor a title"]
    assert broken(lambda cases: cases[1].pop("differences")) == [
        "IM-02: an improvement, and nothing else, names its differences"]
    assert broken(lambda cases: cases[1].update(differences=["D9"])) == [
        "IM-02 names D9, which is no difference of the list"]
    assert broken(lambda cases: cases[2].update(number="XX-03")) == ["XX-03 is no number of a case"]


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    listed = json.loads((HERE / "cases.json").read_text())
    tests = find_tests({path.name: path.read_text() for path in HERE.glob("*_test.cpp")})
    found = problems(listed, tests)
    if not found:
        text = document(listed, tests)
        if sys.argv[1:] == ["--write"]:
            DOCUMENT.write_text(text)
        elif not DOCUMENT.exists() or DOCUMENT.read_text() != text:
            found.append("docs/conformance.md is not up to date; run tests/conformance/check_cases.py --write")
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

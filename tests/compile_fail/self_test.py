"""Tests of the judgement itself: what check_messages.py must refuse."""

import sys

from check_messages import problem_with

GCC = "a.cpp:1:2: error: static assertion failed: say who\n"
CLANG = "a.cpp:1:2: error: static assertion failed due to requirement 'x': say who\n"
OTHER = "a.cpp:9:9: error: no match for 'operator=='\n"
THROWN = "a.hpp:3:9: error: not a constant expression\n    3 |         throw \"say why\";\n"
NOTE = "a.cpp:1:2: note: say who\n"

CASES = [
    # text of the file, exit status, output, whether it is right
    ("// expect: say who\n", 1, GCC, True),
    ("// expect: say who\n", 1, CLANG, True),
    ("// expect: say who\n", 0, "", False),
    ("// expect: say who\n", 1, OTHER, False),
    ("// expect: say who\n", 1, OTHER + NOTE, False),
    ("// expect: say who\n", 1, GCC + OTHER, False),
    ("// expect: say who\n// max-errors: 2\n", 1, GCC + OTHER, True),
    ("// expect: say who\n// max-errors: 2\n", 1, GCC + OTHER + OTHER, False),
    ("// expect: say who\n// expect: say when\n", 1, GCC, False),
    ("// expect-error: no match|no way\n", 1, OTHER, True),
    ("// expect-error: say how\n", 1, OTHER, False),
    ("// expect-error: no match\n", 1, OTHER + OTHER, False),
    ("// expect-error: no match\n", 0, "", False),
    ("// expect: say who\n// expect-error: no match\n", 1, GCC + OTHER, True),
    ("// expect: say who\n// expect-error: no match\n", 1, GCC, False),
    ("// expect-thrown: say why\n", 1, THROWN, True),
    ("// expect-thrown: say why\n", 1, OTHER, False),
    ("// expect-thrown: say why\n", 1, THROWN + OTHER, False),
    ("// expect-thrown: say why\n", 0, "", False),
    ("// expect-ok\n", 0, "", True),
    ("// expect-ok\n", 1, GCC, False),
    ("// expect-ok\n// expect: say who\n", 1, GCC, False),
    ("int main() {}\n", 0, "", False),
]


def main():
    wrong = [case for case in CASES if (problem_with(*case[:3]) is None) != case[3]]
    for case in wrong:
        print(f"misjudged: {case}")
    print(f"{len(CASES) - len(wrong)} passed, {len(wrong)} failed, 0 skipped")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

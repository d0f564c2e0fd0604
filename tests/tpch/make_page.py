#!/usr/bin/env python3
"""docs/tpch.md: each query of TPC-H in the query language beside its SQL, as the sources of the tests have them.

    make_page.py           fails when docs/tpch.md is not what would be written, or a query lacks a part
    make_page.py --write   writes docs/tpch.md
    make_page.py --self-test
"""

import pathlib
import re
import sys
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE.parent.parent / "docs" / "tpch.md"

NUMBERS = range(1, 23)
SQL = re.compile(
    r'(?P<note>(?:^//[^\n]*\n)*)^constexpr query::LiteralSql Query<(?P<number>\d+)>::sql = R"\(\n(?P<text>.*?)\n\)";$',
    re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^template <>\n(?P<text>Typed<(?P<number>\d+)> typed<\d+>\(\) \{\n.*?^\}$)", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'TEST_CASE\("TPC-H (?P<number>\d+): (?P<text>[^"]*)"')

HEAD = """\
# TPC-H

<!-- Made by tests/tpch/make_page.py --write; do not edit. -->

The 22 queries of TPC-H in the [query language](queries.md), each beside its SQL. There is no raw SQL in them, and no
function by its name. The tests in `tests/tpch` run both on the rows of scale 0.01 and compare every digit of the results;
the blocks below are cut out of their sources.

A struct for each of the eight tables ([schema.hpp](../tests/tpch/schema.hpp)) names its members as the specification names
the columns, without the letter of the table: `l_shipdate` is `LineItem::shipdate`. `Typed<1>` is `corm::Query` of the rows
of query 1. The functions stand in a namespace within `corm`, and in `std::chrono`; elsewhere one writes `corm::sum`, or
`using corm::col`. Beside that:

* A value becomes a parameter. Dates are calculated by `std::chrono`, decimal numbers are `Numeric`, which rounds nothing.
* `sum`, `avg`, `min` and `max` are `std::optional`, since they are NULL without rows. `not_null` says that there are rows, as
  each group has some.
* Several `where` are joined by AND, as conditions are by `&&`. Those with a name can stand in two queries.
* `.as("volume")` names a column of a subquery, and `shipping[volume]` finds it again there, with its type.
* Within a subquery a table hides the one of the same name around it, as in SQL. An `alias` tells the two apart.
"""


def parts_of(pattern, text):
    """{number of the query: match}."""
    return {int(found["number"]): found for found in pattern.finditer(text)}


def page(sql_text, typed_text, tests_text):
    """The page, and what lacks for it."""
    sql, typed, titles = parts_of(SQL, sql_text), parts_of(TYPED, typed_text), parts_of(TITLE, tests_text)
    lacking = []
    parts = [HEAD]
    for number in NUMBERS:
        absent = [name for name, found in (("SQL", sql), ("function", typed), ("test", titles)) if number not in found]
        if absent:
            lacking.append(f"query {number} has no {' and no '.join(absent)}")
            continue
        note = " ".join(line.removeprefix("//").strip() for line in sql[number]["note"].splitlines())
        parts.append(f"\n## {number}: {titles[number]['text']}\n")
        if note:
            parts.append("\n" + textwrap.fill(note, 125) + "\n")
        parts.append(f"\n```sql\n{sql[number]['text']}\n```\n\n```cpp\n{typed[number]['text']}\n```\n")
    return "".join(parts), lacking


def self_test():
    sql = "".join(f'// Note {n}.\nconstexpr query::LiteralSql Query<{n}>::sql = R"(\nselect {n}\n)";\n\n' for n in NUMBERS)
    typed = "".join(f"template <>\nTyped<{n}> typed<{n}>() {{\n    return select({n});\n}}\n\n" for n in NUMBERS)
    tests = "".join(f'TEST_CASE("TPC-H {n}: name of {n}", "[tpch]") {{\n' for n in NUMBERS)
    text, lacking = page(sql, typed, tests)
    checks = [
        lacking == [],
        "\n## 7: name of 7\n\nNote 7.\n\n```sql\nselect 7\n```\n\n```cpp\nTyped<7> typed<7>() {\n    return select(7);\n}\n"
        "```\n" in text,
        text.count("```sql") == len(NUMBERS),
        page(sql, typed.replace("typed<22>()", "other()"), tests)[1] == ["query 22 has no function"],
        page(sql.replace("Query<3>", "Query<33>"), typed, tests)[1] == ["query 3 has no SQL"],
        page(sql, typed, tests.replace("TPC-H 1:", "TPC-H one:"))[1] == ["query 1 has no test"],
    ]
    print(f"{sum(checks)} passed, {len(checks) - sum(checks)} failed, 0 skipped")
    return 0 if all(checks) else 1


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    typed = "\n".join(path.read_text() for path in sorted(HERE.glob("typed_*.cpp")))
    text, problems = page((HERE / "queries.cpp").read_text(), typed, (HERE / "queries_test.cpp").read_text())
    if not problems:
        if sys.argv[1:] == ["--write"]:
            DOCUMENT.write_text(text)
        elif not DOCUMENT.exists() or DOCUMENT.read_text() != text:
            problems.append("docs/tpch.md is not up to date; run tests/tpch/make_page.py --write")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

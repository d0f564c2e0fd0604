#!/usr/bin/env python3
"""Takes the first program out of README.md: the fenced block behind the comment `<!-- quickstart -->`.

  tools/readme_quickstart.py README.md OUTPUT          writes it to a file, for the compiler
  tools/readme_quickstart.py --compare README.md FILE  fails when it differs from the file
"""

import difflib
import pathlib
import re
import sys

BLOCK = re.compile(r"^<!-- quickstart -->\n+```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def program(readme: pathlib.Path) -> str:
    found = BLOCK.findall(readme.read_text())
    if len(found) != 1:
        sys.exit(f"{readme}: {len(found)} blocks ```cpp behind <!-- quickstart -->, there has to be one")
    return found[0]


def compare(readme: pathlib.Path, file: pathlib.Path) -> int:
    difference = list(
        difflib.unified_diff(
            file.read_text().splitlines(), program(readme).splitlines(), str(file), str(readme), lineterm=""
        )
    )
    print("\n".join(difference) or "the quickstart of the README is the example")
    return 1 if difference else 0


def main() -> int:
    arguments = sys.argv[1:]
    if len(arguments) == 3 and arguments[0] == "--compare":
        return compare(pathlib.Path(arguments[1]), pathlib.Path(arguments[2]))
    if len(arguments) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    pathlib.Path(arguments[1]).write_text(program(pathlib.Path(arguments[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Compiles each public header alone, with warnings as errors.

  check_headers.py SOURCE_ROOT BUILD_ROOT
"""

import concurrent.futures
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from compiler import Compiler  # noqa: E402


def main():
    root = pathlib.Path(sys.argv[1])
    compiler = Compiler(sys.argv[2])
    scratch = compiler.build / "header-checks"
    scratch.mkdir(exist_ok=True)
    headers = sorted(path.relative_to(root / "include") for path in (root / "include").rglob("*.hpp"))

    def compile_alone(header):
        source = scratch / (str(header).replace("/", "_") + ".cpp")
        # Twice, for the guard. A file of stable name and text lets ccache answer the next time.
        text = f"#include <{header}>\n#include <{header}>\n"
        if not source.exists() or source.read_text() != text:
            source.write_text(text)
        return compiler.compile(source, source.with_suffix(".o"), "-Werror")

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for header, (status, said) in zip(headers, pool.map(compile_alone, headers)):
            if status != 0:
                failed += 1
                print(f"{header} does not compile alone:\n{said}")
    if not headers:
        print(f"no headers below {root}/include")
        failed = 1
    print(f"{len(headers) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

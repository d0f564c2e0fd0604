"""Compiles the code blocks of docs/*.md, so that what the chapters show is what the headers offer.

A block counts if the line above it is one of

  <!-- compile -->           declarations: types, functions, coroutines
  <!-- compile: session -->  statements inside a coroutine that has `engine` and `session`

The blocks of one chapter are one program, in their order, behind prelude.hpp: later ones use what earlier ones declare.

  check_docs.py BUILD_ROOT DOCS_FOLDER     checks the chapters
  check_docs.py --self-test                checks this program
"""

import concurrent.futures
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from compiler import Compiler  # noqa: E402

BLOCK = re.compile(r"^<!-- compile(?P<kind>: session)? -->\n```cpp\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def program_of(chapter, name):
    """The program of one chapter and the number of its blocks. Errors are reported at the lines of the chapter."""
    parts = ['#include "prelude.hpp"\n']
    blocks = 0
    for found in BLOCK.finditer(chapter):
        blocks += 1
        line = chapter.count("\n", 0, found.start("code")) + 1
        place = f'#line {line} "{name}"\n'
        if found["kind"]:
            head = "corm::Task<> block_%d(corm::Engine& engine, corm::AsyncSession& session) {\n" % blocks
            tail = "static_cast<void>(engine);\nstatic_cast<void>(session);\nco_return;\n}\n"
            parts.append(head + place + found["code"] + tail)
        else:
            parts.append(place + found["code"])
    return "".join(parts), blocks


def self_test():
    text = "# T\n<!-- compile -->\n```cpp\nint a;\n```\n```cpp\nnot this\n```\n<!-- compile: session -->\n```cpp\nuse(a);\n```\n"
    program, blocks = program_of(text, "t.md")
    checks = [
        blocks == 2,
        '#line 4 "t.md"\nint a;\n' in program,
        "not this" not in program,
        '#line 11 "t.md"\nuse(a);\n' in program,
        program.index("int a;") < program.index("block_2"),
        program_of("<!-- compile -->\n\n```cpp\nint a;\n```\n", "t.md")[1] == 0,
    ]
    print(f"{sum(checks)} passed, {len(checks) - sum(checks)} failed, 0 skipped")
    return 0 if all(checks) else 1


def main():
    if sys.argv[1] == "--self-test":
        return self_test()
    compiler = Compiler(sys.argv[1])
    chapters = sorted(pathlib.Path(sys.argv[2]).glob("*.md"))
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = []
        for chapter in chapters:
            program, blocks = program_of(chapter.read_text(), chapter.name)
            if blocks == 0:
                continue
            source = pathlib.Path(scratch) / (chapter.stem + ".cpp")
            source.write_text(program)
            flags = ["-fsyntax-only", "-I", str(HERE), "-Wno-unused-function", "-Wno-unused-variable"]
            flags.append("-Wno-subobject-linkage")  # g++ takes a file named by #line for a header
            jobs.append((chapter, blocks, pool.submit(compiler.compile, source, "/dev/null", *flags)))
        for chapter, blocks, job in jobs:
            status, said = job.result()
            if status == 0:
                passed += blocks
                print(f"passed: {chapter.name}: {blocks} blocks")
            else:
                failed += 1
                print(f"failed: {chapter.name}\n{said}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

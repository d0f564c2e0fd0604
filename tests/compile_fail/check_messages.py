"""Compiles programs with mistakes in them and checks that the compiler explains each in one sentence.

Each tests/compile_fail/*.cpp says in comments what must come of it:

  // expect: <sentence>     it does not compile, and a static assertion's message holds the sentence; may be repeated
  // expect-error: <regex>  the same for what the compiler itself refuses: an error that holds a match; may be repeated
  // max-errors: <n>        errors in all; without this line as many as there are sentences
  // expect-thrown: <sentence>  the compiler shows, below its own error, the `throw "<sentence>"` that it ran into
  // expect-ok              it compiles: the control that the other files fail for the reason they name

  check_messages.py BUILD_ROOT [FILE...]
"""

import concurrent.futures
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from compiler import Compiler  # noqa: E402

ERROR = re.compile(r":\s(?:fatal )?error: (.*)$", re.MULTILINE)
# g++ 12 and clang 19; g++ 14 says "static assertion failed: ..." too, and of a consteval call that throws it counts the
# throw as an error of its own.
ASSERTION = re.compile(r"static (?:assertion|assert)\w* failed")


def expectations(text):
    sentences = [found.strip() for found in re.findall(r"^\s*// expect: (.*)$", text, re.MULTILINE)]
    patterns = [found.strip() for found in re.findall(r"^\s*// expect-error: (.*)$", text, re.MULTILINE)]
    thrown = [found.strip() for found in re.findall(r"^\s*// expect-thrown: (.*)$", text, re.MULTILINE)]
    limit = re.search(r"^\s*// max-errors: (\d+)$", text, re.MULTILINE)
    succeeds = re.search(r"^\s*// expect-ok\s*$", text, re.MULTILINE) is not None
    expected = len(sentences) + len(patterns) + len(thrown)
    return sentences, patterns, thrown, int(limit.group(1)) if limit else expected, succeeds


def problem_with(text, status, said):
    """What is wrong with the outcome of one file, or None."""
    sentences, patterns, thrown, limit, succeeds = expectations(text)
    if succeeds == bool(sentences or patterns or thrown):
        return "it must hold either '// expect: <sentence>', one of its kin, or '// expect-ok'"
    if succeeds:
        return None if status == 0 else "it must compile"
    if status == 0:
        return "it compiles, but must not"
    errors = ERROR.findall(said)
    explained = [error for error in errors if ASSERTION.search(error)]
    for sentence in sentences:
        if not any(sentence in error for error in explained):
            return f"no static assertion says: {sentence}"
    for pattern in patterns:
        if not any(re.search(pattern, error) for error in errors):
            return f"no error matches: {pattern}"
    for sentence in thrown:
        if not any(sentence in line and "throw" in line for line in said.splitlines()):
            return f"nothing shows: {sentence}"
    if len(errors) > limit:
        return f"{len(errors)} errors, at most {limit} expected"
    return None


def main():
    compiler = Compiler(sys.argv[1])
    files = [pathlib.Path(name).resolve() for name in sys.argv[2:]] or sorted(HERE.glob("*.cpp"))
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        outcomes = pool.map(
            lambda file: compiler.compile(file, pathlib.Path(scratch) / (file.stem + ".o"), "-Werror"), files
        )
        for file, (status, said) in zip(files, outcomes):
            problem = problem_with(file.read_text(), status, said)
            if problem is None:
                passed += 1
                print(f"passed: {file.name}")
            else:
                failed += 1
                print(f"failed: {file.name}: {problem}\n{said}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())

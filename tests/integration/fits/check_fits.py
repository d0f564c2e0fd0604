#!/usr/bin/env python3
"""Every mapped struct of the tests, examples and benchmarks is held against the tables that are derived from it.

    check_fits.py            fails when a struct with a mapping is in no call of `misfit_of<...>`, when a call does not
                             say which struct it means, and when an exception is none
    check_fits.py --self-test

A call has the structs of its own file and of the files that it includes. It names one alone where the name is
clear, those of its own file first, and with its namespace otherwise.
"""

import collections
import pathlib
import posixpath
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
PARTS = ("tests", "examples", "benchmarks")
# Where includes are looked for, beside the file that has them.
INCLUDED_FROM = ("tests", "examples")
# Made from another file while corm is built.
GENERATED = {"quickstart_structs.hpp": "examples/quickstart/quickstart.cpp"}

# What no tables can be derived from, or need not: a folder, a file, or one struct of a file.
EXCEPTIONS = {
    "tests/compile_fail": "must not compile, and what does is the control of what does not",
    "benchmarks/include_cost.cpp": "is compiled to see how long that takes, and never run",
    "tests/unit/schema/cpp_test.cpp": "is text that is printed; tests/integration/generated compiles and verifies such",
    # Mistakes on purpose, which the first use reports.
    "tests/unit/mapping/entities.hpp Clash": "two members with one column",
    "tests/unit/mapping/entities.hpp UnmappedKey": "a key that is no column",
    "tests/unit/mapping/entities.hpp TextVersion": "a version that is text",
    "tests/unit/mapping/mapper_test.cpp Typeless": "a type without a name",
    "tests/unit/uow/copy_test.cpp Wrong": "COPY into a column that is left to the server",
    "tests/integration/graph/joined_test.cpp Hasty": "a relation that is ordered before it is related",
    "tests/integration/lanes/lanes.hpp Quotient": "of a view",
    "tests/integration/lanes/edge_test.cpp Nothing": "of a table that is not there",
    "tests/conformance/relation_flush_test.cpp Team": "two relations with one reverse",
    "tests/conformance/relation_flush_test.cpp Player": "the reverse of two relations",
}

MAPPING = re.compile(r"\bcorm_mapping\((?:corm::)?type<([\w:]+)>\)")
CALL = re.compile(r"\bmisfit_of<([^;{}()]*)>\(")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
OPEN = re.compile(r"^(?:inline )?namespace ([\w:]*) ?\{", re.MULTILINE)
CLOSE = re.compile(r"^\} // namespace", re.MULTILINE)

Struct = collections.namedtuple("Struct", "file name")  # the name with its namespaces


def without_comments(text):
    """Comments of lines; those that end a namespace stay, since clang-format writes them."""
    return re.sub(r"(?<!\} )//(?! namespace).*", "", text)


def structs_of(file, text):
    """The structs with a mapping in one file."""
    events = [(match.start(), "open", match.group(1)) for match in OPEN.finditer(text)]
    events += [(match.start(), "close", "") for match in CLOSE.finditer(text)]
    events += [(match.start(), "mapping", match.group(1)) for match in MAPPING.finditer(text)]
    inside, found = [], []
    for _, what, name in sorted(events):
        if what == "open":
            inside.append(name)
        elif what == "close":
            inside = inside[:-1]
        else:
            found.append(Struct(file, "::".join([*filter(None, inside), name])))
    return found


def includes_of(file, text, files):
    """The files of the tree that one includes."""
    found = []
    for name in INCLUDE.findall(text):
        places = [posixpath.normpath(posixpath.join(folder, name)) for folder in (posixpath.dirname(file), *INCLUDED_FROM)]
        found += [place for place in [GENERATED.get(name), *places] if place in files][:1]
    return found


def reachable(file, includes):
    """A file, and what it includes directly or not."""
    seen, todo = [], [file]
    while todo:
        each = todo.pop()
        if each not in seen:
            seen.append(each)
            todo += includes[each]
    return seen


def means(written, struct):
    """True if `b::C` is written and `a::b::C` is the struct."""
    return ("::" + struct.name).endswith("::" + written.removeprefix("::"))


def excepted(struct):
    """The exceptions that a struct is."""
    name = struct.name.split("::")[-1]
    return [key for key in EXCEPTIONS
            if key in (struct.file, f"{struct.file} {name}") or struct.file.startswith(key + "/")]


def problems(sources, exceptions=excepted, all_exceptions=tuple(EXCEPTIONS)):
    """What is wrong with {file: text}: one sentence each."""
    texts = {file: without_comments(text) for file, text in sources.items()}
    structs = {file: structs_of(file, text) for file, text in texts.items()}
    includes = {file: includes_of(file, text, texts) for file, text in texts.items()}
    found, held = [], set()
    for file, text in sorted(texts.items()):
        names = [name.strip() for call in CALL.findall(text) for name in call.split(",")]
        visible = [struct for each in reachable(file, includes) for struct in structs[each]] if names else []
        for name in names:
            meant = [struct for struct in visible if means(name, struct)]
            own = [struct for struct in meant if struct.file == file]
            meant = own or meant
            if len(meant) == 1:
                held.add(meant[0])
            elif meant:
                which = " or ".join(struct.name for struct in meant)
                found.append(f"{file}: misfit_of<{name}> may be {which}; write its namespace")
            else:
                found.append(f"{file}: misfit_of<{name}> is no struct with a mapping of this file or its includes")
    unused = set(all_exceptions)
    for struct in [struct for file in sorted(structs) for struct in structs[file]]:
        why = exceptions(struct)
        if not why and struct not in held:
            found.append(f"{struct.file}: {struct.name} is in no misfit_of<...>; add a test, or an exception to "
                         "tests/integration/fits/check_fits.py")
        if struct not in held:
            unused.difference_update(why)
    found += [f"the exception {key} is none: there is no such mapping, or misfit_of<...> has it" for key in sorted(unused)]
    return found


def self_test():
    header = """#pragma once
namespace a::b {
struct User {};
constexpr auto corm_mapping(corm::type<User>) {
} // of the mapping
namespace {
constexpr auto corm_mapping(corm::type<Order>) {
} // namespace
} // namespace a::b
// constexpr auto corm_mapping(corm::type<Commented>) {
constexpr auto corm_mapping(corm::type<Last>) {
"""
    assert structs_of("x.hpp", without_comments(header)) == [
        Struct("x.hpp", "a::b::User"), Struct("x.hpp", "a::b::Order"), Struct("x.hpp", "Last")]
    none = {"exceptions": lambda struct: [], "all_exceptions": ()}
    end = "is in no misfit_of<...>; add a test, or an exception to tests/integration/fits/check_fits.py"
    one = {"tests/m/x.hpp": "namespace n {\nconstexpr auto corm_mapping(corm::type<A>) {\n} // namespace n\n"}
    assert problems(one, **none) == [f"tests/m/x.hpp: n::A {end}"]
    # A call of a file that includes the header holds it; of another, or in a comment, it does not.
    call = "CHECK(misfit_of<n::A>() == \"\");"
    assert problems({**one, "tests/y.cpp": '#include "m/x.hpp"\n' + call}, **none) == []
    assert problems({**one, "tests/m/z.hpp": '#include "x.hpp"', "tests/y.cpp": '#include "m/z.hpp"\n' + call}, **none) == []
    assert problems({**one, "tests/y.cpp": call}, **none) == [
        "tests/y.cpp: misfit_of<n::A> is no struct with a mapping of this file or its includes", f"tests/m/x.hpp: n::A {end}"]
    assert problems({**one, "tests/y.cpp": '#include "m/x.hpp"\n// ' + call}, **none) == [f"tests/m/x.hpp: n::A {end}"]
    # The own struct of a name comes first; two strangers have to be told apart.
    other = {"tests/o.hpp": "namespace o {\nconstexpr auto corm_mapping(corm::type<A>) {\n} // namespace o\n"}
    both = '#include "m/x.hpp"\n#include "o.hpp"\n'
    assert problems({**one, **other, "tests/y.cpp": both + "misfit_of<A>()"}, **none)[0] == (
        "tests/y.cpp: misfit_of<A> may be o::A or n::A; write its namespace")
    assert problems({**one, **other, "tests/y.cpp": both + "misfit_of<o::A,\n    n::A>()"}, **none) == []
    mine = {"tests/y.cpp": '#include "m/x.hpp"\nconstexpr auto corm_mapping(corm::type<A>) {\nmisfit_of<A>()'}
    assert problems({**one, **mine}, **none) == [f"tests/m/x.hpp: n::A {end}"]
    # Exceptions are needed.
    known = {"exceptions": lambda struct: ["k"], "all_exceptions": ("k",)}
    assert problems(one, **known) == []
    assert problems({**one, "tests/y.cpp": '#include "m/x.hpp"\n' + call}, **known) == [
        "the exception k is none: there is no such mapping, or misfit_of<...> has it"]
    assert excepted(Struct("tests/compile_fail/a.cpp", "A")) == ["tests/compile_fail"]
    assert excepted(Struct("tests/unit/uow/copy_test.cpp", "n::Wrong")) == ["tests/unit/uow/copy_test.cpp Wrong"]
    assert excepted(Struct("tests/unit/uow/copy_test.cpp", "n::Right")) == []


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    sources = {path.relative_to(ROOT).as_posix(): path.read_text()
               for part in PARTS for path in (ROOT / part).rglob("*.[ch]pp")}
    found = problems(sources)
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

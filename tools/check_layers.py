#!/usr/bin/env python3
"""Fails when a file includes against the arrow of the layers, or is too long.

  tools/check_layers.py               checks the tree
  tools/check_layers.py --self-test   checks this program: each rule on a small tree that breaks it
"""

import pathlib
import re
import sys
import tempfile

# What a layer may include directly; what those may include comes along.
ARROWS = {
    "base": [],
    "trace": ["base"],
    "type": ["base"],
    "sql": ["type"],
    "mapping": ["type"],
    "query": ["mapping", "sql"],
    "uow": ["mapping", "sql"],
    "schema": ["mapping", "sql"],
    "wire": ["type", "trace"],
    "pool": ["wire"],
    "orm": ["query", "uow", "schema", "pool"],
    "migrate": ["schema", "pool"],
    "dev": ["base"],
    "reflect": ["orm"],  # the command
}
# These do no I/O: they form corm-core.
PURE = {"base", "trace", "type", "sql", "mapping", "query", "uow", "schema"}
IO_HEADER = re.compile(r"boost/(asio|beast)([./].*)?$|libpq(-fe|-events)?\.h$|libpq/|sys/socket\.h$|netdb\.h$|poll\.h$")
LIBPQ = re.compile(r"libpq(-fe|-events)?\.h$|libpq/")
# Dear to every file that includes corm, and to be had by a forward declaration or a smaller header.
NOT_IN_PUBLIC = {"boost/asio.hpp", "functional", "iostream", "regex", "format", "ranges"}
# Belongs to no layer and may be included by all: declarations only.
COMMON = {"corm/fwd.hpp"}
LIMITS = {"header": 300, "source": 400, "test": 500}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def reachable(layer):
    """The layer itself and all below it."""
    found = {layer}
    for below in ARROWS[layer]:
        found |= reachable(below)
    return found


def code_files(root, folder):
    return sorted(path for path in (root / folder).rglob("*") if path.suffix in (".hpp", ".cpp", ".h", ".ipp"))


def layer_of_include(name, folder, root):
    """The layer that an include leads to, "top" for corm/corm.hpp and the like, or None for somebody else's header."""
    if name.startswith("corm/"):
        parts = name.split("/")
        return parts[1] if len(parts) > 2 else "top"
    if (root / "src" / name).is_file() and "/" in name:
        return name.split("/")[0]
    if (folder / name).resolve().is_file():
        parts = (folder / name).resolve().relative_to(root.resolve()).parts
        return parts[2] if parts[0] == "include" and len(parts) > 3 else parts[1] if parts[0] == "src" else "top"
    return None


def check_includes(root, path):
    relative = path.relative_to(root)
    public = relative.parts[0] == "include"
    parts = relative.parts[2:] if public else relative.parts[1:]
    layer = parts[0] if len(parts) > 1 else "top"
    if layer == "generated":
        return
    if layer != "top" and layer not in ARROWS:
        yield f"{relative}: '{layer}' is not a layer; add it to ARROWS in tools/check_layers.py or move the file"
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        bracket, name = match.groups()
        where = f"{relative}:{number}"
        target = layer_of_include(name, path.parent, root)
        if target is not None and target != "generated" and name not in COMMON and layer != "top":
            if target not in reachable(layer):
                allowed = ", ".join(sorted(reachable(layer) - {layer})) or "the standard library only"
                yield f"{where}: layer {layer} must not include {name}; it may include {allowed}"
        if layer in PURE and IO_HEADER.search(name):
            yield f"{where}: layer {layer} does no I/O and must not include {name}"
        if LIBPQ.search(name) and (public or layer != "wire"):
            yield f"{where}: {name} is for src/wire alone"
        if public and name in NOT_IN_PUBLIC:
            yield f"{where}: a public header must not include <{name}>"
        if public and bracket == '"':
            yield f'{where}: a public header includes by <corm/...>, not "{name}"'


def check_size(root, path, kind):
    lines = len(path.read_text().splitlines())
    if lines > LIMITS[kind]:
        yield f"{path.relative_to(root)}: {lines} lines, the limit for a {kind} is {LIMITS[kind]}; one concept per file"


def check(root):
    for folder in ("include", "src"):
        for path in code_files(root, folder):
            yield from check_includes(root, path)
            if "generated" in path.relative_to(root).parts:
                continue
            header = path.suffix in (".hpp", ".h")
            yield from check_size(root, path, "header" if header else "source")
            if header and "#pragma once" not in path.read_text():
                yield f"{path.relative_to(root)}: no #pragma once"
    for path in code_files(root, "tests"):
        yield from check_size(root, path, "test")
    for folder in ("examples", "benchmarks"):
        for path in code_files(root, folder):
            yield from check_size(root, path, "source")


SELF_TEST = [
    # file, text, what the complaint must hold (None: no complaint)
    ("include/corm/type/a.hpp", "#pragma once\n#include <corm/base/error.hpp>\n#include <vector>\n", None),
    ("include/corm/base/error.hpp", "#pragma once\n", None),
    ("include/corm/fwd.hpp", "#pragma once\n", None),
    ("include/corm/corm.hpp", "#pragma once\n#include <corm/orm/session.hpp>\n", None),
    ("include/corm/orm/session.hpp", "#pragma once\n#include <boost/asio/awaitable.hpp>\n", None),
    ("src/wire/pq.hpp", "#pragma once\n#include <libpq-fe.h>\n", None),
    ("src/orm/flush.cpp", '#include "pool/pool.hpp"\n#include <corm/base/error.hpp>\n#include <functional>\n', None),
    ("src/pool/pool.hpp", "#pragma once\n#include <corm/fwd.hpp>\n", None),
    ("src/generated/long.cpp", "\n" * 1000, None),
    ("src/type/up.cpp", "#include <corm/sql/select.hpp>\n", "layer type must not include corm/sql/select.hpp"),
    ("src/sql/side.cpp", "#include <corm/mapping/mapper.hpp>\n", "layer sql must not include"),
    ("src/uow/private.cpp", '#include "pool/pool.hpp"\n', "layer uow must not include pool/pool.hpp"),
    ("src/uow/relative.cpp", '#include "../pool/pool.hpp"\n', "layer uow must not include"),
    ("src/dev/umbrella.cpp", "#include <corm/corm.hpp>\n", "layer dev must not include corm/corm.hpp"),
    ("src/query/asio.cpp", "#  include <boost/asio/io_context.hpp>\n", "does no I/O"),
    ("src/mapping/beast.cpp", "#include <boost/beast.hpp>\n", "does no I/O"),
    ("src/type/pq.cpp", "#include <libpq-fe.h>\n", "does no I/O"),
    ("src/pool/pq.cpp", "#include <libpq-fe.h>\n", "for src/wire alone"),
    ("include/corm/wire/pq.hpp", "#pragma once\n#include <libpq-fe.h>\n", "for src/wire alone"),
    ("include/corm/orm/all.hpp", "#pragma once\n#include <boost/asio.hpp>\n", "must not include <boost/asio.hpp>"),
    ("include/corm/orm/fn.hpp", "#pragma once\n#include <functional>\n", "must not include <functional>"),
    ("include/corm/orm/quotes.hpp", '#pragma once\n#include "session.hpp"\n', "not \"session.hpp\""),
    ("include/corm/sql/open.hpp", "// nothing\n", "no #pragma once"),
    ("include/corm/manager/a.hpp", "#pragma once\n", "is not a layer"),
    ("include/corm/sql/long.hpp", "#pragma once\n" + "\n" * 300, "301 lines"),
    ("src/sql/long.cpp", "\n" * 401, "401 lines"),
    ("tests/unit/long_test.cpp", "\n" * 501, "501 lines"),
    ("tests/unit/short_test.cpp", "\n" * 500, None),
]


def self_test():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for file, text, _ in SELF_TEST:
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)
        complaints = list(check(root))
    for file, _, expected in SELF_TEST:
        mine = [complaint for complaint in complaints if complaint.startswith(file + ":")]
        right = not mine if expected is None else bool(mine) and any(expected in complaint for complaint in mine)
        passed, failed = passed + right, failed + (not right)
        if not right:
            print(f"self-test: {file}: expected {expected or 'no complaint'}, got {mine or 'none'}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    root = pathlib.Path(__file__).resolve().parent.parent
    complaints = list(check(root))
    for complaint in complaints:
        print(complaint)
    print(f"layers: {len(complaints)} complaints" if complaints else "layers: clean")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs corm-reflect on databases with rows, compiles what it prints, and reads every table with it.

  check_generated.py BUILD_ROOT CORM_REFLECT DATABASES TESTS

DATABASES is the program of databases.cpp, TESTS the folder `tests`. The compiler is that of the build directory.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "support"))
from compiler import Compiler  # noqa: E402

MAPPING = re.compile(r"^constexpr auto corm_mapping\(corm::type<(\w+)>\) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
RELATION = re.compile(r"\.(?:one_to_many|many_to_one|one_to_one|one_to_one_inverse|many_to_many)<&(\w+)::(\w+)")

passed = failed = 0


def check(name, problem):
    """`problem`: what is wrong, or something empty."""
    global passed, failed
    if problem:
        failed += 1
        print(f"failed: {name}: {problem}")
    else:
        passed += 1
        print(f"passed: {name}")


def run(command, *arguments, **environment):
    return subprocess.run(
        [command, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


# Written through structs of odd_tables.sql: enums, arrays of them, and types that travel as text, of one row and several.
WRITES = """
    for (std::int32_t id = 10; id < 15; ++id)
        session.add(model::StatusKindUse{.id = id, .kind = model::StatusKind::closed, .word = corm::TextForm{"old"},
                                         .kinds = {{std::nullopt, model::StatusKind::open}}});
    const auto added = session.add(model::ByAddress{.address = corm::Inet::from_string("10.0.0.2")});
    const corm::Ref<model::Journey> journey = co_await session.get_one<model::Journey>(1);
    if (journey->route.stops->at(0)->kinds->at(0) != model::StatusKind::open || journey->route.hours->upper() != 6)
        throw corm::Error("the composite is not what was inserted");
    journey.edit().route.from = model::Spot{.x = 7, .class_ = "b"};
    journey.edit().spots->push_back(std::nullopt);
    journey.edit().flags->set(1);
    co_await session.commit();
    co_await session.refresh(journey);
    if (journey->route.from->x != 7 || journey->spots->size() != 2 || journey->flags->to_string() != "111" ||
        journey->odd != corm::TextForm{"(\\"(1,2)\\")"})
        throw corm::Error("the composite is not what was written");
    added.edit().kind = model::StatusKind::open;
    const auto found = co_await session.one(corm::select<model::StatusKindUse>().where(
        corm::col<&model::StatusKindUse::id> == 12 && corm::col<&model::StatusKindUse::word> == corm::TextForm{"old"}));
    found.edit().word = corm::TextForm{"new"};
    found.edit().kinds->push_back(model::StatusKind::closed);
    co_await session.commit();
    session.expire_all();
    co_await session.refresh(found);
    co_await session.refresh(added);
    if (found->word != corm::TextForm{"new"} || found->kinds->size() != 3 || added->kind != model::StatusKind::open)
        throw corm::Error("what was written is not what is read");
"""


def reader(header, more):
    """A program that reads the table of each struct, and all of its relations; and does what `more` says."""
    calls = []
    structs = []
    for name, body in MAPPING.findall(header):
        structs.append(f"model::{name}")
        members = "".join(f", &model::{owner}::{member}" for owner, member in RELATION.findall(body))
        calls.append(f'    co_await read_table<model::{name}{members}>(session, "{name}");\n')
    return (
        '#include "model.hpp"\n#include "reader.hpp"\n\nstatic corm::Task<> read(corm::AsyncSession& session) {\n'
        + "".join(calls)
        + more
        + "}\n\nint main(int, char** argv) {\n    return run_reader<"
        + ", ".join(structs)
        + ">(argv[1], read);\n}\n"
    )


class Generated:
    def __init__(self, compiler, corm_reflect, scratch):
        self.compiler = compiler
        self.corm_reflect = corm_reflect
        self.scratch = pathlib.Path(scratch)

    def build(self, source, output):
        """What the compiler or the linker said, if it was not content."""
        flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-mismatched-new-delete", f"-I{HERE}"]
        if "clang" in pathlib.Path(self.compiler.command[0]).name or "clang" in self.compiler.command[1]:
            flags.remove("-Wno-mismatched-new-delete")
        status, said = self.compiler.compile(source, source.with_suffix(".o"), *flags)
        if status != 0:
            return said or "it does not compile"
        libraries = self.compiler.build / "src"
        words = [*self.compiler.command, str(source.with_suffix(".o")), "-o", str(output), f"-L{libraries}"]
        words += ["-lcorm", "-lcorm-core", "-lboost_json", "-pthread", f"-Wl,-rpath,{libraries}"]
        linked = subprocess.run(words, cwd=self.compiler.build, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        return linked.stdout or "it does not link" if linked.returncode != 0 else ""

    def read_all(self, name, url, least, more=""):
        folder = self.scratch / name
        folder.mkdir()
        header = folder / "model.hpp"
        printed = run(self.corm_reflect, "--url", url, "--version-column", "version", "--output", str(header))
        check(f"{name}: reflected", printed.returncode != 0 and printed.stderr)
        again = run(self.corm_reflect, "--version-column=version", CORM_DATABASE_URL=url)
        text = header.read_text() if header.exists() else ""
        check(f"{name}: the same text once more", again.stdout != text and "it differs")
        structs = [found for found, _ in MAPPING.findall(text)]
        check(f"{name}: at least {least} tables", len(structs) < least and f"only {structs}")
        source = folder / "reader.cpp"
        source.write_text(reader(text, more))
        problem = self.build(source, folder / "reader")
        check(f"{name}: compiles", problem)
        if problem:
            return text
        done = run(str(folder / "reader"), url)
        check(f"{name}: reads", done.returncode != 0 and done.stderr)
        read = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
        empty = [struct for struct in structs if read.get(struct, "0") == "0"]
        check(f"{name}: rows of every table", empty and f"none of {empty}")
        return text


def check_command(corm_reflect, url):
    """Everything but C++."""
    done = run(corm_reflect, "--help")
    check("--help", (done.returncode != 0 or "--version-column NAME" not in done.stdout) and done.stdout)
    for words, says in (
        (["--formats", "cpp"], "there is no option --formats"),
        (["--format", "xml"], "--format takes cpp"),
        (["--url"], "--url needs a value"),
        (["password=secret"], "every argument is an option"),
        (["--namespace", "class"], "--namespace takes identifiers"),
        (["--table", "a.b.c"], "--table takes SCHEMA.NAME"),
    ):
        done = run(corm_reflect, *words)
        good = done.returncode == 2 and not done.stdout and says in done.stderr and done.stderr.count("\n") == 1
        check(f"misused: {words[0]}", (not good or "secret" in done.stderr) and f"{done.returncode} {done.stderr}")
    for wrong in ("host=/nowhere password=secret", "postgresql://u:secret@[/", "password=secret nonsense"):
        done = run(corm_reflect, "--url", wrong)
        good = done.returncode == 1 and done.stderr.startswith("corm-reflect: ") and done.stderr.count("\n") == 1
        check(f"cannot connect: {wrong}", (not good or "secret" in done.stderr) and f"{done.returncode} {done.stderr}")
    for words in (["--schema", "nowhere"], ["--table", "public.nothing"]):
        done = run(corm_reflect, "--url", url, *words)
        check(f"not there: {words[1]}", (done.returncode != 1 or "there is no" not in done.stderr) and done.stderr)
    done = run(corm_reflect, "--url", url, "--format", "json", "--table", "public.nation", "--table", "region")
    model = json.loads(done.stdout)
    check("json: the tables that were named", [t["name"] for t in model["tables"]] != ["nation", "region"] and model)
    check("json: their relations", len(model["relations"]) != 2 and model["relations"])
    for name, begin in (("mermaid", "erDiagram\n"), ("dot", "digraph")):
        done = run(corm_reflect, "--url", url, "--format", name)
        check(name, (not done.stdout.startswith(begin) or "lineitem" not in done.stdout) and done.stdout)
    done = run(corm_reflect, "--url", url, "--schema", "public", "--namespace", "shop::tables")
    check("namespace", "namespace shop::tables {" not in done.stdout and done.stderr)
    done = run(corm_reflect, "--url", url, "--output", "/nowhere/at/all")
    check("output that cannot be written", (done.returncode != 1 or "cannot write" not in done.stderr) and done.stderr)


def main():
    build, corm_reflect, databases, tests = sys.argv[1:]
    support = pathlib.Path(tests) / "support"
    files = [
        f"{support / 'tpch.sql'}:{HERE / 'tpch_rows.sql'}",
        f"{support / 'every_feature.sql'}:{HERE / 'every_feature_rows.sql'}",
        f"{HERE / 'odd_tables.sql'}",
    ]
    with tempfile.TemporaryDirectory() as scratch:
        held = subprocess.Popen([databases, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            urls = [held.stdout.readline().strip() for _ in files]
            if not all(urls):
                print("the databases could not be made")
                return 1
            check_command(corm_reflect, urls[0])
            generated = Generated(Compiler(build), corm_reflect, scratch)
            generated.read_all("tpch", urls[0], 8)
            text = generated.read_all("every_feature", urls[1], 31)
            for part in ("unique", "version", "generated", "server_default", "sql_type", "column",
                         "many_to_many", "one_to_one", "one_to_one_inverse", "many_to_one", "one_to_many", "schema"):
                check(f"every_feature: {part}", not re.search(rf"\b{part}\b", text) and "it does not occur")
            text = generated.read_all("odd_tables", urls[2], 17, WRITES)
            for part in ("pg_enum", "sequence", "deferrable", "assigned", "WidePart2"):
                check(f"odd_tables: {part}", not re.search(rf"\b{part}\b", text) and "it does not occur")
        finally:
            held.stdin.close()
            held.wait()
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

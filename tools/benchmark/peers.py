"""Installs the other libraries from the package registries, and says how their programs are started."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

from run_tests import ROOT, run

SOURCES = ROOT / "benchmarks" / "peers"


class PeerError(Exception):
    """Why a peer cannot take part."""


def call(command: list, folder: pathlib.Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=600)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerError(str(error)) from error
    if done.returncode != 0:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        lines = [line for line in lines if "error" in line.lower()] or lines[-1:] or [f"status {done.returncode}"]
        raise PeerError(f"{pathlib.Path(command[0]).name} failed: {lines[0].strip()}")
    return done.stdout.strip()


def up_to_date(target: pathlib.Path, sources: list, install) -> None:
    """Calls `install` unless it has succeeded for these very files."""
    digest = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()
    stamp = target / "installed"
    if stamp.is_file() and stamp.read_text() == digest:
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    install()
    stamp.write_text(digest)


def python_peer(name: str, build: pathlib.Path, shown: tuple) -> tuple:
    source, target = SOURCES / name, build / "peers" / name
    python = target / "bin" / "python"

    def install() -> None:
        call([sys.executable, "-m", "venv", target], ROOT)
        call([python, "-m", "pip", "install", "--quiet", "--requirement", source / "requirements.txt"], ROOT)

    up_to_date(target, [source / "requirements.txt"], install)
    packages = json.loads(call([python, "-m", "pip", "list", "--format", "json"], ROOT))
    versions = {package["name"].lower(): package["version"] for package in packages}
    said = ", ".join(f"{package} {versions[package.lower()]}" for package in shown)
    return [python, source / "bench.py"], f"{said}, {call([python, '--version'], ROOT)}"


def node_peer(name: str, build: pathlib.Path, shown: tuple) -> tuple:
    source, target = SOURCES / name, build / "peers" / name
    # Node looks for packages beside the program, so the program is copied to them.
    files = [*sorted(source.iterdir()), SOURCES / "node_run.mjs"]

    def install() -> None:
        for file in files:
            shutil.copy(file, target)
        call(["npm", "ci", "--no-audit", "--no-fund"], target)

    up_to_date(target, files, install)
    lock = json.loads((source / "package-lock.json").read_text())["packages"]
    said = ", ".join(f"{label} {lock['node_modules/' + package]['version']}" for label, package in shown)
    return ["node", target / "bench.mjs"], f"{said}, Node {call(['node', '--version'], target).removeprefix('v')}"


def libpqxx_peer(build: pathlib.Path) -> tuple:
    version = call(["pkg-config", "--modversion", "libpqxx"], ROOT)
    target = "benchmarks/peers/libpqxx/bench-libpqxx"
    listed = json.loads(call(["meson", "introspect", "--targets", build], ROOT))
    if not any(entry["name"] == "bench-libpqxx" for entry in listed):  # configured before the library was there
        call(["meson", "setup", "--reconfigure", build], ROOT)
    call(["ninja", "-C", build, target], ROOT)
    return [build / target], f"libpqxx {version}"


INSTALL = {
    "sqlalchemy": lambda build: python_peer("sqlalchemy", build, ("SQLAlchemy", "asyncpg", "uvloop")),
    "mikro_orm": lambda build: node_peer("mikro_orm", build, (("MikroORM", "@mikro-orm/core"), ("pg", "pg"))),
    "postgres_js": lambda build: node_peer("postgres_js", build, (("postgres.js", "postgres"),)),
    "libpqxx": libpqxx_peer,
}


def install(names: tuple, build: pathlib.Path) -> tuple:
    """How each is started, the versions of each, and why the others are left out."""
    commands, versions, skipped = {}, {}, {}
    if names and run([ROOT / "tools" / "install-deps", "--bench"], True) != 0:
        print("tools/bench: some packages for peers are missing", file=sys.stderr)
    for name in names:
        print(f"installing {name}", file=sys.stderr)
        try:
            commands[name], versions[name] = INSTALL[name](build)
        except PeerError as error:
            skipped[name] = str(error)
            print(f"{name} is left out: {error}", file=sys.stderr)
    return commands, versions, skipped

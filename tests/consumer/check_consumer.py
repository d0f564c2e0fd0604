"""Builds a small project against corm as a stranger would.

  check_consumer.py installed  SOURCE_ROOT BUILD_ROOT   against an installation, by pkg-config
  check_consumer.py subproject SOURCE_ROOT BUILD_ROOT   as a Meson subproject: configured, and its own file compiled
  check_consumer.py subproject-whole ...                the same, with the libraries built and the program run
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def run(*command, **variables):
    environment = {name: value for name, value in os.environ.items() if name not in ("DESTDIR", "MESON_TESTTHREADS")}
    print("+", *command, flush=True)
    subprocess.run(
        list(map(str, command)), check=True, stdin=subprocess.DEVNULL, env={**environment, **variables}
    )


def installed(source, build, scratch):
    """The prefix moves: what is installed must not remember where it was built."""
    destination = scratch / "stage"
    run("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", destination)
    moved = scratch / "moved"
    (archive,) = destination.rglob("corm.pc")
    prefix = archive.parent
    while not (prefix / "include" / "corm").is_dir():
        prefix = prefix.parent
    prefix.rename(moved)
    packages = next(moved.rglob("corm.pc")).parent
    run("meson", "setup", scratch / "build", scratch / "project", PKG_CONFIG_PATH=str(packages))
    run("meson", "test", "-C", scratch / "build", "--print-errorlogs", LD_LIBRARY_PATH=str(packages.parent))


def subproject(source, build, scratch, whole):
    project = scratch / "project"
    (project / "subprojects").mkdir()
    (project / "subprojects" / "corm").symlink_to(source)
    run("meson", "setup", scratch / "build", project, "--buildtype=plain")
    if whole:
        run("meson", "test", "-C", scratch / "build", "--print-errorlogs")
    else:
        run("ninja", "-C", scratch / "build", "consumer.p/main.cpp.o")


def main():
    kind = sys.argv[1]
    source, build = map(pathlib.Path, sys.argv[2:4])
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        shutil.copytree(pathlib.Path(__file__).resolve().parent / "project", scratch / "project")
        if kind == "installed":
            installed(source, build, scratch)
        else:
            subproject(source, build, scratch, whole=kind == "subproject-whole")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed: {error}")

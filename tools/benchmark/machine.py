"""What was measured on: machine and versions."""

import os
import pathlib
import platform
import re
import shlex
import subprocess

from run_tests import ROOT


def said(*command) -> str:
    """The first line that a command prints; empty if there is none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=ROOT)
    except OSError:
        return ""
    return done.stdout.strip().partition("\n")[0] if done.returncode == 0 else ""


def field(file: str, name: str) -> str:
    found = re.search(rf"^{name}\s*[:=]\s*\"?([^\"\n]+)", pathlib.Path(file).read_text(), re.MULTILINE)
    return found[1].strip() if found else ""


def compiler() -> list:
    """Without ccache."""
    return [word for word in shlex.split(os.environ.get("CXX", "g++")) if pathlib.Path(word).name != "ccache"]


def boost_version() -> str:
    for folder in ("/usr/include", "/usr/local/include"):
        header = pathlib.Path(folder, "boost", "version.hpp")
        if header.is_file():
            found = re.search(r'^#define BOOST_LIB_VERSION "([^"]+)"', header.read_text(), re.MULTILINE)
            return found[1].replace("_", ".") if found else ""
    return ""


def describe(database) -> dict:
    memory = int(field("/proc/meminfo", "MemTotal").split()[0]) // 1024
    return {
        "processors": f"{os.cpu_count()} x {field('/proc/cpuinfo', 'model name') or platform.machine()}",
        "memory": f"{memory} MiB",
        "system": f"{field('/etc/os-release', 'PRETTY_NAME')}, Linux {platform.release()}",
        "PostgreSQL": database.version(),
        "libpq": said("pkg-config", "--modversion", "libpq"),
        "Boost": boost_version(),
        "compiler": said(*compiler(), "--version"),
        "corm": said("git", "describe", "--always", "--dirty", "--abbrev=12") or "unknown",
        "wrk": said("dpkg-query", "-W", "-f", "${Version}", "wrk"),
    }

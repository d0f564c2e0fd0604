"""The compiler of a build directory, with the flags that the library's own sources get."""

import json
import pathlib
import shlex
import subprocess

WITH_VALUE = {"-o", "-MF", "-MQ", "-MT"}
DROPPED = {"-c", "-MD", "-MMD"}


class Compiler:
    """Runs in the build directory, which the flags are relative to."""

    def __init__(self, build, sample="src/base/error.cpp"):
        self.build = pathlib.Path(build).resolve()
        entries = json.loads((self.build / "compile_commands.json").read_text())
        entry = next(entry for entry in entries if entry["file"].endswith(sample))
        words = iter(shlex.split(entry["command"]))
        self.command = []
        for word in words:
            if word in WITH_VALUE:
                next(words)
            elif "color" in word:
                continue  # spelled differently by g++ and clang; output into a pipe has none
            elif word not in DROPPED and word != entry["file"] and not word.startswith(("-O", "-g")):
                self.command.append(word)
        self.command += ["-O0", "-g0"]

    def compile(self, source, output, *flags):
        """Compiles one file; returns the exit status and what the compiler said."""
        done = subprocess.run(
            [*self.command, *flags, "-c", str(source), "-o", str(output)],
            cwd=self.build,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

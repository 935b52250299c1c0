#!/usr/bin/python3
"""Runs one golden case and compares what doorplate prints, whole, with what is expected.

    golden.py DOORPLATE CASE             fails with a difference
    golden.py DOORPLATE --update [CASE]  writes expected/, to be read before it is committed

cases.txt has a line for each case: its name, a colon, the arguments. Paths are relative to the source tree.
"""

import difflib
import os
import pathlib
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent


def cases():
    lines = (HERE / "cases.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def expected_path(name):
    return HERE / "expected" / name


def output_of(doorplate, arguments):
    environment = {key: value for key, value in os.environ.items() if key not in ("TERM", "COLUMNS", "NO_COLOR")}
    done = subprocess.run([doorplate, *shlex.split(arguments)], cwd=SOURCE, env=environment, capture_output=True)
    return done.stdout + done.stderr + f"exit code {done.returncode}\n".encode()


def main():
    doorplate, *rest = sys.argv[1:]
    doorplate = os.path.abspath(doorplate)
    known = cases()
    if rest[0] == "--update":
        for name in rest[1:] or known:
            expected_path(name).write_bytes(output_of(doorplate, known[name]))
        return 0
    (name,) = rest
    expected = expected_path(name).read_bytes()
    actual = output_of(doorplate, known[name])
    if actual == expected:
        return 0
    to_lines = lambda data: data.decode("utf-8", "backslashreplace").splitlines(keepends=True)
    sys.stdout.writelines(difflib.unified_diff(to_lines(expected), to_lines(actual), f"expected/{name}", "now"))
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""Runs programs and measures them: processor time, memory, and whether they did their work at all."""

import dataclasses
import os
import random
import signal
import statistics
import subprocess
import threading
import time


class Failed(Exception):
    """A run that has no figures: it failed, took too long, or did not do the work."""


@dataclasses.dataclass
class Run:
    cpu: float  # seconds, user and system, of the program and its children
    wall: float
    peak: int  # bytes, mapped files included; not less than this program's own, which Linux hands down
    output: str  # what it said


def warm(path):
    """Brings a file into the page cache. Some machines give the cache back soon, so this comes before each run."""
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(1 << 20)
        while file.readinto(buffer):
            pass


def run(command, folder, limit=600, stdin=subprocess.DEVNULL, keep_stdout=True):
    """One run to its end. Fails loudly: a failed run looks very fast."""
    said = os.path.join(folder, "said")
    with open(said, "wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=stdin, stdout=output if keep_stdout else subprocess.DEVNULL, stderr=output, start_new_session=True)
        late = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
        late.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        late.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    text = ends_of(said)
    if process.returncode != 0:
        last = text.strip().splitlines()[-1:] or ["no message"]
        took = "took too long" if process.returncode == -signal.SIGKILL else f"exit code {process.returncode}"
        raise Failed(f"{took}: {last[0][:100]}")
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024, text)


def ends_of(path, most=1 << 16):
    """Counts stand at the beginning or at the end. Whoever reads all of it passes his memory on to the programs that he runs."""
    with open(path, "rb") as file:
        head = file.read(most)
        file.seek(max(len(head), os.path.getsize(path) - most))
        return (head + file.read()).decode(errors="replace")


def interleaved(rounds, tasks, progress):
    """Runs each task once a round, in an order shuffled anew each time: what ran before a program can cost or save it a
    third of its time. `tasks` are (name, function); gives a list of runs for each name, and the failures."""
    dice = random.Random(1)
    runs = {name: [] for name, _ in tasks}
    failures = {}
    for number in range(rounds):
        for name, task in dice.sample(tasks, len(tasks)):
            if name in failures:
                continue
            try:
                runs[name].append(task())
                progress(f"round {number + 1}: {name}: {runs[name][-1].cpu:.2f} s")
            except Failed as failure:
                failures[name] = str(failure)
                progress(f"round {number + 1}: {name}: {failure}")
    return {name: found for name, found in runs.items() if name not in failures}, failures


def median(values):
    return statistics.median(values)


def ratio(runs, base):
    """The median of the ratios of processor time, round by round."""
    return statistics.median(a.cpu / max(b.cpu, 1e-6) for a, b in zip(runs, base))

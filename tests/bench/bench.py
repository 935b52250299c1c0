"""Measures doorplate beside its peers. tools/bench builds what is needed, calls this, and says how."""

import argparse
import json
import os
import subprocess
import sys
import tempfile

from measure import Failed, interleaved, median, ratio, run, warm
from programs import PEERS, Doorplate, Yardstick, silent_port

# As in docs/performance.md: (packets, flows) of the whole, of which a quick bench takes a tenth.
FULL = {"small": (20_000_000, 1_000_000), "mixed": (4_367_242, None), "elephants": (1_307_798, 100), "synflood": (5_000_000, None)}
INPUTS = {"small": ("small", []), "mixed": ("mixed", []), "elephants": ("elephants", []), "synflood": ("synflood", []),
          "mixed-pcapng": ("mixed", ["--pcapng"]), "mixed-nanoseconds": ("mixed", ["--nanoseconds"])}


def say(text):
    print(text, file=sys.stderr, flush=True)


def number(value):
    return f"{value:,.0f}"


class Capture:
    """A generated input, kept for the next time."""

    def __init__(self, bench, name, packets, flows=None, seed=1):
        profile, options = INPUTS[name]
        self.name, self.packets = name, packets
        self.format = "pcapng" if "--pcapng" in options else "pcap"
        self.path = os.path.join(bench.inputs, f"{name}-{packets}-{flows or 'any'}-{seed}.{self.format}")
        if not os.path.exists(self.path):
            say(f"generating {self.path}")
            amount = ["--packets", str(packets), *(["--flows", str(flows)] if flows else []), "--seed", str(seed)]
            subprocess.run([bench.generator, profile, self.path + ".part", *amount, *options], check=True, stdout=sys.stderr)
            os.rename(self.path + ".part", self.path)
        self.size = os.path.getsize(self.path)

    def describe(self):
        return f"{self.name}: {number(self.packets)} packets, {self.size / 1e6:.0f} MB"


class Bench:
    def __init__(self, arguments):
        self.rounds, self.full, self.generator = arguments.rounds, arguments.full, arguments.generator
        self.inputs = os.path.abspath(arguments.inputs)
        os.makedirs(self.inputs, exist_ok=True)
        self.doorplate = Doorplate(arguments.doorplate)
        self.yardstick = Yardstick(arguments.yardstick) if arguments.yardstick else None
        self.results = []

    def capture(self, name):
        packets, flows = FULL[INPUTS[name][0]]
        scale = 1 if self.full or name == "elephants" and flows is None else 10
        return Capture(self, name, packets // scale, flows // scale if flows and flows > 100 else flows)

    def tasks(self, capture, programs):
        """Each program on one capture: a fresh folder and a warm file for each run."""

        def task(program):
            def once():
                warm(capture.path)
                with tempfile.TemporaryDirectory(dir=self.inputs) as folder:
                    return program(folder)

            return once

        return [(name, task(program)) for name, program in programs]

    def table(self, title, base, runs, failures, packets, first="program"):
        """Prints medians and ratios, and keeps them for --json."""
        print(f"\n{title}; processor time, medians of {self.rounds} in shuffled order\n")
        bases = [name for name in base if name in runs]
        print(f"| {first} | s | ns/packet | peak MiB |" + "".join(f" of {name} |" for name in bases))
        print("|---|---|---|---|" + "---|" * len(bases))
        for name, found in sorted(runs.items(), key=lambda item: median([r.cpu for r in item[1]])):
            cpu = median([r.cpu for r in found])
            peak = median([r.peak for r in found])
            ratios = {other: ratio(found, runs[other]) for other in bases}
            print(f"| {name} | {cpu:.2f} | {cpu / packets * 1e9:.0f} | {peak / 2**20:.0f} |" + "".join(f" {ratios[other]:.2f} |" for other in bases))
            self.results.append({"table": title, "name": name, "cpu_s": cpu, "wall_s": median([r.wall for r in found]), "ns_packet": cpu / packets * 1e9,
                                 "peak_bytes": peak, "ratios": ratios, "runs_cpu_s": [r.cpu for r in found]})
        for name, failure in failures.items():
            print(f"| {name} | failed: {failure} |")
            self.results.append({"table": title, "name": name, "failure": failure})
        sys.stdout.flush()

    def replay(self, names):
        """The five inputs, doorplate beside its peers."""
        missing = [peer.name for peer in PEERS if not peer.there()]
        if missing:
            say(f"left out, not installed: {', '.join(missing)}")
        with silent_port() as sink:
            port = sink.getsockname()[1]
            for name in names or [n for n in INPUTS if n != "mixed-nanoseconds"]:
                capture = self.capture(name)
                peers = [peer for peer in PEERS if peer.there()] + ([self.yardstick] if self.yardstick else [])
                fit = [peer for peer in peers if capture.format in peer.formats and (peer.most is None or capture.packets <= peer.most)]
                programs = [("doorplate", lambda folder: self.doorplate.run_text([capture.path], folder, capture.packets))]
                programs += [(peer.name, lambda folder, peer=peer: peer.run(capture.path, folder, capture.packets, port)) for peer in fit]
                runs, failures = interleaved(self.rounds, self.tasks(capture, programs), say)
                self.table(capture.describe(), ["tcpdump --count", "prototype", "doorplate"], runs, failures, capture.packets)

    def ndjson(self, names):
        """Flows a second with everything on, written as NDJSON."""
        for name in names or ["synflood", "mixed"]:
            capture = self.capture(name)
            command = [self.doorplate.path, "replay", capture.path, "--ndjson"]
            flows = self.count_flows([*command, "-"])

            runs, failures = interleaved(self.rounds, self.tasks(capture, [("doorplate", lambda folder: run([*command, "/dev/null"], folder))]), say)
            self.table(f"NDJSON of {capture.describe()}, {number(flows)} flows", [], runs, failures, capture.packets)
            for found in runs.values():
                cpu = median([r.cpu for r in found])
                print(f"\n{number(flows / cpu)} flows a second")
                self.results.append({"table": "ndjson", "name": name, "flows_s": flows / cpu})

    def count_flows(self, command):
        """Once, outside of what is timed."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        flows = sum(line.startswith(b'{"type":"flow"') for line in process.stdout)
        if process.wait() != 0:
            raise Failed(f"{' '.join(command)}: exit code {process.returncode}")
        return flows

    def growth(self, _):
        """The same packets, of more and more flows."""
        packets = 20_000_000 if self.full else 5_000_000
        captures = [Capture(self, "small", packets, flows) for flows in (1_000, 10_000, 100_000, 1_000_000)]
        tasks = []
        for capture, label in zip(captures, ("1k flows", "10k flows", "100k flows", "1M flows")):
            program = lambda folder, capture=capture: self.doorplate.run_text([capture.path], folder, packets)
            tasks += self.tasks(capture, [(label, program)])
        runs, failures = interleaved(self.rounds, tasks, say)
        self.table(f"growth: {number(packets)} packets of 60 bytes", ["1k flows"], runs, failures, packets, "flows")

    def memory(self, _):
        """Bytes a flow, read through a pipe, so that no mapped file counts. Two packets a flow."""
        print("\n| flows | peak MiB | bytes a flow | flows in the report |\n|---|---|---|---|")
        peaks = {}
        for flows in (1_000, 1_000_000, *([10_000_000] if self.full else [])):
            capture = Capture(self, "small", 2 * flows, flows)
            with tempfile.TemporaryDirectory(dir=self.inputs) as folder:
                report = os.path.join(folder, "report.txt")
                with open(capture.path, "rb") as file:
                    feeder = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
                    command = self.doorplate.replay(["-"], "--max-flows", str(flows), "--text", report)
                    peaks[flows] = run(command, folder, stdin=feeder.stdout).peak
                    feeder.stdout.close()
                    feeder.wait()
                counted = open(report).read().split(" flows", 1)[0].split()[-1]
            each = (peaks[flows] - peaks[1_000]) / (flows - 1_000) if flows > 1_000 else None
            print(f"| {number(flows)} | {peaks[flows] / 2**20:.0f} | {number(each) if each else ''} | {counted} |", flush=True)
            self.results.append({"table": "memory", "flows": flows, "peak_bytes": peaks[flows], "bytes_a_flow": each})

    def files(self, _):
        """Several files, with one job and with two. Wall time is what jobs are for."""
        if not self.doorplate.knows("--jobs"):
            say("this doorplate does not know --jobs")
            return
        packets = FULL["mixed"][0] // (4 if self.full else 20)
        captures = [Capture(self, "mixed", packets, seed=seed) for seed in (1, 2, 3, 4)]
        paths = [capture.path for capture in captures]

        def task(jobs):
            def once():
                for path in paths:
                    warm(path)
                with tempfile.TemporaryDirectory(dir=self.inputs) as folder:
                    return self.doorplate.run_text(paths, folder, 4 * packets, "--jobs", jobs)

            return once

        runs, failures = interleaved(self.rounds, [("1 job", task("1")), ("2 jobs", task("2"))], say)
        self.table(f"four files of mixed: {number(4 * packets)} packets", ["1 job"], runs, failures, 4 * packets, "jobs")
        if not failures:
            speed_up = median([a.wall / b.wall for a, b in zip(runs["1 job"], runs["2 jobs"])])
            print(f"\n2 jobs are {speed_up:.2f} times as fast by the clock; least of each: {min(r.wall for r in runs['1 job']):.2f} s and {min(r.wall for r in runs['2 jobs']):.2f} s")
            self.results.append({"table": "files", "speed_up": speed_up})

    def dpi(self, names):
        """What detection costs."""
        if not self.doorplate.knows("--no-dpi"):
            say("this doorplate does not know --no-dpi")
            return
        for name in names or ["mixed", "small"]:
            capture = self.capture(name)
            programs = [(label, lambda folder, on=on: self.doorplate.run_text([capture.path], folder, capture.packets, detection=on))
                        for label, on in (("--no-dpi", False), ("detection", True))]
            runs, failures = interleaved(self.rounds, self.tasks(capture, programs), say)
            self.table(capture.describe(), ["--no-dpi"], runs, failures, capture.packets, "replay")


def main():
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="replay", choices=["replay", "ndjson", "growth", "memory", "files", "dpi"])
    parser.add_argument("profiles", nargs="*", metavar="profile", help=f"of {', '.join(INPUTS)}")
    parser.add_argument("--full", action="store_true", help="the whole inputs, not a tenth")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--yardstick", metavar="PATH", help="a prototype to run beside")
    parser.add_argument("--json", metavar="FILE", help="the figures for programs")
    parser.add_argument("--doorplate", metavar="PATH", required=True, help="the program (tools/bench builds it)")
    parser.add_argument("--generator", metavar="PATH", required=True, help="generate_capture (tools/bench builds it)")
    parser.add_argument("--inputs", metavar="FOLDER", required=True, help="where generated captures are kept")
    arguments = parser.parse_args()
    for profile in arguments.profiles:
        if profile not in INPUTS:
            parser.error(f"no such profile: {profile}; there are {', '.join(INPUTS)}")
    bench = Bench(arguments)
    getattr(bench, arguments.what)(arguments.profiles)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(bench.results, file, indent=1)


if __name__ == "__main__":
    main()

"""What tools/bench runs: doorplate, its peers, and how each of them shows that it did the work."""

import os
import re
import shutil
import socket
import subprocess

from measure import Failed, run

TSHARK_MOST = 1_000_000  # packets; it would take minutes for more


def number(text):
    return int(text.replace(",", ""))


def found(pattern, text, what):
    match = re.search(pattern, text)
    if not match:
        raise Failed(f"does not say its {what}")
    return number(match[1])


class Doorplate:
    def __init__(self, path):
        self.path = path
        self.help = subprocess.run([path, "replay", "--help"], capture_output=True, text=True, check=True).stdout

    def knows(self, option):
        return re.search(rf"{re.escape(option)}\b", self.help) is not None

    def replay(self, files, *options, detection=False):
        """The command that goals are about: summary and top flows as text, no detection of protocols."""
        if not detection and self.knows("--no-dpi"):
            options = ("--no-dpi", *options)
        return [self.path, "replay", *files, *options]

    def run_text(self, files, folder, packets, *options, **more):
        """Replays to a text report, in which the number of packets stands."""
        report = os.path.join(folder, "report.txt")
        measured = run(self.replay(files, "--text", report, *options, **more), folder)
        with open(report) as text:
            check(packets, found(r"([\d,]+) packets?", text.read(), "packets"))
        return measured


def check(expected, counted, least=1.0):
    """Some peers leave a few packets out that they cannot read; who leaves out more did other work."""
    if not expected * least <= counted <= expected:
        raise Failed(f"counted {counted} packets of {expected}")


class Peer:
    """A program that reads captures. `command` has {file}, {folder} and {port}; `counted` finds the packets in what it
    said, or in what `ask` says afterwards."""

    def __init__(self, name, command, counted=None, ask=None, least=1.0, most=None, formats=("pcap", "pcapng")):
        self.name, self.command, self.counted, self.ask = name, command, counted, ask
        self.least, self.most, self.formats = least, most, formats
        self.program = command[0]

    def there(self):
        return shutil.which(self.program) is not None

    def run(self, file, folder, packets, port):
        def fill(words):
            return [word.format(file=file, folder=folder, port=port) for word in words]

        measured = run(fill(self.command), folder, keep_stdout=self.counted is not None)
        said = run(fill(self.ask), folder).output if self.ask else measured.output
        if self.counted:
            check(packets, found(self.counted, said, "packets"), self.least)
        return measured


# QinQ is 0.5 % of `mixed`, and some of these cannot read it.
QINQ = 0.99
PEERS = [
    Peer("tcpdump --count", ["tcpdump", "-r", "{file}", "--count"], r"(\d+) packets?"),
    Peer("cat", ["cat", "{file}"]),
    Peer("tshark conversations", ["tshark", "-n", "-q", "-z", "conv,tcp", "-z", "conv,udp", "-z", "io,stat,0", "-r", "{file}"],
         r"<>[^|]*\|\s*(\d+) \|", most=TSHARK_MOST),
    Peer("nfpcapd", ["nfpcapd", "-r", "{file}", "-l", "{folder}"], r"Packets: (\d+)", least=QINQ, formats=("pcap",)),
    Peer("argus", ["argus", "-X", "-r", "{file}", "-w", "{folder}/argus"], r"sum\s+\d+\s+(\d+)",
         ["racount", "-r", "{folder}/argus"], formats=("pcap",)),
    Peer("softflowd", ["softflowd", "-d", "-r", "{file}", "-n", "127.0.0.1:{port}", "-v", "9", "-m", "20000000"],
         r"Packets processed: (\d+)", least=QINQ),
    Peer("yaf", ["yaf", "--in", "{file}", "--out", "{folder}/yaf", "--verbose"], r"Processed (\d+) packets"),
]


class Yardstick:
    """A prototype that says packets=N and writes its flows to a file."""

    name = "prototype"
    most = None
    formats = ("pcap", "pcapng")

    def __init__(self, path):
        self.path = path

    def run(self, file, folder, packets, port):
        measured = run([self.path, file, "full", "reader=mmap", "ahead=4096", "batch=32", f"dump={folder}/flows"], folder)
        check(packets, found(r"packets=(\d+)", measured.output, "packets"))
        return measured


def silent_port():
    """A UDP port on loopback where what softflowd exports is received, and dropped."""
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(("127.0.0.1", 0))
    return sink

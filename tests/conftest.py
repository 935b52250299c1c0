"""What the command-line and live tests share: running doorplate, and the right to say no to a skipped test."""

import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

SOURCE = pathlib.Path(__file__).resolve().parent.parent
SAMPLES = SOURCE / "samples"
DOORPLATE = pathlib.Path(os.environ.get("DOORPLATE_BINARY", SOURCE / "build/dev/doorplate"))

# Generous, because sanitizers are slow and machines are busy; nothing waits for it when all goes well.
PATIENCE = 60


def wait_until(condition, what):
    """The first true value of condition(); fails with `what` when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE} s for {what}")
        time.sleep(0.02)


def run(*arguments, prefix=(), **options):
    """One run to its end; output as text."""
    options.setdefault("timeout", PATIENCE)
    options.setdefault("capture_output", True)
    return subprocess.run([*prefix, DOORPLATE, *map(str, arguments)], text=True, **options)


def replay_json(*arguments):
    done = run("replay", *arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class LiveRun:
    """A `doorplate live` that is listening by the time it is handed out, and ended by stop()."""

    def __init__(self, *arguments, prefix=(), binary=DOORPLATE, **options):
        command = [*prefix, binary, "live", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1, **options
        )
        self.messages = []
        for line in self.process.stderr:
            self.messages.append(line)
            if "listening on" in line:
                return
        raise AssertionError("doorplate did not start: " + "".join(self.messages))

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.finish()

    def finish(self):
        out, err = self.process.communicate(timeout=PATIENCE)
        self.messages.append(err)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, "".join(self.messages))


@pytest.fixture
def needs_root():
    if os.geteuid() != 0:
        pytest.skip("needs root: it makes network namespaces and captures in them")


@pytest.fixture
def web_sample():
    return SAMPLES / "web.pcapng"


class Network:
    """Two hosts, `a` and `b`: network namespaces joined by a veth pair whose ends are called after their host. All of it
    goes when the test ends, with every process that was started here."""

    ADDRESSES = {"a": ("192.0.2.1", "2001:db8::1"), "b": ("192.0.2.2", "2001:db8::2")}

    def __init__(self):
        self.names = {}
        self.processes = []

    def inside(self, host):
        return ["ip", "netns", "exec", self.names[host]]

    def address(self, host, version=4):
        return self.ADDRESSES[host][0 if version == 4 else 1]

    def run(self, host, *command, check=True, **options):
        options.setdefault("timeout", PATIENCE)
        options.setdefault("capture_output", True)
        return subprocess.run([*self.inside(host), *map(str, command)], check=check, text=True, **options)

    def start(self, host, *command, **options):
        """A program that the test ends; its pid is the program's own."""
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        process = subprocess.Popen([*self.inside(host), *map(str, command)], **options)
        self.processes.append(process)
        return process

    def end(self, process):
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def pair(self):
        """Makes the two hosts."""
        for host in self.ADDRESSES:
            name = f"doorplate-{os.getpid()}-{host}"
            subprocess.run(["ip", "netns", "add", name], check=True)
            self.names[host] = name
        first, second = self.names["a"], self.names["b"]
        subprocess.run(["ip", "-n", first, "link", "add", "name", "a", "type", "veth", "peer", "name", "b", "netns", second], check=True)
        for host, addresses in self.ADDRESSES.items():
            inside = ["ip", "-n", self.names[host]]
            subprocess.run([*inside, "addr", "add", f"{addresses[0]}/24", "dev", host], check=True)
            subprocess.run([*inside, "addr", "add", f"{addresses[1]}/64", "dev", host, "nodad"], check=True)
            subprocess.run([*inside, "link", "set", "lo", "up"], check=True)
            subprocess.run([*inside, "link", "set", "dev", host, "up"], check=True)

    def make_slow(self):
        """From now on the wire carries 1 kB a second (a token bucket: the kernel of a test machine may have no netem). The
        neighbors know each other already: asking for them would time out in the queue."""
        for version in (4, 6):
            self.run("b", "ping", "-c", "1", self.address("a", version))
        for host in self.names:
            self.run(host, "tc", "qdisc", "add", "dev", host, "root", "tbf", "rate", "8kbit", "burst", "1540", "latency", "20s")

    def hold_up(self):
        """The next packet from `b` waits for more than two seconds, as behind a large upload; so the program that sent it lives
        long enough to be looked at. Needs make_slow()."""
        self.start("b", "ping", "-c", "3", "-i", "0.002", "-s", "1400", self.address("a"))
        waiting = lambda: "backlog 0b" not in self.run("b", "tc", "-s", "qdisc", "show", "dev", "b").stdout
        wait_until(waiting, "a packet in the queue")

    def wait_for_listener(self, host, port, transport="t"):
        def there():
            return self.run(host, "ss", f"-ln{transport}H", f"sport = :{port}").stdout.strip()

        wait_until(there, f"a listener on port {port}")

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                self.end(process)
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], check=False)


@pytest.fixture
def network(needs_root):
    network = Network()
    yield network
    network.close()

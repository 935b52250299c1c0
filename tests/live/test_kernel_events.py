"""Owners told by the kernel (eBPF): programs that live for less than a millisecond, and servers of every shape, compared with
what those programs say of themselves."""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import DOORPLATE, LiveRun, run
from programs import children, start_nginx

TRAFFIC = pathlib.Path(os.environ.get("DOORPLATE_TRAFFIC", DOORPLATE.parent / "tests/live/traffic"))
PORT = "7000"
COUNT = 2000


@pytest.fixture
def watched(network):
    """The network, if this machine lets us load programs into the kernel."""
    network.pair()
    probe = subprocess.Popen(
        [*network.inside("a"), DOORPLATE, "live", "-i", "lo", "--attribution=ebpf", "--json", "-"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    line = probe.stderr.readline()
    probe.terminate()
    probe.communicate(timeout=60)
    if "eBPF" in line:
        pytest.skip(f"no eBPF here: {line.strip()}")
    return network


def watch(network, host, interface, method="ebpf"):
    # A buffer that holds all there is: what is lost there says nothing of owners.
    return LiveRun("-i", interface, f"--attribution={method}", "-B", "65536", "--json", "-", f"port {PORT}",
                   prefix=network.inside(host))


def report_of(live):
    done = live.stop()
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["source"]["dropped_by_kernel"] == 0, "nothing can be said of packets that were not seen"
    return report


def serve(network, kind, address, folder):
    """The server, and the file where it writes the truth."""
    truth = folder / "server.txt"
    with truth.open("w") as out:
        server = network.start("a", TRAFFIC, "serve", kind, address, PORT, stdout=out)
    network.wait_for_listener("a", PORT, "u" if kind == "udp" else "t")
    return server, truth


def by_port(lines, role):
    """What the programs said: port to (pid, tid, number). A port may have had several owners, one after the other."""
    truth = collections.defaultdict(set)
    for line in lines.splitlines():
        who, port, pid, tid, number = line.split()
        assert who == role
        truth[int(port)].add((int(pid), int(tid), number))
    return truth


class Score:
    def __init__(self):
        self.counts = collections.Counter()
        self.wrong = []

    def add(self, end, truth):
        process = end["process"]
        if process is None or process["match"] != "event":
            self.counts["unknown"] += 1
        elif any((process["pid"], process["tid"]) == (pid, tid) and process["exe"] == str(TRAFFIC.resolve())
                 and number in ("-", process["command_line"][-1]) for pid, tid, number in truth):
            self.counts["right"] += 1
        else:
            self.wrong.append((process, truth))

    def check(self, what):
        found = self.counts["right"]
        total = sum(self.counts.values()) + len(self.wrong)
        print(f"{what}: {found} of {total} named by the kernel's word, {len(self.wrong)} wrong")
        assert self.wrong[:3] == []
        assert total > 0 and found >= 0.99 * total, dict(self.counts)


@pytest.mark.parametrize("kind", ["tcp", "udp", "sendto"])
@pytest.mark.parametrize("version", [4, 6])
def test_processes_of_less_than_a_millisecond_are_named_on_the_wire(watched, tmp_path, kind, version):
    address = watched.address("a", version)
    serve(watched, "single" if kind == "tcp" else "udp", address, tmp_path)
    live = watch(watched, "b", "b")
    truth = by_port(watched.run("b", TRAFFIC, "clients", COUNT, 4, kind, address, PORT).stdout, "client")
    flows = report_of(live)["flows"]
    assert {flow["initiator"]["port"] for flow in flows} == set(truth)
    score = Score()
    for flow in flows:
        score.add(flow["initiator"], truth[flow["initiator"]["port"]])
    score.check(f"{kind}, IPv{version}")


@pytest.mark.parametrize("shape", ["single", "fork", "prefork", "thread"])
def test_both_ends_on_loopback_are_named_whatever_the_servers_shape(watched, tmp_path, shape):
    server, server_truth = serve(watched, shape, "127.0.0.1", tmp_path)
    live = watch(watched, "a", "lo")
    said = watched.run("a", TRAFFIC, "clients", COUNT, 4, "tcp", "127.0.0.1", PORT).stdout
    flows = report_of(live)["flows"]
    clients, servers = by_port(said, "client"), by_port(server_truth.read_text(), "server")
    initiators, responders = Score(), Score()
    for flow in flows:
        port = flow["initiator"]["port"]
        initiators.add(flow["initiator"], clients[port])
        responders.add(flow["responder"], servers[port])
        if shape == "fork" and flow["responder"]["process"]["match"] == "event":
            assert flow["responder"]["accepted_by"]["pid"] == server.pid
    initiators.check(f"clients of a server of shape {shape}")
    responders.check(f"a server of shape {shape}")


def test_a_datagrams_receiver_is_named_although_it_never_answers(watched, tmp_path):
    server, _ = serve(watched, "udp", "::1", tmp_path)
    live = watch(watched, "a", "lo")
    watched.run("a", TRAFFIC, "clients", 200, 4, "udp", "::1", PORT)
    ends = [flow["responder"]["process"] for flow in report_of(live)["flows"]]
    assert {(end["pid"], end["match"]) for end in ends} == {(server.pid, "event")}


@pytest.mark.parametrize("kind", ["tcp", "udp", "sendto"])
def test_threads_are_named(watched, tmp_path, kind):
    serve(watched, "single" if kind == "tcp" else "udp", "127.0.0.1", tmp_path)
    live = watch(watched, "a", "lo")
    truth = by_port(watched.run("a", TRAFFIC, "threads", 50, kind, "127.0.0.1", PORT).stdout, "client")
    flows = report_of(live)["flows"]
    assert len(flows) == len(truth)
    for flow in flows:
        process = flow["initiator"]["process"]
        threads = {(pid, tid, name) for pid, tid, name in truth[flow["initiator"]["port"]]}
        assert (process["pid"], process["tid"], process["thread_name"]) in threads


def test_sockets_from_before_the_run_are_named(watched, tmp_path):
    address = watched.address("a")
    server = watched.start("a", "socat", "-u", f"TCP-LISTEN:{PORT},fork", "OPEN:/dev/null")
    watched.wait_for_listener("a", PORT)
    client = watched.start("b", "socat", "-u", "SYSTEM:while sleep 0.2; do echo x; done", f"TCP:{address}:{PORT}")
    at_client, at_server = watch(watched, "b", "b"), watch(watched, "a", "a")
    watched.run("b", "sleep", "1.5")
    (flow,) = report_of(at_client)["flows"]
    named = [flow["initiator"]["process"]["pid"], *(other["pid"] for other in flow["initiator"]["other_holders"])]
    assert client.pid in named
    (flow,) = report_of(at_server)["flows"]
    assert flow["responder"]["process"]["name"] == "socat"
    assert flow["responder"]["process"]["pid"] in [server.pid, *children(server.pid)]


def test_another_namespace_does_not_lend_its_owners(watched, tmp_path):
    """The same loopback endpoints in two namespaces at the same time."""
    servers = {}
    for host in ("a", "b"):
        servers[host] = watched.start(host, TRAFFIC, "serve", "udp", "127.0.0.1", PORT)
        watched.wait_for_listener(host, PORT, "u")
    live = watch(watched, "a", "lo")
    bind = f"UDP:127.0.0.1:{PORT},bind=127.0.0.1:5555"
    for host in ("b", "a", "b"):
        watched.run(host, "socat", "-u", "EXEC:echo x", bind)
    (flow,) = report_of(live)["flows"]
    assert flow["responder"]["process"]["pid"] == servers["a"].pid
    assert flow["responder"]["other_holders"] == []


def test_a_port_that_the_program_asked_for_is_told_from_one_that_the_kernel_chose(watched, tmp_path):
    serve(watched, "single", "127.0.0.1", tmp_path)
    live = watch(watched, "a", "lo")
    for bind in ("", ",bind=127.0.0.1:45555,reuseaddr", ",bind=127.0.0.1:0"):
        watched.run("a", "socat", "-u", "EXEC:echo x", f"TCP:127.0.0.1:{PORT}{bind}")
    ends = [flow["initiator"] for flow in report_of(live)["flows"]]
    assert [end["role"] for end in ends] == ["ephemeral", "fixed_source", "ephemeral"]
    assert ["explicit_bind" in end["evidence"] for end in ends] == [False, True, False]
    assert ["kernel_autobind" in end["evidence"] for end in ends] == [True, False, True]


def test_hostile_names_and_arguments_do_no_harm(watched, tmp_path):
    nasty = tmp_path / "a\n\x1b]0;\"evil\xff"
    nasty.symlink_to(TRAFFIC)
    copy = tmp_path / "b\t<script>\x07"
    copy.write_bytes(TRAFFIC.read_bytes())
    copy.chmod(0o755)
    serve(watched, "udp", "127.0.0.1", tmp_path)
    live = watch(watched, "a", "lo")
    for program in (nasty, copy):
        watched.run("a", program, "client", "udp", "127.0.0.1", PORT, "\x01\n" + "y" * 100_000)
    flows = report_of(live)["flows"]
    assert {flow["initiator"]["process"]["exe"] for flow in flows} == {str(TRAFFIC.resolve()), str(copy)}


def test_auto_takes_the_kernels_events_and_says_so(watched, tmp_path):
    serve(watched, "udp", "127.0.0.1", tmp_path)
    for method, used in (("auto", "ebpf"), ("netlink", "netlink"), ("procfs", "procfs"), ("none", "none")):
        live = watch(watched, "a", "lo", method)
        watched.run("a", TRAFFIC, "clients", 1, 1, "udp", "127.0.0.1", PORT)
        report = report_of(live)
        assert report["source"]["attribution"] == used
        assert [one for one in report["degradations"] if one["what"].startswith("ebpf")] == []


# Everything but what eBPF takes.
WITHOUT = ["capsh", "--drop=cap_bpf,cap_perfmon,cap_sys_admin", "--", "-c", 'exec "$0" "$@"']


def test_real_programs_are_named(watched, tmp_path):
    server = start_nginx(watched, "a", tmp_path)
    (worker,) = children(server.pid)
    live = LiveRun("-i", "lo", "--attribution=ebpf", "--json", "-", "port 80", prefix=watched.inside("a"))
    ran = [watched.run("a", "curl", "-s", f"http://127.0.0.1/?{i}").args for i in range(20)]
    flows = report_of(live)["flows"]
    assert len(flows) == len(ran)
    wanted = {tuple(str(word) for word in command[len(watched.inside("a")):]) for command in ran}
    assert {tuple(flow["initiator"]["process"]["command_line"]) for flow in flows} == wanted
    for flow in flows:
        process, handler = flow["initiator"]["process"], flow["responder"]["process"]
        assert (process["exe"], process["match"]) == (os.path.realpath(shutil.which("curl")), "event")
        assert (handler["pid"], handler["match"]) == (worker, "event")
        assert flow["responder"]["accepted_by"]["pid"] == server.pid


def test_without_the_right_auto_falls_back_and_says_what_is_missing(network, tmp_path):
    network.pair()
    serve(network, "udp", "127.0.0.1", tmp_path)
    live = LiveRun("-i", "lo", "--json", "-", f"port {PORT}", prefix=[*network.inside("a"), *WITHOUT])
    network.run("a", TRAFFIC, "clients", 20, 1, "udp", "127.0.0.1", PORT)
    report = report_of(live)
    assert report["source"]["attribution"] == "netlink"
    (degradation,) = [one for one in report["degradations"] if one["what"] == "ebpf"]
    assert "CAP_BPF" in degradation["reason"] and "setcap" in degradation["reason"]
    assert all(flow["responder"]["process"]["match"] == "bound" for flow in report["flows"])


def test_asked_for_by_name_without_the_right_it_is_an_error_with_advice(network):
    network.pair()
    done = run("live", "-i", "lo", "--attribution=ebpf", prefix=[*network.inside("a"), *WITHOUT])
    assert done.returncode == 1
    assert "CAP_BPF" in done.stderr and "setcap" in done.stderr and "--attribution=auto" in done.stderr
    assert not re.search("listening on", done.stderr)


def test_rights_are_given_up_once_the_programs_run(watched):
    live = watch(watched, "a", "lo")
    pid = live.process.pid
    threads = list(pathlib.Path(f"/proc/{pid}/task").iterdir())
    assert len(threads) > 1
    for thread in threads:
        status = (thread / "status").read_text()
        effective = int(re.search(r"CapEff:\s+(\w+)", status).group(1), 16)
        for right in (12, 13, 21, 38, 39):  # net_admin, net_raw, sys_admin, perfmon, bpf
            assert not effective & 1 << right, f"{thread.name}: {effective:x}"
    report_of(live)

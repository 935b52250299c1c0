"""Live, with real programs in network namespaces: each flow with an end on this host names who is behind that end."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

from conftest import DOORPLATE, LiveRun, run, wait_until
from programs import children, start_dnsmasq, start_nginx, start_ssh, start_sshd, start_ticks

pytestmark = pytest.mark.usefixtures("needs_root")


def watch(network, host, interface, *arguments, **options):
    return LiveRun("-i", interface, "--json", "-", *arguments, prefix=network.inside(host), **options)


def report_of(live):
    done = live.stop()
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def the_flow(report, **wanted):
    """The one flow with this responder's port, and an address if one is said."""
    found = [
        flow for flow in report["flows"]
        if flow["responder"]["port"] == wanted["port"]
        and wanted.get("address") in (None, flow["responder"]["address"])
        and wanted.get("transport") in (None, flow["transport"])
    ]
    assert len(found) == 1, [flow["explanation"] for flow in report["flows"]]
    return found[0]


def assert_is(process, *, pid, ticks, exe, command_line, match):
    assert process is not None
    assert process["pid"] == pid
    assert process["start_ticks"] == ticks
    assert process["exe"] == os.path.realpath(exe)
    assert process["command_line"] == [str(word) for word in command_line]
    assert (process["uid"], process["user"]) == (0, "root")
    assert process["match"] in ("event", match)  # the kernel tells where it can


def fetch_slowly(network, host, url):
    """curl, while it runs: long enough to be looked at."""
    return network.start(host, "curl", "-s", "-g", "-o", "/dev/null", url)


@pytest.mark.parametrize("version", [4, 6])
def test_curl_is_named_on_its_host_and_nginx_on_its_own(network, tmp_path, version):
    network.pair()
    server = start_nginx(network, "a", tmp_path)
    address = network.address("a", version)
    url = f"http://[{address}]/slow" if version == 6 else f"http://{address}/slow"
    at_client, at_server = watch(network, "b", "b"), watch(network, "a", "a")
    client = fetch_slowly(network, "b", url)
    client_ticks = start_ticks(client.pid)
    (worker,) = children(server.pid)
    assert client.wait(timeout=60) == 0

    flow = the_flow(report_of(at_client), port=80)
    assert_is(flow["initiator"]["process"], pid=client.pid, ticks=client_ticks, exe=shutil.which("curl"),
              command_line=["curl", "-s", "-g", "-o", "/dev/null", url], match="exact")
    assert flow["initiator"]["role"] == "ephemeral"
    assert flow["responder"]["role"] == "service"
    assert flow["responder"]["unknown_reason"] == "not_local"

    report = report_of(at_server)
    flow = the_flow(report, port=80)
    process = flow["responder"]["process"]
    assert (process["pid"], process["name"]) == (worker, "nginx")
    assert process["match"] in ("event", "exact")
    assert process["start_ticks"] == start_ticks(worker)
    assert process["parent"]["pid"] == server.pid
    assert "listener" in flow["responder"]["evidence"]
    assert flow["initiator"]["unknown_reason"] == "not_local"
    (listener,) = [one for one in report["listeners"] if one["port"] == 80 and one["address"].count(":") == (2 if version == 6 else 0)]
    assert {holder["pid"] for holder in [listener["process"], *listener["other_holders"]]} == {server.pid, worker}


def test_dig_is_named_on_its_host_and_dnsmasq_on_its_own(network):
    network.pair()
    server = start_dnsmasq(network, "a")
    network.make_slow()
    at_client, at_server = watch(network, "b", "b", "port 53"), watch(network, "a", "a", "port 53")
    clients = {}
    for version in (4, 6):
        network.hold_up()
        # One try that waits: a second one would come from another socket.
        command = ["dig", "+short", "+time=30", "+tries=1", f"@{network.address('a', version)}", "door.example"]
        client = network.start("b", *command, stdout=subprocess.PIPE)
        ticks = start_ticks(client.pid)
        assert b"192.0.2.80" in client.communicate(timeout=60)[0]
        clients[version] = (client.pid, ticks, command)

    report = report_of(at_client)
    for version, (pid, ticks, command) in clients.items():
        flow = the_flow(report, port=53, address=network.address("a", version))
        process = flow["initiator"]["process"]
        assert process is not None, flow["explanation"]
        assert (process["pid"], process["start_ticks"], process["command_line"]) == (pid, ticks, command)
        assert process["match"] in ("event", "exact", "bound", "wildcard")
        assert flow["initiator"]["role"] == "ephemeral"
        assert (flow["responder"]["role"], flow["responder"]["registered_service"]) == ("service", "domain")

    report = report_of(at_server)
    for version in clients:
        flow = the_flow(report, port=53, address=network.address("a", version))
        assert flow["responder"]["process"]["pid"] == server.pid
        assert flow["responder"]["process"]["match"] in ("event", "bound", "wildcard")
        assert flow["responder"]["role"] == "service"


def test_a_connection_older_than_the_run_is_named_and_its_service_side_found(network, tmp_path):
    network.pair()
    server = start_sshd(network, "a", tmp_path)
    client = start_ssh(network, "b", tmp_path, network.address("a"))
    established = lambda: network.run("b", "ss", "-tnH", "state", "established", "dport = :22").stdout.strip()
    wait_until(established, "the ssh connection")
    # The session's own process holds the connection once the key was accepted.
    wait_until(lambda: children(server.pid), "sshd's session")

    at_client, at_server = watch(network, "b", "b"), watch(network, "a", "a")
    time.sleep(2.5)  # ssh speaks once a second, and only ssh decides when

    flow = the_flow(report_of(at_client), port=22)
    assert flow["tcp"]["state"] == "OTH"
    assert flow["initiator"]["process"]["pid"] == client.pid
    assert flow["initiator"]["process"]["match"] == "exact"
    assert flow["initiator_evidence"] != "syn"

    flow = the_flow(report_of(at_server), port=22)
    assert flow["initiator_evidence"] == "listener"
    assert flow["responder"]["process"]["name"] == "sshd"
    assert flow["responder"]["process"]["pid"] != server.pid, "the listener does not hold the session"
    assert "listener" in flow["responder"]["evidence"]
    assert flow["responder"]["role"] == "service"


def test_on_loopback_both_ends_are_named(network, tmp_path):
    network.pair()
    server = start_nginx(network, "a", tmp_path)
    (worker,) = children(server.pid)
    live = watch(network, "a", "lo")
    client = fetch_slowly(network, "a", "http://127.0.0.1/slow")
    assert client.wait(timeout=60) == 0
    report = report_of(live)
    flow = the_flow(report, port=80)
    assert flow["initiator"]["process"]["pid"] == client.pid
    assert flow["responder"]["process"]["pid"] == worker
    assert flow["relation"] == {"kind": "loopback_pair"}
    assert report["relations"] == [{"kind": "loopback_pair", "flow_ids": [flow["id"]]}]


def test_the_explanation_names_this_namespaces_port_range(network, tmp_path):
    network.pair()
    start_nginx(network, "a", tmp_path)
    for low, high in ((32768, 60999), (20000, 20099)):
        network.run("b", "sh", "-c", f"echo {low} {high} > /proc/sys/net/ipv4/ip_local_port_range")
        live = watch(network, "b", "b")
        assert fetch_slowly(network, "b", f"http://{network.address('a')}/slow").wait(timeout=60) == 0
        report = report_of(live)
        flow = the_flow(report, port=80)
        assert report["host"]["ephemeral_ports"] == {"low": low, "high": high}
        assert f"{low}-{high}" in flow["explanation"]
        assert low <= flow["initiator"]["port"] <= high
        assert flow["initiator"]["role"] == "ephemeral"
        assert "in_ephemeral_range" in flow["initiator"]["evidence"]


FORKED_LISTENER = """
import os, socket, time
listener = socket.create_server(("0.0.0.0", 7070))
if os.fork() == 0:
    time.sleep(600)
time.sleep(600)
"""


def test_a_port_held_by_two_processes_lists_both(network):
    network.pair()
    parent = network.start("a", sys.executable, "-c", FORKED_LISTENER)
    network.wait_for_listener("a", 7070)
    (child,) = wait_until(lambda: children(parent.pid), "the fork")
    network.processes.append(Pid(child))
    live = watch(network, "a", "a")
    # Nobody accepts it, so it stays with the listener.
    client = network.start("b", "socat", "-u", "OPEN:/dev/zero", f"TCP:{network.address('a')}:7070")
    accepted = lambda: network.run("a", "ss", "-tnH", "state", "established", "sport = :7070").stdout.strip()
    wait_until(accepted, "the connection")
    flow = the_flow(report_of(live), port=7070)
    network.end(client)
    process, others = flow["responder"]["process"], flow["responder"]["other_holders"]
    assert process["holders"] == 2
    assert process["match"] in ("listener", "wildcard")
    assert {process["pid"], *(other["pid"] for other in others)} == {parent.pid, child}
    assert str(parent.pid) in flow["explanation"] and str(child) in flow["explanation"]
    # `who` tells the same of the door.
    answer = network.run("a", DOORPLATE, "who", "tcp/7070").stdout
    assert str(parent.pid) in answer and str(child) in answer


class Pid:
    """A process that a program of the test started, to be ended with the rest."""

    def __init__(self, pid):
        self.pid = pid

    def poll(self):
        return None if pathlib.Path(f"/proc/{self.pid}").exists() else 0

    def terminate(self):
        os.kill(self.pid, 15)

    def wait(self, timeout=None):
        wait_until(lambda: self.poll() is not None, "the end of a forked process")


# Each child sends one datagram and is gone within a millisecond; its own word is the truth.
SHORT_LIVES = """
import os, socket, sys
for number in range(100):
    pid = os.fork()
    if pid == 0:
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.bind(("0.0.0.0", 0))
        sender.sendto(b"x", (sys.argv[1], 9999))
        os.write(1, b"%d %d\\n" % (sender.getsockname()[1], os.getpid()))
        os._exit(0)
    os.waitpid(pid, 0)
"""


def test_a_process_that_is_gone_before_it_can_be_read_is_exited_and_nobody_else(network):
    network.pair()
    live = watch(network, "b", "b", "--attribution=netlink", "udp port 9999")
    said = network.run("b", sys.executable, "-c", SHORT_LIVES, network.address("a")).stdout
    truth = {}
    for line in said.splitlines():
        port, pid = map(int, line.split())
        truth.setdefault(port, set()).add(pid)
    flows = report_of(live)["flows"]
    assert {flow["initiator"]["port"] for flow in flows} == set(truth)
    for flow in flows:
        process, reason = flow["initiator"]["process"], flow["initiator"]["unknown_reason"]
        if process is None:
            assert reason == "exited", flow["explanation"]
        else:
            assert process["pid"] in truth[flow["initiator"]["port"]], flow["explanation"]
    assert any(flow["initiator"]["process"] is None for flow in flows), "all were caught alive: not a test"


def test_without_the_rights_a_strangers_process_is_no_permission_with_the_right_named(network, tmp_path):
    network.pair()
    start_nginx(network, "a", tmp_path)
    binary = pathlib.Path("/tmp") / f"doorplate-test-{os.getpid()}"
    shutil.copy(DOORPLATE, binary)
    binary.chmod(0o755)
    try:
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                  "--inh-caps=+net_raw", "--ambient-caps=+net_raw"]
        live = LiveRun("-i", "a", "--json", "-", prefix=[*network.inside("a"), *nobody], binary=binary)
        assert fetch_slowly(network, "b", f"http://{network.address('a')}/slow").wait(timeout=60) == 0
        report = report_of(live)
    finally:
        binary.unlink()
    end = the_flow(report, port=80)["responder"]
    assert end["process"] is None
    assert end["unknown_reason"] == "no_permission"
    assert end["missing_rights"] == ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"]
    assert end["socket_uid"] == 0
    (degradation,) = [one for one in report["degradations"] if "CAP_SYS_PTRACE" in one["reason"]]
    assert "setcap" in degradation["reason"]


def test_without_attribution_nobody_is_named_and_it_says_so(network, tmp_path):
    network.pair()
    start_nginx(network, "a", tmp_path)
    live = watch(network, "a", "a", "--attribution=none")
    assert network.run("b", "curl", "-s", f"http://{network.address('a')}/").stdout == "hello\n"
    flow = the_flow(report_of(live), port=80)
    assert flow["responder"]["process"] is None
    assert flow["responder"]["unknown_reason"] == "no_socket_facts"


def test_procfs_alone_names_owners_too(network, tmp_path):
    network.pair()
    server = start_nginx(network, "a", tmp_path)
    (worker,) = children(server.pid)
    live = watch(network, "a", "a", "--attribution=procfs")
    assert fetch_slowly(network, "b", f"http://{network.address('a')}/slow").wait(timeout=60) == 0
    assert the_flow(report_of(live), port=80)["responder"]["process"]["pid"] == worker


def test_any_names_the_interface_that_each_flow_was_seen_on(network, tmp_path):
    network.pair()
    start_nginx(network, "a", tmp_path)
    live = watch(network, "a", "any")
    assert fetch_slowly(network, "b", f"http://{network.address('a')}/slow").wait(timeout=60) == 0
    assert fetch_slowly(network, "a", "http://127.0.0.1/slow").wait(timeout=60) == 0
    flows = [flow for flow in report_of(live)["flows"] if flow["responder"]["port"] == 80]
    assert {flow["responder"]["address"]: flow["interfaces"] for flow in flows} == {
        network.address("a"): ["a"], "127.0.0.1": ["lo"]}


def test_live_into_a_pipe_prints_a_line_for_each_flow(network, tmp_path):
    network.pair()
    start_nginx(network, "a", tmp_path)
    live = LiveRun("-i", "b", "tcp", "port", "80", prefix=network.inside("b"))
    assert fetch_slowly(network, "b", f"http://{network.address('a')}/slow").wait(timeout=60) == 0
    (line,) = live.stop().stdout.splitlines()
    assert "curl" in line and "192.0.2.1:80" in line

"""The commands that ask once: ports, who, explain, interfaces."""

import json
import os

import pytest

from conftest import DOORPLATE, run, wait_until
from programs import children, start_nginx

pytestmark = pytest.mark.usefixtures("needs_root")


def ask(network, host, *words):
    return network.run(host, DOORPLATE, *words).stdout


def ask_json(network, host, *words):
    return json.loads(ask(network, host, *words, "--json", "-"))


@pytest.fixture
def web(network, tmp_path):
    """nginx at `a`, and curl at `b` in the middle of a slow download from it."""
    network.pair()
    network.server = start_nginx(network, "a", tmp_path)
    (network.worker,) = children(network.server.pid)
    network.client = network.start("b", "curl", "-s", "-o", "/dev/null", f"http://{network.address('a')}/slow")
    wait_until(lambda: network.run("b", "ss", "-tnH", "state", "established").stdout.strip(), "the download")
    return network


def test_ports_lists_doors_with_program_role_and_exposure(web):
    doors = [port for port in ask_json(web, "a", "ports")["ports"] if port["peer"] is None]
    assert [(door["address"], door["port"]) for door in doors] == [("0.0.0.0", 80), ("::", 80)]
    for door in doors:
        assert door["role"] == "service"
        assert door["exposure"] == "all_addresses"
        holders = {door["process"]["pid"], *(other["pid"] for other in door["other_holders"])}
        assert holders == {web.server.pid, web.worker}
    assert "nginx" in ask(web, "a", "ports")


def test_ports_tells_the_clients_ephemeral_port_from_the_servers_accepted_one(web):
    (client,) = ask_json(web, "b", "ports")["ports"]
    assert (client["role"], client["process"]["pid"]) == ("ephemeral", web.client.pid)
    (accepted,) = [port for port in ask_json(web, "a", "ports")["ports"] if port["peer"] is not None]
    assert (accepted["port"], accepted["role"]) == (80, "service")
    assert accepted["process"]["pid"] == web.worker
    assert accepted["peer"]["port"] == client["port"]


def test_who_names_the_holders_and_why_the_port_cannot_be_bound(web):
    answer = ask_json(web, "a", "who", "tcp/80")
    assert answer["binds"] == [{"transport": "tcp", "obstacles": ["held", "connected", "privileged"]}]
    text = ask(web, "a", "who", "80")
    assert f"pid {web.server.pid}" in text and f"pid {web.worker}" in text
    assert "EADDRINUSE" in text and "SO_REUSEPORT" in text


def test_who_at_a_free_port_finds_nobody(web):
    text = ask(web, "a", "who", "tcp/8081")
    assert "Nobody is behind tcp/8081" in text
    assert "nothing that doorplate can see stands in the way" in text


def test_what_who_says_of_binding_is_what_the_kernel_does(web):
    import_socket = "import socket, sys; s = socket.socket(); s.bind(('', int(sys.argv[1])))"
    for port, obstacles in ((80, ["held", "connected", "privileged"]), (8081, [])):
        assert ask_json(web, "a", "who", f"tcp/{port}")["binds"][0]["obstacles"] == obstacles
        bound = web.run("a", "/usr/bin/python3", "-c", import_socket, port, check=False)
        assert (bound.returncode == 0) == (obstacles == []), bound.stderr


def test_who_refuses_what_is_no_door():
    done = run("who", "the-web-server")
    assert done.returncode == 2
    assert "tcp/8080" in done.stderr


def test_explain_a_flow_of_this_host_names_both_ends(web):
    (client,) = ask_json(web, "b", "ports")["ports"]
    flow = f"{client['address']}:{client['port']}-{client['peer']['address']}:{client['peer']['port']}"
    record = ask_json(web, "b", "explain", flow)["flow"]
    assert record["initiator"]["process"]["pid"] == web.client.pid
    assert (record["initiator"]["role"], record["responder"]["role"]) == ("ephemeral", "service")
    assert "curl" in ask(web, "b", "explain", flow)


def test_explain_a_number_follows_this_namespaces_range(web):
    assert "32768-60999" in ask(web, "b", "explain", "45000")
    web.run("b", "sh", "-c", "echo 20000 20099 > /proc/sys/net/ipv4/ip_local_port_range")
    text = ask(web, "b", "explain", "45000/tcp")
    assert "20000-20099" in text and "32768-60999" not in text
    assert ask_json(web, "b", "explain", "443")["registered_services"]["tcp"] == "https"


def test_explain_refuses_what_is_neither_port_nor_flow():
    done = run("explain", "https")
    assert done.returncode == 2
    assert "443" in done.stderr


def test_interfaces_lists_where_to_listen_and_whether_one_may(web):
    answer = ask_json(web, "a", "interfaces")
    assert answer["may_capture"] is True
    found = {one["name"]: one["addresses"] for one in answer["interfaces"]}
    assert {"192.0.2.1/24", "2001:db8::1/64"} <= set(found["a"])
    assert "lo" in found
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
    binary = f"/tmp/doorplate-test-{os.getpid()}"
    web.run("a", "install", "-m", "755", DOORPLATE, binary)
    try:
        text = web.run("a", *nobody, binary, "interfaces").stdout
    finally:
        os.unlink(binary)
    assert "CAP_NET_RAW" in text and "setcap" in text

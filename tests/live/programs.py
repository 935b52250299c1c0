"""The real programs of the live tests, and what /proc says of a process."""

import pathlib
import subprocess

from conftest import wait_until


def start_ticks(pid):
    """Field 22 of /proc/PID/stat."""
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])


def children(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def start_nginx(network, host, folder):
    """A web server on port 80, IPv4 and IPv6; /slow takes two seconds. Returns its process."""
    (folder / "slow").write_bytes(b"x" * 40000)
    (folder / "index.html").write_text("hello\n")
    config = folder / "nginx.conf"
    config.write_text(
        f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
user root;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 80; listen [::]:80 ipv6only=on; root {folder}; location /slow {{ limit_rate 20k; }} }}
}}
"""
    )
    server = network.start(host, "/usr/sbin/nginx", "-c", config, "-p", folder)
    network.wait_for_listener(host, 80)
    wait_until(lambda: children(server.pid), "nginx's worker")
    return server


def start_dnsmasq(network, host):
    server = network.start(
        host, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
        "--pid-file=", "--address=/door.example/192.0.2.80", "--address=/door.example/2001:db8::80",
    )
    network.wait_for_listener(host, 53, "u")
    return server


def start_sshd(network, host, folder):
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name], check=True)
    keys = folder / "authorized_keys"
    keys.write_bytes((folder / "user_key.pub").read_bytes())
    config = folder / "sshd_config"
    config.write_text(
        f"Port 22\nHostKey {folder}/host_key\nAuthorizedKeysFile {keys}\nStrictModes no\nPermitRootLogin yes\n"
        "UsePAM no\nPidFile none\nPasswordAuthentication no\n"
    )
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists on it
    server = network.start(host, "/usr/sbin/sshd", "-D", "-f", config)
    network.wait_for_listener(host, 22)
    return server


def start_ssh(network, host, folder, address):
    """A connection that stays and speaks about once a second."""
    client = network.start(
        host, "ssh", "-N", "-F", "/dev/null", "-i", folder / "user_key", "-o", "StrictHostKeyChecking=no",
        "-o", "UserKnownHostsFile=/dev/null", "-o", "ServerAliveInterval=1", f"root@{address}",
    )
    return client

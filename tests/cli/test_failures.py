"""Everything that can be wrong from outside: one clear message that says what to do, the right exit code, and complete
reports where there are packets."""

import json
import os
import signal
import subprocess

from conftest import DOORPLATE, LiveRun, run


def complaint(done, code):
    """The one message of a failed run."""
    assert done.returncode == code, (done.returncode, done.stderr)
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("doorplate: "), done.stderr
    return lines[0]


def test_a_missing_file_is_named(tmp_path):
    assert str(tmp_path / "no.pcap") in complaint(run("replay", tmp_path / "no.pcap"), 1)


def test_a_folder_is_no_capture(tmp_path):
    assert "directory" in complaint(run("replay", tmp_path), 1)


def test_a_file_without_permission_is_named(tmp_path, web_sample):
    # Root may read anything, so this is asked of a user who may not.
    secret = tmp_path / "secret.pcapng"
    secret.write_bytes(web_sample.read_bytes())
    secret.chmod(0)
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    open_way(tmp_path)
    done = run("replay", secret, prefix=prefix, cwd="/")
    assert "ermission" in complaint(done, 1)


def open_way(path):
    """Lets others walk to a file below pytest's private folders."""
    for folder in [path, *path.parents][:4]:
        if folder.stat().st_uid == os.geteuid() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o011)


def test_what_is_no_capture_is_refused(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("port already in use\n")
    assert "not a" in complaint(run("replay", text), 1)


def test_an_empty_file_is_refused(tmp_path):
    empty = tmp_path / "empty.pcap"
    empty.touch()
    assert "empty" in complaint(run("replay", empty), 1)


def test_a_capture_without_packets_gives_a_report_without_flows(tmp_path, web_sample):
    done = run("replay", web_sample, "--json", "-", "port 1 and port 2")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["flows"] == []


def test_a_truncated_capture_reports_what_is_in_front_of_the_damage(tmp_path, web_sample):
    whole = web_sample.read_bytes()
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    done = run("replay", cut, "--json", "-")
    assert "byte" in complaint(done, 1)
    report = json.loads(done.stdout)
    assert report["summary"]["packets"] > 5
    assert report["source"]["damage"] is not None


def test_a_bad_filter_is_a_usage_error(web_sample):
    assert "prot 80" in complaint(run("replay", web_sample, "prot", "80"), 2)


def test_a_bad_filter_is_a_usage_error_live(needs_root):
    assert "prot 80" in complaint(run("live", "-i", "lo", "prot", "80"), 2)


def test_no_such_interface_lists_those_there_are(needs_root):
    message = complaint(run("live", "-i", "eth99"), 1)
    assert "eth99" in message and "lo" in message


def test_a_capture_without_rights_names_the_right_and_the_cure(needs_root, tmp_path):
    # A capability that a program lacks is lacked by root too.
    done = run("live", "-i", "lo", prefix=["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"])
    message = complaint(done, 1)
    assert "CAP_NET_RAW" in message and "setcap" in message


def test_an_unwritable_output_fails_before_the_work(tmp_path, web_sample):
    done = run("replay", web_sample, "--json", tmp_path / "no" / "folder.json", "--csv", tmp_path / "x.csv")
    assert "folder.json" in complaint(done, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_reported_and_the_other_reports_are_complete(tmp_path, web_sample):
    done = run("replay", web_sample, "--json", "/dev/full", "--csv", tmp_path / "flows.csv")
    assert "/dev/full" in complaint(done, 1)
    assert len((tmp_path / "flows.csv").read_text().splitlines()) > 1


def test_a_reader_that_goes_away_is_no_failure(web_sample):
    for output in ("--ndjson", "--json", "--text", "--csv", "--html"):
        script = f'set -o pipefail; "$0" replay "$1" {output} - | head -c 1 >/dev/null'
        done = subprocess.run(["bash", "-c", script, DOORPLATE, web_sample], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), output


def test_a_live_reader_that_goes_away_ends_the_run(needs_root, network):
    network.pair()
    live = LiveRun("-i", "lo", "--ndjson", "-", prefix=network.inside("a"))
    live.process.stdout.close()
    network.run("a", "ip", "link", "set", "lo", "up")
    # Two flows that end, so that something is written into the closed pipe.
    for _ in range(2):
        network.run("a", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9", check=False)
    live.process.wait(timeout=60)
    assert live.process.returncode == 0


def test_ctrl_c_and_sigterm_end_a_live_run_in_order(needs_root, network):
    network.pair()
    for number in (signal.SIGINT, signal.SIGTERM):
        live = LiveRun("-i", "b", "--json", "-", prefix=network.inside("b"))
        network.run("a", "ping", "-c", "2", "-i", "0.2", network.address("b"))
        done = live.stop(number)
        assert done.returncode == 0, done.stderr
        assert "packets captured" in done.stderr
        assert "received by filter" in done.stderr
        assert "dropped by kernel" in done.stderr
        assert any(flow["transport"] == "icmp" for flow in json.loads(done.stdout)["flows"])


def test_an_unknown_option_is_a_usage_error():
    done = run("replay", "--nonsense", "x")
    assert done.returncode == 2
    assert "--nonsense" in done.stderr and "doorplate replay --help" in done.stderr


def test_no_command_is_a_usage_error():
    done = run()
    assert done.returncode == 2
    assert "--help" in done.stderr

"""Several jobs: the same bytes as one, from files and from pipes, and an end in order."""

import os
import signal
import subprocess

from conftest import DOORPLATE, PATIENCE, SAMPLES, run, wait_until

CAPTURES = sorted(path for path in SAMPLES.iterdir() if path.suffix in (".pcap", ".pcapng"))
FORMATS = ("--json", "--ndjson", "--csv", "--text")


def reports(*arguments, **options):
    outputs = []
    for form in FORMATS:
        done = run("replay", *arguments, form, "-", **options)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    return outputs


def test_several_jobs_give_the_bytes_of_one():
    assert len(CAPTURES) >= 5
    for jobs in (2, 4):
        assert reports(*CAPTURES, "--jobs", jobs) == reports(*CAPTURES)


def test_jobs_and_a_count_end_at_the_same_packet():
    assert reports(*CAPTURES, "-c", 20, "--jobs", 3) == reports(*CAPTURES, "-c", 20)


def test_jobs_read_a_pipe(web_sample):
    with open(web_sample, "rb") as capture:
        piped = subprocess.run([DOORPLATE, "replay", "-", "--jobs", "2", "--csv", "-"], stdin=capture, capture_output=True,
                               text=True, timeout=PATIENCE)
    assert piped.stdout == run("replay", web_sample, "--csv", "-").stdout != ""


def test_a_run_that_needs_no_more_does_not_wait_for_its_pipe(web_sample):
    """One packet was asked for and came; what the other end of the pipe does then is of no matter."""
    read, write = os.pipe()
    process = subprocess.Popen([DOORPLATE, "replay", "-", "-c", "1", "--jobs", "2", "--text", "-"], stdin=read,
                               stdout=subprocess.PIPE, text=True)
    os.close(read)
    os.write(write, web_sample.read_bytes()[:4096])
    assert "1 packet" in process.communicate(timeout=PATIENCE)[0]
    os.close(write)


def test_an_interrupt_ends_jobs_that_wait_for_a_pipe(web_sample):
    read, write = os.pipe()
    process = subprocess.Popen([DOORPLATE, "replay", "-", "--jobs", "2", "--ndjson", "-"], stdin=read,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.close(read)
    os.write(write, web_sample.read_bytes())
    # The threads begin after signals are listened to.
    wait_until(lambda: len(os.listdir(f"/proc/{process.pid}/task")) > 1, "a second thread")
    process.send_signal(signal.SIGINT)
    output, messages = process.communicate(timeout=PATIENCE)
    os.close(write)
    assert process.returncode == 1
    assert "stopped after" in messages
    assert '"type":"summary"' in output

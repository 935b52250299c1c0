"""The same packets give the same report, in whatever form and from wherever they come."""

import gzip
import json
import re
import struct
import subprocess

import pytest

from conftest import DOORPLATE, SAMPLES, SOURCE, run

SAMPLE_FILES = sorted(path for path in SAMPLES.iterdir() if path.suffix in (".pcap", ".pcapng"))
FORMS = {"gzip": ["gzip", "-c"], "zstd": ["zstd", "-qc"], "lz4": ["lz4", "-qc"]}


def report(*arguments, **options):
    done = run("replay", *arguments, "--ndjson", "-", **options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def without_name(text):
    """The summary says where the packets came from; that alone may differ."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        if isinstance(line.get("source"), dict):
            line["source"]["file"] = None
    return lines


def compressed(command, source, target):
    with open(source, "rb") as plain, open(target, "wb") as output:
        subprocess.run(command, stdin=plain, stdout=output, check=True)
    return target


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """2,000 packets of 40 flows: UDP over Ethernet, a packet a millisecond."""
    path = tmp_path_factory.mktemp("generated") / "generated.pcap"
    with open(path, "wb") as output:
        output.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i in range(2000):
            payload = bytes([i % 251]) * (i % 300)
            udp = struct.pack(">HHHH", 40000 + i * 7 % 40, 53, 8 + len(payload), 0) + payload
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), i, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
            frame = bytes(12) + b"\x08\x00" + ip + udp
            output.write(struct.pack("<IIII", 1_700_000_000 + i // 1000, i % 1000 * 1000, len(frame), len(frame)) + frame)
    return path


def records(path):
    """The file header and each record of a little-endian pcap file."""
    data = path.read_bytes()
    found, position = [], 24
    while position < len(data):
        length = 16 + struct.unpack_from("<I", data, position + 8)[0]
        found.append(data[position : position + length])
        position += length
    return data[:24], found


def test_a_sample_gives_the_same_from_a_file_compressed_and_from_a_pipe(tmp_path):
    assert len(SAMPLE_FILES) > 3
    for sample in SAMPLE_FILES:
        expected = without_name(report(sample))
        for form, command in FORMS.items():
            packed = compressed(command, sample, tmp_path / f"{sample.name}.{form}")
            assert without_name(report(packed)) == expected, (sample, form)
            with open(packed, "rb") as file:
                piped = subprocess.run(["cat"], stdin=file, stdout=subprocess.PIPE, check=True).stdout
            done = subprocess.run([DOORPLATE, "replay", "-", "--ndjson", "-"], input=piped, capture_output=True)
            assert without_name(done.stdout.decode()) == expected, (sample, form, "through a pipe")
        with open(sample, "rb") as file:
            assert without_name(report("-", stdin=file)) == expected, (sample, "as standard input")


def test_a_capture_in_ten_files_gives_the_same_as_whole(tmp_path, generated):
    header, packets = records(generated)
    parts = []
    for i in range(10):
        part = tmp_path / f"part{i}.pcap"
        part.write_bytes(header + b"".join(packets[i * 200 : i * 200 + 200]))
        parts.append(part)
    whole = without_name(report(generated))
    assert len(whole) == 41
    assert without_name(report(*parts)) == whole
    for part in parts[::2]:
        part.write_bytes(gzip.compress(part.read_bytes()))
    assert without_name(report(*parts)) == whole


def json_of(*arguments, **options):
    """The bytes of a report, but for the name of what was read."""
    done = run("replay", *arguments, "--json", "-", **options)
    assert (done.returncode, done.stderr) == (0, "")
    text, replaced = re.subn(r'("source":{"kind":"file","file":)("[^"]*"|null)', r"\1null", done.stdout, count=1)
    assert replaced == 1
    return text


# Each has something of its own: tunnels, handshakes of many kinds, fragments, associations, calls, radio, cut packets.
KINDS = [
    "arkime/arkime_synthetic.pcap", "libtrace/vlan.pcap", "ndpi/wa_voice.pcap", "pcapflowlab/showcase__pcap_flow_lab_showcase.pcap",
    "pcapplusplus/many-protocols.pcap", "tcpdump/forces2.pcap", "wireshark/wpa-Induction.pcap", "zeek/llc.pcap", "zeek/nmap-vsn.pcap",
    "zeek/tunnels__gre-within-gre.pcap",
]


@pytest.mark.parametrize("capture", ["fragments.pcap", "cooked.pcap", "loopback.pcap", *KINDS])
def test_a_report_has_the_same_bytes_however_the_packets_come(tmp_path, capture):
    path = SAMPLES / capture if "/" not in capture else SOURCE.parent / "shared/corpus" / capture
    if not path.exists():
        pytest.skip("the corpus of other people's captures is not here")
    header, packets = records(path)
    each = -(-len(packets) // 10)
    parts = []
    for i in range(10):
        parts.append(tmp_path / f"part{i}.pcap")
        parts[-1].write_bytes(header + b"".join(packets[i * each : (i + 1) * each]))
    packed = tmp_path / "packed.pcap.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    expected = json_of(path)
    for jobs in ([], ["--jobs", 2]):
        assert json_of(path, *jobs) == expected
        assert json_of(*parts, *jobs) == expected, "in ten files"
        assert json_of(packed, *jobs) == expected, "compressed"
        with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as pipe:
            assert json_of("-", *jobs, stdin=pipe.stdout) == expected, "from a pipe"


def test_merge_puts_packets_of_several_files_in_the_order_of_time(tmp_path, generated):
    header, packets = records(generated)
    parts = []
    for i in range(3):
        part = tmp_path / f"part{i}.pcap"
        part.write_bytes(header + b"".join(packets[i::3]))
        parts.append(part)

    def flows(lines):
        # Each file is a place of its own, so the interfaces differ.
        return [{**line, "interfaces": None} for line in lines if line["type"] == "flow"]

    assert flows(without_name(report("--merge", *parts))) == flows(without_name(report(generated)))


def test_damage_in_the_middle_costs_little_and_is_told(tmp_path, generated):
    header, packets = records(generated)
    packets[1000] = b"not a record at all"
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(header + b"".join(packets))
    done = run("replay", damaged, "--json", "-")
    assert done.returncode == 1
    assert "the 1000 packets in front of it were read, and 999 behind it; 19 bytes were skipped" in done.stderr
    assert json.loads(done.stdout)["summary"]["packets"] == 1999


def test_a_compressed_capture_cut_short_reports_what_is_in_front_of_the_cut(tmp_path, generated):
    packed = gzip.compress(generated.read_bytes())
    cut = tmp_path / "cut.pcap.gz"
    cut.write_bytes(packed[: len(packed) // 2])
    done = run("replay", cut, "--json", "-")
    assert done.returncode == 1
    assert f"its gzip data are cut short at byte {len(packed) // 2} of the file" in done.stderr
    assert json.loads(done.stdout)["summary"]["packets"] > 500

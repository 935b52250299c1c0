"""What makes packets one flow, and which packets count, as the command line says."""

import struct

from conftest import replay_json, run


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp_frame(vlan, source_port=50000, spoil=False):
    source, destination = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 2])
    length = 8 + 4
    pseudo = source + destination + struct.pack("!BBH", 0, 17, length)
    header = struct.pack("!HHH", source_port, 53, length)
    verified = checksum(pseudo + header + b"\0\0" + b"ping") ^ (0x0101 if spoil else 0)
    datagram = header + struct.pack("!H", verified) + b"ping"
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 1, 0, 64, 17, 0) + source + destination
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\x02" * 6 + b"\x04" * 6 + struct.pack("!HHH", 0x8100, vlan, 0x0800) + ip + datagram


def capture(path, frames):
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for number, frame in enumerate(frames):
        data += struct.pack("<IIII", 1_700_000_000 + number, 0, len(frame), len(frame)) + frame
    path.write_bytes(data)
    return path


def test_the_same_five_tuple_in_two_vlans_is_two_flows_only_with_that_key(tmp_path):
    file = capture(tmp_path / "vlans.pcap", [udp_frame(5), udp_frame(7), udp_frame(5)])
    vlans = lambda *options: [flow["vlan"] for flow in replay_json(file, *options)["flows"]]
    assert vlans() == [[5]]
    assert vlans("--key", "vlan") == [[5], [7]]
    assert vlans("--key", "tunnel,mpls", "--key", "interface") == [[5]]


def test_an_idle_flow_ends_when_its_timeout_says_so(tmp_path):
    file = capture(tmp_path / "slow.pcap", [udp_frame(5), *[udp_frame(5, 50001)] * 4, udp_frame(5)])
    assert len(replay_json(file)["flows"]) == 2
    assert len(replay_json(file, "--udp-timeout", "3")["flows"]) == 3


def test_wrong_checksums_are_ignored_flagged_or_left_out(tmp_path):
    file = capture(tmp_path / "spoiled.pcap", [udp_frame(5), udp_frame(5, spoil=True), udp_frame(5)])

    def outcome(*options):
        report = replay_json(file, *options)
        packets = sum(flow["packets"]["initiator"] for flow in report["flows"])
        return packets, report["malformations"], report["losses"]["packets_without_flow"]

    bad = {"bad_transport_checksum": 1}
    assert outcome() == (3, bad, {})
    assert outcome("--checksums=drop") == (2, bad, bad)
    assert outcome("--checksums=ignore") == (3, {}, {})
    assert "1 bad_transport_checksum" in run("replay", file).stdout

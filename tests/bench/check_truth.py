"""Replays a generated capture and compares every flow with what was generated.

    check_truth.py DOORPLATE CAPTURE        with CAPTURE.truth beside it
"""

import json
import subprocess
import sys

MOST_SHOWN = 10


def flow_name(transport, initiator, responder):
    return f"{transport} {initiator[0]} {initiator[1]} > {responder[0]} {responder[1]}"


def generated(path):
    flows = {}
    for line in open(path):
        transport, a, a_port, b, b_port, *numbers = line.split()
        if transport.startswith("icmp"):  # the identifier is not a port
            a_port = "0"
        flows.setdefault(flow_name(transport, (a, a_port), (b, b_port)), []).append([int(n) for n in numbers])
    return {name: sorted(found) for name, found in flows.items()}


def replayed(doorplate, capture):
    done = subprocess.run([doorplate, "replay", capture, "--ndjson", "-"], stdout=subprocess.PIPE, text=True, check=True)
    flows = {}
    for record in map(json.loads, done.stdout.splitlines()):
        if record["type"] != "flow":
            continue
        ends = [(record[end]["address"], record[end]["port"] or 0) for end in ("initiator", "responder")]
        numbers = [record[what][end] for end in ("initiator", "responder") for what in ("packets", "frame_bytes")]
        times = [record["start_ns"], record["end_ns"]]
        flows.setdefault(flow_name(record["transport"], *ends), []).append(numbers + times)
    return {name: sorted(found) for name, found in flows.items()}


def main():
    doorplate, capture = sys.argv[1:]
    expected = generated(capture + ".truth")
    found = replayed(doorplate, capture)
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    for name in wrong[:MOST_SHOWN]:
        print(f"{name}: generated {expected.get(name)}, replayed {found.get(name)}")
    print(f"{len(expected)} flows generated, {len(found)} found, {len(wrong)} wrong")
    return 1 if wrong or not expected else 0


if __name__ == "__main__":
    sys.exit(main())

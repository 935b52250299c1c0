"""What replay writes: the same bytes on any day, complete, and as the schemas say."""

import csv
import io
import json
import os
import subprocess

import pytest

from conftest import SAMPLES, SOURCE, replay_json, run

jsonschema = pytest.importorskip("jsonschema")

CAPTURES = sorted(path for path in SAMPLES.iterdir() if path.suffix in (".pcap", ".pcapng"))


def validator_of(name):
    """The schemas refer to each other by file name."""
    schemas = {path.name: json.loads(path.read_text()) for path in (SOURCE / "docs/schema").glob("*.json")}
    resolver = jsonschema.RefResolver(name, schemas[name], store=schemas)
    return jsonschema.Draft202012Validator(schemas[name], resolver=resolver)


def test_every_sample_replays_without_a_malformation():
    assert len(CAPTURES) >= 5
    for capture in CAPTURES:
        report = replay_json(capture)
        assert report["flows"], capture
        assert report["malformations"] == {}, capture


def test_every_report_is_as_its_schema_says():
    validator = validator_of("report.schema.json")
    for capture in CAPTURES:
        validator.validate(replay_json(capture))


def test_every_ndjson_line_is_as_its_schema_says_and_the_summary_is_the_last():
    validator = validator_of("flow-record.schema.json")
    for capture in CAPTURES:
        lines = run("replay", capture, "--ndjson", "-").stdout.splitlines()
        records = [json.loads(line) for line in lines]
        for record in records:
            validator.validate(record)
        assert records[-1]["type"] == "summary"
        assert all(record["type"] != "summary" for record in records[:-1])


def test_ndjson_and_json_tell_the_same_flows(web_sample):
    lines = run("replay", web_sample, "--ndjson", "-").stdout.splitlines()
    streamed = [record for record in map(json.loads, lines) if record["type"] == "flow"]
    assert sorted(streamed, key=lambda flow: flow["id"]) == replay_json(web_sample)["flows"]


def test_text_is_printed_beside_a_report_that_goes_to_a_file(tmp_path, web_sample):
    page = tmp_path / "report.html"
    done = run("replay", web_sample, "--html", page)
    assert done.stdout == run("replay", web_sample).stdout != ""
    assert page.read_text().startswith("<!doctype html>")


def test_standard_output_carries_one_report_only(tmp_path, web_sample):
    text = tmp_path / "text"
    done = run("replay", web_sample, "--json", "-", "--text", text)
    json.loads(done.stdout)
    assert text.read_text() == run("replay", web_sample).stdout
    assert run("replay", web_sample, "--text", text).stdout == ""


def test_csv_has_a_row_for_each_flow(web_sample):
    rows = list(csv.DictReader(io.StringIO(run("replay", web_sample, "--csv", "-").stdout)))
    assert len(rows) == len(replay_json(web_sample)["flows"])


def test_the_same_file_gives_the_same_bytes_in_any_place(tmp_path):
    places = [
        {"TZ": "UTC", "LC_ALL": "C"},
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "HOME": "/nowhere"},
        {"TZ": "America/Caracas", "LC_ALL": "tr_TR.UTF-8", "COLUMNS": "40"},
    ]
    for capture in CAPTURES:
        outputs = set()
        for number, place in enumerate(places):
            folder = tmp_path / f"{capture.name}-{number}"
            folder.mkdir()
            names = {kind: folder / kind for kind in ("text", "json", "ndjson", "csv", "html")}
            flags = [word for kind, path in names.items() for word in (f"--{kind}", path)]
            done = run("replay", capture, *flags, "-v", env={**os.environ, **place})
            assert done.returncode == 0, done.stderr
            outputs.add(tuple(path.read_bytes() for path in names.values()))
        assert len(outputs) == 1, capture


def test_standard_input_gives_the_same_flows_as_the_file(web_sample):
    with open(web_sample, "rb") as file:
        piped = run("replay", "-", "--json", "-", stdin=file)
    assert json.loads(piped.stdout)["flows"] == replay_json(web_sample)["flows"]


def test_two_files_are_read_one_after_another():
    web, dns = SAMPLES / "web.pcapng", SAMPLES / "dns.pcapng"
    both = replay_json(web, dns)
    assert both["summary"]["packets"] == sum(replay_json(path)["summary"]["packets"] for path in (web, dns))


def test_words_behind_the_files_are_the_filter(web_sample):
    ports = {flow["responder"]["port"] for flow in replay_json(web_sample, "tcp", "port", "443")["flows"]}
    assert ports == {443}


def test_a_count_stops_the_reading(web_sample):
    assert replay_json(web_sample, "-c", 7)["summary"]["packets"] == 7


def test_the_counts_are_tsharks():
    for capture in CAPTURES:
        fields = ["tshark", "-r", capture, "-T", "fields", "-e", "frame.len"]
        lengths = subprocess.run(fields, capture_output=True, text=True, check=True).stdout.split()
        summary = replay_json(capture)["summary"]
        assert summary["packets"] == len(lengths), capture
        assert summary["frame_bytes"] == sum(map(int, lengths)), capture


def test_the_corpus_agrees_with_its_tables(tmp_path):
    corpus = SOURCE.parent / "shared/corpus"
    compare = SOURCE.parent / "shared/tools/compare_conv.py"
    if not compare.exists():
        pytest.skip("the corpus of other people's captures is not here")
    # The same eight flows under many link types; those that are dissected must agree to the byte.
    done = 0
    for name in ("ethernet", "vlan", "qinq", "sll", "sll2", "null", "loop", "raw", "ipv4", "ipv6"):
        for capture in sorted((corpus / "links").glob(f"{name}*.pcap")):
            if "pppoe" in capture.name:
                continue
            flows = tmp_path / "flows.json"
            assert run("replay", capture, "--json", flows, "--text", "/dev/null").returncode == 0
            table = corpus / "expected/links" / (capture.name + ".tsv")
            verdict = subprocess.run(["/usr/bin/python3", compare, table, flows, "--depth", "1"], capture_output=True, text=True)
            assert verdict.returncode == 0, capture.name + verdict.stdout
            done += 1
    assert done > 0

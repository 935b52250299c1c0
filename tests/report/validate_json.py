#!/usr/bin/python3
"""validate_json.py SCHEMA FILE...: every .json file, and every line of every .ndjson file, fits the schema.

SCHEMA is a file in docs/schema/; the other schemas there are found by its side. An .ndjson file must also end with its
summary, and have only one.
"""

import json
import pathlib
import sys

import jsonschema


def validator(path):
    schema = json.loads(path.read_text())
    neighbours = {}
    for neighbour in path.parent.glob("*.schema.json"):
        content = json.loads(neighbour.read_text())
        neighbours[content["$id"]] = content
    jsonschema.Draft202012Validator.check_schema(schema)
    resolver = jsonschema.RefResolver(base_uri=schema["$id"], referrer=schema, store=neighbours)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


def values(path):
    """Each value with the place it has in the file."""
    text = path.read_bytes().decode("utf-8", errors="strict")
    if path.suffix == ".json":
        yield str(path), json.loads(text)
        return
    if not text.endswith("\n"):
        raise ValueError(f"{path}: the last line is not ended")
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        yield f"{path}:{number}", json.loads(line)


def closest(error):
    """Of a oneOf that failed, the complaint of the branch that was meant: the one whose kind of value it is."""
    while error.context:
        branches = {}
        for child in error.context:
            branches.setdefault(child.schema_path[0], []).append(child)

        def wrong_kind(branch):
            return any(child.validator in ("const", "type") and len(child.path) <= (child.validator == "const") for child in branch)

        error = min(branches.values(), key=lambda branch: (wrong_kind(branch), len(branch)))[0]
    return error


def complaints(check, path):
    types = []
    for place, value in values(path):
        types.append(value.get("type"))
        for error in check.iter_errors(value):
            error = closest(error)
            yield f"{place}: {'/'.join(map(str, error.absolute_path)) or 'the value'}: {error.message[:300]}"
    if path.suffix == ".ndjson" and (not types or types[-1] != "summary" or types.count("summary") != 1):
        yield f"{path}: the last line, and only it, must be the summary"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    check = validator(pathlib.Path(sys.argv[1]))
    found = 0
    for name in sys.argv[2:]:
        for complaint in complaints(check, pathlib.Path(name)):
            print(complaint, file=sys.stderr)
            found += 1
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

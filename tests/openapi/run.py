"""Drives a Guise binary with requests that schemathesis makes of its OpenAPI documents, valid ones and wrong ones.

Usage: run.py BINARY [OPTION…]; options are schemathesis', such as `--include-path=/1.1/blocks/ids.json`. A
document of which they leave nothing is passed over.

Two things are held here besides schemathesis' own checks: a run must have seen every success that the document
promises, and whoever was let in is told what is left of the limit.
"""

import base64
import collections
import itertools
import json
import os
import re
import sys
import tempfile
import xml.etree.ElementTree
from collections.abc import Mapping

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "clients"))

import requests
import schemathesis
from guise import DONE, Guise
from hypothesis import strategies
from schemathesis.cli import schemathesis as command
from seeds import NOBODY, Seeds

DOCUMENTS = ["/guise/v1/openapi/v1.1.json", "/guise/v1/openapi/guise-v1.json"]
# They never end.
STREAMS = {"/guise/v1/direct_messages/stream", "/guise/v1/requests/stream"}
# What takes an account's decision on a page first, and what gives up the token that everything else is signed with.
NEEDS_MORE = {"/oauth/access_token", "/1.1/oauth/invalidate_token.json"}
REQUEST = "/guise/v1/requests/{id}"
CONFIGURATION = os.path.join(HERE, "schemathesis.toml")
KEYS = os.path.join(HERE, "..", "..", "docs", "configuration.md")
ID_MAX = 2**63 - 1
DESTROY = re.compile("(custom_profiles|events)/destroy|/erase$")
NEVER_REACHED = "1000000/15m"

seen = collections.defaultdict(set)
# The id of a request that the inspector still remembers.
latest = ["0" * 16]
numbers = itertools.count(1)


def unlimited():
    """The settings that lift every limit."""
    with open(KEYS) as page:
        names = re.findall(r"`limits\.(/\S+)`", page.read())
    return {f"GUISE_LIMITS{name.upper().replace('/', '_')}": NEVER_REACHED for name in names}


def formats(seeds):
    """Texts that no pattern can describe."""
    one_line = strategies.text(strategies.characters(categories=["L", "N", "P"]), min_size=1, max_size=48)
    numbers = strategies.integers(1, ID_MAX)
    schemathesis.openapi.format("profile-name", one_line)
    schemathesis.openapi.format("operator", one_line)
    schemathesis.openapi.format(
        "cursor", numbers.map(lambda number: base64.b64encode(str(number).encode()).decode().rstrip("="))
    )
    urls = ["https://example.com/a?b=c#d", "http://example.com"]
    schemathesis.openapi.format("web-url", strategies.sampled_from(urls))
    schemathesis.openapi.format("callback", strategies.sampled_from(["oob", f"{DONE}?a=b"]))
    schemathesis.openapi.format("bearer", strategies.sampled_from([seeds.bearer, f"{NOBODY}-x"]))
    schemathesis.openapi.format("binary", strategies.just(seeds.picture))
    schemathesis.openapi.format("byte", strategies.just(seeds.base64()))


def with_real_ids(document, seeds):
    """The document with the ids of things that exist instead of all ids there could be."""
    schemas, paths = document["components"]["schemas"], document["paths"]
    schemas |= {name: {"enum": ids} for name, ids in seeds.ids.items()}
    for path in filter(DESTROY.search, paths):
        # What one operation destroys must not be missing to the others.
        spare = re.sub(r"schemas/(Profile|Message)Id", r"schemas/Spare\1Id", json.dumps(paths[path]))
        paths[path] = json.loads(spare)
    for path in STREAMS | NEEDS_MORE:
        paths.pop(path, None)
    if picture := paths.get("/1.1/ton/data/dm/{message}/{media}/{file}"):
        for parameter, real in zip(picture["get"]["parameters"], seeds.media_url.split("/")[-3:]):
            parameter["schema"] = {"enum": [real]}
    if by_key := paths.get("/guise/v1/profiles/by-external-id/{key}"):
        # So few that each is new once and there the next time. A new one needs more than a change does.
        by_key["put"]["parameters"][0]["schema"] = {"enum": [f"crm:{number}" for number in range(8)]}
        change = by_key["put"]["requestBody"]["content"]["application/json"]["schema"]
        complete = {"name": {"type": "string"}, "avatar": {"type": "object"}}
        # The path says which it is.
        kept = {"external_id": {"type": "null"}}
        change["allOf"] = [{"$ref": change.pop("$ref")}, {"properties": complete | kept, "required": list(complete)}]
    return document


def fresh(text):
    """Most of the time a text that was not there before: a text like this one, if it is one."""
    number = next(numbers)
    return text if number % 4 == 0 or not re.fullmatch("[!-~]{1,100}", str(text)) else f"{text}{number}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """What may be used once only would be used up by the first request."""
    for place, name in (case.headers, "Idempotency-Key"), (case.body, "external_id"):
        if isinstance(place, Mapping) and isinstance(place.get(name), str):
            place[name] = fresh(place[name])
    if case.operation.path == REQUEST and re.fullmatch("[0-9a-f]{16}", str(case.path_parameters.get("id"))):
        case.path_parameters["id"] = latest[0]


@schemathesis.hook
def after_call(context, case, response):
    seen[case.operation.label].add(str(response.status_code))
    if "x-access-level" in response.headers and "/guise/v1/requests" not in case.operation.path:
        latest[0] = response.headers["x-transaction-id"][0]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Leaves out what is no failure: other values than the keys of here are keys too, and a segment without its command
    is a picture in one piece, whatever else is said of it."""
    label, message = case.operation.label, failure.message
    key = "by-external-id" in label and "parameter `key` in path" in message
    upload = label == "POST /1.1/media/upload.json" and "Missing required property: command" in message
    # Its generator forgets the quotes of a pattern that begins with one.
    revision = (case.headers or {}).get("If-Match", "*")
    unquoted = not re.fullmatch(r'\*|".*"', str(revision)) and "Valid data should have been accepted" in message
    return not (key or upload or unquoted)


@schemathesis.check
def whoever_is_let_in_is_told_what_is_left(ctx, response, case):
    if "x-access-level" in response.headers:
        assert "x-rate-limit-remaining" in response.headers, "x-access-level without x-rate-limit-remaining"


def never_seen(document, tested):
    """Successes that the document promises and no request got, by operation."""
    missing = {}
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            label = f"{verb.upper()} {path}"
            promised = {status for status in operation["responses"] if status.startswith("2")}
            if label in tested and promised - seen[label]:
                missing[label] = sorted(promised - seen[label])
    return missing


def exit_code(arguments):
    try:
        return command.main(arguments, prog_name="schemathesis", standalone_mode=False)
    except SystemExit as end:
        return end.code


def tested(url, path, seeds, options):
    """Runs schemathesis on one document; each operation with whether it passed, and whether the run itself did."""
    with tempfile.TemporaryDirectory() as folder:
        document = with_real_ids(requests.get(url + path).json(), seeds)
        file, report = os.path.join(folder, "document.json"), os.path.join(folder, "report.xml")
        with open(file, "w") as out:
            json.dump(document, out)
        arguments = ["--config-file", CONFIGURATION, "run", file, "--url", url]
        status = exit_code([*arguments, "--report", "junit", "--report-junit-path", report, *options])
        cases = xml.etree.ElementTree.parse(report).iter("testcase") if os.path.exists(report) else ()
        passed = {case.get("name"): case.find("failure") is None and case.find("error") is None for case in cases}
    for label, statuses in never_seen(document, passed).items():
        print(f"FAILED {label} never answered {', '.join(statuses)}")
        passed[label] = False
    return passed, not status


def main(binary, *options):
    results, whole = {}, True
    with Guise(binary, **unlimited()) as server:
        seeds = Seeds(server)
        latest[0] = seeds.request
        formats(seeds)
        schemathesis.auth.set_from_requests(seeds.auth)
        for path in DOCUMENTS:
            passed, ran = tested(f"http://{server.http}", path, seeds, options)
            results |= passed
            whole = whole and (ran or not passed)
    passed = sum(results.values())
    failed = len(results) - passed
    print(f"{passed} passed, {failed or int(not whole)} failed")
    return 0 if passed and not failed and whole else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

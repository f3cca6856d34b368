"""JUnit in front of the schema by which Jenkins refuses a report, and rdjson and SARIF in front of reviewdog.

    formats.py STEADFAST junit SCHEMA        formats.py STEADFAST reviewdog PROGRAM
"""

import json
import pathlib
import re
import subprocess
import sys

from shop import deployment, project

STEADFAST, WHAT, CLIENT = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3]
HOSTILE = deployment("api", 'replicas: "<]]>&\\x07\\n\\u202e"')
PROJECTS = {
    "clean": project("clean", {"api.yaml": deployment("api")}),
    "broken": project("broken", {
        "a b/Ünïcode & <co>.yaml": deployment("api", "replicas: many"),
        "b.yaml": "a: [1\n",
        "c.yaml": "{{ if .Values.x }}\na: b\n{{ end }}\n",
        "d.yaml": HOSTILE,
    }),
    "shop": pathlib.Path(__file__).resolve().parents[2] / "docs/example",
}


def report(folder, form):
    done = subprocess.run([STEADFAST, "--output", form, "--pedantic"], cwd=folder, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout
    return done.stdout


def proven(what):
    print(f"  {WHAT}: {what}", flush=True)


def junit():
    import xmlschema

    schema = xmlschema.XMLSchema(CLIENT)
    assert not schema.is_valid("<testsuites><testsuite odd='1'/></testsuites>"), "the schema refuses nothing"
    for name, folder in PROJECTS.items():
        text = report(folder, "junit")
        faults = [fault.reason for fault in schema.iter_errors(text)]
        assert not faults, f"{name}: {faults[:5]}"
        count = len(json.loads(report(folder, "json"))["findings"])
        assert text.count("<failure") <= count <= text.count("<testcase"), name
        proven(f"{name}: {text.count('<testcase')} cases, as the schema wants them")


def shown_lines(form, printed):
    """The lines at which reviewdog says that something is: a text a line for rdjson, spaced at will, and a result a line for SARIF."""
    if form == "rdjson":
        return [int(line) for line in re.findall(r"start:\s*\{\s*line:\s*(\d+)", printed)]
    results = [json.loads(line) for line in printed.splitlines()]
    return [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in results]


def reviewdog():
    for name, folder in PROJECTS.items():
        findings = json.loads(report(folder, "json"))["findings"]
        for form in ("rdjson", "sarif"):
            command = [CLIENT, f"-f={form}", "-reporter=local", "-filter-mode=nofilter", "-diff=git diff", "-fail-level=error"]
            done = subprocess.run(command, cwd=folder, input=report(folder, form), capture_output=True, text=True)
            grave = any(finding["severity"] == "error" for finding in findings)
            assert done.returncode == int(grave), f"{name}, {form}: {done.returncode} {done.stderr}"
            shown = sorted(shown_lines(form, done.stdout))
            expected = sorted(finding["location"]["start"]["line"] for finding in findings)
            assert shown == expected, f"{name}, {form}: {shown} are not {expected}\n{done.stderr}"
        proven(f"{name}: {len(findings)} findings shown, read as rdjson and as SARIF")


{"junit": junit, "reviewdog": reviewdog}[WHAT]()

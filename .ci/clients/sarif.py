"""SARIF in front of Microsoft's Sarif.Multitool, with the rules for all and those for GitHub, and what GitHub does beyond these.

The Multitool ends with 0 whatever it finds, so what it writes is read.
"""

import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from shop import deployment, project

STEADFAST = pathlib.Path(sys.argv[1]).resolve()
MULTITOOL = sys.argv[2]
ROOT = pathlib.Path(__file__).resolve().parents[2]


def report(folder, name, *arguments):
    file = pathlib.Path(tempfile.mkdtemp()) / f"{name}.sarif"
    done = subprocess.run([STEADFAST, f"--output=sarif={file}", *arguments], cwd=folder, stdout=subprocess.DEVNULL)
    assert done.returncode in (0, 1), done.returncode
    return file


def validated(file):
    """What the Multitool has against a report, by its own report."""
    result = file.with_suffix(".validated")
    command = [MULTITOOL, "validate", file, "--rule-kind", "Sarif;Ghas", "--output", result, "--log", "ForceOverwrite",
               "--max-file-size-in-kb", "100000"]
    env = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = [line for line in done.stdout.splitlines() if re.search(r"\b(error|warning)\b", line)]
    if not result.exists():
        return said or [f"the Multitool wrote nothing: {done.stdout}"]
    run = json.loads(result.read_text(encoding="utf-8-sig"))["runs"][0]
    said += [f"{fault['ruleId']}: {fault['message']}" for fault in run["results"] if fault.get("level", "warning") != "note"]
    return said


def check(name, file, results):
    text = file.read_text()
    run = json.loads(text)["runs"][0]
    assert len(run["results"]) == results, f"{name}: {len(run['results'])} results"
    started = time.monotonic()
    faults = validated(file)
    assert not faults, f"{name}: " + "\n".join(faults[:20])
    size = len(gzip.compress(text.encode(), 6))
    assert size < 10_000_000, f"{name}: {size} bytes of gzip are more than GitHub takes"
    print(f"  sarif: {name}: {results} results, {size:,} bytes of gzip, nothing to object [{time.monotonic() - started:.0f}s]", flush=True)
    return run


# The validator looks at the page of every rule that a report lists, which takes it 37 s for all of them: one report has them all.
FEW_RULES = "--select=hygiene"

# A validator that objects to nothing proves nothing: it must see what is wrong with these.
empty = project("empty", {"config.yaml": "a: b\n"})
good = json.loads(report(empty, "good", FEW_RULES).read_text())
for spoil in [lambda run: run["tool"]["driver"].pop("name"), lambda run: run.update(odd=1)]:
    bad = json.loads(json.dumps(good))
    spoil(bad["runs"][0])
    file = pathlib.Path(tempfile.mkdtemp()) / "bad.sarif"
    file.write_text(json.dumps(bad))
    assert validated(file), "the Multitool did not see a fault that was made"

check("empty", report(empty, "empty", FEW_RULES), 0)
small = project("small", {"a b/Ünïcode & co.yaml": deployment("api", "replicas: many"), "b.yaml": "a: [1\n"})
check("small, with a name that needs escapes and a file that cannot be read", report(small, "small", FEW_RULES), 1)

shop = report(ROOT / "docs/example", "shop", "--today=2026-11-20")
results = len(json.loads(shop.read_text())["runs"][0]["results"])
run = check("across files", shop, results)
assert results > 10 and any("codeFlows" in result for result in run["results"])
again = report(ROOT / "docs/example", "shop", "--today=2026-11-20", "--jobs=1")
assert shop.read_bytes() == again.read_bytes(), "the second run gave other bytes"

def workload(name):
    return deployment(name, "replicas: many").split("---\n")[0]


many = project("many", {f"{n:03}/{m:02}.yaml": "---\n".join(workload(f"api-{n}-{m}-{k}") for k in range(10))
                        for n in range(100) for m in range(30)})
file = report(many, "30,000", FEW_RULES)
run = check("30,000 findings", file, 25_000)
left = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
assert any("5,000 findings" in text for text in left), left
prints = {(result["ruleId"], result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
           result["partialFingerprints"]["primaryLocationLineHash"]) for result in run["results"]}
assert len(prints) == 25_000, "GitHub would take two results for one"
assert file.read_bytes() == report(many, "30,000", FEW_RULES).read_bytes(), "the second run gave other bytes"
print("  sarif: each result is known by something of its own; the second run gives the same bytes")

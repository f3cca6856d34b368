"""What the documents show to be pasted, in front of the programs that will read it.

A block of YAML whose first line is a comment with a file's name is that file.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
HOOKS = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
SCHEMAS = {".github/workflows": "vendor.github-workflows", ".gitlab-ci.yml": "vendor.gitlab-ci"}
seen = {"pre-commit": 0, "vendor.github-workflows": 0, "vendor.gitlab-ci": 0}

pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
folder = pathlib.Path(tempfile.mkdtemp())
for page in pages:
    for name, text in re.findall(r"```yaml\n# (\.\S+)\n(.*?)```", page.read_text(), re.S):
        file = folder / f"{len(list(folder.iterdir()))}.yml"
        file.write_text(text)
        content = yaml.safe_load(text)
        if name == ".pre-commit-config.yaml":
            kind, command = "pre-commit", [sys.executable, "-m", "pre_commit", "validate-config", file]
            for repo in content["repos"]:
                for hook in repo["hooks"] if repo["repo"].endswith("/steadfast") else []:
                    assert hook["id"] in HOOKS, f"{page.name}: there is no hook {hook['id']}"
        else:
            kind = next(schema for start, schema in SCHEMAS.items() if name.startswith(start))
            command = ["check-jsonschema", "--builtin-schema", kind, file]
            jobs = content.get("jobs", {}).values() if kind.endswith("workflows") else []
            for step in [step for job in jobs for step in job["steps"] if "/steadfast@" in step.get("uses", "")]:
                unknown = set(step.get("with", {})) - set(ACTION["inputs"])
                assert not unknown, f"{page.name}: the action has no {unknown}"
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, f"{page.name}, {name}: {done.stdout}"
        seen[kind] += 1
for kind, count in seen.items():
    assert count > 0, f"no document shows anything for {kind}"
    print(f"  documents: {count} that {kind} takes")

# Every input and output of the action is told of, and no other.
table = (ROOT / "docs/github.md").read_text()
for kind in ("inputs", "outputs"):
    part = re.search(rf"^## {kind.title()}$(.*?)^## ", table, re.S | re.M)[1]
    told = re.findall(r"^\| `([\w-]+)` \|", part, re.M)
    assert sorted(told) == sorted(ACTION[kind]), f"docs/github.md: {kind}: {set(told) ^ set(ACTION[kind])}"
print("  documents: the tables of inputs and outputs agree with action.yml")

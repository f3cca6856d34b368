"""Runs the steps of action.yml as GitHub would, without GitHub: under bash, in order, with its files and its conditions.

What it knows of GitHub is what action.yml uses: an expression that is not known here is an error, not an empty text. Steps that use
another action are not run, but what they would be given is kept.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import yaml

from shop import deployment, project

ROOT = pathlib.Path(__file__).resolve().parents[2]
FINISHED = []


class Job:
    """What is left after the action has run: each step's result, and the action's outputs."""

    def __init__(self, action, workspace, inputs=None, env=None, runner=("Linux", "X64")):
        self.temp = pathlib.Path(tempfile.mkdtemp(prefix="runner temp "))
        self.action = pathlib.Path(action)
        self.workspace = pathlib.Path(workspace)
        self.definition = yaml.safe_load((self.action / "action.yml").read_text())
        self.env = {**os.environ, **(env or {})}
        self.runner = runner
        self.failed, self.log, self.summary, self.used = False, "", "", {}
        known = self.definition["inputs"]
        unknown = set(inputs or {}) - set(known)
        assert not unknown, unknown
        self.context = {"github.token": "the-token"}
        for name, definition in known.items():
            given = (inputs or {}).get(name, definition.get("default", ""))
            self.context[f"inputs.{name}"] = self.fill(given)
        for step in self.definition["runs"]["steps"]:
            self.step(step)
        self.outputs = {
            name: self.fill(output["value"]) for name, output in self.definition["outputs"].items()
        }

    def value(self, name):
        if name in self.context:
            return self.context[name]
        kind, *rest = name.split(".")
        ids = [step.get("id") for step in self.definition["runs"]["steps"]]
        if kind == "steps" and rest[0] in ids and rest[1] == "outputs":
            return ""
        raise AssertionError(f"the harness does not know {name}")

    def fill(self, text):
        return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", lambda found: self.value(found[1]), str(text))

    def holds(self, condition):
        condition = condition.removeprefix("${{").removesuffix("}}").strip()
        words = re.findall(r"always\(\)|&&|\|\||[()]|==|!=|'[^']*'|[\w.-]+", condition)
        assert "".join(words) == condition.replace(" ", ""), condition
        words = {"always()": "True", "&&": "and", "||": "or"}, words
        python = [words[0].get(word) or (word if re.match(r"[()'=!]", word) else repr(self.value(word))) for word in words[1]]
        return ("always()" in condition or not self.failed) and bool(eval(" ".join(python), {"__builtins__": {}}))

    def step(self, step):
        if not self.holds(step.get("if", "${{ 'true' }}")):
            return
        if "uses" in step:
            self.used[step["uses"].split("@")[0]] = {key: self.fill(value) for key, value in step["with"].items()}
            return
        assert "${{" not in step["run"], "an expression in a script: whoever writes the input writes the script"
        files = {name: self.temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        env = {
            "RUNNER_TOOL_CACHE": str(self.temp / "tool cache"),
            **self.env,
            "RUNNER_TEMP": str(self.temp),
            "RUNNER_OS": self.runner[0],
            "RUNNER_ARCH": self.runner[1],
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "shop/infra",
            "GITHUB_SHA": "0123abc",
            **{name: str(file) for name, file in files.items()},
            **{name: self.fill(value) for name, value in step.get("env", {}).items()},
        }
        folder = self.workspace / self.fill(step.get("working-directory", "."))
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.log += done.stdout
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        for line in files["GITHUB_OUTPUT"].read_text().splitlines():
            name, _, value = line.partition("=")
            self.context[f"steps.{step.get('id')}.outputs.{name}"] = value
        self.failed |= done.returncode != 0

    def commands(self, kind):
        """The workflow commands of a kind that the runner would obey: not those between stop and go."""
        found, stopped = [], None
        for line in self.log.splitlines():
            if stopped:
                stopped = None if line == f"::{stopped}::" else stopped
            elif line.startswith("::stop-commands::"):
                stopped = line.removeprefix("::stop-commands::")
            elif line.startswith(f"::{kind} "):
                found.append(line)
        assert stopped is None, "commands were stopped for good"
        return found


def proves(what):
    """Runs a function and says what it proved."""

    def run(function):
        function()
        FINISHED.append(what)
        print(f"  action: {what}")

    return run


STEADFAST = pathlib.Path(sys.argv[1]).resolve()
VERSION = subprocess.run([STEADFAST, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
CACHE = tempfile.mkdtemp(prefix="tool cache ")
CLEAN = {"deploy.yaml": deployment("api")}
BROKEN = {f"deploy {n}.yaml": deployment(f"api{n}", "replicas: many") for n in range(25)}


def run(workspace, inputs=None, action=ROOT, **more):
    env = {"RUNNER_TOOL_CACHE": CACHE, **more.pop("env", {})}
    return Job(action, workspace, inputs, env=env, **more)


def findings(job):
    return json.loads(pathlib.Path(job.outputs["json-file"]).read_text())["findings"]


def program(folder, name, script):
    """A program that stands before the real one of its name."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


@proves("without inputs, on a clean project: built from its own checkout, and said so")
def _():
    job = run(project("clean", CLEAN))
    assert not job.failed, job.log
    assert job.outputs["exit-code"] == "0" and job.outputs["findings"] == "0" and findings(job) == []
    assert job.outputs["version"] == VERSION
    assert "built from source" in "".join(job.commands("notice")), job.log
    assert not job.commands("error") and not job.commands("warning"), job.log
    assert "no findings" in job.summary
    key = job.used["actions/cache"]["key"]
    assert re.fullmatch(r"steadfast-source-[0-9a-f]{20}-x86_64-unknown-linux-musl", key), key
    assert job.used["actions/cache"]["path"].startswith(CACHE)
    assert set(job.used) == {"actions/cache"}, job.used
    assert list(json.loads(pathlib.Path(job.outputs["sarif-file"]).read_text())["runs"][0]["results"]) == []


@proves("the second run builds nothing")
def _():
    env = program(tempfile.mkdtemp(), "cargo", "exit 9")
    job = run(project("clean", CLEAN), env=env)
    assert not job.failed and "is there already" in job.log, job.log


@proves("findings: the gate fails last, annotations are few and the gravest, the summary links to the files")
def _():
    job = run(project("broken", BROKEN))
    found = findings(job)
    assert job.failed and job.outputs["exit-code"] == "1"
    assert len(found) == 25 and job.outputs["findings"] == "25", len(found)
    assert len(job.commands("error")) == 10 and "file=deploy 0.yaml,line=6" in job.commands("error")[0], job.log
    assert len(job.commands("notice")) == 1
    assert "https://github.com/shop/infra/blob/0123abc/deploy%200.yaml#L6" in job.summary
    assert "github/codeql-action/upload-sarif" not in job.used
    assert "\x1b[" in job.log, "the log has colours"


@proves("fail-on never: reported, and not failed")
def _():
    job = run(project("broken", BROKEN), {"fail-on": "never", "annotations": "false", "summary": "false"})
    assert not job.failed and job.outputs["findings"] == "25" and job.outputs["exit-code"] == "0"
    assert not job.commands("error") and job.summary == ""


@proves("upload-sarif: uploaded although the job fails, and not shown twice")
def _():
    job = run(project("broken", BROKEN), {"upload-sarif": "true", "category": "prod"})
    upload = job.used["github/codeql-action/upload-sarif"]
    assert upload["category"] == "prod" and upload["sarif_file"] == job.outputs["sarif-file"]
    assert len(json.loads(pathlib.Path(upload["sarif_file"]).read_text())["runs"][0]["results"]) == 25
    assert job.failed and not job.commands("error")
    both = run(project("broken", BROKEN), {"upload-sarif": "true", "annotations": "true"})
    assert len(both.commands("error")) == 10


@proves("settings that are wrong: fails with 2, is shown, and uploads nothing, which would close every alert")
def _():
    folder = project("wrong", {**CLEAN, "steadfast.toml": 'fail-on = "sometimes"\n'})
    job = run(folder, {"upload-sarif": "true"})
    assert job.failed and job.outputs["exit-code"] == "2" and job.outputs["findings"] == ""
    assert "github/codeql-action/upload-sarif" not in job.used
    assert "the run failed" in job.summary and "sometimes" in job.log and job.commands("error")


@proves("inputs that are wrong: fails with 2 and says which")
def _():
    for inputs in [{"fail-on": "bogus"}, {"config": "not there.toml"}, {"baseline": "not there.json"}, {"paths": "not there"}]:
        job = run(project("clean", CLEAN), {"upload-sarif": "true", **inputs})
        assert job.failed and job.outputs["exit-code"] == "2", inputs
        assert job.outputs["sarif-file"] == "" and "github/codeql-action/upload-sarif" not in job.used
        assert [*inputs.values()][0] in job.log and "could not run" in job.summary, job.log


@proves("spaces and what looks like a flag or a command, in names and in inputs")
def _():
    hostile = "$(touch pwned) `touch pwned` ; touch pwned"
    files = {
        "my infra/a b/one two.yaml": deployment("one", "replicas: many"),
        "my infra/-o.yaml": deployment("two", "replicas: many"),
        f"my infra/{hostile}/x.yaml": deployment("three", "replicas: many"),
        "my infra/unnamed.yaml": deployment("four", "replicas: many"),
        "my infra/my settings.toml": 'ignore = ["rollback"]\n',
        "my infra/steadfast.toml": "",
    }
    folder = project("my work", files)
    inputs = {
        "working-directory": "my infra",
        "config": "my settings.toml",
        "paths": f"a b/one two.yaml\r\n\n-o.yaml\n{hostile}",
        "args": "--select\nhygiene\n--min-severity=error",
    }
    job = run(folder, inputs)
    at = sorted(found["location"]["file"] for found in findings(job))
    assert at == sorted([f"{hostile}/x.yaml", "-o.yaml", "a b/one two.yaml"]), at
    assert not list(folder.rglob("pwned"))
    sarif = json.loads(pathlib.Path(job.outputs["sarif-file"]).read_text())
    uris = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in sarif["runs"][0]["results"]}
    assert "my%20infra/a%20b/one%20two.yaml" in uris, uris


@proves("what files say is no command to the runner")
def _():
    text = deployment("api", 'replicas: "\\n::error file=x::gotcha\\n"') + "\n# ::add-mask::x\n"
    job = run(project("hostile", {"::error file=y::gotcha.yaml": text, "##[error]z.yaml": text.replace("api", "b")}))
    assert job.outputs["findings"] not in ("", "0")
    assert not [line for line in job.commands("error") if line.startswith(("::error file=x", "::error file=y::"))], job.log


@proves("a baseline: known faults do not fail")
def _():
    folder = project("known", BROKEN)
    subprocess.run([STEADFAST, "--write-baseline", "known faults.json"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    job = run(folder, {"baseline": "known faults.json"})
    assert not job.failed and job.outputs["findings"] == "0", job.log


# ── releases, by a server of our own ────────────────────────────────────────────────────────────────────────────────

def released(version=VERSION):
    """A ref of the action that knows one release, and the server that has it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="a release "))
    shutil.copytree(ROOT / "action", folder / "action")
    shutil.copy(ROOT / "action.yml", folder)
    server = folder / "server" / f"v{version}"
    pack = [ROOT / ".ci/archive", STEADFAST, "x86_64-unknown-linux-musl", server]
    line = subprocess.run(pack, check=True, capture_output=True, text=True).stdout
    with open(folder / "action/checksums.txt", "a") as sums:
        sums.write(line)
    return folder, server / line.split()[1]


def from_server(folder, inputs=None, cache=None, env=None, **more):
    cache = cache or tempfile.mkdtemp(prefix="tool cache ")
    env = {"RUNNER_TOOL_CACHE": cache, "STEADFAST_RELEASES": f"file://{folder}/server".replace(" ", "%20"), **(env or {})}
    return run(project("clean", CLEAN), inputs, action=folder, env=env, **more), pathlib.Path(cache)


@proves("a release with the right checksum is downloaded once")
def _():
    folder, archive = released()
    for inputs in [{}, {"version": VERSION}]:
        job, cache = from_server(folder, inputs)
        assert not job.failed and job.outputs["version"] == VERSION, job.log
        assert not job.commands("notice") and not job.used, job.log
        moved = archive.rename(archive.with_suffix(".away"))
        again, _ = from_server(folder, inputs, cache)
        moved.rename(archive)
        assert not again.failed and "is there already" in again.log, again.log


@proves("a release with a wrong checksum is refused, and nothing of it stays")
def _():
    folder, archive = released()
    with open(archive, "ab") as more:
        more.write(b"x")
    job, cache = from_server(folder, {"upload-sarif": "true"})
    assert job.failed and "is not what was released" in job.log and job.outputs["exit-code"] == "", job.log
    assert not [path for path in cache.rglob("*") if path.is_file()] and "github/codeql-action/upload-sarif" not in job.used


@proves("a release that is not there, or not for this platform, is said; without a wish, the source is built")
def _():
    folder, archive = released()
    job, _ = from_server(folder, {"version": "9.9.9"})
    assert job.failed and "knows no checksum of version '9.9.9'" in job.log and VERSION in job.log, job.log
    job, _ = from_server(folder, {"version": "../../1"})
    assert job.failed and "knows no checksum" in job.log
    job, _ = from_server(folder, {"version": VERSION}, runner=("Linux", "ARM64"))
    assert job.failed and "aarch64-unknown-linux-musl" in job.log and "knows: none" in job.log, job.log
    for name in ["src", "rules", "Cargo.toml", "Cargo.lock", "build.rs"]:
        os.symlink(ROOT / name, folder / name)
    called = folder / "called"
    env = program(folder / "bin", "cargo", f'echo "$@" >"{called}"; exit 1')
    job, _ = from_server(folder, runner=("Linux", "ARM64"), env=env)
    assert job.failed and "could not be built" in job.log and "--locked --release" in called.read_text(), job.log
    archive.unlink()
    job, _ = from_server(folder)
    assert job.failed and "could not be downloaded" in job.log, job.log
    job, _ = from_server(folder, runner=("Windows", "X64"))
    assert job.failed and "not on Windows X64" in job.log, job.log


@proves("the token goes to github.com alone, and stands in no list of processes")
def _():
    folder, archive = released()
    seen = folder / "seen"
    script = f'echo "$@" >"{seen}.arguments"; cat >"{seen}.input"\n' \
        f'while [ $# -gt 1 ]; do if [ "$1" = --output ]; then cp "{archive}" "$2"; fi; shift; done'
    env = program(folder / "bin", "curl", script)
    job, _ = from_server(folder, env={**env, "STEADFAST_RELEASES": ""})
    assert not job.failed, job.log
    arguments, given = pathlib.Path(f"{seen}.arguments").read_text(), pathlib.Path(f"{seen}.input").read_text()
    assert f"https://github.com/steadfast-lint/steadfast/releases/download/v{VERSION}/{archive.name}" in arguments
    assert "the-token" not in arguments and "Bearer the-token" in given
    job, _ = from_server(folder, env={**env, "STEADFAST_RELEASES": "https://mirror.example"})
    assert not job.failed and pathlib.Path(f"{seen}.input").read_text() == ""


@proves("what is packed is what cargo-binstall looks for, with completions and man page; twice the same bytes")
def _():
    _, archive = released()
    _, again = released()
    assert hashlib.sha256(archive.read_bytes()).digest() == hashlib.sha256(again.read_bytes()).digest()
    text = (ROOT / "Cargo.toml").read_text().split("[package.metadata.binstall]")[1]
    settings = dict(re.findall(r'^([\w-]+) = "(.*)"$', text.split("\n[")[0], re.M))
    values = {"repo": "R", "name": "steadfast", "version": VERSION, "target": "x86_64-unknown-linux-musl", "bin": "steadfast",
              "binary-ext": "", "archive-suffix": ".tar.gz"}
    expand = lambda text: re.sub(r"\{ ([\w-]+) \}", lambda found: values[found[1]], text)
    assert expand(settings["pkg-url"]) == f"R/releases/download/v{VERSION}/{archive.name}", settings
    names = tarfile.open(archive).getnames()
    top = archive.name.removesuffix(".tar.gz")
    assert expand(settings["bin-dir"]) in names, settings
    for name in ["completions/steadfast.bash", "completions/_steadfast", "completions/steadfast.fish", "man/steadfast.1",
                 "README.md", "LICENSE-MIT", "LICENSE-APACHE"]:
        assert f"{top}/{name}" in names, name


print(f"  action: {len(FINISHED)} proofs")

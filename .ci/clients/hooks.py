"""The hooks of .pre-commit-hooks.yaml, run by the real pre-commit, and once by prek, on throw-away repositories.

What a hook reports is proven with `steadfast-system`, which builds nothing; the two that build from source run once, at the end.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import yaml

from shop import deployment, project

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEADFAST = pathlib.Path(sys.argv[1]).resolve()
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
# Only what is committed can be tried, so what is tried is a copy of what is here.
COPY = pathlib.Path(tempfile.mkdtemp(prefix="hooks "))


def git(folder, *arguments):
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def copy_of_the_checkout():
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file() and not name.startswith(("docs/", "snapshots/", "tests/")):
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            (COPY / name).write_bytes((ROOT / name).read_bytes())
            (COPY / name).chmod((ROOT / name).stat().st_mode)
    git(COPY, "init", "-q")
    git(COPY, "add", "--all")
    git(COPY, "commit", "-q", "-m", "what is to be tried")


def repository(files):
    folder = project("repository", files)
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "all")
    return folder


def pre_commit(folder, *arguments, expect, program="pre-commit"):
    homes = {"PRE_COMMIT_HOME": str(COPY.parent / "pre-commit home"), "PREK_HOME": str(COPY.parent / "prek home")}
    env = {**os.environ, **homes, "PATH": f"{STEADFAST.parent}:{os.environ['PATH']}"}
    command = [program, *arguments]
    done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == expect, f"{arguments} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def try_repo(folder, hook, *arguments, **more):
    return pre_commit(folder, "try-repo", str(COPY), hook, "--verbose", "--color=never", *arguments, **more)


def proven(what):
    print(f"  pre-commit: {what}", flush=True)


copy_of_the_checkout()
for program in ("pre-commit", "prek"):
    pre_commit(ROOT, "validate-manifest", ".pre-commit-hooks.yaml", expect=0, program=program)
assert HOOKS["steadfast"]["files"] == HOOKS["steadfast-system"]["files"] == HOOKS["steadfast-project"]["files"]
assert HOOKS["steadfast"]["entry"] == HOOKS["steadfast-system"]["entry"]
proven("the manifest is valid")

clean = repository({"api.yaml": deployment("api"), "README.md": "nothing to read here"})
assert "Passed" in try_repo(clean, "steadfast-system", "--all-files", expect=0)
assert "Skipped" in try_repo(clean, "steadfast-system", "--files", "README.md", expect=0)
proven("a clean project passes, and files that say nothing are skipped")

broken = repository({"api.yaml": deployment("api", "replicas: many"), "other.yaml": deployment("other")})
said = try_repo(broken, "steadfast-system", "--files", "api.yaml", expect=1)
assert "error[hygiene/wrong-type]" in said and "api.yaml:6" in said, said
try_repo(broken, "steadfast-system", "--files", "other.yaml", expect=0)
proven("a fault fails in the file that has it, and not in another")

# The budget allows what the replicas forbid: neither file is wrong alone, and only one is passed.
halves = deployment("api").split("---\n")
blocks = halves[1].replace("maxUnavailable: 1", "minAvailable: 3")
apart = repository({"app/deployment.yaml": halves[0], "platform/budget.yaml": blocks})
for half in ["app/deployment.yaml", "platform/budget.yaml"]:
    said = try_repo(apart, "steadfast-system", "--files", half, expect=1)
    assert "disruption/budget-blocks-drain" in said and "platform/budget.yaml" in said, said
proven("a fault whose other half is in a committed file that was not passed is found, from either half")

said = try_repo(apart, "steadfast-system", "--files", "app/deployment.yaml", expect=1, program="prek")
assert "disruption/budget-blocks-drain" in said, said
proven("prek runs the same hook and finds the same")

odd = repository({"a b/Ünïcode file.yaml": deployment("api", "replicas: many"), "a b/c d.yaml": deployment("other")})
assert "a b/Ünïcode file.yaml:6" in try_repo(odd, "steadfast-system", "--all-files", expect=1)
proven("names with spaces and of other alphabets")

generated = {"steadfast.toml": 'exclude = ["generated"]\n', "generated/api.yaml": deployment("api", "replicas: many"), "b.yaml": deployment("b")}
try_repo(repository(generated), "steadfast-system", "--all-files", expect=0)
proven("what steadfast.toml excludes stays excluded, although it is passed")


many = {f"services/a long name, so that several processes are needed/{n:04}.yaml":
        deployment(f"api{n}", "replicas: many" if n % 100 == 0 else "replicas: 3") for n in range(3000)}
large = repository(many)
# Counts the processes, and is else the program that it starts.
started = large.parent / "started"
counting = pathlib.Path(tempfile.mkdtemp()) / "steadfast"
counting.write_text(f'#!/bin/sh\necho "$#" >>"{started}"\nexec "{STEADFAST}" "$@"\n')
counting.chmod(0o755)


def run_local(**changes):
    hook = {**HOOKS["steadfast-system"], "entry": f"{counting} check", "args": ["--output", "concise"], **changes}
    (large / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": [hook]}]}))
    git(large, "add", "--all")
    started.write_text("")
    begun = time.monotonic()
    said = pre_commit(large, "run", "--all-files", "--verbose", "--color=never", expect=1)
    found = sorted(line for line in said.splitlines() if line.startswith("services/"))
    return found, len(started.read_text().splitlines()), time.monotonic() - begun


whole = subprocess.run([STEADFAST, "--output", "concise", "--quiet"], cwd=large, capture_output=True, text=True).stdout
expected = sorted(line for line in whole.splitlines() if line.startswith("services/"))
assert len(expected) == 30, whole
serial, processes, seconds = run_local()
parallel, more_processes, more_seconds = run_local(require_serial=False)
assert serial == parallel == expected, (len(serial), len(parallel))
assert more_processes > 1, more_processes
proven(f"3,000 files: the 30 faults, each once; {processes} in a row in {seconds:.1f} s, {more_processes} side by side in {more_seconds:.1f} s")

# An optimised build proves nothing more here, and takes minutes. What it depends on is kept for the next time; what it is, is not: it
# lies in another folder each time.
target = pathlib.Path(os.environ["CARGO_TARGET_DIR"]) / "clients"
os.environ.update({"CARGO_TARGET_DIR": str(target), "CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
                   "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "256"})
begun = time.monotonic()
three = repository({"app/deployment.yaml": halves[0], "platform/budget.yaml": blocks, "c.yaml": deployment("c", "replicas: many")})
said = pre_commit(three, "try-repo", str(COPY), "--verbose", "--color=never", "--files", "app/deployment.yaml", expect=1)
assert said.count("error[disruption/budget-blocks-drain]") == 3, said
assert said.count("error[hygiene/wrong-type]") == 1, "only the hook for the whole project tells of a file that was not passed: " + said
for path in sorted(target.rglob("*steadfast*"), reverse=True):
    shutil.rmtree(path) if path.is_dir() else path.unlink()
proven(f"all three hooks at once; built from source by pre-commit, without the lock file, in {time.monotonic() - begun:.0f} s")

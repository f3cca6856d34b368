"""Small projects to check: what a proof needs to be clean, or to have exactly one fault."""

import pathlib
import subprocess
import tempfile


def project(folder, files):
    """A repository with these files, nothing committed."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{folder} "))
    subprocess.run(["git", "init", "-q", folder], check=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def deployment(name, body="replicas: 3"):
    """A workload with its budget. It is clean, unless its body is not: `replicas: many` is one fault, at line 6."""
    return f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  {body}
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
        - name: main
          image: shop/{name}:1.2.3
          resources:
            requests: {{cpu: 100m, memory: 64Mi}}
            limits: {{memory: 64Mi}}
          readinessProbe:
            httpGet: {{path: /, port: 8080}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {name}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{app: {name}}}
"""

"""Builds the programs that check the chart and the compose file, from the Go modules in tests/deploy/go.

They are helm, kubeconform, a loader of compose files, and a writer of strict schemas of Kubernetes' objects with
what it writes. All are kept in the user's cache by what they are built from, so they are built once: in minutes.
`python -m tools.deploy_programs` says where they are.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from plaudit.stack.paths import CHECKOUT, cache

MODULES = CHECKOUT / "tests" / "deploy" / "go"
#: What is built of which module: the program's name, and its package.
PROGRAMS = {
    "tools": {
        "helm": "helm.sh/helm/v3/cmd/helm",
        "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform",
        "compose": "./compose",
    },
    "types": {"types": "."},
}
SCHEMAS = "schemas"


def place() -> Path:
    """The folder of the programs as the modules say now, whether it is there or not."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.relative_to(MODULES).as_posix().encode() + b"\0" + path.read_bytes())
    return cache() / "deploy" / digest.hexdigest()[:16]


def build() -> Path:
    """Build what is missing; return the folder. Raises OSError without Go, CalledProcessError when it fails."""
    there = place()
    if there.exists():
        return there
    there.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=there.parent, prefix="new-"))
    try:
        for module, programs in PROGRAMS.items():
            for name, package in programs.items():
                _go(MODULES / module, "build", "-trimpath", "-ldflags=-s -w", "-o", str(new / name), package)
        (new / SCHEMAS).mkdir()
        subprocess.run([new / "types", new / SCHEMAS], check=True)
        # Whole or not at all: what an interruption leaves behind has another name.
        new.rename(there)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return there


def _sources() -> Iterator[Path]:
    yield from sorted(path for path in MODULES.rglob("*") if path.suffix in {".go", ".mod", ".sum"})


def _go(module: Path, *arguments: str) -> None:
    # One package at a time: others use the machine too. What go.sum does not have is not taken.
    environment = os.environ | {"GOFLAGS": "-p=1 -mod=readonly", "CGO_ENABLED": "0", "GOWORK": "off"}
    subprocess.run(["go", "-C", str(module), *arguments], check=True, env=environment)


if __name__ == "__main__":
    if shutil.which("go") is None:
        sys.exit("Go is not installed: the programs that check the chart are written in it.")
    sys.stdout.write(f"{build()}\n")

"""The chart as Helm renders it, and what its objects say."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.deploy_programs import place

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "chart" / "plaudit"
VALUES = ROOT / "deploy" / "chart" / "values"
EXAMPLES = ROOT / "deploy" / "chart" / "examples"
SIZES = ("small", "large")
RELEASE = "plaudit"
RUN_SECONDS = 120
#: The oldest that the chart is for.
KUBERNETES = "1.30.0"

Object = Mapping[str, Any]


def program(name: str) -> Path:
    """A program that checks what is deployed; skips the test where nobody built it."""
    if not place().exists():
        pytest.skip("the programs that check the chart are not built: `make chart` does, with Go")
    return place() / name


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The program's run, whatever came of it. Nothing of the user's own settings goes into it."""
    return subprocess.run(
        [program(name), *arguments],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def template(*arguments: str | Path, chart: Path = CHART) -> subprocess.CompletedProcess[str]:
    """Helm's rendering with these arguments, for no cluster."""
    return run(
        *("helm", "template", RELEASE, chart, "--namespace", "plaudit", "--kube-version", KUBERNETES, *arguments)
    )


@cache
def rendered(size: str) -> str:
    """The objects of an installation of this size, as YAML."""
    done = template("--values", VALUES / f"{size}.yaml")
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def objects(size: str) -> Sequence[Object]:
    """The same, read."""
    return [found for found in yaml.safe_load_all(rendered(size)) if found]


def of_kind(size: str, *kinds: str) -> Iterator[Object]:
    """Its objects of these kinds."""
    return (found for found in objects(size) if found["kind"] in kinds)


def pods(size: str) -> dict[str, Object]:
    """The pods' templates of all processes, by the name of what makes them."""
    return {found["metadata"]["name"]: found["spec"]["template"] for found in of_kind(size, "Deployment", "Job")}


def container(pod: Object) -> Object:
    """Its only container."""
    (found,) = pod["spec"]["containers"]
    return found


def variables(pod: Object) -> dict[str, str]:
    """What its process is told in its environment, beside its secrets."""
    return {one["name"]: one["value"] for one in container(pod)["env"]}


def part_of(labelled: Object) -> str:
    """Which part of the platform it is of."""
    return str(labelled["metadata"]["labels"]["app.kubernetes.io/component"])


def needs(name: str) -> str:
    """A program of the machine's own; skips the test where it is not."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found

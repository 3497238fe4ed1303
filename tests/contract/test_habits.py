"""What editors, git's hooks, containers and forms are told is what the project itself has."""

import json
import re
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from plaudit.stack.ports import USUAL
from shared.services import SERVICES

ROOT = Path(__file__).parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
#: Made by a program that ends its files without a newline.
UNENDED = "bench/results/"
#: Go's own formatter has it so.
BY_GOFMT = {".go", ".mod"}
#: What the pages show of the console; whoever clones the repository gets them too.
PICTURE = ".jpg"
PICTURE_MAX_BYTES = 100_000
FORMS = sorted(path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")


def editor_settings() -> ConfigParser:
    settings = ConfigParser()
    settings.read_string("[root]\n" + (ROOT / ".editorconfig").read_text())
    return settings


def tracked() -> list[Path]:
    """The files that git knows, but for those that are gone or empty."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and path.stat().st_size]


def test_hooks_run_what_make_lint_runs() -> None:
    recipe = re.search(r"^lint:.*\n((?:\t.+\n)+)", MAKEFILE, re.MULTILINE)
    assert recipe is not None
    variables = {"$(RUN)": ".venv/bin/python -m", "$(VENV)": ".venv"}
    commands = [line.removeprefix("\t@") for line in recipe[1].splitlines()]
    for name, value in variables.items():
        commands = [command.replace(name, value) for command in commands]

    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    assert local["repo"] == "local"
    assert [hook["entry"] for hook in local["hooks"]] == commands
    assert all(hook["language"] == "system" and hook["always_run"] for hook in local["hooks"])


def test_editors_and_ruff_agree_on_the_length_of_a_line() -> None:
    settings = editor_settings()

    assert settings["*"]["max_line_length"] == str(PYPROJECT["tool"]["ruff"]["line-length"])
    assert settings["Makefile"]["indent_style"] == "tab"


def test_files_are_as_editors_are_told() -> None:
    wrong = []
    for path in tracked():
        name, content = str(path.relative_to(ROOT)), path.read_bytes()
        if path.suffix == PICTURE:
            wrong += [] if len(content) <= PICTURE_MAX_BYTES else [f"{name}: {len(content)} bytes"]
            continue
        content.decode()
        if b"\r" in content or re.search(rb"[ \t]$", content, re.MULTILINE):
            wrong.append(f"{name}: white space at the end of a line")
        if not content.endswith(b"\n") and not name.startswith(UNENDED):
            wrong.append(f"{name}: no newline at the end")
        if b"\n\t" in content and name != "Makefile" and path.suffix not in BY_GOFMT:
            wrong.append(f"{name}: tabs")
    assert not wrong, "\n".join(wrong)


def test_the_container_has_the_oldest_python_and_shows_the_services_ports() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    ports = {str(USUAL[service]): service for service in SERVICES}

    assert container["image"].startswith(f"python:{PYPROJECT['project']['requires-python'].removeprefix('>=')}-")
    assert container["forwardPorts"] == [int(port) for port in ports]
    assert {port: shown["label"] for port, shown in container["portsAttributes"].items()} == ports
    assert container["postCreateCommand"] == "make setup"


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_asks_for_something_and_every_field_has_a_name_of_its_own(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    fields = [field for field in form["body"] if field["type"] != "markdown"]

    assert form["name"]
    assert form["description"]
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_commits_that_blame_looks_behind_are_whole_hashes() -> None:
    lines = (ROOT / ".git-blame-ignore-revs").read_text().splitlines()

    assert all(re.fullmatch("#.*|[0-9a-f]{40}", line) for line in lines)

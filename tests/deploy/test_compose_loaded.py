"""docker-compose.yml as today's Compose reads it, by the library that Compose is made of."""

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.secrets import compose_files, service_files
from shared.services import CONSOLE, GATEWAY, SERVICES
from tests.deploy.rendering import ROOT, run

FILE = ROOT / "docker-compose.yml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the file, and with every secret made."""
    made = CliRunner().invoke(main, ["secrets", "--compose", str(tmp_path / "secrets")])
    assert made.exit_code == 0, made.output
    shutil.copy(FILE, tmp_path)
    return tmp_path


def test_it_is_understood_as_it_was_meant(folder: Path) -> None:
    done = run("compose", folder / FILE.name)
    assert done.returncode == 0, done.stderr
    understood: dict[str, Any] = json.loads(done.stdout)["services"]
    written = yaml.safe_load(FILE.read_text())["services"]
    assert set(understood) == set(written)
    for name, service in understood.items():
        # Nothing that a shell would have to take apart.
        command = written[name].get("command")
        assert service.get("command") == (shlex.split(command) if isinstance(command, str) else command)
        assert service.get("read_only", False) == written[name].get("read_only", False)
        assert {port["host_ip"] for port in service.get("ports", [])} <= {"127.0.0.1"}
    for name in ("provision", *SERVICES, CONSOLE, GATEWAY):
        assert understood[name]["cap_drop"] == ["ALL"]
        given = understood[name]["environment"]
        secrets = service_files()[name] | compose_files().get(name, {})
        # One's own secrets and no other's: what each has of them is what its file has.
        of_others = {key for part in service_files().values() for key in part} - set(secrets)
        assert set(secrets) <= set(given)
        assert not of_others & set(given)


def test_it_is_refused_while_a_secret_is_missing(folder: Path) -> None:
    (folder / "secrets" / "rewards.env").unlink()
    done = run("compose", folder / FILE.name)
    assert done.returncode != 0
    assert "rewards.env" in done.stderr

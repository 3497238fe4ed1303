"""docker-compose.yml: read by old and new parsers, without a default secret, and open to this machine alone."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.services import SERVICES

FILE = Path(__file__).parents[2] / "docker-compose.yml"
TEXT = FILE.read_text()
SECRETS = ("PLAUDIT_ADMIN_KEY", "PLAUDIT_POSTGRES_PASSWORD", "PLAUDIT_POSTGRES_ADMIN_PASSWORD")
PARSE_SECONDS = 60


def composed() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(TEXT)
    return document


def test_it_has_no_key_that_one_of_the_parsers_refuses() -> None:
    # Debian 12's docker-compose 1.29 knows no `name`, and the newer ones warn of a `version`.
    assert set(composed()) == {"x-service", "services", "volumes"}


def test_every_secret_must_be_set() -> None:
    variables = re.findall(r"\$\{([A-Z_]+)(.*?)\}", TEXT)
    assert {name for name, _ in variables} >= set(SECRETS)
    assert [name for name, default in variables if not default.startswith(":?set it to ")] == []
    assert not re.search(r"change-?me", TEXT)


def test_only_ingest_has_the_administrators_key() -> None:
    assert [
        name
        for name, service in composed()["services"].items()
        if "PLAUDIT_ADMIN_KEY" in service.get("environment", {})
    ] == ["ingest"]


def test_what_listens_does_so_on_this_machine_alone() -> None:
    ports = {name: service.get("ports", []) for name, service in composed()["services"].items()}
    assert {name for name, given in ports.items() if given} == set(SERVICES)
    assert all(port.startswith("127.0.0.1:") for given in ports.values() for port in given)


@pytest.mark.parametrize("missing", [None, *SECRETS])
def test_the_parser_that_debian_ships_takes_it_once_every_secret_is_set(missing: str | None) -> None:
    parser = shutil.which("docker-compose")
    if parser is None:
        pytest.skip("docker-compose is not installed: apt-get install docker-compose")
    given = {name: "0" * 32 for name in SECRETS if name != missing}

    ran = subprocess.run(
        [parser, "--project-directory", str(FILE.parent), "-f", str(FILE), "config"],
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        timeout=PARSE_SECONDS,
        check=False,
    )

    assert (ran.returncode == 0) == (missing is None), ran.stderr
    if missing:
        assert missing in ran.stderr
        assert "set it to" in ran.stderr

"""Somebody who reads a page and types what it says."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SECONDS = 60


class Reader:
    """Somebody who follows the page in a shell, and fills in what the answers say."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.variables: dict[str, str] = {}
        # `plaudit` as a reader has it on the PATH.
        program = directory / "plaudit"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m plaudit "$@"\n')
        program.chmod(0o755)

    def shell(self, text: str) -> str:
        environment = os.environ | {"PATH": f"{self.directory}:{os.environ['PATH']}", "PLAUDIT_STACK": "whole"}
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            env=environment | self.variables,
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def request(self, text: str) -> tuple[int, Any]:
        """The status of a request's answer, and its document."""
        printed = self.shell(f"{text} --silent --show-error --write-out '\\n%{{http_code}}'")
        body, _, status = printed.rpartition("\n")
        return int(status), json.loads(body) if body.strip() else None


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)

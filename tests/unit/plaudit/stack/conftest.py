"""A home for stacks that nothing else uses."""

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLAUDIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "home"

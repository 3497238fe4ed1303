"""`plaudit payout-runs file`: waits while the file is kept back, and says so."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from plaudit.cli import main

RUN = "5ea96c72-334c-587d-89c3-d177db83474e"
KEPT_BACK = {
    "type": "urn:plaudit:problem:bank-file-not-told-yet",
    "title": "The broker does not have the run's facts yet",
    "detail": "facts of the run wait for the broker",
}


def fetch(monkeypatch: pytest.MonkeyPatch, file: Path, *answers: httpx.Response, wait: str = "60") -> Any:
    left = list(answers)
    monkeypatch.setattr("plaudit.bank_files.httpx.get", lambda *_, **__: left.pop(0) if left else answers[-1])
    monkeypatch.setattr("plaudit.bank_files.PAUSE_SECONDS", 0.0)
    arguments = [
        "payout-runs",
        "file",
        RUN,
        str(file),
        "--url",
        "http://127.0.0.1:1",
        "--key",
        "plk_x",
        "--wait",
        wait,
    ]
    return CliRunner().invoke(main, arguments)


def test_it_waits_and_says_so_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept_back = httpx.Response(503, json=KEPT_BACK)
    done = fetch(
        monkeypatch, tmp_path / "f.xml", kept_back, kept_back, httpx.Response(200, content=b"<Document/>")
    )
    assert done.exit_code == 0, done.output
    assert (tmp_path / "f.xml").read_bytes() == b"<Document/>"
    assert (tmp_path / "f.xml").stat().st_mode & 0o077 == 0
    assert done.output.count("waiting: facts of the run wait for the broker") == 1


def test_it_gives_up_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = fetch(monkeypatch, tmp_path / "f.xml", httpx.Response(503, json=KEPT_BACK), wait="0")
    assert done.exit_code == 1
    assert "wait for the broker" in done.output
    assert not (tmp_path / "f.xml").exists()


def test_any_other_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    altered = httpx.Response(409, json={"type": "urn:plaudit:problem:rows-altered", "title": "Rows were changed"})
    done = fetch(monkeypatch, tmp_path / "f.xml", altered, httpx.Response(200, content=b"never"))
    assert done.exit_code == 1
    assert "Rows were changed" in done.output
    assert not (tmp_path / "f.xml").exists()

"""What `plaudit audit` asks for, and how it shows what changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner, Result

from plaudit import audit
from plaudit.audit import changes
from plaudit.cli import main

ENTRY: dict[str, Any] = {
    "at": "2026-02-03T08:55:00.123456Z",
    "service": "rewards",
    "person_name": "Grace [red]Hopper\u202e",
    "person_id": "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11",
    "credential": "5f0c9a7b2d1e",
    "command": "payee.set",
    "object": {"kind": "payee", "id": "4c39c896"},
    "before": {"iban": "NL…4300"},
    "after": {"iban": "DE…3000"},
}
WHERE = ["--url", "http://audit.invalid", "--key", "plk_x"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *WHERE, *arguments])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is asked for; each answer has one entry and says that there is another page, three times."""
    found: list[dict[str, Any]] = []

    def answer(method: str, url: str, key: str, *, params: dict[str, Any]) -> Any:
        assert (method, url, key) == ("GET", "http://audit.invalid/v1/audit", "plk_x")
        found.append(params)
        return {"items": [ENTRY], "next": "more" if len(found) < 3 else None}

    monkeypatch.setattr(audit, "request", answer)
    return found


def test_filters_are_passed_on_and_pages_read_until_there_is_no_more(asked: list[dict[str, Any]]) -> None:
    said = run("--person", "p", "--object", "o", "--from", "2026-01-01T00:00:00Z", "--kind", "command", "--json")

    assert said.exit_code == 0, said.output
    wanted = {"person": "p", "object": "o", "from": "2026-01-01T00:00:00Z", "kind": "command"}
    assert asked == [
        {**wanted, "limit": 100},
        {**wanted, "after": "more", "limit": 99},
        {**wanted, "after": "more", "limit": 98},
    ]


def test_no_more_is_asked_for_than_is_shown(asked: list[dict[str, Any]]) -> None:
    said = run("--limit", "2")

    assert [one["limit"] for one in asked] == [2, 1]
    assert "the newest 2" in said.output


def test_an_entry_is_shown_and_what_others_wrote_is_no_markup(asked: list[dict[str, Any]]) -> None:
    shown = run("--limit", "1").output

    for text in ("2026-02-03", "payee.set", "NL…4300", "[red]", "\\u202e"):
        assert text in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"state": "open"}, {"state": "approved"}, ["state: open → approved"]),
        ({"state": "open"}, {"state": "open"}, []),
        ({}, {"scopes": ["a", "b"], "expires_at": None}, ["scopes: a b"]),
        ({"roles": []}, {"roles": list("abcdef")}, ["roles: none → a b c d and 2 more"]),
        ({"expires_at": None}, {"expires_at": "x"}, ["expires_at: none → x"]),
        ({"gone": 1}, {}, ["gone: 1"]),
    ],
)
def test_what_is_otherwise_is_shown(before: dict[str, Any], after: dict[str, Any], lines: list[str]) -> None:
    assert changes(before, after) == lines


def streamed(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response | Exception) -> None:
    @contextmanager
    def stream(*_: Any, **__: Any) -> Iterator[httpx.Response]:
        if isinstance(answer, Exception):
            raise answer
        yield answer

    monkeypatch.setattr(httpx, "stream", stream)


def test_a_table_is_written_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    streamed(monkeypatch, httpx.Response(200, content=b"a,b\r\n" * 10_000))

    said = run("--csv", str(tmp_path / "a.csv"))

    assert said.exit_code == 0, said.output
    assert (tmp_path / "a.csv").read_bytes() == b"a,b\r\n" * 10_000
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_file_that_is_there_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mine")

    said = run("--csv", str(tmp_path / "a.csv"))

    assert (said.exit_code, (tmp_path / "a.csv").read_text()) == (1, "mine")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(422, json={"title": "The table would be too long", "detail": "ask for less"}),
        httpx.RemoteProtocolError("cut off"),
    ],
)
def test_what_breaks_off_leaves_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: httpx.Response | Exception
) -> None:
    streamed(monkeypatch, answer)

    said = run("--csv", str(tmp_path / "a.csv"))

    assert said.exit_code == 1
    assert ("too long" in said.output) or ("cut off" in said.output)
    assert list(tmp_path.iterdir()) == []


def test_it_is_written_in_one_way() -> None:
    said = run("--csv", "a.csv", "--json")

    assert said.exit_code == click.UsageError.exit_code

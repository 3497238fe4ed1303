"""Whatever others wrote, what the commands print of it moves no cursor, forges no line and is no markup."""

import json
import logging
from io import StringIO
from types import SimpleNamespace
from typing import Any

import click
import httpx
import pytest
import regex
from click.testing import CliRunner, Result
from rich.console import Console

from plaudit import calls, dlq, places
from plaudit.admin import payout_tree
from plaudit.cli import main
from plaudit.importers.commands import import_
from plaudit.stack.errors import StackError
from plaudit.stack.logs import follow, tail
from shared.broker import Broker
from shared.telemetry import configure_logging

HOSTILE = "AC04\x1b[2J\nsettled at 2026-01-31 by finance\r\x9b31m\u202e\u2028[red]x[/blue] :heart: \x07"
SHOWN = "AC04\\u001b[2J\\nsettled at 2026-01-31 by finance\\r\\u009b31m\\u202e\\u2028[red]x[/blue] :heart: \\u0007"
LINEAGE: dict[str, Any] = {
    "payout_id": "p1",
    "end_to_end_id": "e1",
    "amount_minor": 700,
    "currency": "EUR",
    "points": 700,
    "state": "returned",
    "member_id": "m1",
    "member_name": HOSTILE,
    "states": [{"state": "returned", "at": "2026-02-01T00:00:00Z", "by": "k1", "reason": HOSTILE}],
    "items": [
        {
            "points": 700,
            "award_id": "a1",
            "award": {"rule_id": HOSTILE, "programme_id": "demo", "programme_version": 1, "published_by": HOSTILE},
            "event": {"type": "t", "event_id": HOSTILE, "source": HOSTILE, "event_time": "2026-01-31T12:00:00Z"},
        }
    ],
    "next": None,
}


def assert_nothing_hidden(printed: str, *, times: int, line_count: int | None = None) -> None:
    assert not regex.search(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}--\n]", printed, regex.V1), ascii(printed)
    assert printed.count(SHOWN) == times, printed
    if line_count is not None:
        assert len(printed.splitlines()) == line_count, printed


def printed(what: Any) -> str:
    output = StringIO()
    Console(file=output, width=1_000).print(what)
    return output.getvalue()


def test_a_payout_explained_shows_what_was_written() -> None:
    tree = payout_tree(LINEAGE, {"k1": HOSTILE})
    # payout, bank line, states, one of them, pays for, one award, its event
    assert_nothing_hidden(printed(tree), times=7, line_count=7)


def test_a_payout_explained_shows_what_its_awards_became_and_why() -> None:
    amendments = [
        {"revision": n, "cause": cause, "points": points, "total": total, "awarded_at": f"2026-02-0{n}T00:00:00Z"}
        for n, cause, points, total in (
            (1, "limit", -200, 500),
            (2, "retracted", -500, 0),
            (3, "restored", 700, 700),
            (4, HOSTILE, -1, 699),
        )
    ]
    (lot,) = LINEAGE["items"]
    award = lot["award"] | {"points": 700, "amounts_to": 699, "amended_count": 4, "amendments": amendments}
    shown = printed(payout_tree(LINEAGE | {"items": [lot | {"award": award}]}, {"k1": HOSTILE}))
    assert_nothing_hidden(shown, times=8, line_count=12)
    assert "awarded as 700 points, amounts to 699 now" in shown
    assert "revision 1: -200 to 500 at 2026-02-01T00:00:00Z, because other events left it other room" in shown
    assert "revision 2: -500 to 0 at 2026-02-02T00:00:00Z, because its event was retracted" in shown
    assert "revision 3: +700 to 700 at 2026-02-03T00:00:00Z, because its event was restored" in shown


def test_a_payout_explained_names_the_entries_of_the_commands_on_it() -> None:
    entry = {
        "audit_id": "0199",
        "command": "payout_run.approve",
        "at": "2026-02-01T00:00:00Z",
        "person_name": HOSTILE,
        "credential": "k1",
    }
    shown = printed(payout_tree(LINEAGE | {"commands": [entry]}, {}))
    assert_nothing_hidden(shown, times=7, line_count=9)
    assert "0199: payout_run.approve at 2026-02-01T00:00:00Z by AC04" in shown
    assert printed(payout_tree(LINEAGE | {"commands": None}, {})) == printed(payout_tree(LINEAGE, {}))


STATE = SimpleNamespace(
    name="x",
    admin_key="plk",
    kafka="127.0.0.1:9",
    broker=Broker("127.0.0.1:9"),
    service_urls={"ingest": "http://ingest"},
)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "load_state", lambda _: STATE)
    monkeypatch.setenv("COLUMNS", "1000")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.usefixtures("stack")
def test_dead_letters_are_listed_one_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def letters(*_: str) -> list[dlq.DeadLetter]:
        return [dlq.DeadLetter(1, "points.awarded.v1", 0, 7, "2026-01-31", HOSTILE, b"", b"", False)]

    monkeypatch.setattr(dlq, "read", letters)
    listed = run("dlq", "list", "rewards")
    assert listed.exit_code == 0, listed.output
    assert SHOWN[:60] in listed.output
    assert not regex.search(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}--\n]", listed.output, regex.V1)


@pytest.mark.usefixtures("stack")
def test_keys_are_listed_one_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"key_id": "k1", "name": HOSTILE, "scopes": ["events:write"], "revoked": False}
    key |= {"person_id": "p1", "expires_at": None, "last_used_at": None}
    monkeypatch.setattr(calls, "request", lambda *_, **__: {"items": [key], "next": None})
    listed = run("keys", "list", "--key", "plk")
    assert listed.exit_code == 0, listed.output
    # The key's name, and its person's.
    assert_nothing_hidden(listed.output, times=2)


@pytest.mark.usefixtures("stack")
def test_what_a_service_refuses_is_told_one_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    error = {"field": HOSTILE, "detail": HOSTILE, "line": 1, "column": 2}
    problem = {"title": HOSTILE, "detail": HOSTILE, "errors": [error]}
    monkeypatch.setattr(httpx, "request", lambda *_, **__: httpx.Response(422, json=problem))
    refused = run("keys", "revoke", "k1", "--key", "plk")
    assert refused.exit_code == 1
    assert_nothing_hidden(refused.output, times=4, line_count=2)


@pytest.mark.parametrize("error", [StackError(HOSTILE), click.ClickException(HOSTILE)])
def test_no_error_of_a_command_moves_the_cursor(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(places, "load_state", fail)
    failed = run("keys", "list")
    assert failed.exit_code == 1
    # A message of ours may have lines; what comes from elsewhere was written out before.
    assert_nothing_hidden(failed.output, times=0, line_count=2)


def test_an_import_reports_what_it_met_one_a_line(tmp_path: Any) -> None:
    name = "x\x1b[2J\u202e.json"
    (tmp_path / name).write_text("[1]")
    done = CliRunner().invoke(import_, ["github-webhooks", str(tmp_path), "--output", str(tmp_path / "out")])
    assert "(x\\u001b[2J\\u202e.json)" in done.output
    assert not regex.search(r"[\p{Cc}\p{Cf}--\n]", done.output, regex.V1)
    failed = CliRunner().invoke(import_, ["git", str(tmp_path / "\x1b[2J")])
    assert "\\u001b[2J: there is no such directory" in failed.output
    assert "\x1b" not in failed.output


def test_events_on_standard_output_are_the_same_json(tmp_path: Any) -> None:
    (tmp_path / "in").write_text(json.dumps({"id": HOSTILE, "name": "Zo\u00eb"}, ensure_ascii=False))
    done = CliRunner().invoke(import_, ["cloudevents", str(tmp_path / "in"), "--output", "-"])
    assert json.loads(done.stdout) == {"id": HOSTILE, "name": "Zo\u00eb"}
    assert not regex.search(r"[\p{Cc}\p{Cf}\p{Zl}--\n]", done.stdout, regex.V1)


def test_a_log_has_the_lines_that_were_written(tmp_path: Any) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(b"before\n")
    lines = follow({"x": log})
    with log.open("ab") as file:
        file.write("one\x1b[2J\u2028two\x85three\x0bfour\r\n\n\tat Class\xff\n".encode())
    shown = ["one\\u001b[2J\\u2028two\\u0085three\\u000bfour", "", "        at Class\xff"]
    assert [next(lines)[1] for _ in shown] == shown
    assert tail(log, 10) == ["before", *shown]


def test_what_a_service_logs_is_json_with_nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    output = StringIO()
    monkeypatch.setattr("sys.stderr", output)
    try:
        configure_logging("ingest", "INFO")
        logging.getLogger("test").error("got %s", HOSTILE, extra={"event": {"id": HOSTILE}})
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    line = output.getvalue()
    assert_nothing_hidden(line, times=2, line_count=1)
    assert json.loads(line)["message"] == f"got {HOSTILE}"
    assert json.loads(line)["event"] == {"id": HOSTILE}

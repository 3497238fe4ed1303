"""`plaudit payout-runs` follows a run until nobody works at it, and says what has become of it."""

from typing import Any

import pytest
from click.testing import CliRunner

from plaudit import payout_runs as commands

RUN_ID = "5ea96c72-334c-587d-89c3-d177db83474e"


def run_that_is(state: str, done: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "run_id": RUN_ID,
        "state": state,
        "seal": "5" * 64,
        "stopped": None,
        "currency": "EUR",
        "progress": None if done is None else {"done_count": done, "total_count": 3},
        "payouts": [{"state": "reserved", "count": 3, "points": 900, "amount_minor": 450}],
        "exchange": None,
        "left_payable_count": 2,
        "left_held_count": 1,
        **more,
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Any]]:
    calls: list[tuple[str, str, Any]] = []
    answers = iter([run_that_is("approving", 1), run_that_is("approving", 2), run_that_is("approved")])

    def request(method: str, url: str, key: str, **options: Any) -> dict[str, Any]:
        calls.append((method, url.removeprefix("http://rewards.test"), options))
        return next(answers)

    monkeypatch.setattr(commands, "request", request)
    monkeypatch.setattr(commands, "PAUSE_SECONDS", 0)
    return calls


def invoke(*arguments: str) -> Any:
    where = ["--url", "rewards=http://rewards.test", "--key", "plk_x", "--community", "acme"]
    return CliRunner().invoke(commands.payout_runs, [*arguments, *where])


def test_an_approval_is_followed_until_it_is_done(asked: list[tuple[str, str, Any]]) -> None:
    result = invoke("approve", RUN_ID, "--seal", "5" * 64)
    assert result.exit_code == 0, result.output
    assert asked == [
        ("POST", f"/v1/payout-runs/{RUN_ID}/approve", {"json": {"seal": "5" * 64}}),
        ("GET", f"/v1/payout-runs/{RUN_ID}", {}),
        ("GET", f"/v1/payout-runs/{RUN_ID}", {}),
    ]
    assert f"payout run {RUN_ID} is approved" in result.output
    assert "reserved" in result.output
    assert "2 members who can be paid and 1 without bank details did not fit" in result.output


@pytest.mark.usefixtures("asked")
def test_one_that_is_stopped_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = run_that_is("approving", 1, stopped="who made it may not do so any more: disabled")
    monkeypatch.setattr(commands, "request", lambda *_, **__: stopped)
    result = invoke("show", RUN_ID)
    assert result.exit_code == 0, result.output
    assert "it is stopped: who made it may not do so any more: disabled" in result.output


def test_a_run_is_made_by_its_name(asked: list[tuple[str, str, Any]]) -> None:
    assert invoke("make", "--name", "week-2026-W05", "--json").exit_code == 0
    assert asked[0] == ("POST", "/v1/payout-runs", {"headers": {"Idempotency-Key": "week-2026-W05"}})

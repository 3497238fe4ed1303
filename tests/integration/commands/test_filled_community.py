"""`python -m bench.fill`: what it writes is what the services' own APIs take for whole."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from beancount.core.data import Transaction
from beancount.loader import load_file
from click.testing import CliRunner

from bench.fill.__main__ import main
from bench.fill.world import World
from plaudit.access import issue_key
from plaudit.calls import request
from plaudit.cli import main as plaudit
from plaudit.stack import StackState
from tests.integration.commands.taken_along import check_figures, check_reports
from tests.scopes import TOGETHER
from tests.waiting import until

pytestmark = pytest.mark.stack

MEMBERS, EVENTS = 30, 600


def check_books(get: Any, community: str, key: str, into: Path) -> None:
    """Take the books by command: the chain holds, as a file too, and Beancount comes to the same balances."""

    def command(*said: str) -> str:
        environment = {"PLAUDIT_STACK": "whole", "PLAUDIT_KEY": key}
        result = CliRunner().invoke(plaudit, ["ledger", *said, "--community", community], env=environment)
        assert result.exit_code == 0, result.output
        return str(result.output)

    async def is_chained() -> bool:
        return bool(get("rewards", "/v1/ledger/chain")["waiting_count"] == 0)

    asyncio.run(until(is_chained))
    entries = get("rewards", "/v1/ledger/check")["entries_count"]
    last = json.loads(command("verify", "--json"))
    assert last["entries"] == entries
    command("export", str(into / "blocks"))
    kept = f"{last['blocks']}:{last['hash']}"
    assert kept in command("verify", str(into / "blocks"), "--kept", kept)
    command("export", str(into / "books"), "--as", "beancount")
    loaded, errors, _ = load_file(str(into / "books"))
    assert errors == []
    assert sum(len(one.postings) for one in loaded if isinstance(one, Transaction)) == entries
    assert "sum to 0" in command("balances", "--at", "2025-06-01T00:00:00Z")


def test_a_filled_community_is_whole(platform: StackState, tmp_path: Path) -> None:
    community = f"filled-{uuid4().hex[:8]}"
    arguments = ["--members", str(MEMBERS), "--events", str(EVENTS), "--stack", platform.name]
    arguments += ["--community", community, "--until", "2026-01-01", "--yes"]

    done = CliRunner().invoke(main, arguments)

    assert done.exit_code == 0, done.output
    assert "GiB of disk" in done.output.splitlines()[0]
    assert f"{community} has {MEMBERS} members and {EVENTS} events" in done.output
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 1
    assert "holds something already" in again.output

    key = issue_key(platform, community, "test", TOGETHER)["key"]

    def get(service: str, path: str, **params: Any) -> Any:
        return request("GET", f"{platform.service_urls[service]}{path}", key, params=params)

    world = list(World(community, 1, MEMBERS, EVENTS, datetime(2026, 1, 1, tzinfo=UTC)).done())
    points = sum(one.kind.points for one in world)
    found = get("rewards", "/v1/ledger/check")
    assert found["balanced"] is True, found
    check_books(get, community, key, tmp_path)
    board = get("recognition", "/v1/leaderboard")["items"]
    assert sum(one["points"] for one in board) == points
    summary = get("analytics", "/v1/summary")
    assert (summary["members"], summary["events"], summary["awards"], summary["points"]) == (
        MEMBERS,
        EVENTS,
        EVENTS,
        points,
    )
    redeemed = [one for one in world if one.is_redeemed]
    assert summary["rejections"] == sum(one.is_beside_a_rejection for one in world) > 0
    spent = sum(one.kind.points for one in redeemed)
    assert summary["redemptions"] == [{"state": "confirmed", "number": len(redeemed), "points": spent}]
    assert get("analytics", "/v1/rejections/events")["items"]
    sums = {one["kind"]: one["amount"] for one in get("rewards", "/v1/ledger/accounts")["accounts"]}
    assert sums == {"points_issued": -points, "available": points - spent, "reserved": 0, "spent": spent}
    year = {"from": "2025-01-01", "to": "2025-12-31"}

    async def all_are_counted() -> bool:
        new = get("analytics", "/v1/acquisition", by="month", **year)["items"]
        return sum(month["new_members"] for month in new) == len({one.member_id for one in world})

    asyncio.run(until(all_are_counted))
    leader = board[0]["member_id"]
    check_figures(get, community, key, tmp_path)
    check_reports(get, community, key, tmp_path, leader)
    had = get("rewards", f"/v1/members/{leader}/balance")
    assert had["available"] + had["spent"] == board[0]["points"]
    assert get("scoring", f"/v1/members/{leader}/score")["points"] == board[0]["points"]
    held = get("recognition", f"/v1/members/{leader}/recognition")
    assert held["points"] == board[0]["points"]
    assert get("analytics", f"/v1/lineage/events/{world[0].event_uid}")["event"]["event_id"] == "event-0"

"""`python -m bench.fill`: what it writes is what the services' own APIs take for whole."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from bench.fill.__main__ import main
from bench.fill.world import World
from plaudit.access import issue_key
from plaudit.calls import request
from plaudit.stack import StackState
from tests.scopes import TOGETHER

pytestmark = pytest.mark.stack

MEMBERS, EVENTS = 30, 600


def test_a_filled_community_is_whole(platform: StackState) -> None:
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
    assert get("rewards", "/v1/ledger/check")["balanced"] is True
    board = get("recognition", "/v1/leaderboard")["items"]
    assert sum(one["points"] for one in board) == points
    summary = get("analytics", "/v1/summary")
    assert (summary["members"], summary["events"], summary["awards"], summary["points"]) == (
        MEMBERS,
        EVENTS,
        EVENTS,
        points,
    )
    leader = board[0]["member_id"]
    assert get("rewards", f"/v1/members/{leader}/balance")["available"] == board[0]["points"]
    assert get("scoring", f"/v1/members/{leader}/score")["points"] == board[0]["points"]
    held = get("recognition", f"/v1/members/{leader}/recognition")
    assert held["points"] == board[0]["points"]
    assert get("analytics", f"/v1/lineage/events/{world[0].event_uid}")["event"]["event_id"] == "event-0"

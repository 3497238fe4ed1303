"""`plaudit quest` and `plaudit draw` as docs/quests.md and docs/draws.md have them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from plaudit.access import issue_key
from plaudit.cli import main
from plaudit.stack import StackState
from tests.waiting import until

pytestmark = pytest.mark.stack

DOCS = Path(__file__).parents[3] / "docs"
SCOPES = [
    *("recognition:read", "recognition:write", "rewards:read", "rewards:write"),
    *("programmes:read", "programmes:write", "members:write"),
]
OVER = '    - {id: winter, title: Winter draw, reward: stickers, ends: "2026-01-31"}\n'


async def test_quests_are_joined_and_a_draw_is_drawn_and_verified(platform: StackState, tmp_path: Path) -> None:
    community = f"c{uuid4().hex[:8]}"
    key = issue_key(platform, community, "quests", SCOPES)["key"]
    of_reader = {"PLAUDIT_STACK": "whole", "PLAUDIT_KEY": key, "COLUMNS": "160"}

    def plaudit(*command: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, [*command], env=of_reader)
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    where = ("--community", community)
    file = tmp_path / "programme.yaml"
    said = (DOCS / "quests.md").read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    # Whatever day it is: one takes tickets, and one is over.
    later = datetime.now(UTC).date() + timedelta(days=9)
    file.write_text(said.replace("2026-05-31", str(later)) + OVER)
    plaudit("programme", "publish", str(file), *where)
    plaudit("member", "link", "forum:ada", "--name", "Ada", *where)

    async def is_counted() -> bool:
        return "relay" in plaudit("quest", "list", *where)

    await until(is_counted)
    assert "in teams of 5" in plaudit("quest", "list", *where)

    async def ada_is_known() -> bool:
        return CliRunner().invoke(main, ["quest", "show", "forum:ada", *where], env=of_reader).exit_code == 0

    await until(ada_is_known)
    joined = plaudit("quest", "join", "forum:ada", "relay", "--team", "The owls", "--new", *where)
    assert joined.splitlines()[:3] == [
        "Relay (relay): running, 0 %",
        "  0 of 20  Answer twenty times",
        "  team The owls: Ada",
    ]
    assert "The owls: Ada" in plaudit("quest", "show", "forum:ada", *where)
    assert "to join" in plaudit("quest", "leave", "forum:ada", "relay", *where)
    assert "no team" in plaudit("quest", "leave", "forum:ada", "relay", *where, fails=True)

    async def winter_is_frozen() -> bool:
        found = json.loads(plaudit("draw", "list", "--json", *where))["items"]
        return {one["draw_id"]: one["state"] for one in found} == {"spring": "open", "winter": "frozen"}

    await until(winter_is_frozen)
    assert "takes tickets" in plaudit("draw", "winners", "spring", *where, fails=True)
    record = tmp_path / "record.json"
    record.write_text(plaudit("draw", "record", "winter", *where))
    assert "not published yet" in plaudit("draw", "verify", str(record), fails=True)
    plaudit("draw", "winners", "winter", *where)
    assert "commitment" in plaudit("draw", "show", "winter", *where)
    record.write_text(plaudit("draw", "record", "winter", *where))
    assert plaudit("draw", "verify", str(record)).startswith("right: 0 of 0 tickets won")

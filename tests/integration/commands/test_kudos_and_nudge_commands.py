"""`plaudit kudos` and `plaudit nudge` as docs/kudos.md and docs/nudges.md have them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from plaudit.access import issue_key
from plaudit.calls import request
from plaudit.cli import main
from plaudit.stack import StackState
from tests.waiting import until

pytestmark = pytest.mark.stack

DOCS = Path(__file__).parents[3] / "docs"
SCOPES = [
    *("recognition:read", "recognition:write", "programmes:read", "programmes:write", "members:read"),
    *("members:write", "events:write", "analytics:read"),
]
Plaudit = Callable[..., str]


def begun(platform: StackState, tmp_path: Path, page: str) -> tuple[Plaudit, str, str]:
    """A community with the programme of a page: its command, its name, and a key."""
    community = f"c{uuid4().hex[:8]}"
    key = issue_key(platform, community, "commands", SCOPES)["key"]
    of_reader = {"PLAUDIT_STACK": "whole", "PLAUDIT_KEY": key, "COLUMNS": "200"}

    def plaudit(*command: str, fails: bool | None = False) -> str:
        result = CliRunner().invoke(main, [*command, "--community", community], env=of_reader)
        assert fails is None or (result.exit_code != 0) is fails, result.output
        return result.output

    file = tmp_path / "programme.yaml"
    file.write_text((DOCS / page).read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0])
    plaudit("programme", "publish", str(file))
    return plaudit, community, key


async def test_a_member_thanks_another_within_the_month_and_takes_it_back(
    platform: StackState, tmp_path: Path
) -> None:
    plaudit, _, _ = begun(platform, tmp_path, "kudos.md")
    for name in ("ada", "grace"):
        plaudit("member", "link", f"forum:{name}", "--name", name.title())

    assert plaudit("kudos", "list") == "nobody was thanked yet\n"

    async def is_in_force() -> bool:
        return "10 of 10 left until" in plaudit("kudos", "allowance", "forum:ada", fails=None)

    await until(is_in_force)
    shown = plaudit("kudos", "allowance", "forum:ada")
    assert "at most 3 to one member" in shown
    assert "for Patience (patience)" in shown
    thanks = ("kudos", "give", "forum:ada", "forum:grace", "Thank you for staying.", "--value", "patience")
    given = json.loads(plaudit(*thanks, "--json", "--idempotency-key", "once"))
    again = json.loads(plaudit(*thanks, "--json", "--idempotency-key", "once"))
    assert given["event_uid"] == again["event_uid"]
    assert given["allowance"]["left"] == 9
    assert "they may give 8 more until" in plaudit(*thanks)
    refused = plaudit("kudos", "give", "forum:ada", "forum:ada", "Me", "--value", "craft", fails=True)
    assert "themselves" in refused
    assert "It has patience, craft" in plaudit(
        "kudos", "give", "forum:ada", "forum:grace", "No", "--value", "luck", fails=True
    )
    listed = json.loads(plaudit("kudos", "list", "--json"))
    assert [(one["giver"]["name"], one["receiver"]["name"]) for one in listed] == [("Ada", "Grace")] * 2
    assert "Thank you for staying." in plaudit("kudos", "list", "--member", "forum:grace")
    assert plaudit("kudos", "take-back", given["event_uid"]) == "taken back\n"
    states = {one["event_uid"]: one["state"] for one in json.loads(plaudit("kudos", "list", "--json"))}
    assert sorted(states.values()) == ["shown", "taken_back"]
    assert states[given["event_uid"]] == "taken_back"
    assert "no such kudos" in plaudit("kudos", "take-back", str(uuid4()), fails=True).lower()


async def test_nudges_are_listed_and_who_got_which_by_what(platform: StackState, tmp_path: Path) -> None:
    plaudit, _, key = begun(platform, tmp_path, "nudges.md")

    async def is_in_force() -> bool:
        return "your-question" in plaudit("nudge", "list")

    await until(is_in_force)
    assert "one member gets at most 3 within seven days" in plaudit("nudge", "list")
    assert plaudit("nudge", "effect") == "nobody had an occasion for a nudge in these days\n"
    assert plaudit("nudge", "who") == "nobody yet\n"
    assert "not both" in plaudit("nudge", "who", "--member", "forum:ada", "--nudge", "hello", fails=True)

    def said(name: str, by: str, kind: str, **data: Any) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": name,
            "source": "urn:forum",
            "type": kind,
            "time": datetime.now(UTC).isoformat(),
            "data": {"channel": "forum", "actor": {"id": by, "name": by.title()}, **data},
        }

    asked = said("q", "ada", "forum.post.v1", object={"id": "q"})
    answered = said("a", "grace", "forum.reply.v1", in_reply_to={"id": "q", "author": {"id": "ada"}})
    request("POST", f"{platform.service_urls['ingest']}/v1/events", key, json=[asked, answered])

    async def decided() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(plaudit("nudge", "who", "--nudge", "your-question", "--json"))
        return found

    (one,) = await until(decided)
    assert one["event_uid"]
    got = json.loads(plaudit("nudge", "who", "--member", "forum:ada", "--json"))
    assert (one["nudge_id"] in {of["nudge_id"] for of in got}) is not one["held_out"]
    shown = plaudit("nudge", "who")
    assert "your-question" in shown
    assert one["event_uid"] in shown

    async def compared() -> bool:
        return "your-question" in plaudit("nudge", "effect")

    await until(compared)
    assert "nothing to compare yet" in plaudit("nudge", "effect")

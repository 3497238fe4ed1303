"""`plaudit badge` as docs/badges.md has it: seen, given and taken back, and counted before it goes to all."""

import json
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

PAGE = Path(__file__).parents[3] / "docs" / "badges.md"
SCOPES = [
    "recognition:read",
    "recognition:write",
    "programmes:read",
    "programmes:write",
    "members:write",
    "events:write",
]
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h7"/></svg>'


async def test_badges_are_given_counted_and_go_to_the_members_of_before(
    platform: StackState, tmp_path: Path
) -> None:
    community = f"c{uuid4().hex[:8]}"
    where = ("--community", community)
    # A key of one's own: what each command would issue for itself takes longer than the command.
    key = issue_key(platform, community, "badges", SCOPES)["key"]
    of_reader = {"PLAUDIT_STACK": "whole", "PLAUDIT_KEY": key, "COLUMNS": "160"}

    def plaudit(*command: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, [*command, *where], env=of_reader)
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    def shown(*command: str) -> Any:
        return json.loads(plaudit("badge", *command, "--json"))

    file, picture = tmp_path / "programme.yaml", tmp_path / "hero.svg"
    file.write_text(PAGE.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0])
    assert plaudit("badge", "backfill") == "no programme is in force\n"
    plaudit("programme", "publish", str(file))
    plaudit("member", "link", "forum:ada", "--name", "Ada")
    reply = {
        "specversion": "1.0",
        "id": "1",
        "source": "urn:forum",
        "type": "forum.reply.v1",
        "time": datetime.now(UTC).isoformat(),
        "data": {"channel": "forum", "actor": {"id": "ada"}, "object": {"id": "1"}},
    }
    request("POST", f"{platform.service_urls['ingest']}/v1/events", key, json=[reply])

    async def is_held() -> bool:
        found = {one["name"]: one for one in shown("list")["badges"]}
        return "first-answer" in found and found["first-answer"]["holders"] == 1

    await until(is_held)
    listed = plaudit("badge", "list")
    assert "secret" in listed
    assert "0 of 50 given" in listed

    name = ("--name", "the-booth")
    given = plaudit("badge", "grant", "forum:ada", "hero", "--for", "Kept the booth open", *name)
    assert plaudit("badge", "grant", "forum:ada", "hero", "--for", "Kept the booth open", *name) == given
    assert "by hand" in plaudit("badge", "grant", "forum:ada", "pillar", "--for", "Liked", fails=True)
    hero = plaudit("badge", "show", "hero").splitlines()
    assert hero[:2] == ["Hero (hero): given by hand", "held by 1 of 1 member"]
    assert hero[2].endswith("  Ada")
    plaudit("badge", "take-back", "forum:ada", "hero", "--reason", "Somebody else did it")
    assert "does not hold" in plaudit("badge", "take-back", "forum:ada", "hero", "--reason", "Again", fails=True)
    assert shown("show", "hero")["holders"] == 0
    assert "secret: only who holds it knows of it" in plaudit("badge", "show", "night-owl")

    # One more badge: how many it would go to before it is published, and that it went to them.
    more = "    - {id: kind, title: Kind, when: 'points >= 3 && events(\"reply\") >= 1'}\n"
    file.write_text(file.read_text() + more)
    assert plaudit("badge", "count", str(file), "kind") == "would go to 1 member\n"
    assert plaudit("badge", "count", str(file), "helper").splitlines()[1:] == ["  bronze: 0", "  gold: 0"]
    assert "given by hand" in plaudit("badge", "count", str(file), "hero", fails=True)
    assert "has no badge 'none'" in plaudit("badge", "count", str(file), "none", fails=True)
    plaudit("programme", "publish", str(file), "--note", "A badge for two things")

    async def is_backfilled() -> bool:
        found = shown("backfill")
        return bool(found["programme_version"] == 2 and found["is_done"])

    await until(is_backfilled)
    assert plaudit("badge", "backfill").startswith("version 2: done\n  events: 100 %\n")
    assert shown("show", "kind")["holders"] == 1

    picture.write_text(PICTURE)
    plaudit("badge", "picture", "hero", str(picture))
    assert shown("show", "hero")["picture"] is not None
    picture.write_text(PICTURE.replace("<path", "<script"))
    assert "script" in plaudit("badge", "picture", "hero", str(picture), fails=True)

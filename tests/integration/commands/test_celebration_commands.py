"""`plaudit celebrations` as docs/milestones.md has it: the milestones that there are, and what was celebrated."""

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

PAGE = Path(__file__).parents[3] / "docs" / "milestones.md"
SCOPES = ["recognition:read", "programmes:read", "programmes:write", "members:write", "events:write"]


async def test_milestones_are_listed_and_what_was_celebrated_of_whom(platform: StackState, tmp_path: Path) -> None:
    community = f"c{uuid4().hex[:8]}"
    where = ("--community", community)
    key = issue_key(platform, community, "celebrations", SCOPES)["key"]
    of_reader = {"PLAUDIT_STACK": "whole", "PLAUDIT_KEY": key, "COLUMNS": "160"}

    def plaudit(*command: str) -> str:
        result = CliRunner().invoke(main, [*command, *where], env=of_reader)
        assert result.exit_code == 0, result.output
        return result.output

    file = tmp_path / "programme.yaml"
    file.write_text(PAGE.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0])
    assert plaudit("celebrations", "milestones") == "the programme in force has no milestones\n"
    assert plaudit("celebrations", "list") == "nothing was celebrated yet\n"
    plaudit("programme", "publish", str(file))
    plaudit("member", "link", "forum:ada", "--name", "Ada")

    async def is_in_force() -> bool:
        return "Our answer number {n}" in plaudit("celebrations", "milestones")

    await until(is_in_force)
    listed = plaudit("celebrations", "milestones")
    for words in (
        "reply, all together",
        "1,000, 10,000",
        "years since one joined",
        "each year",
        "years since the",
    ):
        assert words in listed
    reply = {
        "specversion": "1.0",
        "id": "1",
        "source": "urn:forum",
        "type": "forum.reply.v1",
        "time": datetime.now(UTC).isoformat(),
        "data": {"channel": "forum", "actor": {"id": "ada"}, "object": {"id": "1"}},
    }
    request("POST", f"{platform.service_urls['ingest']}/v1/events", key, json=[reply])

    async def of_ada() -> list[dict[str, Any]]:
        # Recognition knows the member a moment after ingest does.
        asked = ["celebrations", "list", "--member", "forum:ada", "--json", *where]
        result = CliRunner().invoke(main, asked, env=of_reader)
        assert result.exit_code == 0 or "No member has that identity" in result.output
        found: list[dict[str, Any]] = json.loads(result.output) if result.exit_code == 0 else []
        return found

    (first,) = await until(of_ada)
    assert (first["title"], first["member_name"], first["number"]) == ("First answer", "Ada", 1)
    shown = plaudit("celebrations", "list", "--kind", "milestone")
    assert "First answer" in shown
    assert "Ada" in shown
    assert plaudit("celebrations", "list", "--kind", "badge") == "nothing was celebrated yet\n"

"""`plaudit celebrations` as docs/milestones.md has it: the milestones that there are, and what was celebrated."""

import json
from datetime import UTC, datetime
from itertools import count
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
    numbers = count(1)

    async def celebrated() -> list[dict[str, Any]]:
        # What happens before all of the past is counted is of the past, and nobody is told: another answers then.
        name = f"ada-{next(numbers)}"
        reply = {
            "specversion": "1.0",
            "id": name,
            "source": "urn:forum",
            "type": "forum.reply.v1",
            "time": datetime.now(UTC).isoformat(),
            "data": {"channel": "forum", "actor": {"id": name, "name": "Ada"}, "object": {"id": name}},
        }
        request("POST", f"{platform.service_urls['ingest']}/v1/events", key, json=[reply])
        found: list[dict[str, Any]] = json.loads(plaudit("celebrations", "list", "--json"))
        return [one for one in found if one["member_name"]]

    first, *_ = await until(celebrated)
    assert (first["title"], first["member_name"], first["number"]) == ("First answer", "Ada", 1)
    of_ada = json.loads(plaudit("celebrations", "list", "--member", first["member_id"], "--json"))
    assert [one["title"] for one in of_ada] == ["First answer"]
    shown = plaudit("celebrations", "list", "--kind", "milestone")
    assert "First answer" in shown
    assert "Ada" in shown
    assert plaudit("celebrations", "list", "--kind", "badge") == "nothing was celebrated yet\n"

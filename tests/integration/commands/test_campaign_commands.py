"""`plaudit campaign` and `plaudit audience`, from a programme that two people publish to a spent budget."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from click.testing import CliRunner

from plaudit.access import add_person, issue_key, local_people
from plaudit.cli import main
from plaudit.stack import StackState
from tests.waiting import until

pytestmark = pytest.mark.stack

PROGRAMME = """\
programme: gardeners
title: The gardeners
audiences:
  - {id: helpers, title: Helpers, when: member.answers >= 2, measures: [{id: answers, of: awards, rule: answer}]}
campaigns:
  - {id: spring, title: Spring of answers, starts: STARTS, ends: ENDS, budget: {points: 12}}
rules:
  - {id: answer, title: Answered, on: [forum.reply.v1], points: 3}
  - {id: more, title: Answered in spring, on: [forum.reply.v1], points: 5, campaign: spring}
"""


def plaudit(*command: str, fails: bool = False) -> str:
    result = CliRunner().invoke(main, list(command), env={"PLAUDIT_STACK": "whole"})
    assert bool(result.exit_code) == fails, result.output
    return str(result.output)


async def test_from_a_programme_to_a_budget_that_is_spent(platform: StackState, tmp_path: Path) -> None:
    community = f"c{uuid4().hex[:8]}"
    where, today = ("--community", community), datetime.now(UTC).date()
    file = tmp_path / "gardeners.yaml"
    file.write_text(
        PROGRAMME.replace("STARTS", str(today - timedelta(days=1))).replace("ENDS", str(today + timedelta(days=5)))
    )
    assert "until another person approves it" in plaudit("programme", "publish", str(file), *where)
    local = local_people(platform)
    omar = add_person(local.office, community, "Omar", ["finance_approver"])
    key = issue_key(platform, community, "approves", ["programmes:approve"], person_id=omar["person_id"])["key"]
    plaudit("programme", "approve", "1", "--key", key, *where)

    sent = issue_key(platform, community, "sends", ["events:write"])["key"]
    events = [
        {
            "specversion": "1.0",
            "id": f"{number}",
            "source": "urn:garden",
            "type": "forum.reply.v1",
            "time": datetime.now(UTC).isoformat(),
            "data": {"channel": "forum", "actor": {"id": "ada"}, "object": {"id": f"{number}"}},
        }
        for number in range(4)
    ]
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {sent}"}, timeout=60) as client:
        for event in events:
            taken = await client.post(f"{platform.service_urls['ingest']}/v1/events", json=event)
            assert taken.status_code == 202, taken.text

    async def spent() -> Any:
        found: Any = json.loads(plaudit("campaign", "show", "spring", "--json", *where))
        return found if found["state"] == "exhausted" else None

    shown = await until(spent)
    assert (shown["spent_points"], [turn["what"] for turn in shown["turns"]]) == (12, ["exhausted"])
    said = plaudit("campaign", "show", "spring", *where)
    assert "12 of 12 points spent, 0 left" in said
    assert "exhausted at 12 points" in said
    assert "exhausted" in plaudit("campaign", "list", *where)
    reason = ("--reason", "Done what it was for")
    assert "stopped" in plaudit("campaign", "stop", "spring", *reason, *where)
    assert "exhausted" in plaudit("campaign", "resume", "spring", *reason, *where)
    assert "no such campaign" in plaudit("campaign", "stop", "autumn", *reason, *where, fails=True)

    async def helpers() -> Any:
        return json.loads(plaudit("audience", "members", "helpers", "--json", *where))

    (helper,) = await until(helpers)
    assert helper["met"]["answers"] >= 2
    assert "Helpers" in plaudit("audience", "list", *where)
    measured = ("member.answers >= 4", "--measure", "answers=awards:answer")
    assert "1 of 1 members" in plaudit("audience", "preview", *measured, *where)
    assert "0 of 1 members" in plaudit("audience", "preview", "member.answers >= 9", *measured[1:], *where)

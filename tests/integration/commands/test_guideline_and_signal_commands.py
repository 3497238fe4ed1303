"""`plaudit guidelines`, `plaudit signals` and `plaudit content`: what their guides show."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from plaudit.access import add_person, issue_key, local_people, temporary_key
from plaudit.calls import request
from plaudit.cli import main
from plaudit.stack import StackState
from tests.waiting import until

pytestmark = pytest.mark.stack

PROGRAMME = b"""\
programme: harbour
title: Harbour Makers
rules:
  - {id: reply, title: Answered, on: [forum.reply.v1], points: 30}
  - {id: heard, title: Was written to, on: [chat.message.v1], to: object_author, points: 30}
quality: {trusted: {after_days: 0}}
signals: {more_than_points: 50, hold_from_percent: 90, second_person_from: 100}
guidelines:
  version: "2"
  text: Be kind.
  categories: [{id: spam, title: Spam, penalty_points: 10}]
"""


def plaudit(*command: str) -> str:
    result = CliRunner().invoke(main, list(command), env={"PLAUDIT_STACK": "whole"})
    assert result.exit_code == 0, result.output
    return str(result.output)


def event(kind: str, name: str, actor: str, thing: str, author: str | None = None, **data: Any) -> dict[str, Any]:
    about = {"id": thing} | ({"author": {"id": author}} if author else {})
    channel = "chat" if kind.startswith("chat") else "forum"
    return {
        "specversion": "1.0",
        "id": name,
        "source": "urn:harbour",
        "type": kind,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {"channel": channel, "actor": {"id": actor, "name": actor.title()}, "object": about, **data},
    }


async def test_what_is_reported_and_held_is_decided_by_commands(platform: StackState) -> None:
    community = f"c{uuid4().hex[:8]}"
    where, urls = ("--community", community), platform.service_urls
    with temporary_key(platform, community, "sends", ("programmes:write", "events:write"), urls) as key:
        text = {"content": PROGRAMME, "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        sent = [event("forum.reply.v1", "m1", "mallory", "post-95")]
        sent += [event("moderation.reported.v1", "r1", "grace", "post-95", "mallory", category="spam")]
        pairs = (("ada", "kofi"), ("kofi", "ada"))
        sent += [event("chat.message.v1", f"{a}{n}", a, f"of {b}", b) for a, b in pairs for n in range(4)]
        request("POST", f"{urls['ingest']}/v1/events", key, json=sent)

    async def listed(*command: str, count: int) -> Any:
        found = json.loads(plaudit(*command, "--json", *where))
        return found if len(found) == count else None

    (case,) = await until(lambda: listed("guidelines", "cases", count=1))
    assert case["case_id"] in plaudit("guidelines", "cases", *where)
    assert "reported by Grace: 1 reports, 0 upheld, 0 dismissed" in plaudit(
        "guidelines", "show", case["case_id"], *where
    )
    office = local_people(platform).office
    keys = []
    for name in ("Mara", "Omar"):
        roles = ["moderator", "manager", "finance_approver"]
        person = add_person(office, community, name, roles)["person_id"]
        scopes = ["guidelines:write", "points:write", "points:approve"]
        keys.append(issue_key(platform, community, "decides", scopes, person_id=person)["key"])
    mara, omar = ((*where, "--key", key) for key in keys)
    assert plaudit("guidelines", "decide", case["case_id"], "upheld", *mara).startswith("upheld: forum:post-95")
    assert "no such" not in plaudit("guidelines", "suspended", *where)
    made = plaudit("guidelines", "suspend", "forum:mallory", "--days", "7", "--for", "spam", *mara)
    suspension = made.rpartition("(")[2].strip(" )\n")
    assert suspension in plaudit("guidelines", "suspended", *where)
    assert suspension in plaudit("guidelines", "lift", suspension, *mara)
    assert suspension not in plaudit("guidelines", "suspended", *where)

    first, second = await until(lambda: listed("signals", "list", count=2))
    assert first["case_id"] in plaudit("signals", "list", *where)
    assert f"also in it: {second['case_id']}" in plaudit("signals", "show", first["case_id"], *where)
    because = ("--because", "honest", "--note", "A reading group")
    asked = plaudit("signals", "release", first["case_id"], *because, *mara)
    assert f"plaudit signals approve {first['case_id']} --key" in asked
    assert f"{first['case_id']}: released" in plaudit("signals", "approve", first["case_id"], *omar)
    denied = plaudit("signals", "deny", second["case_id"], "--because", "traded", *mara)
    assert f"{second['case_id']}: denied" in denied
    unjudged = await until(lambda: listed("content", "unjudged", "--days", "7", count=2))
    assert unjudged[0]["content_id"] in plaudit("content", "unjudged", *where)
    assert "are weighed anew" in plaudit("content", "restate", *where)

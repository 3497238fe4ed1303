"""An event of a type that the programme declares earns; what would make accepted events invalid is refused."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.stack

TEXT = """
programme: demo
title: Demo
events:
  types:
    - id: webinar.attended.v1
      title: Attended a webinar
      fields:
        - {name: minutes, title: Minutes, type: integer, min: 0, max: 600, required: true}
        - {name: company, title: Company, personal: true}
rules:
  - {id: attended, title: Attended, on: [webinar.attended.v1], when: data.minutes >= 30, points: 7}
"""
YAML = {"Content-Type": "application/yaml"}


async def test_an_event_of_a_declared_type_earns(world: Any) -> None:
    await world.publish(TEXT)
    kind = "webinar.attended.v1"
    long, short = ({"channel": "import", "minutes": minutes} for minutes in (45, 10))
    await world.score(world.event("1", type=kind, data=long), world.event("2", "cyd", type=kind, data=short))
    assert await world.totals() == {(world.uuid("ann"), "attended"): 7}


async def test_a_type_only_grows(api: httpx.AsyncClient, world: Any) -> None:
    async def publish(text: str, **params: Any) -> httpx.Response:
        params = {"note": "Another"} | params
        return await api.post("/v1/programmes", content=text.encode(), headers=YAML, params=params)

    assert (await publish(TEXT)).status_code == 201
    narrower = TEXT.replace("max: 600", "max: 60")
    for params in ({}, {"dry_run": True}):
        answer = await publish(narrower, **params)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:plaudit:problem:event-types-changed")
        assert [one["field"] for one in answer.json()["errors"]] == ["/events/types/0/fields/0"]
    later = await publish(TEXT.replace("max: 600", "max: 900"), effective_from="2999-01-01T00:00:00Z")
    assert later.status_code == 201, later.text
    # What is scheduled has taken no event: it may be withdrawn, and the version before it goes on.
    withdrawn = await api.post(f"/v1/programmes/{later.json()['version']}/withdraw")
    assert withdrawn.status_code == 200, withdrawn.text

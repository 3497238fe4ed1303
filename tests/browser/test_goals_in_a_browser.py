"""A manager comes to the scorecard first, sees which goal is off pace, what serves it, and what it was before."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import LOOKED_AT, Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "reaching"
PROGRAMME = """\
programme: reaching
title: Harbour Makers
goals:
  - id: heard
    title: People speak of us
    description: Say where you saw it.
    metric: mentions
    target: TARGET
    starts: STARTS
    ends: ENDS
    owner: Community team
  - {id: safe, title: Nobody is put off}
rules:
  - {id: share, title: Spoke of us, on: [social.share.v1], points: 5, goal: heard}
"""
PAGES = ("/scorecard", "/goals", "/goals/heard", "/goals/safe", "/digests")


def furnished(console: Console) -> str:
    """A community with a goal that thirty shares in ten days do not reach; the manager's id."""
    office, urls = local_people(console.state).office, console.state.service_urls
    request(
        "POST", f"{urls['ingest']}/v1/communities", office.key, json={"id": COMMUNITY, "title": "Harbour Makers"}
    )
    manager = add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person", email=None)
    now = datetime.now(UTC)
    days = {"STARTS": now.date() - timedelta(days=10), "ENDS": now.date() + timedelta(days=19)}
    scopes = ("programmes:write", "programmes:read", "events:write")
    with temporary_key(console.state, COMMUNITY, "goals", scopes, urls) as key:
        for target in (40, 120):
            text = PROGRAMME.replace("TARGET", str(target))
            for name, day in days.items():
                text = text.replace(name, day.isoformat())
            body = {"content": text.encode(), "headers": {"Content-Type": "application/yaml"}}
            params = {"note": f"We want {target} mentions"}
            request("POST", f"{urls['scoring']}/v1/programmes", key, params=params, **body)
        events: list[dict[str, Any]] = [
            {
                "specversion": "1.0",
                "id": f"s{number}",
                "source": "urn:reaching",
                "type": "social.share.v1",
                "time": (now - timedelta(days=1 + number % 10)).isoformat(timespec="seconds"),
                "data": {"channel": "social", "actor": {"id": f"@m{number % 4}@social.example"}},
            }
            for number in range(30)
        ]
        request("POST", f"{urls['ingest']}/v1/events", key, json=events)
    return str(manager["person_id"])


async def test_the_scorecard_comes_first_and_leads_to_the_goal_that_is_off_pace(console: Console) -> None:
    manager = furnished(console)
    await wait_until_idle(console.state)
    async with console.visitor(community=COMMUNITY, person=manager, locale="en-GB") as mara:
        assert mara.page.url.endswith("/scorecard")

        async def is_there() -> bool:
            await mara.go("/goals")
            return await mara.page.get_by_text("off pace", exact=True).count() > 0

        await until(is_there)
        await expect(mara.page.locator("h1")).to_have_text("One goal is off pace")
        await expect(mara.page.locator("#lacking + ul, ul.todo")).to_contain_text("Nobody is put off")
        row = mara.page.get_by_role("row").filter(has_text="People speak of us")
        await expect(row).to_contain_text("75")
        await row.get_by_role("link", name="People speak of us", exact=True).click()
        await expect(mara.page.locator("main dl.facts")).to_contain_text("30 of 120")
        await expect(mara.page.locator("main")).to_contain_text("Spoke of us")
        await expect(mara.page.locator("main")).to_contain_text("version 1")
        assert await mara.go("/goals/none") == 404
        await mara.go("/scorecard")
        await expect(mara.page.get_by_role("link", name="Goals: Goals", exact=True)).to_have_attribute(
            "href", "/goals"
        )
    for language, theme, width in LOOKED_AT if not SHOTS else [("en-GB", "light", 1280), *LOOKED_AT]:
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        async with console.visitor(community=COMMUNITY, person=manager, **look) as visitor:
            for path in PAGES:
                assert await visitor.wrong_at(path, width=width) == []
                if SHOTS:
                    name = path.strip("/").replace("/", "-")
                    await visitor.page.screenshot(path=Path(SHOTS) / f"{name}-{theme}-{width}.png", full_page=True)

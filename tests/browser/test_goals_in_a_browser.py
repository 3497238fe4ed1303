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
from tests.browser.conftest import LOOKED_AT, Console, Visitor
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
PAGES = (
    *("/scorecard", "/scorecard/goals_on_pace", "/goals", "/goals/heard", "/goals/safe", "/digests", "/alerts"),
    *("/decisions", "/decisions/new?figure=goal&about=heard", "{decision}"),
)


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


async def decided(mara: Visitor) -> str:
    """On the goal's page she decides what to do about it, and looks at it again; where that stands."""
    await mara.go("/goals/heard")
    await mara.page.get_by_role("link", name="Decide on it: A goal").click()
    await expect(mara.page.locator(".lede")).to_contain_text("It is 30 now")
    await mara.page.get_by_role("button", name="Write it down").click()
    await expect(mara.page.locator("#text-error")).to_be_visible()
    await mara.page.get_by_label("In plain words").fill("Nobody says where to share: we pin it.")
    await mara.page.get_by_label("Look again on").fill(
        (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%d")
    )
    await mara.page.get_by_role("button", name="Write it down").click()
    await mara.page.wait_for_url("**/decisions/*-*")
    place = mara.page.url.removeprefix(mara.url)
    await expect(mara.page.locator(".figs")).to_contain_text("30")
    await mara.page.get_by_label("We keep it").check()
    await mara.page.locator("#review textarea").fill("It helps.")
    await mara.page.get_by_role("button", name="Say so").click()
    await expect(mara.page.locator("#reviews")).to_contain_text("It helps.")

    async def stands_beside() -> bool:
        await mara.go("/goals/heard")
        return await mara.page.locator("#decisions").get_by_text("30 then, 30 now").count() > 0

    await until(stands_beside)
    return place


async def aimed(mara: Visitor) -> None:
    """She says what the indicator is to aim at: the card goes by it."""
    await mara.go("/scorecard/goals_on_pace")
    await mara.page.get_by_label("At least, in per cent").fill("50")
    await mara.page.locator("#reason").fill("One of two is enough for now.")
    await mara.page.get_by_role("button", name="Aim at it").click()

    async def holds() -> bool:
        await mara.go("/scorecard/goals_on_pace")
        return await mara.page.locator("dl.facts").get_by_text("50.0%").count() > 0

    await until(holds)
    await expect(mara.page.locator("#aims")).to_contain_text("One of two is enough for now.")


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
        place = await decided(mara)
        await aimed(mara)
        await mara.go("/scorecard")
        await expect(mara.page.get_by_role("link", name="Goals: Goals", exact=True)).to_have_attribute(
            "href", "/goals"
        )
    for language, theme, width in LOOKED_AT if not SHOTS else [("en-GB", "light", 1280), *LOOKED_AT]:
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        async with console.visitor(community=COMMUNITY, person=manager, **look) as visitor:
            for path in (page.replace("{decision}", place) for page in PAGES):
                assert await visitor.wrong_at(path, width=width) == []
                if SHOTS:
                    name = path.strip("/").replace("/", "-")
                    await visitor.page.screenshot(path=Path(SHOTS) / f"{name}-{theme}-{width}.png", full_page=True)

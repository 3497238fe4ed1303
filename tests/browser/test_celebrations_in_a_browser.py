"""Celebrations: read, reacted to and seen by members, looked at by a manager, and public as a page and a feed."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import LOOKED_AT, Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "celebrates"
PROGRAMME = """\
programme: celebrates
title: Harbour Makers
rules:
  - {id: message, title: Wrote a message, on: [chat.message.v1], points: 30}
recognition:
  badges:
    - {id: two, title: Two messages, rule: message, at_least: 2}
  levels: [{id: begun, title: Begun, points: 30}]
  milestones:
    - {id: messages, title: "{n} messages", rule: message, at: [1, 2, 100]}
    - {id: points, title: "{n} points", points: true, at: [1000]}
    - {id: years, title: "{n} years with us", since: joined}
    - {id: ours, title: "Our message number {n}", rule: message, at: [3, 1000], together: true}
"""


async def furnished(console: Console) -> str:
    """A public community with a manager and two members who wrote; the manager's id."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    declared |= {"public": ["celebrations", "names"]}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    manager = add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person", email=None)
    scopes = ("programmes:write", "programmes:read", "events:write", "recognition:read")
    with temporary_key(console.state, COMMUNITY, "celebrations", scopes, urls) as key:
        text = {"content": PROGRAMME.encode(), "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)

        async def is_in_force() -> bool:
            return bool(request("GET", f"{urls['recognition']}/v1/milestones", key)["milestones"])

        await until(is_in_force)
        await wait_until_idle(console.state)
        # Ada's first: whose the third of all is follows from the order in which they are counted.
        ada = [_message(name, "ada", "Ada Brightwell") for name in ("m1", "m2")]
        for events, count in ((ada, 4), ([_message("m3", "bo", "Bo Lind")], 7)):
            request("POST", f"{urls['ingest']}/v1/events", key, json=events)

            async def are_celebrated(count: int = count) -> bool:
                found = request("GET", f"{urls['recognition']}/v1/celebrations", key)["items"]
                return len(found) == count and all(one["member_name"] for one in found)

            await until(are_celebrated)
    return str(manager["person_id"])


def _message(name: str, who: str, title: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": name,
        "source": "urn:celebrates",
        "type": "chat.message.v1",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {"channel": "chat", "actor": {"id": who, "name": title}, "object": {"id": name}},
    }


async def test_members_react_and_see_a_manager_looks_and_everybody_reads_the_feed(console: Console) -> None:
    manager = await furnished(console)
    how = {"locale": "en-GB", "java_script_enabled": False, "viewport": {"width": 360, "height": 800}}
    async with console.visitor(community=COMMUNITY, identity="chat:bo", **how) as bo:
        page = bo.page
        await expect(page.locator("#celebrations")).to_contain_text("Our message number 3")
        await page.get_by_role("link", name="All, and react").click()
        await expect(page.locator("h1")).to_have_text("4 celebrations are new to you")
        await page.get_by_role("button", name="Heart: 2 messages, Ada Brightwell").click()
        await expect(page.get_by_role("status")).to_contain_text("it shows in a moment")

        async def is_shown(text: str) -> bool:
            await bo.go("/me/celebrations")
            return text in await page.locator("main").inner_text()

        async def is_pressed() -> bool:
            await bo.go("/me/celebrations")
            button = page.get_by_role("button", name="Heart: 2 messages, Ada Brightwell")
            return await button.get_attribute("aria-pressed") == "true"

        await until(is_pressed)
        await page.get_by_role("button", name="I have seen these").click()
        await until(lambda: is_shown("What we celebrate"))
        # Of one's own there is nothing to react to.
        await expect(page.get_by_role("button", name="Heart: Our message number 3")).to_have_count(0)
        await expect(page.locator("#own")).to_contain_text("1 of 2")
        await expect(page.locator("#together")).to_contain_text("3 of 1,000")
    async with console.visitor(community=COMMUNITY, person=manager, **how) as mara:
        await mara.go("/celebrations?kind=milestone")
        row = mara.page.locator("tbody tr").filter(has_text="2 messages").filter(has_text="Ada")
        await expect(row).to_contain_text("Ada Brightwell")
        assert await mara.go("/me/celebrations") == 404
    async with httpx.AsyncClient(base_url=console.state.console_url, timeout=60) as anybody:
        feed = await anybody.get(f"/c/{COMMUNITY}/celebrations.json")
        assert feed.headers["content-type"] == "application/feed+json"
        assert "Ada Brightwell: 2 messages" in [one["title"] for one in feed.json()["items"]]
        assert feed.json()["feed_url"].endswith(f"/c/{COMMUNITY}/celebrations.json")
        assert (await anybody.get("/c/nobody/celebrations.json")).status_code == 404
        refused = await anybody.post("/me/celebrations/react", data={"reaction": "heart"})
        assert refused.status_code in (303, 403, 404)

    for language, theme, width in LOOKED_AT:
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        people = (
            ({"person": manager}, ("/celebrations", "/overview", "/programme")),
            ({"identity": "chat:bo"}, ("/me/celebrations", "/me/celebrations?kind=level", "/me")),
            ({"identity": "chat:ada"}, (f"/c/{COMMUNITY}/celebrations", "/me/celebrations")),
        )
        for who, paths in people:
            async with console.visitor(community=COMMUNITY, **who, **look) as visitor:
                for path in paths:
                    assert await visitor.go(path) == 200
                    assert await visitor.violations() == [], path
                    assert await visitor.width() <= width, path
                    assert len(await visitor.page.content()) <= 40_000, path
                    if SHOTS:
                        name = path.strip("/").replace("/", "-").replace("?", "-")
                        shot = Path(SHOTS) / f"{name}-{next(iter(who.values()))[-3:]}-{theme}-{width}.png"
                        await visitor.page.screenshot(path=shot, full_page=True)

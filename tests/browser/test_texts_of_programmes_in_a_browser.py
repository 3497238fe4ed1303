"""Whatever stands in a programme is text on every page that shows it; campaigns as who sees them."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import Console, Visitor

pytestmark = [pytest.mark.stack, pytest.mark.browser]

COMMUNITY = "scripted"
SHOTS = os.environ.get("PLAUDIT_SHOTS")
#: What would run as a script wherever it were markup, or left an attribute or a string of a script.
SCRIPT = "<img src=x onerror=hit()>\\\"'><svg/onload=hit()></script><script>hit()</script>"
PROGRAMME = """\
programme: scripted
title: "Programme SCRIPT"
description: "About SCRIPT"
goals: [{id: g, title: "Goal SCRIPT", description: "Practice SCRIPT"}]
scores: [{id: s, title: "Score SCRIPT", description: "Said SCRIPT"}]
attributes: [{id: plot, title: "Plot SCRIPT", for_rules: true}]
audiences:
  - {id: helpers, title: "Audience SCRIPT", description: "Of SCRIPT", when: member.n >= 1,
     measures: [{id: n, of: awards}]}
campaigns:
  - {id: spring, title: "Campaign SCRIPT", description: "Days SCRIPT", starts: STARTS, ends: ENDS,
     budget: {points: 500}}
rules:
  - {id: answer, title: "Rule SCRIPT", on: [chat.message.v1], points: 3, goal: g,
     when: 'data.length_chars >= 20 && "SCRIPX" != ""'}
  - {id: more, title: "More SCRIPT", on: [chat.message.v1], points: 5, campaign: spring}
manual:
  reasons: [{id: booth, title: "Reason SCRIPT"}]
  limit: {points: 500, within: month}
  second_person_from: 100
recognition:
  badges: [{id: b, title: "Badge SCRIPT", description: "Shown SCRIPT", at_least: 1}]
  levels: [{id: l, title: "Level SCRIPT", points: 0}]
  streaks: [{id: t, title: "Streak SCRIPT", description: "Days SCRIPT", rules: [answer]}]
rewards:
  catalogue: [{id: mug, title: "Reward SCRIPT", points: 30}]
"""


def programme() -> bytes:
    today = datetime.now(UTC).date()
    text = PROGRAMME.replace("STARTS", str(today - timedelta(days=3))).replace(
        "ENDS", str(today + timedelta(days=9))
    )
    return text.replace("SCRIPT", SCRIPT).replace("SCRIPX", "<img src=x onerror=hit()>").encode()


def _event(name: str, chars: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": name,
        "source": "urn:scripted",
        "type": "chat.message.v1",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {
            "channel": "chat",
            "actor": {"id": "ada", "name": "Ada <script>hit()</script>"},
            "length_chars": chars,
            "object": {"id": name},
        },
    }


async def furnished(console: Console) -> dict[str, str]:
    """A community all of whose texts try to run; its manager, a member, an event, and points by hand."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Harbour Makers", "public": ["programme", "badges", "boards", "names"]}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    mara, omar = (
        str(add_person(office, COMMUNITY, name, [role])["person_id"])
        for name, role in (("Mara Lindqvist", "manager"), ("Omar Haddad", "finance_approver"))
    )
    scopes = ("programmes:write", "events:write", "members:read", "points:write", "receipts:read")
    with (
        temporary_key(console.state, COMMUNITY, "writes", scopes, urls, person_id=mara) as key,
        temporary_key(
            console.state, COMMUNITY, "approves", ("programmes:approve",), urls, person_id=omar
        ) as other,
    ):
        text = {"content": programme(), "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, params={"note": f"Note {SCRIPT}"}, **text)
        request("POST", f"{urls['scoring']}/v1/programmes/1/approve", other)
        draft = {"title": f"Draft {SCRIPT}", "text": programme().decode()}
        draft_id = request("POST", f"{urls['scoring']}/v1/programme-drafts", key, json=draft)["draft_id"]
        request("POST", f"{urls['ingest']}/v1/events", key, json=[_event("long", 40), _event("short", 4)])
        await wait_until_idle(console.state)
        stopped = {"reason": f"Why {SCRIPT}"}
        request("POST", f"{urls['scoring']}/v1/campaigns/spring/stop", key, json=stopped)
        request("POST", f"{urls['scoring']}/v1/campaigns/spring/resume", key, json=stopped)
        member = str(request("GET", f"{urls['ingest']}/v1/members", key)["items"][0]["member_id"])
        hand = request(
            "POST",
            f"{urls['scoring']}/v1/manual-awards",
            key,
            json={"member": member, "points": 20, "reason": "booth"},
            headers={"Idempotency-Key": "scripted"},
        )
        event = request(
            "GET",
            f"{urls['ingest']}/v1/receipts/of-event",
            key,
            params={"source": "urn:scripted", "event_id": "short"},
        )
    await wait_until_idle(console.state)
    return {
        "mara": mara,
        "draft": str(draft_id),
        "member": member,
        "hand": str(hand["manual_id"]),
        "event": str(event["event_uid"]),
    }


async def check(page: Page) -> list[str]:
    """What of the planted texts became markup, or ran."""
    found: list[str] = await page.evaluate(
        """() => [
            ...document.querySelectorAll('img[src="x"], [onerror], [onload], script:not([src])'),
        ].map(one => one.outerHTML.slice(0, 120)).concat(window.hits ? [`ran ${window.hits} times`] : [])"""
    )
    return found


async def walk(visitor: Visitor, paths: list[str]) -> int:
    """Go through pages, on which nothing may be markup that was text; how many show one of the texts."""
    seen = 0
    for path in paths:
        assert await visitor.go(path) == 200, path
        assert await check(visitor.page) == [], path
        seen += "onerror=hit()" in await visitor.page.locator("main").inner_text()
    assert visitor.complaints == []
    return seen


async def test_no_text_of_a_programme_runs_on_any_page(console: Console) -> None:
    ids = await furnished(console)
    counts = "window.hits = 0; window.hit = () => { window.hits += 1 }"
    mine = ["/programme", "/programme/audiences", f"/programme/edit?draft={ids['draft']}", "/campaigns/spring"]
    mine += [f"/by-hand/{ids['hand']}", f"/members/{ids['member']}", f"/explorer/{ids['event']}"]
    async with console.visitor(community=COMMUNITY, person=ids["mara"], locale="en-GB") as mara:
        await mara.page.context.add_init_script(counts)
        assert await walk(mara, mine) == len(mine)
        # And so while it is written: the editor colours it, and says what it changes.
        assert await walk(mara, ["/programme/edit"]) <= 1
        text = await mara.page.locator("#text").input_value()
        await mara.page.locator("#text").fill(text.replace("points: 3", "points: 4"))
        await expect(mara.page.locator(".diff")).to_contain_text("onerror=hit()")
        assert await check(mara.page) == []
    async with console.visitor(community=COMMUNITY, identity="chat:ada", locale="en-GB") as ada:
        await ada.page.context.add_init_script(counts)
        assert await walk(ada, ["/me"]) == 1
        await expect(ada.page.locator("#campaigns")).to_contain_text("Campaign <img")
    page = await console.browser.new_page()
    await page.add_init_script(counts)
    visitor = Visitor(page, console.state.console_url)
    assert await walk(visitor, [f"/c/{COMMUNITY}/rules"]) == 1
    await page.close()


PLAIN = """\
programme: plain
title: Harbour Makers
audiences:
  - {id: helpers, title: Helpers, description: They have an award, when: member.n >= 1,
     measures: [{id: n, of: awards}]}
campaigns:
  - {id: spring, title: Spring of answers, description: "What helps others counts now.",
     starts: STARTS, ends: ENDS, budget: {points: 12}}
  - {id: summer, title: Summer of talk, starts: STARTS, ends: ENDS, budget: {points: 900}}
rules:
  - {id: more, title: Answered in spring, on: [chat.message.v1], points: 10, campaign: spring}
  - {id: talk, title: Talked in summer, on: [chat.message.v1], points: 5, campaign: summer}
"""


async def test_campaigns_that_are_spent_or_stopped_are_not_shown_to_members(console: Console) -> None:
    office, urls = local_people(console.state).office, console.state.service_urls
    today = datetime.now(UTC).date()
    text = PLAIN.replace("STARTS", str(today - timedelta(days=3))).replace("ENDS", str(today + timedelta(days=9)))
    declared = {"id": "spent", "title": "Harbour Makers", "public": ["programme"], "time_zone": "Europe/Rome"}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    mara, omar = (
        str(add_person(office, "spent", name, [role])["person_id"])
        for name, role in (("Mara Lindqvist", "manager"), ("Omar Haddad", "finance_approver"))
    )
    scopes = ("programmes:write", "events:write")
    with (
        temporary_key(console.state, "spent", "writes", scopes, urls, person_id=mara) as key,
        temporary_key(console.state, "spent", "yes", ("programmes:approve",), urls, person_id=omar) as other,
    ):
        body = {"content": text.encode(), "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **body)
        request("POST", f"{urls['scoring']}/v1/programmes/1/approve", other)
        request("POST", f"{urls['ingest']}/v1/events", key, json=[_event("one", 40), _event("two", 40)])
        await wait_until_idle(console.state)
        looks = [("en-GB", "light", 1280), ("it-IT", "dark", 320)]
        pages = {"list": "/campaigns", "spent": "/campaigns/spring", "runs": "/campaigns/summer"}
        for language, theme, width in looks:
            look: dict[str, Any] = {
                "locale": language,
                "color_scheme": theme,
                "viewport": {"width": width, "height": 900},
            }
            async with console.visitor(community="spent", person=mara, **look) as manager:
                await shown(manager, pages, theme, width)
            async with console.visitor(community="spent", identity="chat:ada", **look) as ada:
                await shown(ada, {"me": "/me"}, theme, width)
                await expect(ada.page.locator("#campaigns li")).to_have_count(1)
                await expect(ada.page.locator("#campaigns")).to_contain_text("Summer of talk")
                await shown(ada, {"public": "/c/spent/rules"}, theme, width)
                await expect(ada.page.locator("#campaigns li")).to_have_count(1)
                await expect(ada.page.locator("main")).not_to_contain_text("Answered in spring")
        request("POST", f"{urls['scoring']}/v1/campaigns/summer/stop", key, json={"reason": "Enough"})
    async with console.visitor(community="spent", identity="chat:ada", locale="en-GB") as ada:
        for path in ("/me", "/c/spent/rules"):
            assert await ada.go(path) == 200
            await expect(ada.page.locator("#campaigns")).to_have_count(0)


async def shown(visitor: Visitor, pages: dict[str, str], theme: str, width: int) -> None:
    """Look at pages, which are as they should be; kept as pictures where that is asked for."""
    for name, path in pages.items():
        assert await visitor.wrong_at(path, width=width) == []
        if SHOTS:
            await visitor.page.screenshot(
                path=Path(SHOTS) / f"campaigns-{name}-{theme}-{width}.png", full_page=True
            )

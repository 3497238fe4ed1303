"""Audiences: listed with their size, previewed before they are written, and seen at a member and by the member."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from services.ingest.events.domain.judgement import event_uid
from tests.browser.conftest import LOOKED_AT, Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
PROGRAMME = """\
programme: audiences
title: Harbour Makers
audiences:
  - id: writers
    title: Writers
    description: Two messages within thirty days.
    when: member.messages >= 2
    measures: [{id: messages, of: awards, rule: message, days: 30}]
counters:
  - {id: messages, of: awards, rule: message, days: 30}
goals:
  - {id: warm, title: Everybody is heard}
scores:
  - {id: warmth, title: Warmth}
rules:
  - {id: message, title: Wrote a message, on: [chat.message.v1], points: 30, goal: warm}
  - {id: writer, title: A writer wrote, on: [chat.message.v1], points: 5, audiences: [writers]}
  - id: again
    title: Wrote again
    on: [chat.message.v1]
    points: 50
    points_by: {cel: '5 * counter("messages")'}
    score: warmth
    goal: warm
  - {id: together, title: Wrote together, on: [chat.message.v1], points: 10, to: team, split: equal}
rewards:
  catalogue:
    - {id: dinner, title: Writers' dinner, description: Once a year., points: 40, audience: writers}
    - {id: mug, title: A mug, points: 20}
"""


async def furnished(console: Console, community: str) -> dict[str, str]:
    """A community with a manager and two members, of whom one is a writer; their ids."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": community, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    manager = add_person(office, community, "Mara Lindqvist", ["manager"], kind="person", email=None)
    scopes = ("programmes:write", "programmes:read", "events:write", "members:read")
    with temporary_key(console.state, community, "audiences", scopes, urls) as key:
        text = {"content": PROGRAMME.encode(), "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        events = [
            {
                "specversion": "1.0",
                "id": name,
                "source": "urn:audiences",
                "type": "chat.message.v1",
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "data": {"channel": "chat", "actor": {"id": who, "name": title}, "object": {"id": name}},
            }
            for name, who, title in (
                ("m1", "ada", "Ada Brightwell"),
                ("m2", "ada", "Ada Brightwell"),
                ("m3", "bo", "Bo Lind"),
            )
        ]
        request("POST", f"{urls['ingest']}/v1/events", key, json=events)
        await wait_until_idle(console.state)

        async def is_decided() -> bool:
            found = request("GET", f"{urls['scoring']}/v1/audiences", key)
            return bool(found["items"][0]["members"] == 1)

        await until(is_decided)
        # Of what came once that was counted: two did it together.
        last = events[1] | {"id": "m4", "data": events[1]["data"] | {"contributors": [{"id": "bo"}]}}
        request("POST", f"{urls['ingest']}/v1/events", key, json=[last])
        await wait_until_idle(console.state)
        members = request("GET", f"{urls['ingest']}/v1/members", key)["items"]
    uid = event_uid(community, "urn:audiences", "m4")
    return {"manager": str(manager["person_id"]), "event": uid} | {
        one["name"].split()[0]: one["member_id"] for one in members
    }


async def test_an_audience_is_seen_previewed_and_explained(console: Console) -> None:
    ids = await furnished(console, "audiences")
    how = {"locale": "en-GB", "java_script_enabled": False}
    async with console.visitor(community="audiences", person=ids["manager"], **how) as mara:
        page = mara.page
        await mara.go("/programme")
        await page.get_by_role("link", name="Audiences").click()
        await expect(page.locator("h1")).to_have_text("The programme has one audience")
        await page.get_by_label("An audience, as the programme has it").fill(
            "when: member.all >= 30\nmeasures: [{id: all, of: points}]\n"
        )
        await page.get_by_role("button", name="See how many").click()
        await expect(page.get_by_role("status")).to_contain_text("2 of 2 members would be in it.")
        await page.get_by_label("An audience, as the programme has it").fill("when: member.al >= 30\n")
        await page.get_by_role("button", name="See how many").click()
        await expect(page.get_by_role("alert")).to_contain_text("declares")
        await page.get_by_role("link", name="Writers: one member").click()
        await expect(page.locator("h1")).to_have_text("Writers: one member")
        await page.get_by_role("link", name="Ada Brightwell").click()
        await expect(page.locator("#audiences")).to_contain_text("Writers")
        assert await mara.go("/programme/audiences/nobody") == 404
        await mara.go(f"/members/{ids['Bo']}")
        await expect(page.locator("#audiences")).to_contain_text("They are in none")
    async with console.visitor(community="audiences", identity="chat:ada", **how) as ada:
        await ada.go("/me")
        await expect(ada.page.locator("#audiences")).to_contain_text("Two messages within thirty days.")
    for language, theme, width in LOOKED_AT:
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        async with console.visitor(community="audiences", person=ids["manager"], **look) as mara:
            for name, path in (("list", "/programme/audiences"), ("members", "/programme/audiences/writers")):
                assert await mara.go(path) == 200
                assert await mara.violations() == []
                assert await mara.width() <= width
                if SHOTS:
                    await mara.page.screenshot(
                        path=Path(SHOTS) / f"audiences-{name}-{theme}-{width}.png", full_page=True
                    )


async def test_a_board_and_a_reward_are_of_an_audience_and_what_was_calculated_is_said(console: Console) -> None:
    ids = await furnished(console, "scoped")
    how = {"locale": "en-GB", "java_script_enabled": False}
    async with console.visitor(community="scoped", person=ids["manager"], **how) as mara:
        page = mara.page
        # The board of the audience alone, and back.
        await mara.go("/leaderboard?period=all")
        await page.get_by_label("Audience").select_option("Writers")
        await page.get_by_role("button", name="Filter").click()
        await expect(page.locator(".lede")).to_contain_text("Only Writers.")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_role("link", name="Clear").click()
        await expect(page.locator("tbody tr")).to_have_count(2)
        assert await mara.go("/leaderboard?audience=nobody") == 404
        # What was calculated, with the values, and who did it together.
        await mara.go(f"/explorer/{ids['event']}")
        await expect(page.locator("main")).to_contain_text('here counter("messages") was 2, which came to 10')
        await expect(page.locator("main")).to_contain_text("for the score “Warmth”")
        await expect(page.locator("main")).to_contain_text("who did it with them")
        await mara.go("/programme")
        await expect(page.locator("main")).to_contain_text("Serves the goal “Everybody is heard”")
    async with console.visitor(community="scoped", identity="chat:ada", **how) as ada:
        await ada.go("/me/rewards")
        await expect(ada.page.locator("main")).to_contain_text("Only for: Writers. You are one of them")
        await ada.page.get_by_role("link", name="Writers' dinner").click()
        await ada.page.get_by_role("button", name="Spend 40 points").click()
        await expect(ada.page.locator("#chosen")).to_contain_text("waits for the community")
    async with console.visitor(community="scoped", identity="chat:bo", **how) as bo:
        await bo.go("/me/rewards")
        await expect(bo.page.locator("main")).to_contain_text("Only for: Writers")
        await bo.go("/me/rewards/dinner")
        await expect(bo.page.locator("main")).to_contain_text("you are not one of them")
        await expect(bo.page.get_by_role("button", name="Spend")).to_have_count(0)
    async with console.visitor(community="scoped", identity="chat:bo", locale="it-IT") as bo:
        for name, path in (("rewards", "/me/rewards"), ("reward", "/me/rewards/dinner")):
            assert await bo.go(path) == 200
            assert await bo.violations() == []
            if SHOTS:
                await bo.page.screenshot(path=Path(SHOTS) / f"audiences-{name}.png", full_page=True)
    narrow = {"locale": "it-IT", "color_scheme": "dark", "viewport": {"width": 320, "height": 900}}
    async with console.visitor(community="scoped", person=ids["manager"], **narrow) as mara:
        for name, path in (
            ("board", "/leaderboard?period=all&audience=writers"),
            ("programme", "/programme"),
            ("event", f"/explorer/{ids['event']}"),
        ):
            assert await mara.go(path) == 200
            assert await mara.violations() == []
            assert await mara.width() <= 320
            if SHOTS:
                await mara.page.screenshot(path=Path(SHOTS) / f"scoped-{name}-320.png", full_page=True)

"""Content: the best of a week, what nobody judged yet, and why one is as good as it is said to be."""

import os
from datetime import UTC, datetime
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

COMMUNITY = "content"
SHOTS = os.environ.get("PLAUDIT_SHOTS")
PROGRAMME = b"""\
programme: content
title: Harbour Makers
scores: [{id: good, title: Good answers}]
quality: {score: good, points: 100, trusted: {staff: true, after_days: 0}}
rules:
  - {id: answer, title: Answered, on: [forum.reply.v1], points: 2}
  - id: accepted
    title: Had an answer accepted
    on: [forum.answer_accepted.v1]
    to: object_author
    points: 20
    points_by: {cel: "20.0 * judge_trust"}
"""


def event(kind: str, event_id: str, who: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "urn:content",
        "type": kind,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {"channel": "forum", "actor": {"id": who, "name": who.title()}, **data},
    }


def answer(event_id: str, who: str, text: str) -> dict[str, Any]:
    thing = {"id": event_id, "url": f"https://forum.example.org/t/{event_id}"}
    return event("forum.reply.v1", event_id, who, object=thing, in_reply_to={"id": "q1"}, text=text)


def on(kind: str, event_id: str, who: str, thing: str, author: str, **data: Any) -> dict[str, Any]:
    return event(kind, event_id, who, object={"id": thing, "author": {"id": author}}, **data)


async def furnished(console: Console) -> str:
    """A community with a manager, in which a moderator judged two answers and nobody a third; the manager's id."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    manager = add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person", email=None)
    scopes = (
        "programmes:write",
        "programmes:read",
        "events:write",
        "members:read",
        "members:write",
        "points:read",
    )
    with temporary_key(console.state, COMMUNITY, "content", scopes, urls) as key:
        text = {"content": PROGRAMME, "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        made = [
            answer("a1", "grace", "Loosen the tailstock first, then the spindle turns freely again."),
            answer("a2", "bo", "Try turning it off and on."),
            answer("a3", "bo", "Has somebody seen the manual of the old one?"),
            event("forum.post.v1", "p1", "mod", object={"id": "p1"}, text="Welcome to the harbour."),
        ]
        request("POST", f"{urls['ingest']}/v1/events", key, json=made)
        await wait_until_idle(console.state)
        members = request("GET", f"{urls['ingest']}/v1/members", key)["items"]
        (mod,) = (one["member_id"] for one in members if one["name"] == "Mod")
        request("PUT", f"{urls['ingest']}/v1/members/{mod}/standing", key, json={"staff": True})
        await wait_until_idle(console.state)
        judged = [
            on("forum.answer_accepted.v1", "j1", "mod", "a1", "grace"),
            on("content.voted.v1", "j2", "bo", "a1", "grace", vote="up"),
            on("content.voted.v1", "j3", "mod", "a2", "bo", vote="down"),
            on("content.voted.v1", "j4", "grace", "a1", "grace", vote="up"),
        ]
        request("POST", f"{urls['ingest']}/v1/events", key, json=judged)
        await wait_until_idle(console.state)

        async def is_weighed() -> bool:
            found = request("GET", f"{urls['scoring']}/v1/content/best", key)["items"]
            return [one["object_id"] for one in found] == ["a1", "a2"]

        await until(is_weighed)
    return str(manager["person_id"])


async def test_content_is_found_and_explained(console: Console) -> None:
    manager = await furnished(console)
    how = {"locale": "en-GB", "java_script_enabled": False}
    async with console.visitor(community=COMMUNITY, person=manager, **how) as mara:
        page = mara.page
        await mara.go("/overview")
        await page.get_by_role("link", name="Content", exact=True).first.click()
        await expect(page.locator("h1")).to_have_text("The best content")
        await expect(page.locator("tbody tr")).to_have_count(2)
        await expect(page.locator("tbody tr").first).to_contain_text("Loosen the tailstock")
        there = page.get_by_role("link", name="See a1 where it stands").first
        await expect(there).to_have_attribute("href", "https://forum.example.org/t/a1")
        await page.get_by_role("link", name="Loosen the tailstock").click()
        await expect(page.locator("#quality")).to_contain_text("that makes 0.7")
        await expect(page.locator("#judgements tbody tr")).to_have_count(3)
        await expect(page.locator("#judgements")).to_contain_text("Nobody judges their own.")
        await expect(page.locator("#judgements")).to_contain_text("Nobody whom others trust found good")
        await mara.go("/content")
        await page.get_by_role("link", name="Not judged yet").click()
        await expect(page.locator("tbody tr")).to_have_count(2)
        await expect(page.locator("tbody")).to_contain_text("Has somebody seen the manual")
        await page.get_by_label("Channel").select_option("chat")
        await page.get_by_role("button", name="Filter").click()
        await expect(page.locator("main")).to_contain_text("Nothing of that kind is here")
        assert await mara.go("/content/0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b") == 404
        assert await mara.go("/content/none") == 404
        assert await mara.go("/content?day=2020-01-01") == 200
        await expect(page.locator("main")).to_contain_text("Nothing was judged of these days")
    async with console.visitor(community=COMMUNITY, identity="forum:grace", **how) as grace:
        assert await grace.go("/content") == 404
    for language, theme, width in LOOKED_AT:
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        async with console.visitor(community=COMMUNITY, person=manager, **look) as mara:
            await mara.go("/content")
            best = await mara.page.locator("tbody th a").first.get_attribute("href")
            for name, path in (("best", "/content"), ("unjudged", "/content/unjudged"), ("one", best or "")):
                assert await mara.go(path) == 200
                assert await mara.violations() == []
                assert await mara.width() <= width
                if SHOTS:
                    await mara.page.screenshot(
                        path=Path(SHOTS) / f"content-{name}-{theme}-{width}.png", full_page=True
                    )

"""Kudos: given and taken back by a member without script, looked at by a manager, and public as page and feed."""

import os
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "thankful"
PROGRAMME = """\
programme: thankful
title: Harbour Makers
rules:
  - {id: thanked, title: Was thanked, on: [kudos.given.v1], to: object_author, points: 5}
guidelines:
  version: "1"
  url: https://example.org/conduct
  categories: [{id: rude, title: Rude}]
  words: [{language: en, category: rude, words: [blockhead]}]
recognition:
  kudos:
    per_month: 3
    pair_per_month: 2
    values: [{id: patience, title: Patience}, {id: craft, title: Craft}]
"""


async def furnished(console: Console) -> str:
    """A public community with a manager and three members; the manager's id."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    declared |= {"public": ["kudos", "names"]}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    manager = add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person", email=None)
    scopes = ("programmes:write", "programmes:read", "events:write")
    with temporary_key(console.state, COMMUNITY, "kudos", scopes, urls) as key:
        text = {"content": PROGRAMME.encode(), "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        people = (("ada", "Ada Brightwell"), ("bo", "Bo Lind"), ("bonny", "Bonny Marsh"))
        events = [
            {
                "specversion": "1.0",
                "id": name,
                "source": "urn:thankful",
                "type": "chat.message.v1",
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "data": {"channel": "chat", "actor": {"id": name, "name": title}, "object": {"id": name}},
            }
            for name, title in people
        ]
        request("POST", f"{urls['ingest']}/v1/events", key, json=events)
        await wait_until_idle(console.state)
    return str(manager["person_id"])


async def test_a_member_thanks_others_a_manager_looks_and_everybody_reads_the_wall(console: Console) -> None:
    manager = await furnished(console)
    how = {"locale": "en-GB", "java_script_enabled": False, "viewport": {"width": 360, "height": 800}}
    async with console.visitor(community=COMMUNITY, identity="chat:ada", **how) as ada:
        page = ada.page
        await ada.go("/me/kudos")
        await expect(page.locator("h1")).to_have_text("You can say thank you 3 times more this month")
        thank = page.get_by_role("button", name="Say thank you")
        await thank.click()
        await expect(page.get_by_role("alert").first).to_contain_text("2 problems")
        await page.get_by_label("Whom").fill("bo")
        await page.get_by_label("What for").fill("\u200b \u200b")
        await thank.click()
        await expect(page.get_by_role("alert").first).to_contain_text("Say what for")
        # Of several who are called so one is chosen, and nothing that was typed is lost.
        await page.get_by_label("Whom").fill("bo")
        await page.get_by_label("What for").fill("Thank you for the <harbour> map.")
        await page.get_by_label("Craft").check()
        await thank.click()
        await page.get_by_label("Bonny Marsh").check()
        await thank.click()
        await expect(page.get_by_role("status")).to_contain_text("on the wall")
        await page.get_by_label("Whom").fill("lind")
        await page.get_by_label("What for").fill("What a blockhead you are.")
        await thank.click()
        await expect(page.locator("#wall")).to_contain_text("somebody looks at it first")
        await page.get_by_label("Whom").fill("lind")
        await page.get_by_label("What for").fill("For the tea.")
        await thank.click()
        await expect(page.locator("h1")).to_have_text("You have given all your thanks of this month")
        await page.get_by_role("button", name="Take back the thanks to Bo Lind").first.click()
        await expect(page.locator("#wall")).to_contain_text("taken back")

        async def is_read() -> bool:
            await ada.go("/me/kudos")
            return "Thank you for the <harbour> map." in await page.locator("#wall").inner_text()

        await until(is_read)
    async with console.visitor(community=COMMUNITY, person=manager, **how) as mara:
        await mara.go("/kudos")
        await expect(mara.page.locator("h1")).to_contain_text("Somebody is to look at one of these")
        row = mara.page.locator("tbody tr").filter(has_text="harbour")
        await expect(row).to_contain_text("Bonny Marsh")
        assert await mara.go("/me/kudos") == 404

        async def is_queued() -> bool:
            await mara.go("/guidelines")
            return await mara.page.locator("h1").inner_text() == "One report is to be decided"

        await until(is_queued)
    async with httpx.AsyncClient(base_url=console.state.console_url, timeout=60) as anybody:
        feed = await anybody.get(f"/c/{COMMUNITY}/kudos.json")
        assert feed.headers["content-type"] == "application/feed+json"
        [item] = feed.json()["items"]
        assert (item["title"], item["tags"]) == ("Ada Brightwell → Bonny Marsh", ["Craft"])
        assert item["content_text"] == "Thank you for the <harbour> map."
        assert (await anybody.get("/c/nobody/kudos.json")).status_code == 404
        assert (await anybody.post("/me/kudos", data={"name": "bo"})).status_code in (303, 403, 404)

    for language, theme, width in (("en-GB", "light", 1280), ("it-IT", "dark", 320)):
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        people = (
            ({"person": manager}, ("/kudos",)),
            ({"identity": "chat:bo"}, ("/me/kudos", "/me")),
            ({"identity": "chat:ada"}, (f"/c/{COMMUNITY}/kudos", "/me/kudos")),
        )
        for who, paths in people:
            async with console.visitor(community=COMMUNITY, **who, **look) as visitor:
                for path in paths:
                    assert await visitor.go(path) == 200
                    assert await visitor.violations() == [], path
                    assert await visitor.width() <= width, path
                    if SHOTS:
                        name = path.strip("/").replace("/", "-")
                        shot = Path(SHOTS) / f"{name}-{next(iter(who.values()))[-3:]}-{theme}-{width}.png"
                        await visitor.page.screenshot(path=shot, full_page=True)

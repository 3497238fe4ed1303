"""Suggestions: made and voted for by members without script, and gone on with by a manager."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "inventive"


async def furnished(console: Console) -> str:
    """A community with a manager and two members; the manager's id."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    manager = add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person", email=None)
    with temporary_key(console.state, COMMUNITY, "ideas", ("events:write",), urls) as key:
        events = [
            {
                "specversion": "1.0",
                "id": name,
                "source": "urn:inventive",
                "type": "chat.message.v1",
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "data": {"channel": "chat", "actor": {"id": name, "name": title}, "object": {"id": name}},
            }
            for name, title in (("ada", "Ada Brightwell"), ("bo", "Bo Lind"))
        ]
        request("POST", f"{urls['ingest']}/v1/events", key, json=events)
        await wait_until_idle(console.state)
    return str(manager["person_id"])


async def test_members_suggest_and_vote_and_a_manager_goes_on_with_it(console: Console) -> None:
    manager = await furnished(console)
    how = {"locale": "en-GB", "java_script_enabled": False, "viewport": {"width": 360, "height": 800}}
    places = []
    async with console.visitor(community=COMMUNITY, identity="chat:ada", **how) as ada:
        page = ada.page
        await ada.go("/me/ideas")
        await expect(page.locator("#list")).to_contain_text("Nobody suggested anything yet")
        await page.get_by_role("button", name="Suggest it").click()
        await expect(page.get_by_role("alert").first).to_contain_text("There is a problem")
        for title in ("A <dark> theme", "Dark mode"):
            await ada.go("/me/ideas")
            await page.get_by_label("What, in a line").fill(title)
            await page.get_by_label("More of it").fill("At night it is too bright.")
            await page.get_by_role("button", name="Suggest it").click()
            await expect(page.get_by_role("status")).to_contain_text("on the list in a moment")
            places.append(page.url.rpartition("/")[2])
        await expect(page.get_by_role("button", name="Vote for it")).to_have_count(0)

        async def is_read() -> bool:
            await ada.go(f"/me/ideas/{places[0]}")
            return await page.locator("h1").inner_text() == "A <dark> theme"

        await until(is_read)
    async with console.visitor(community=COMMUNITY, identity="chat:bo", **how) as bo:
        await bo.go(f"/me/ideas/{places[1]}")
        await bo.page.get_by_role("button", name="Vote for it").click()
        await expect(bo.page.locator(".lede")).to_contain_text("one vote, yours too")
        assert await bo.go("/ideas") == 404
    async with console.visitor(community=COMMUNITY, person=manager, **how) as mara:
        page = mara.page
        await mara.go(f"/ideas/{places[1]}")
        await page.get_by_role("button", name="Say so").click()
        await expect(page.get_by_role("alert").first).to_contain_text("2 problems")
        await page.get_by_label("It says the same as another").check()
        await page.get_by_label("The other, if it says the same").select_option(places[0])
        await page.get_by_label("Why, in plain words").fill("Both ask for a dark theme.")
        await page.get_by_role("button", name="Say so").click()
        await expect(page.get_by_role("status")).to_contain_text("whom it concerns is told")
        await mara.go(f"/ideas/{places[0]}")
        await expect(page.locator(".lede")).to_have_text("one vote")
        await page.get_by_label("It is planned").check()
        await page.get_by_label("Why, in plain words").fill("It comes in spring.")
        await page.get_by_role("button", name="Say so").click()
        await expect(page.locator("#moves")).to_contain_text("It comes in spring.")

        async def is_answered() -> bool:
            await mara.go("/ideas")
            return await page.locator("h1").inner_text() == "Every suggestion has an answer"

        await until(is_answered)
        assert await mara.go("/me/ideas") == 404

    for language, theme, width in (("en-GB", "light", 1280), ("it-IT", "dark", 320)):
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        people = (
            ({"person": manager}, ("/ideas", "/ideas?state=joined", f"/ideas/{places[0]}")),
            ({"identity": "chat:bo"}, ("/me/ideas", f"/me/ideas/{places[0]}", f"/me/ideas/{places[1]}")),
        )
        for who, paths in people:
            async with console.visitor(community=COMMUNITY, **who, **look) as visitor:
                for number, path in enumerate(paths):
                    assert await visitor.go(path) == 200
                    assert await visitor.violations() == [], path
                    assert await visitor.width() <= width, path
                    if SHOTS:
                        shot = Path(SHOTS) / f"ideas-{next(iter(who))}-{number}-{theme}-{width}.png"
                        await visitor.page.screenshot(path=shot, full_page=True)

"""Nominations: a round that a manager declares, in which members nominate without script and vote."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "elective"


async def furnished(console: Console) -> str:
    """A community with a manager and two members; the manager's id."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    declared |= {"public": ["nominations", "names"]}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    manager = add_person(office, COMMUNITY, "Mara Lindqvist", ["manager"], kind="person", email=None)
    with temporary_key(console.state, COMMUNITY, "rounds", ("events:write",), urls) as key:
        events = [
            {
                "specversion": "1.0",
                "id": name,
                "source": "urn:elective",
                "type": "chat.message.v1",
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "data": {"channel": "chat", "actor": {"id": name, "name": title}, "object": {"id": name}},
            }
            for name, title in (("ada", "Ada Brightwell"), ("bo", "Bo Lind"))
        ]
        request("POST", f"{urls['ingest']}/v1/events", key, json=events)
        await wait_until_idle(console.state)
    return str(manager["person_id"])


async def test_a_manager_declares_a_round_and_members_nominate_in_it(console: Console) -> None:
    manager = await furnished(console)
    how = {"locale": "en-GB", "java_script_enabled": False, "viewport": {"width": 360, "height": 800}}
    # Whatever day it is in Rome by now, yesterday's is no later.
    today = datetime.now(UTC).date() - timedelta(days=1)
    async with console.visitor(community=COMMUNITY, person=manager, **how) as mara:
        page = mara.page
        await mara.go("/nominations")
        await page.get_by_role("button", name="Declare it").click()
        await expect(page.get_by_role("alert").first).to_contain_text("4 problems")
        await page.get_by_label("What is chosen").fill("Helper of the <year>")
        for label, days in (("Nominations from", 0), ("Votes from", 5), ("The last day of votes", 9)):
            await page.get_by_label(label).fill((today + timedelta(days=days)).isoformat())
        await page.get_by_role("button", name="Declare it").click()
        await expect(page.locator("h1")).to_have_text("Helper of the <year>")
        place = page.url.rpartition("/")[2]
        assert await mara.go("/me/nominations") == 404
    async with console.visitor(community=COMMUNITY, identity="chat:ada", **how) as ada:
        page = ada.page
        await ada.go("/me/nominations")
        await expect(page.locator("h1")).to_have_text("One choice is open")
        await page.get_by_role("link", name="Helper of the <year>").click()
        await page.get_by_role("button", name="Nominate").click()
        await expect(page.get_by_role("alert").first).to_contain_text("2 problems")
        await page.get_by_label("Whom").fill("lind")
        await page.get_by_label("Why").fill("For the harbour map.")
        await page.get_by_role("button", name="Nominate").click()
        await expect(page.locator("#nominated")).to_contain_text("Bo Lind")
        await expect(page.locator("#nominated")).to_contain_text("nominated by Ada Brightwell")
        assert await ada.go("/nominations") == 404
    async with console.visitor(community=COMMUNITY, identity="chat:bo", **how) as bo:
        await bo.go(f"/me/nominations/{place}")
        await bo.page.get_by_role("button", name="I do not stand").click()
        await expect(bo.page.locator("#nominated")).to_contain_text("does not stand")
        await bo.page.get_by_role("button", name="I stand").click()
        await expect(bo.page.locator("#nominated")).not_to_contain_text("does not stand")

    # Whoever is not signed in sees it too, and who nominated is told to nobody there.
    async with httpx.AsyncClient(base_url=console.state.console_url, timeout=60) as anybody:
        assert (await anybody.get(f"/c/{COMMUNITY}")).headers["location"] == f"/c/{COMMUNITY}/nominations"
        listed = await anybody.get(f"/c/{COMMUNITY}/nominations")
        assert f"/c/{COMMUNITY}/nominations/{place}" in listed.text
        public = await anybody.get(f"/c/{COMMUNITY}/nominations/{place}")
        assert public.status_code == 200
        assert "Bo Lind" in public.text
        assert "Helper of the &lt;year&gt;" in public.text
        assert "Ada Brightwell" not in public.text
        feed = await anybody.get(f"/c/{COMMUNITY}/nominations.json")
        assert feed.headers["content-type"] == "application/feed+json"
        assert (feed.json()["title"], feed.json()["items"]) == ("Harbour Makers", [])
        assert (await anybody.get(f"/c/{COMMUNITY}/nominations/{uuid4()}")).status_code == 404
        assert (await anybody.get("/c/nobody/nominations")).status_code == 404

    for language, theme, width in (("en-GB", "light", 1280), ("it-IT", "dark", 320)):
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        people = (
            ({"person": manager}, ("/nominations", f"/nominations/{place}")),
            ({"identity": "chat:bo"}, ("/me/nominations", f"/me/nominations/{place}")),
            (
                {"identity": "chat:ada"},
                (f"/c/{COMMUNITY}/nominations", f"/c/{COMMUNITY}/nominations/{place}"),
            ),
        )
        for who, paths in people:
            async with console.visitor(community=COMMUNITY, **who, **look) as visitor:
                for path in paths:
                    assert await visitor.go(path) == 200
                    assert await visitor.violations() == [], path
                    assert await visitor.width() <= width, path
                    if SHOTS:
                        shot = Path(SHOTS) / f"rounds{path.replace('/', '-')}-{theme}-{width}.png"
                        await visitor.page.screenshot(path=shot, full_page=True)

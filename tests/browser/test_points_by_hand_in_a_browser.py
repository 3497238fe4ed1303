"""Points by hand: asked for by one person, approved by another, seen at the member, and taken back."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]

COMMUNITY = "hands"
PROGRAMME = b"""\
programme: hands
title: Harbour Makers
rules: [{id: message, title: Wrote a message, on: [chat.message.v1], points: 30}]
manual:
  reasons: [{id: booth, title: Helped at the booth}, {id: mistake, title: Given by mistake, takes: true}]
  limit: {points: 200, within: month}
  second_person_from: 100
"""


async def furnished(console: Console) -> dict[str, str]:
    """A community with a manager, somebody who approves, and a member; their ids."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": COMMUNITY, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    people = {
        role: str(add_person(office, COMMUNITY, name, [role], kind="person", email=None)["person_id"])
        for name, role in (("Mara Lindqvist", "manager"), ("Omar Haddad", "finance_approver"))
    }
    scopes = ("programmes:write", "events:write", "members:read")
    with temporary_key(console.state, COMMUNITY, "hands", scopes, urls) as key:
        text = {"content": PROGRAMME, "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        event = {
            "specversion": "1.0",
            "id": "m1",
            "source": "urn:hands",
            "type": "chat.message.v1",
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "data": {"channel": "chat", "actor": {"id": "ada", "name": "Ada Brightwell"}, "object": {"id": "t"}},
        }
        request("POST", f"{urls['ingest']}/v1/events", key, json=[event])
        await wait_until_idle(console.state)
        (member,) = request("GET", f"{urls['ingest']}/v1/members", key)["items"]
    return people | {"member": str(member["member_id"])}


async def test_one_asks_and_another_approves_what_the_member_then_has(console: Console) -> None:
    ids = await furnished(console)
    how = {"locale": "en-GB", "java_script_enabled": False}
    async with (
        console.visitor(community=COMMUNITY, person=ids["manager"], **how) as mara,
        console.visitor(community=COMMUNITY, person=ids["finance_approver"], **how) as omar,
    ):
        page = mara.page
        await mara.go(f"/members/{ids['member']}")
        await page.get_by_role("link", name="Points by hand").click()
        await expect(page.locator("main")).to_contain_text("From 100 points on another person approves it.")
        await page.get_by_role("button", name="Give or take them").click()
        await expect(page.get_by_role("link", name="Say how many points, as a whole number")).to_be_visible()
        await expect(page.get_by_role("link", name="Choose what for")).to_be_visible()
        await page.get_by_label("Helped at the booth").check()
        await page.get_by_label("Points", exact=True).fill("150")
        await page.get_by_role("button", name="Give or take them").click()
        await expect(page.locator("h1")).to_contain_text("150 points for Ada Brightwell")
        await expect(page.get_by_text("You asked for it, so another person approves it.")).to_be_visible()

        await omar.go("/waiting")
        await expect(omar.page.locator("h1")).to_have_text("One thing waits for you")
        await omar.page.get_by_role("link", name="Helped at the booth, +150").click()
        await omar.page.get_by_label("I have looked at what it changes").check()
        await omar.page.get_by_role("button", name="Give 150 points").click()
        await expect(omar.page.get_by_role("status")).to_contain_text("Approved")

        # What two decided, one of them does not undo alone; a little more would be beyond the person's limit.
        await page.reload()
        await expect(page.get_by_text("another confirms that it is taken back")).to_be_visible()
        await mara.go(f"/members/{ids['member']}/points")
        await page.get_by_label("Helped at the booth").check()
        await page.get_by_label("Points", exact=True).fill("60")
        await page.get_by_role("button", name="Give or take them").click()
        await expect(page.get_by_role("alert")).to_contain_text("That is more than one person may give")
        await wait_until_idle(console.state)
        await mara.go(f"/members/{ids['member']}")
        await expect(page.locator("#by-hand")).to_contain_text("Helped at the booth")
        await expect(page.locator(".figs")).to_contain_text("180")

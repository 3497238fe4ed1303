"""Held points: found, shown with reasons, released by two, denied with a reason that the member reads."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import FULL, LOOKS, Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

COMMUNITY = "traders"
PROGRAMME = b"""\
programme: traders
title: Harbour Makers
rules: [{id: heard, title: Was written to, on: [chat.message.v1], to: object_author, points: 30}]
signals: {more_than_points: 100, hold_from_percent: 90, second_person_from: 200}
"""
NAMES = {"ada": "Ada Brightwell", "kofi": "Kofi Brandt"}


def message(giver: str, receiver: str, number: int) -> dict[str, Any]:
    author = {"id": receiver, "name": NAMES[receiver]}
    return {
        "specversion": "1.0",
        "id": f"{giver}-{receiver}-{number}",
        "source": "urn:traders",
        "type": "chat.message.v1",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {
            "channel": "chat",
            "actor": {"id": giver, "name": NAMES[giver]},
            "object": {"id": f"of {receiver}", "author": author},
        },
    }


async def furnished(console: Console) -> dict[str, str]:
    """A community with a manager, somebody who approves, and two who write to one another alone; their ids."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared: dict[str, Any] = {"id": COMMUNITY, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    declared |= {"languages": ["en", "it"]}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    ids = {
        role: str(add_person(office, COMMUNITY, name, [role], kind="person", email=None)["person_id"])
        for name, role in (("Mara Lindqvist", "manager"), ("Omar Haddad", "finance_approver"))
    }
    scopes = ("programmes:write", "events:write", "points:read")
    with temporary_key(console.state, COMMUNITY, "traders", scopes, urls) as key:
        text = {"content": PROGRAMME, "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        sent = [message("ada", "kofi", number) for number in range(8)]
        sent += [message("kofi", "ada", number) for number in range(6)]
        request("POST", f"{urls['ingest']}/v1/events", key, json=sent)
        await wait_until_idle(console.state)

        async def are_held() -> bool:
            return len(request("GET", f"{urls['scoring']}/v1/signals", key)["items"]) == len(NAMES)

        await until(are_held)
        for one in request("GET", f"{urls['scoring']}/v1/signals", key)["items"]:
            name = one["member_name"].partition(" ")[0].lower()
            ids |= {name: one["case_id"], f"{name} herself": one["member_id"]}
    return ids


@pytest.fixture(scope="session")
async def traders(console: Console) -> dict[str, str]:
    return await furnished(console)


@pytest.mark.timeout(600)
async def test_pages_of_held_points_are_whole_and_readable(console: Console, traders: dict[str, str]) -> None:
    ids, wrong = traders, []
    for language, theme, width in LOOKS if FULL else LOOKS[-1:]:
        look: dict[str, Any] = {"locale": language, "color_scheme": theme}
        look |= {"viewport": {"width": width, "height": 900}}
        async with console.visitor(community=COMMUNITY, person=ids["manager"], **look) as visitor:
            for path in ("/held", "/held?state=denied", f"/held/{ids['ada']}", f"/members/{ids['ada herself']}"):
                wrong += await visitor.wrong_at(path, width=width)
        async with console.visitor(community=COMMUNITY, identity="chat:ada", **look) as ada:
            wrong += await ada.wrong_at("/me", width=width)
    assert wrong == []


@pytest.mark.timeout(600)
async def test_two_release_much_and_the_member_reads_why_the_rest_was_denied(
    console: Console, traders: dict[str, str]
) -> None:
    ids = traders
    how: dict[str, Any] = {"locale": "en-GB", "java_script_enabled": False}
    async with (
        console.visitor(community=COMMUNITY, person=ids["manager"], **how) as mara,
        console.visitor(community=COMMUNITY, person=ids["finance_approver"], **how) as omar,
        console.visitor(community=COMMUNITY, identity="chat:ada", **how) as ada,
    ):
        page = mara.page
        await mara.go("/held")
        await expect(page.locator("h1")).to_have_text("The points of 2 members wait for somebody to look")
        await page.get_by_role("link", name="Kofi Brandt").click()
        await expect(page.locator("h1")).to_contain_text("240 points of Kofi Brandt are held")
        await expect(page.locator("main")).to_contain_text("A group of 2 keeps 100 % of its giving to itself")
        await page.get_by_role("button", name="Give 240 points").click()
        await expect(page.get_by_role("link", name="Choose why")).to_be_visible()
        await page.get_by_label("They just help one another").check()
        await page.get_by_role("button", name="Give 240 points").click()
        await expect(page.get_by_text("You asked for it, so another person approves it.")).to_be_visible()
        await omar.go("/waiting")
        await omar.page.get_by_role("link", name="Kofi Brandt, +240").click()
        await omar.page.get_by_label("I have looked at what it changes").check()
        await omar.page.get_by_role("button", name="Give 240 points").click()
        await expect(omar.page.get_by_role("status")).to_contain_text("Approved")

        await ada.go("/me")
        await expect(ada.page.locator("#held")).to_contain_text("Nothing is lost meanwhile.")
        await mara.go(f"/held/{ids['ada']}")
        await page.get_by_text("Deny them").first.click()
        await page.get_by_label("Points were handed to and fro").check()
        await page.get_by_role("button", name="Deny them").click()
        await expect(page.locator("h1")).to_contain_text("denied")
        await ada.go("/me")
        await expect(ada.page.locator("#held")).to_contain_text("Not given: Points were handed to and fro")

"""Guidelines: a report is decided, appealed against by the member, and won; each on their own page."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import FULL, LOOKS, Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

COMMUNITY = "keeping"
PROGRAMME = b"""\
programme: keeping
title: Harbour Makers
rules: [{id: reply, title: Answered, on: [forum.reply.v1], points: 30}]
guidelines:
  version: "2"
  text: Be kind, and say where it comes from.
  summary: What we keep to at the harbour.
  categories: [{id: spam, title: Spam, penalty_points: 10}, {id: rude, title: Rude}]
  suspensions: [{from_upheld: 1, days: 7}]
"""


def event(
    kind: str, name: str, actor: str, thing: str, author: str | None = None, **data: object
) -> dict[str, object]:
    about: dict[str, object] = {"id": thing, "url": f"https://forum.example.org/t/{thing}"}
    if author:
        about["author"] = {"id": author}
    return {
        "specversion": "1.0",
        "id": name,
        "source": "urn:keeping",
        "type": kind,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {"channel": "forum", "actor": {"id": actor, "name": actor.title()}, "object": about, **data},
    }


async def furnished(console: Console) -> dict[str, str]:
    """A community with guidelines, two who moderate, and a member whose answer was reported; their ids."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {
        "id": COMMUNITY,
        "title": "Harbour Makers",
        "time_zone": "Europe/Rome",
        "public": ["programme", "boards"],
    }
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    people = {
        name: str(add_person(office, COMMUNITY, name, ["moderator"], kind="person", email=None)["person_id"])
        for name in ("Mara", "Omar")
    }
    scopes = ("programmes:write", "events:write", "members:read")
    with temporary_key(console.state, COMMUNITY, "keeping", scopes, urls) as key:
        text = {"content": PROGRAMME, "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        where = "https://forum.example.org/t/12/95"
        written = event("forum.reply.v1", "m1", "mallory", "post-95", text="Buy cheap ropes at my shop", url=where)
        reported = event("moderation.reported.v1", "r1", "grace", "post-95", "mallory", category="spam")
        request("POST", f"{urls['ingest']}/v1/events", key, json=[written, reported])
        await wait_until_idle(console.state)
        found = request("GET", f"{urls['ingest']}/v1/members", key)["items"]
    return people | {one["name"]: str(one["member_id"]) for one in found}


async def test_a_report_is_upheld_appealed_against_and_won(console: Console) -> None:
    ids = await furnished(console)
    how = {"locale": "en-GB", "java_script_enabled": False}
    async with (
        console.visitor(community=COMMUNITY, person=ids["Mara"], **how) as mara,
        console.visitor(community=COMMUNITY, person=ids["Omar"], **how) as omar,
        console.visitor(community=COMMUNITY, identity="forum:mallory", **how) as mallory,
    ):
        page = mara.page
        await mara.go("/guidelines")
        await expect(page.locator("h1")).to_have_text("One report is to be decided")
        await expect(page.get_by_label("State")).to_have_value("waiting")
        await page.get_by_role("link", name="post-95").click()
        await expect(page.locator("main")).to_contain_text("Buy cheap ropes at my shop")
        there = page.get_by_role("link", name="Look at it where it stands")
        await expect(there).to_have_attribute("href", "https://forum.example.org/t/12/95")
        await page.get_by_role("button", name="Decide").click()
        await expect(page.get_by_role("link", name="Say what you decide")).to_be_visible()
        await page.get_by_label("Uphold it").check()
        await page.get_by_label("A note for who moderates").fill("The third shop this week")
        await page.get_by_role("button", name="Decide").click()
        await expect(page.locator("h1")).to_contain_text("upheld")

        async def is_reversed() -> bool:
            await page.reload()
            return "30 points of one award" in await page.locator("main").inner_text()

        await until(is_reversed)

        await mallory.go("/me/guidelines")
        await expect(mallory.page.locator("h1")).to_have_text("You are suspended")
        await expect(mallory.page.locator("main")).not_to_contain_text("The third shop this week")
        await mallory.page.get_by_text("Appeal", exact=False).first.click()
        await mallory.page.get_by_label("It was taken out of its context").check()
        await mallory.page.get_by_role("button", name="Appeal").click()
        await expect(mallory.page.locator("main")).to_contain_text("Another person looks at it.")

        await mara.go("/guidelines")
        await page.get_by_role("link", name="post-95").click()
        await expect(page.locator("main")).to_contain_text("You decided it the first time.")
        await omar.go("/guidelines")
        await omar.page.get_by_role("link", name="post-95").click()
        await omar.page.get_by_label("The appeal is won").check()
        await omar.page.get_by_role("button", name="Decide").click()
        await expect(omar.page.locator("h1")).to_contain_text("overturned")
        await wait_until_idle(console.state)
        await mallory.go("/me/guidelines")
        await mallory.page.get_by_role("button", name="I have read them and accept").click()
        await expect(mallory.page.locator("main")).to_contain_text("accepted")

        async def is_back() -> bool:
            await mallory.go("/me")
            return "30 points" in await mallory.page.locator("h1").inner_text()

        await until(is_back)
        # All of it is whole and readable, also small, in the dark and in Italian.
        case = "/guidelines/" + omar.page.url.rpartition("/")[2]
        wrong = []
        for language, theme, width in LOOKS if FULL else LOOKS[-1:]:
            look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
            async with console.visitor(community=COMMUNITY, person=ids["Omar"], **look) as small:
                for path in (
                    "/guidelines",
                    "/guidelines?state=dismissed",
                    case,
                    f"/members/{ids['Mallory']}/suspend",
                ):
                    wrong += await small.wrong_at(path, width=width)
            async with console.visitor(community=COMMUNITY, identity="forum:mallory", **look) as small:
                for path in ("/me/guidelines", f"/c/{COMMUNITY}/guidelines"):
                    wrong += await small.wrong_at(path, width=width)
        assert wrong == []
        # Everybody reads what members keep to.
        await mallory.go(f"/c/{COMMUNITY}/guidelines")
        await expect(mallory.page.locator("main")).to_contain_text("Be kind, and say where it comes from.")

"""A reward for everybody on a list: a table is mended, two send it, and a mail lets somebody in to take it."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from services.ingest.messages.handlers.sealing import Link, write_link
from services.ingest.settings import Settings
from tests.browser.conftest import LOOKED_AT, Console
from tests.browser.test_rewards_in_a_browser import NAMES, PROGRAMME, reply
from tests.integration.services.ingest.test_communities import logo
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "senders"
COLOURS = {"background": "#fff8ef", "text": "#2a1a10", "accent": "#b0341a"}
GROUND = "rgb(255, 248, 239)"
MAIL = "gast@example.org"
SCOPES = ("programmes:write", "events:write", "rewards:write", "rewards:read")


def furnished(console: Console) -> tuple[str, str]:
    """A community with a voucher and two managers, whose ids are the answer."""
    office, urls = local_people(console.state).office, console.state.service_urls
    look = {"name": "Readers", "colours": COLOURS, "logo_png": logo(32)}
    declared = {
        "id": COMMUNITY,
        "title": "Readers",
        "time_zone": "Europe/Rome",
        "languages": ["en", "it"],
        "look": look,
    }
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    managers = [
        str(add_person(office, COMMUNITY, name, ["manager"], kind="person", email=None)["person_id"])
        for name in ("Mara Lindqvist", "Nils Berg")
    ]
    return managers[0], managers[1]


async def test_a_list_is_sent_by_two_and_a_mail_lets_somebody_in(console: Console) -> None:
    mara, nils = furnished(console)
    state, urls = console.state, console.state.service_urls
    with temporary_key(state, COMMUNITY, "senders", SCOPES, urls) as key:
        text = {"content": PROGRAMME, "headers": {"Content-Type": "application/yaml"}}
        request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
        await wait_until_idle(state)
        request("POST", f"{urls['ingest']}/v1/events", key, json=[reply(who) for who in NAMES])
        voucher = {"id": "voucher", "kind": "voucher", "title": "Book voucher", "points": 6_000}
        request("POST", f"{urls['rewards']}/v1/catalogue/rewards", key, json=voucher)
        codes = {"csv": "code\nCODE-ONE\nCODE-TWO\n"}
        request("POST", f"{urls['rewards']}/v1/catalogue/rewards/voucher/codes", key, json=codes)
        await wait_until_idle(state)

    how = {"locale": "en-GB", "java_script_enabled": False}
    async with console.visitor(community=COMMUNITY, person=mara, **how) as visitor:
        page = visitor.page
        await visitor.go("/catalogue")
        await page.get_by_role("link", name="Sends").click()
        await page.get_by_role("link", name="Send a reward").first.click()
        await page.get_by_label("What for").fill("Thank you for the spring meetup")
        await page.get_by_label("Gives").select_option("voucher")
        await page.get_by_label("Who gets it").fill("email,member\nno address,\n,forum:nobody\n")
        await page.get_by_role("button", name="Look at it").click()
        wrong_lines = page.locator("ul.list li")
        await expect(wrong_lines.nth(0)).to_contain_text("Line 2: it has no mail address that one could write to")
        await expect(wrong_lines.nth(1)).to_contain_text("Line 3: nobody here is that member")
        await page.get_by_label("Who gets it").fill(f"email,member\n{MAIL},\n,forum:ada\n")
        await page.get_by_role("button", name="Look at it").click()
        await expect(page.locator("h1")).to_contain_text("Thank you for the spring meetup")
        await expect(page.locator(".lede")).to_contain_text(
            "2 people get Book voucher, worth 12,000 points in all."
        )
        assert MAIL not in await page.content()
        await page.get_by_role("button", name="Hand it in").click()
        await expect(page.locator("main")).to_contain_text("You made it, so another person approves it.")
        path = page.url.removeprefix(state.console_url)
    async with console.visitor(community=COMMUNITY, person=nils, **how) as visitor:
        page = visitor.page
        await visitor.go(path)
        await page.get_by_role("button", name="Approve it").click()

        async def is_done() -> bool:
            await visitor.go(path)
            return "done" in await page.locator("h1").inner_text()

        await until(is_done)
        await expect(page.locator("#progress")).to_contain_text("2 of 2 people")
        lines = page.locator("tbody tr")
        await expect(lines).to_have_count(2)
        await expect(lines.nth(0)).to_contain_text("By mail")
        await expect(lines.nth(1)).to_contain_text("Ada Brightwell")

    offer = f"/offer/{await _token(console, path.rpartition('/')[2])}"
    await _comes_in_and_takes_it(console, offer)
    # Whom it is passed on to gets nothing by it.
    async with console.visitor(community=COMMUNITY, identity="forum:bo", **how) as visitor:
        await visitor.go(offer)
        await visitor.page.get_by_role("button", name="Take it").click()
        await expect(visitor.page.get_by_role("alert").first).to_be_visible()

    wrong = []
    for language, theme, width in LOOKED_AT:
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        for who, paths in (
            ({"person": mara}, ("/sends", "/sends/new", path)),
            ({"identity": "forum:bo"}, (offer,)),
        ):
            async with console.visitor(community=COMMUNITY, **who, **look) as visitor:
                for one in paths:
                    wrong += await visitor.wrong_at(one, width=width)
                    if SHOTS:
                        name = one.strip("/").replace("/", "-")[:20]
                        shot = Path(SHOTS) / f"sends-{name}-{theme}-{width}.png"
                        await visitor.page.screenshot(path=shot, full_page=True)
    assert wrong == []


async def _comes_in_and_takes_it(console: Console, offer: str) -> None:
    how = {"locale": "it-IT", "java_script_enabled": False, "viewport": {"width": 360, "height": 740}}
    context = await console.browser.new_context(**how)
    page, url = await context.new_page(), console.state.console_url
    await page.goto(f"{url}{offer}x")
    await expect(page.locator("h1")).to_have_text("Questo link non offre più nulla")
    await page.goto(f"{url}{offer}")
    await expect(page.locator("h1")).to_have_text("Readers ha qualcosa per te")
    # In the community's look, before anybody knows who it is.
    await expect(page.locator(".look")).to_have_css("background-color", GROUND)
    assert await page.locator(".look img").evaluate("one => one.naturalWidth") == 32
    await page.get_by_role("button", name="Entra").click()
    await page.get_by_role("button", name="Prendilo").click()
    await expect(page.locator("code.code")).to_have_text(re.compile("CODE-(ONE|TWO)"))
    await expect(page.locator(".look")).to_have_css("background-color", GROUND)
    own = await page.locator("code.code").inner_text()
    await page.goto(f"{url}{offer}")
    await page.get_by_role("button", name="Prendilo").click()
    await expect(page.locator("code.code")).to_have_text(own)
    await context.close()


async def _token(console: Console, send_id: str) -> str:
    """What the link of the mail ends in; no mail is sent here."""
    urls = console.state.service_urls
    with temporary_key(console.state, COMMUNITY, "senders", ("rewards:read",), urls) as key:
        found = request("GET", f"{urls['rewards']}/v1/sends/{send_id}/lines", key)["items"]
    (line,) = [one for one in found if one["state"] == "offered"]
    settings = Settings(text_keys=console.state.text_keys)
    until = datetime.now(UTC) + timedelta(days=1)
    return write_link(settings, Link("offer", COMMUNITY, line["recipient_id"], line["line_id"], until))

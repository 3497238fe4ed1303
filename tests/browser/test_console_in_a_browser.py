"""The console as people see it: every page without a violation, and the ways that they go through it."""

import itertools
import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import FULL, Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]

PAGES = (
    "/overview",
    "/figures/active-members",
    "/figures/events",
    "/figures/new-members",
    "/figures/points",
    "/figures/rejected",
    "/leaderboard",
    "/explorer",
    "/explorer/{event}",
    "/explorer/{award}",
    "/explorer/{member}",
    "/explorer/{receipt}",
    "/explorer/programme/1",
    "/try-it",
    "/try-it?as=json",
    "/account",
)
LOOKS = list(itertools.product(("en-GB", "it-IT"), ("light", "dark"), (1440, 360, 320)))
CHOSEN = [("en-GB", "light", 1440), ("it-IT", "dark", 320)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS if FULL else CHOSEN)
async def test_every_page_is_whole_and_readable(console: Console, language: str, theme: str, width: int) -> None:
    look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
    wrong = []
    async with console.visitor(**look) as visitor:
        for page in PAGES:
            path = page.format(**console.ids)
            status = await visitor.go(path)
            wrong += [f"{page}: {one}" for one in await visitor.violations()]
            wrong += [f"{page}: status {status}"] if status != 200 else []
            wrong += [f"{page}: {await visitor.width()} px wide"] if await visitor.width() > width else []
            wrong += [f"{page}: {one}" for one in visitor.complaints]
            visitor.complaints.clear()
    assert wrong == []


@pytest.mark.parametrize("width", [1440, 320])
async def test_a_members_own_page_is_whole_and_readable(console: Console, width: int) -> None:
    look = {"locale": "it-IT", "viewport": {"width": width, "height": 900}}
    async with console.visitor(identity="chat:u1", **look) as visitor:
        await expect(visitor.page.locator("h1")).to_contain_text("Ciao Kofi Brandt")
        assert await visitor.violations() == []
        assert await visitor.width() <= width
        assert await visitor.go("/overview") == 404
        visitor.complaints[:] = [one for one in visitor.complaints if "404" not in one]
        assert visitor.complaints == []


async def test_from_the_first_event_to_understanding_it(console: Console) -> None:
    async with console.visitor(locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/try-it")
        await page.get_by_label("What happened").select_option("chat.message.v1")
        await page.get_by_label("Who did it").fill("newcomer")
        await page.get_by_label("Length in characters").fill("12")
        await page.get_by_role("button", name="Send", exact=True).click()
        travel = page.locator("#travel")
        await expect(travel.get_by_text("There", exact=True)).to_be_visible(timeout=30_000)
        for step in ("Accepted as new", "One award", "Newcomer", "Booked"):
            await expect(travel).to_contain_text(step)
        assert await visitor.violations() == []

        await page.get_by_role("button", name="Send the same again").click()
        await expect(travel).to_contain_text("A duplicate", timeout=30_000)
        await page.get_by_role("link", name="See its lineage").click()
        await expect(page.locator("h1")).to_contain_text("chat.message.v1 gave 1 points")
        await page.get_by_role("link", name=re.compile("^message, ")).click()
        await expect(page.locator("h1")).to_contain_text("+1 points by the rule message")
        assert visitor.complaints == []


async def test_all_of_it_goes_without_script(console: Console) -> None:
    async with console.visitor(locale="en-GB", java_script_enabled=False) as visitor:
        page = visitor.page
        await page.get_by_role("link", name="Find a page or any id").click()
        await page.locator("#q").fill(console.ids["event"].replace("-", ""))
        await page.get_by_role("button", name="Find", exact=True).click()
        await expect(page.locator("h1")).to_contain_text("chat.message.v1 gave")
        await visitor.go("/try-it")
        await page.get_by_label("Who did it").fill("without-script")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator("#travel")).to_contain_text("Accepted as new")


async def test_the_keyboard_alone_is_enough(console: Console) -> None:
    async with console.visitor(locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/overview")
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#main")).to_be_focused()

        await page.keyboard.press("/")
        await expect(page.locator("#palette-q")).to_be_focused()
        await page.keyboard.type("leader")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/leaderboard")

        await page.keyboard.press("Control+k")
        await page.keyboard.type(console.ids["member"])
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/explorer/{console.ids['member']}")
        await page.keyboard.press("/")
        await page.keyboard.press("Escape")
        await expect(page.locator("#palette")).not_to_be_visible()

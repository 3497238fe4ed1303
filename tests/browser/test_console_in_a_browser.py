"""The console as people see it: every page without a violation, and the ways that they go through it."""

import itertools
import re
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import orjson
import pytest
from playwright.async_api import Page, Request, expect

from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from services.ingest.events.domain import admission
from services.ingest.events.domain.admission import raw_fact, raw_key
from services.ingest.events.domain.receipts import receipt_id
from shared.dead_letters.store import NewLetter, add_letters
from shared.postgres import database_url
from shared.telemetry import new_traceparent
from shared.topics import RAW
from tests.browser.conftest import COMMUNITY, FULL, Console, dead_letter, events
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

PAGES = (
    "/overview",
    "/figures/active-members",
    "/figures/events",
    "/figures/new-members",
    "/scorecard",
    "/goals",
    "/digests",
    "/alerts",
    "/insight/growth",
    "/insight/retention",
    "/insight/answers?days=90",
    "/insight/activity",
    "/insight/orbit",
    "/insight/sentiment?days=90",
    "/insight/network?days=90",
    "/figures/points",
    "/figures/rejected",
    "/leaderboard",
    "/boards",
    "/boards/month",
    "/boards/ever",
    "/explorer",
    "/explorer/{event}",
    "/explorer/{award}",
    "/explorer/{member}",
    "/explorer/{receipt}",
    "/explorer/{trace}",
    "/explorer/{event}?kept=1",
    "/explorer/programme/1",
    "/members",
    "/members?mark=bot",
    "/members/suggestions",
    "/members/import",
    "/members/{member}",
    "/members/{member}?earned=no",
    "/members/{member}/score",
    "/members/{member}/topics",
    "/members/{member}/score?at=2026-01-01T10:00&known_at=2026-01-01T10:00",
    "/members/{member}/forget",
    "/members/{member}/merge",
    "/members/{member}/merge?with={other}",
    "/try-it",
    "/try-it?as=json",
    "/account",
    "/pipeline",
    "/pipeline/scoring",
    "/dead-letters",
    "/dead-letters/ingest/{letter}",
    "/receipts",
    # Nothing is there yet.
    "/refused?cause=too_large",
    "/connectors",
    "/check-ins",
    "/by-hand",
    "/programme/drafts",
    "/",
    "/celebrations",
    "/draws",
    "/catalogue",
    "/add-reward",
    "/reward-links",
    "/sends",
    "/sends/new",
    "/gift-cards",
    "/guidelines",
    "/held",
    "/messages",
    "/messages/words/address/en",
    "/quests",
    "/nudges",
    "/ideas",
    "/nominations",
    "/figures/points?rule=no-rule-is-called-so",
    "/figures/events?sort=events&days=7",
)
#: What a page brings at the first visit, with everything that it is made of, and after that.
FIRST_MAX_BYTES = 150_000
AFTER_MAX_BYTES = 40_000
LOOKS = list(itertools.product(("en-GB", "it-IT"), ("light", "dark"), (1440, 360, 320)))
CHOSEN = [("en-GB", "light", 1440), ("it-IT", "dark", 320)]
#: Of the second of these looks; `make browser` has every page in every look.
NARROW_WIDTH = 320
NARROW_PAGES = (
    "/overview",
    "/scorecard",
    "/insight/retention",
    "/figures/points",
    "/explorer/{event}",
    "/members",
    "/members/{member}",
    "/members/{member}/score",
    "/members/{member}/forget",
    "/members/{member}/merge?with={other}",
    "/try-it",
    "/pipeline",
    "/dead-letters",
    "/dead-letters/ingest/{letter}",
    "/receipts",
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS if FULL else CHOSEN)
async def test_every_page_is_whole_and_readable(console: Console, language: str, theme: str, width: int) -> None:
    look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
    wrong = []
    async with console.visitor(**look) as visitor:
        for page in PAGES if FULL or width > NARROW_WIDTH else NARROW_PAGES:
            path = page.format(**console.ids)
            status = await visitor.go(path)
            wrong += [f"{page}: {one}" for one in await visitor.violations()]
            wrong += [f"{page}: status {status}"] if status != 200 else []
            wrong += [f"{page}: {await visitor.width()} px wide"] if await visitor.width() > width else []
            wrong += [f"{page}: {one}" for one in visitor.complaints]
            visitor.complaints.clear()
    assert not wrong, "\n".join(wrong)


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
        await expect(travel.get_by_text("There", exact=True)).to_be_visible(timeout=60_000)
        for step in ("Accepted as new", "One award", "Newcomer", "Booked"):
            await expect(travel).to_contain_text(step)
        assert await visitor.violations() == []

        await page.get_by_role("button", name="Send the same again").click()
        await expect(travel).to_contain_text("A duplicate", timeout=60_000)
        await page.get_by_role("link", name="See its lineage").click()
        await expect(page.locator("h1")).to_contain_text("Wrote a message: +1 point")
        await page.get_by_role("link", name=re.compile("^message, ")).click()
        await expect(page.locator("h1")).to_contain_text("+1 points by the rule message")
        assert visitor.complaints == []


async def test_all_of_it_goes_without_script(console: Console) -> None:
    async with console.visitor(locale="en-GB", java_script_enabled=False) as visitor:
        page = visitor.page
        await page.get_by_role("link", name="Find a person, a page or any id").click()
        await page.locator("#q").fill(console.ids["event"].replace("-", ""))
        await page.get_by_role("button", name="Find", exact=True).click()
        await expect(page.locator("h1")).to_contain_text("Wrote a message: +3 points")
        await visitor.go("/try-it")
        await page.get_by_label("Who did it").fill("without-script")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator("#travel")).to_contain_text("Accepted as new")


async def test_pages_are_small_at_the_first_visit_and_after(console: Console) -> None:
    loaded: list[Request] = []

    def noticed(request: Request) -> None:
        loaded.append(request)

    async def came() -> dict[str, int]:
        sizes = {one.url: (await one.sizes())["responseBodySize"] for one in loaded}
        loaded.clear()
        return sizes

    async with console.visitor(locale="en-GB", java_script_enabled=False) as visitor:
        visitor.page.on("requestfinished", noticed)
        fresh = await visitor.page.context.browser.new_context()  # type: ignore[union-attr]
        page = await fresh.new_page()
        page.on("requestfinished", noticed)
        await page.goto(f"{visitor.url}/sign-in")
        gate = await came()
        await fresh.close()
        assert any("console.js" in url for url in gate)
        await visitor.go("/overview")
        await came()
        sizes = {}
        for path in PAGES:
            await visitor.go(path.format(**console.ids))
            sizes[path] = sum((await came()).values())
    kit = sum(size for url, size in gate.items() if "/static/" in url)
    assert kit > 10_000
    assert {path: size for path, size in sizes.items() if not 1_000 < size <= AFTER_MAX_BYTES} == {}
    assert max(sizes.values()) + kit <= FIRST_MAX_BYTES


async def test_a_dead_letter_is_noticed_looked_at_and_discarded_for_a_reason(console: Console) -> None:
    async with console.visitor(locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/pipeline")
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()
        before = int(await page.locator('[data-live="dead"]').inner_text())
        letter = await dead_letter(console.state, {"specversion": "1.0", "id": "not-as-it-should-be"})
        # Nobody opens the page anew: it is live.
        await expect(page.locator('[data-live="dead"]')).to_have_text(str(before + 1), timeout=60_000)
        await expect(page.locator("h1")).to_contain_text("a look")
        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_text("Paused")).to_be_visible()

        await page.locator('[data-live="dead"] a').click()
        await page.locator(f'a[href="/dead-letters/ingest/{letter}"]').click()
        await expect(page.locator("h1")).to_contain_text("Field required")
        await expect(page.get_by_role("region", name="The record")).to_contain_text("not-as-it-should-be")
        # Nothing was mended, so it comes back, and says so.
        await page.get_by_role("button", name="Replay").click()
        await expect(page.get_by_role("status")).to_contain_text("on its way through again")
        await until_shown(page, "one time")
        await page.get_by_role("button", name="Discard this record").click()
        await expect(page.get_by_role("alert")).to_contain_text("Say why")
        await expect(page).to_have_title(re.compile("^Error:"))
        await page.get_by_label("Why it will never be processed").fill("A test wrote it")
        await page.get_by_role("button", name="Discard this record").click()
        await expect(page.get_by_role("status")).to_contain_text("discarded")
        await expect(page.locator("main")).to_contain_text("A test wrote it")
        assert await visitor.violations() == []
        visitor.complaints[:] = [one for one in visitor.complaints if "422" not in one]
        assert visitor.complaints == []


async def test_a_dead_letter_that_is_understood_by_now_is_replayed_and_counts(console: Console) -> None:
    uid, letter = await mended_letter(console.state)
    async with console.visitor(locale="en-GB", java_script_enabled=False) as visitor:
        page = visitor.page
        await visitor.go("/dead-letters?service=ingest")
        await page.locator(f'a[href="/dead-letters/ingest/{letter}"]').click()
        await page.get_by_role("button", name="Replay").click()
        await until_shown(page, "It went through")
        await wait_until_idle(console.state)
        await visitor.go(f"/explorer/{uid}")
        await expect(page.locator("h1")).to_contain_text(re.compile(r"Wrote a message: \+[1-9]"))


async def mended_letter(state: StackState) -> tuple[str, str]:
    """An event, and its record as an ingest that did not understand it would have put it aside."""
    (event, *_) = events()
    event = {**event, "id": f"mended-{uuid4().hex}"}
    now = datetime.now(UTC)
    made = admission.Request(COMMUNITY, receipt_id(COMMUNITY, now, uuid4().hex[:16], 1), now, new_traceparent())
    fact = raw_fact(made, 0, event)
    letter = NewLetter(
        letter_id=str(uuid4()),
        community=COMMUNITY,
        topic=RAW.name,
        partition=0,
        record_offset=0,
        key=raw_key(COMMUNITY, event),
        value=orjson.dumps(fact),
        is_truncated=False,
        reason="data.type: Input should be a type that is known",
    )
    conn = await asyncpg.connect(database_url(state.postgres_admin_url, "plaudit_ingest"))
    try:
        await add_letters(conn, letters=[letter], now=now)
    finally:
        await conn.close()
    return fact["id"], letter.letter_id


async def until_shown(page: Page, text: str) -> None:
    """Look at the page again until it says something."""

    async def said() -> bool:
        await page.goto(page.url.partition("#")[0].removesuffix("/replay"))
        return text in await page.locator("main").inner_text()

    await until(said)


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

        await visitor.go("/dead-letters")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()

        async def is_at_the_first() -> bool:
            await page.keyboard.press("j")  # a dialog that is just closing may still take one
            return bool(await page.locator("tbody th a").first.evaluate("one => one === document.activeElement"))

        await until(is_at_the_first)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/dead-letters/ingest/*")
        await visitor.go("/account")
        await page.get_by_role("button", name="Switch them off").click()
        await visitor.go("/dead-letters")
        await page.keyboard.press("?")
        await page.keyboard.press("/")
        assert await page.locator("dialog[open]").count() == 0


async def test_a_table_is_sorted_filtered_and_kept_as_a_view(console: Console) -> None:
    async with console.visitor(locale="en-GB", java_script_enabled=False) as visitor:
        page = visitor.page
        await visitor.go("/figures/points")
        await page.get_by_role("link", name="Awards").click()
        await expect(page.get_by_role("columnheader", name="Awards")).to_have_attribute("aria-sort", "descending")
        await page.get_by_role("textbox", name="Rule").fill("message")
        await page.get_by_role("button", name="Filter", exact=True).click()
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_label("Keep this view as").fill("Messages")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status")).to_contain_text("The view is saved")
        tabs = page.get_by_role("navigation", name="Views")
        await expect(tabs.get_by_role("link", name="All")).to_contain_text(re.compile("All [0-9]"))
        await tabs.get_by_role("link", name="All").click()
        await tabs.get_by_role("link", name=re.compile("^Messages")).click()
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_role("button", name="Remove the view").click()
        await page.get_by_role("button", name="Undo").click()
        await expect(tabs.get_by_role("link", name=re.compile("^Messages"))).to_be_visible()
        # On paper there is the table alone.
        await page.emulate_media(media="print")
        shown = [await page.locator(one).first.is_visible() for one in (".side", ".tabs", ".filters", ".table")]
        assert shown == [False, False, False, True]

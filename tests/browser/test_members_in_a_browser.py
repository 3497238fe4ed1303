"""Members as whoever looks after a community sees them: found, understood, marked, and forgotten."""

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import Request, expect

from plaudit.access import temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from tests.browser.conftest import COMMUNITY, Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]


async def answered(console: Console, number: int, name: str, length: int) -> None:
    """Somebody answers in the forum."""
    event = {
        "specversion": "1.0",
        "id": f"answer-{name}-{number}",
        "source": "urn:browsed",
        "type": "forum.reply.v1",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {
            "channel": "forum",
            "actor": {"id": name.lower().replace(" ", "."), "name": name},
            "length_chars": length,
            "in_reply_to": {"id": "t", "author": {"id": "asker", "name": "Asks Much"}},
        },
    }
    urls = console.state.service_urls
    with temporary_key(console.state, COMMUNITY, "an answer", ("events:write",), urls) as key:
        request("POST", f"{urls['ingest']}/v1/events", key, json=event)
    await wait_until_idle(console.state)


async def test_why_a_member_got_nothing_is_found_by_their_name(console: Console) -> None:
    await answered(console, 1, "Quentin Brief", 7)
    await answered(console, 2, "Quentin Brief", 70)
    asked: list[str] = []

    def noticed(request: Request) -> None:
        asked.append(request.url)

    async with console.visitor(locale="en-GB") as visitor:
        page = visitor.page
        page.on("request", noticed)
        await visitor.go("/overview")
        await page.keyboard.press("/")
        await page.keyboard.type("brief")
        await expect(page.get_by_role("option", name=re.compile("Quentin Brief"))).to_be_visible()
        assert await visitor.violations() == []
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/members/*")
        await expect(page.locator("h1")).to_contain_text("Quentin Brief")
        await page.get_by_role("link", name="Earned nothing").click()
        why = page.locator(".timeline .why")
        await expect(why).to_have_count(1)
        await expect(why).to_contain_text("Answered somebody: its condition was not met")
        await expect(why).to_contain_text("data.length_chars >= 20; here data.length_chars was 7")
        await page.get_by_role("link", name="Earned points", exact=True).click()
        await expect(why).to_contain_text("+3")
        # No name stands in an address.
        assert [url for url in asked if "brief" in url.lower()] == []
        assert visitor.complaints == []


async def test_members_are_marked_and_unmarked_without_script(console: Console) -> None:
    await answered(console, 1, "Robot Arm", 30)
    async with console.visitor(locale="en-GB", java_script_enabled=False) as visitor:
        page = visitor.page
        await visitor.go("/members")
        await page.get_by_label("A name, a handle, or channel:id").fill("robot a")
        await page.get_by_role("button", name="Find", exact=True).click()
        await expect(page.locator("h1")).to_have_text("One member is like that")
        await page.get_by_label("Choose Robot Arm").check()
        await page.get_by_label("Say of those chosen").select_option("bot")
        await page.get_by_role("button", name="Say it").click()
        await expect(page.locator("h1")).to_contain_text("holds for one member")
        await visitor.go("/members?mark=bot")
        await expect(page.locator("tbody tr")).to_contain_text("Robot Arm")
        await page.get_by_role("link", name="Robot Arm", exact=True).click()
        await page.get_by_role("button", name="A person, no bot").click()
        await expect(page.get_by_role("status")).to_contain_text("Saved")
        await visitor.go("/members?mark=bot")
        await expect(page.get_by_text("Nothing fits the filter")).to_be_visible()


async def test_a_member_is_looked_at_taken_away_and_forgotten(console: Console) -> None:
    await answered(console, 1, "Lethe Waters", 30)
    async with console.visitor(locale="en-GB", java_script_enabled=False) as visitor:
        page = visitor.page
        await visitor.go("/explorer")
        await page.locator("#q").fill("lethe wat")
        await page.get_by_role("button", name="Find", exact=True).click()
        await page.wait_for_url("**/members/*")
        async with page.expect_download() as coming:
            await page.get_by_role("button", name="Download all that is held").click()
        assert (await (await coming.value).path()).read_bytes()[:2] == b"PK"
        await page.get_by_role("link", name="Forget them").click()
        await page.get_by_role("button", name="Forget Lethe Waters").click()
        await expect(page.get_by_role("alert")).to_contain_text("There are 2 problems")
        await page.get_by_label("are given up").check()
        await page.get_by_label("Type the word to confirm").fill("forget")
        await page.get_by_role("button", name="Forget Lethe Waters").click()
        await expect(page.locator("h1")).to_contain_text("This member is forgotten")
        await expect(page.locator("main")).to_contain_text("engagement.raw.v1")
        await expect(page.locator("main")).not_to_contain_text("Lethe")
        assert await visitor.width() <= 1280


TABLE_COUNT = 130


async def test_a_table_of_members_is_looked_at_and_then_declared(console: Console) -> None:
    rows = "\n".join(f"Imported {number},im{number}," for number in range(TABLE_COUNT))
    wrong = f"Cy,cy\nDan,{'d' * 600},\nEve,im0,\nEve,im1,U-eve\nEve,im2,U-eve"
    table = f"name;forum;chat\n{rows}\n{wrong}\n".replace(",", ";")
    async with console.visitor(locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/members")
        await page.get_by_role("link", name="Import a table").click()
        assert await visitor.violations() == []
        await page.get_by_label("Rows").fill("name,E-mail\nAda,a@example.org")
        await page.get_by_role("button", name="Look at what it does").click()
        await expect(page.get_by_role("alert")).to_contain_text("Line 1: the table has a column 'E-mail'")
        visitor.complaints.clear()  # the browser's, that the form was not taken
        await page.get_by_label("Or open a file").set_input_files(
            files=[{"name": "people.csv", "mimeType": "text/csv", "buffer": table.encode()}]
        )
        await page.get_by_role("button", name="Look at what it does").click()
        await expect(page.locator("h1")).to_have_text("3 of 135 rows would be refused")
        faults = page.locator("tr[data-tone=bad]")
        await expect(faults).to_have_count(3)
        await expect(faults.nth(0)).to_contain_text("has 2 cells where the first line names 3 columns")
        # One that an earlier row is in the way of says which.
        await expect(faults.nth(2)).to_contain_text("line 4")
        assert await visitor.violations() == []
        await page.get_by_role("button", name="Declare 132 members").click()
        # In two pieces, of which the second begins by itself.
        await expect(page.locator("h1")).to_have_text("132 rows are members now")
        await expect(faults).to_have_count(3)
        await visitor.go("/members")
        await page.get_by_label("A name, a handle, or channel:id").fill("im129")
        await page.get_by_role("button", name="Find", exact=True).click()
        await expect(page.locator("tbody tr")).to_contain_text("Imported 129")
        assert visitor.complaints == []


async def test_a_table_is_declared_without_script_and_on_a_narrow_screen(console: Console) -> None:
    table = "name,forum\n" + "\n".join(f"Narrow {number},na{number}" for number in range(TABLE_COUNT))
    async with console.visitor(
        locale="it-IT", java_script_enabled=False, viewport={"width": 320, "height": 800}
    ) as visitor:
        page = visitor.page
        await visitor.go("/members/import")
        await page.locator("#table").fill(table)
        await page.get_by_role("button", name="Guarda").click()
        await expect(page.locator("h1")).to_have_text(f"Tutte le {TABLE_COUNT} righe possono essere prese")
        assert await visitor.width() <= 320
        await page.get_by_role("button", name=f"Dichiara {TABLE_COUNT} membri").click()
        await expect(page.locator("h1")).to_have_text(f"100 righe su {TABLE_COUNT} sono fatte")
        assert await visitor.width() <= 320
        await page.get_by_role("button", name="Continua").click()
        await expect(page.locator("h1")).to_have_text(f"{TABLE_COUNT} righe ora sono membri")

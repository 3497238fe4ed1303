"""A programme is written with an error, mended, published; one is scheduled and withdrawn; money is proposed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from plaudit.access import add_person, local_people, temporary_key
from plaudit.calls import request
from tests.browser.conftest import Console
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

PROGRAMME = """\
programme: makers
title: Harbour Makers
rules:
  - id: answer
    title: Answered somebody
    on: [forum.reply.v1]
    points: 3
"""
PAYOUT = """\
rewards:
  payout:
    {currency: EUR, points: 100, minor: 100, minimum_points: 500, paying_account:
      {name: Harbour Makers, iban: DE89370400440532013000, bic: COBADEFFXXX}}
"""


def founded(console: Console, community: str, *, programme: str = "") -> dict[str, str]:
    """A community with a manager and somebody who approves, by role, and a programme if there is to be one."""
    office, urls = local_people(console.state).office, console.state.service_urls
    declared = {"id": community, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    if programme:
        scopes = ("programmes:write",)
        with temporary_key(console.state, community, "a programme", scopes, {"scoring": urls["scoring"]}) as key:
            text = {"content": programme.encode(), "headers": {"Content-Type": "application/yaml"}}
            request("POST", f"{urls['scoring']}/v1/programmes", key, **text)
    return {
        role: str(add_person(office, community, name, [role], kind="person", email=None)["person_id"])
        for name, role in (("Mara Lindqvist", "manager"), ("Omar Haddad", "finance_approver"))
    }


async def typed(page: Page) -> str:
    return await page.locator("#text").input_value()


async def test_a_programme_with_an_error_is_mended_completed_and_published(console: Console) -> None:
    people = founded(console, "harbour")
    async with console.visitor(community="harbour", person=people["manager"], locale="en-GB") as manager:
        page, heading = manager.page, manager.page.locator("h1")
        await manager.go("/programme")
        await page.get_by_role("link", name="Write one").click()
        await expect(heading).to_have_text("The draft can be published")
        text = (await typed(page)).replace("points: 3\n", "points: 3\n    when: data.lenght_chars >= 20\n")

        # An error is said while it is written, at its line and column, and one button mends it.
        await page.locator("#text").fill(text)
        await expect(heading).to_have_text("The draft has one problem, so it cannot be published yet")
        place = page.get_by_role("link", name="Line 11, column 11")
        await expect(page.locator("#problems")).to_contain_text("did you mean length_chars?")
        await expect(page.locator(".editor [data-bad] .e")).to_have_text("data.lenght_chars")
        await place.click()
        await expect(page.locator("#text")).to_be_focused()
        assert await manager.violations() == []
        await page.get_by_role("button", name="Put data.length_chars").click()
        await expect(heading).to_have_text("The draft can be published")
        await expect(page.locator("#changed")).to_contain_text("Steps an event, of 50,000 at most")

        # What may stand at the cursor is put by keyboard.
        await page.locator("#text").press("Control+End")
        await page.locator("#text").press_sequentially("    to: ")
        await page.locator("#text").press("Control+Space")
        offered = ["actor", "object_author", "reply_author", "contributors", "team"]
        await expect(page.get_by_role("option")).to_have_text(offered)
        for _ in range(3):
            await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        assert (await typed(page)).endswith("    to: reply_author")
        await expect(page.locator("#changed")).to_contain_text("To who was answered")

        await page.get_by_role("button", name="Publish this version").click()
        await expect(page.locator(".toast")).to_contain_text("Published")
        await expect(heading).to_contain_text("Programme: Harbour Makers")
        await expect(page.locator("main")).to_contain_text("Only if it has at least 20 characters")
        assert manager.complaints == []


async def test_a_version_is_scheduled_and_withdrawn_before_it_starts(console: Console) -> None:
    people = founded(console, "schedulers", programme=PROGRAMME)
    async with console.visitor(community="schedulers", person=people["manager"], locale="en-GB") as manager:
        page, heading = manager.page, manager.page.locator("h1")
        await manager.go("/programme/edit")
        await expect(heading).to_have_text("The draft says what is in force")
        await page.locator("#text").fill((await typed(page)).replace("points: 3", "points: 15"))
        await expect(page.locator(".diff")).to_have_text(
            re.compile(r"Rule “Answered somebody”\s+gives 15 points, was 3")
        )
        await page.get_by_label("At a time").check()
        await page.get_by_role("button", name="Publish this version").click()
        await expect(page.get_by_role("link", name="Say on which day and at what time it starts")).to_be_visible()
        await expect(page.get_by_role("link", name="Say in plain words what it changes")).to_be_visible()
        day = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT09:30")
        await page.get_by_label("Day and time").fill(day)
        await page.get_by_label("What it changes, in plain words").fill("Answers give fifteen points")
        await page.get_by_role("button", name="Publish this version").click()
        await expect(heading).to_contain_text("scheduled")
        assert await manager.violations() == []
        await page.get_by_text("Withdraw it before it starts").click()
        await page.get_by_role("button", name="Withdraw version 2").click()
        await expect(page.locator(".toast")).to_contain_text("Withdrawn: what is in force goes on")
        await expect(heading).to_contain_text("never in force")
        await manager.go("/programme/versions")
        await expect(page.locator("tbody tr")).to_have_count(3)
        assert [one for one in manager.complaints if "422" not in one] == []


async def test_money_is_proposed_without_script_and_approved_by_another(console: Console) -> None:
    people = founded(console, "payers", programme=PROGRAMME)
    how = {"locale": "en-GB", "java_script_enabled": False}
    async with console.visitor(community="payers", person=people["manager"], **how) as manager:
        page = manager.page
        await manager.go("/programme/edit")
        await page.get_by_label("Draft").fill((await typed(page)) + "\n" + PAYOUT.replace("minor", "minr"))
        await page.get_by_role("button", name="Check").click()
        await expect(page.get_by_role("heading", name="There are 2 problems in this text")).to_be_visible()
        await page.get_by_role("button", name="Put minor").click()
        await expect(page.locator(".diff")).to_contain_text(
            "What points are worth, in the smallest unit (cents): 100"
        )
        await expect(page.locator(".diff")).to_contain_text("money: takes a second person")
        propose = page.get_by_role("button", name="Propose this version")
        await page.get_by_label("What it changes, in plain words").fill("Points are paid from now on")
        # What was changed since it was shown is shown first, and so is what another version overtook.
        await page.get_by_label("Draft").fill((await typed(page)).replace("minor: 100", "minor: 90"))
        await propose.click()
        await expect(page.get_by_role("alert")).to_contain_text("This is what it changes")
        await expect(page.locator(".diff")).to_contain_text(
            "What points are worth, in the smallest unit (cents): 90"
        )
        other = await page.context.new_page()
        await other.goto(manager.url + "/programme/edit")
        await other.get_by_label("Draft").fill((await typed(other)).replace("points: 3", "points: 4"))
        await other.get_by_label("What it changes, in plain words").fill("Four for an answer")
        await other.get_by_role("button", name="Check").click()
        await other.get_by_role("button", name="Publish this version").click()
        await expect(other.get_by_role("status")).to_contain_text("Published")
        await propose.click()
        await expect(page.get_by_role("alert")).to_contain_text("Somebody published or proposed a version")
        await propose.click()
        await expect(page.locator("h1")).to_contain_text("waits for another person")
        await expect(page.get_by_text("You can not decide this")).to_be_visible()
        waiting = page.url.removeprefix(manager.url)
    async with console.visitor(community="payers", person=people["finance_approver"], **how) as approver:
        assert await approver.go("/programme/edit") == 404
        await approver.go(waiting)
        await approver.page.get_by_label("I have looked at what it changes").check()
        await approver.page.get_by_role("button", name=re.compile("Approve version")).click()
        await expect(approver.page.get_by_role("status")).to_contain_text("Approved")


async def test_two_people_write_a_draft_that_is_sent_back_published_and_undone(console: Console) -> None:
    people = founded(console, "drafters", programme=PROGRAMME)
    office = local_people(console.state).office
    also = str(add_person(office, "drafters", "Nils Berg", ["manager"], kind="person", email=None)["person_id"])
    how = {"locale": "en-GB", "java_script_enabled": False}
    async with (
        console.visitor(community="drafters", person=people["manager"], locale="en-GB") as mara,
        console.visitor(community="drafters", person=also, **how) as nils,
        console.visitor(community="drafters", person=people["finance_approver"], **how) as omar,
    ):
        await mara.go("/programme/edit")
        await mara.page.get_by_label("Draft", exact=True).fill((await typed(mara.page)).replace("3", "30"))
        await mara.page.get_by_label("What it is about").fill("More for answers")
        await mara.page.get_by_role("button", name="Save the draft").click()
        await expect(mara.page.locator(".toast")).to_contain_text("The draft is saved")

        # Both have it open; who saves second sees what the other saved, and overwrites nothing unseen.
        await nils.go("/programme/drafts")
        await expect(nils.page.locator("h1")).to_have_text("One draft is being written")
        await nils.page.get_by_role("link", name="More for answers", exact=True).click()
        await nils.page.get_by_label("Draft", exact=True).fill((await typed(nils.page)).replace("30", "25"))
        await nils.page.get_by_role("button", name="Save the draft").click()
        await expect(nils.page.locator(".toast")).to_contain_text("The draft is saved")
        await mara.page.get_by_label("Draft", exact=True).fill((await typed(mara.page)).replace("30", "20"))
        await mara.page.get_by_role("button", name="Save the draft").click()
        await expect(mara.page.get_by_role("alert")).to_contain_text("Nils Berg saved this draft meanwhile")
        await expect(mara.page.get_by_role("alert")).to_contain_text("points: 25")
        assert "points: 20" in await typed(mara.page)
        await mara.page.get_by_role("button", name="Save mine over it").click()
        await expect(mara.page.locator(".toast")).to_contain_text("The draft is saved")

        # Another person looks at it, and sends it back with a reason; then it is published with a note.
        async def submit(note: str) -> str:
            await mara.page.get_by_label("What it changes, in plain words").fill(note)
            await mara.page.get_by_label("Have another person look at it first").check()
            await mara.page.get_by_role("button", name=re.compile("(Publish|Propose) this version")).click()
            await expect(mara.page.locator("h1")).to_contain_text("waits for another person")
            return mara.page.url.removeprefix(mara.url)

        first = await submit("Answers give twenty points")
        await omar.go(first)
        await expect(omar.page.locator("#note")).to_contain_text("Answers give twenty points")
        await omar.page.get_by_text("Send it back").click()
        await omar.page.get_by_role("button", name="Send the version back").click()
        await expect(omar.page.get_by_role("link", name="Say what is to be changed")).to_be_visible()
        await omar.page.get_by_text("Send it back").click()
        await omar.page.get_by_label("What is to be changed").fill("Ten are enough")
        await omar.page.get_by_role("button", name="Send the version back").click()
        await expect(omar.page.locator("h1")).to_contain_text("was sent back")
        await mara.go("/programme/drafts")
        await expect(mara.page.locator("main")).to_contain_text("Ten are enough")
        await mara.page.get_by_role("link", name="More for answers", exact=True).click()
        await mara.page.get_by_label("Draft", exact=True).fill((await typed(mara.page)).replace("20", "10"))
        await mara.page.get_by_role("button", name="Check").click()
        await omar.go(await submit("Answers give ten points"))
        await omar.page.get_by_label("I have looked at what it changes").check()
        await omar.page.get_by_role("button", name=re.compile("Approve version")).click()
        await expect(omar.page.locator(".toast")).to_contain_text("Approved")

        # And back to what was before, once it is in force.
        await mara.go("/programme/1")
        await mara.page.reload()
        back = mara.page.get_by_text("Go back to this version")

        async def has_ended() -> bool:
            await mara.page.reload()
            return await back.count() == 1

        await until(has_ended)
        await back.click()
        await mara.page.get_by_label("Why, in plain words").fill("Ten made people hurry")
        await mara.page.get_by_role("button", name="Publish version 1 again").click()
        await expect(mara.page.locator("#note")).to_contain_text("It says again what version 1 said.")
        await mara.go("/programme/versions")
        await expect(mara.page.locator("main")).to_contain_text("“Ten made people hurry”")

"""Administration as people see it: people, keys, the audit log, parts, the programme, and what waits for two."""

import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.async_api import expect

from console.pages.audit.routes import UNFOLDED_COUNT
from plaudit.access import temporary_key
from plaudit.calls import request
from tests.browser.conftest import FULL, Console
from tests.browser.offices import OFFICES, furnished
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

READERS = "readers"

PAGES = (
    "/people",
    "/people/add",
    "/people/{person}",
    "/people/{gone}",
    "/keys",
    "/keys?person={program}",
    "/keys/add",
    "/keys/add?person={program}",
    "/keys/{key}",
    "/check-ins",
    "/check-ins/add",
    "/check-ins/{occasion}",
    "/receipts",
    "/receipts/events/{event}",
    "/audit",
    "/audit?person={person}&kind=command",
    "/parts",
    "/parts/rewards",
    "/programme",
    "/programme/1",
    "/programme/2",
    "/programme/versions",
    "/programme/edit",
    "/programme/edit?from=1",
    "/programme/edit?draft={draft}",
    "/programme/drafts",
    "/content",
    "/content/unjudged",
    "/content/read",
    "/badges",
    "/badge-issuer",
    "/badges/talker?tier=bronze",
    "/members/{member}/badges",
    "/members/{member}/levels",
    "/campaigns",
    "/campaigns/spring",
    "/programme/audiences",
    "/by-hand",
    "/by-hand?state=waiting",
    "/by-hand?state=declined",
    "/by-hand/{hand}",
    "/members/{member}/points",
    "/community",
    "/embeds",
    "/embeds?kind=card",
    "/waiting",
    "/waiting/programmes/1",
    "/waiting/programmes/2",
    "/waiting/payout-runs/{run}",
    "/waiting/payout-runs/{paid_run}",
    "/waiting/outcomes/{outcome}",
)
#: Pages of the same make as another one: looked at when all are.
ALIKE = {
    "/check-ins",
    "/people/{gone}",
    "/keys?person={program}",
    "/keys/add",
    "/audit?person={person}&kind=command",
    "/programme/1",
    "/programme/edit?from=1",
}
ALIKE |= {"/by-hand?state=waiting", "/parts/rewards", "/waiting/programmes/1", "/waiting/payout-runs/{paid_run}"}
LOOKS = list(itertools.product(("en-GB", "it-IT"), ("light", "dark"), (1440, 360, 320)))
CHOSEN = [("it-IT", "light", 320)]


@pytest.fixture(scope="session")
async def offices(console: Console) -> Mapping[str, str]:
    return await furnished(console.state)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS if FULL else CHOSEN)
async def test_every_page_of_administration_is_whole_and_readable(
    console: Console, offices: Mapping[str, str], language: str, theme: str, width: int
) -> None:
    look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
    wrong = []
    async with console.visitor(community=OFFICES, **look) as visitor:
        for page in PAGES if FULL else (one for one in PAGES if one not in ALIKE):
            wrong += await visitor.wrong_at(page.format(**offices), width=width)
    assert wrong == []


async def test_a_badges_picture_is_uploaded_on_its_page_and_only_what_draws_is_kept(
    console: Console, offices: Mapping[str, str], tmp_path: Path
) -> None:
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}<path d="M1 1h7v7z" fill="#0a667e"/></svg>'
    )
    for name, more in (("plain", ""), ("running", "<script>alert(1)</script>")):
        (tmp_path / f"{name}.svg").write_text(drawn.format(more))
    async with console.visitor(community=OFFICES, locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/badges/talker")
        await page.get_by_label("A picture").set_input_files(tmp_path / "running.svg")
        await page.get_by_role("button", name="Use this picture").click()
        await expect(page.get_by_role("alert").first).to_contain_text("it has an element script")
        await page.get_by_label("A picture").set_input_files(tmp_path / "plain.svg")
        await page.get_by_role("button", name="Use this picture").click()
        await expect(page.locator("dl.facts").first).to_contain_text("uploaded")
        await page.get_by_role("button", name="Remove the picture").click()
        await expect(page.locator("dl.facts").first).to_contain_text("drawn of what the programme says")


async def test_what_waits_is_decided_by_another_person_and_stands_in_the_audit_log(
    console: Console, offices: Mapping[str, str]
) -> None:
    async with console.visitor(community=OFFICES, person=offices["person"], locale="en-GB") as maker:
        await maker.go("/waiting")
        await expect(maker.page.locator("h1")).to_have_text("Nothing waits for you, 3 things for another person")
        for path in ("programmes/2", f"outcomes/{offices['outcome']}"):
            await maker.go(f"/waiting/{path}")
            await expect(maker.page.get_by_text("You can not decide this")).to_be_visible()
            await expect(maker.page.locator(".deed")).to_have_count(0)

    # By keyboard and without script: forms are enough.
    async with console.visitor(community=OFFICES, locale="en-GB", java_script_enabled=False) as approver:
        page = approver.page
        await approver.go("/overview")
        await expect(page.get_by_text("A payout run of EUR 12.00 waits for approval")).to_be_visible()
        await approver.go("/waiting")
        await expect(page.locator("h1")).to_have_text("3 things wait for you")
        await page.get_by_role("link", name="EUR 12.00").click()
        await page.get_by_label("Type the amount to approve").fill("13.00")
        await page.get_by_role("button", name="Approve EUR 12.00").click()
        await expect(page.get_by_role("link", name="That is not the amount above: EUR 12.00")).to_be_visible()
        await page.get_by_label("Type the amount to approve").fill("12.00")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Approved")

        await approver.go("/waiting/programmes/2")
        await page.get_by_role("button", name="Approve version 2").click()
        await expect(page.get_by_role("link", name="Say that you have looked at it")).to_be_visible()
        await page.get_by_label("I have looked at what it changes").check()
        await page.get_by_role("button", name="Approve version 2").click()
        await expect(page.locator("h1")).to_have_text("Version 2 is published")

        await approver.go(f"/waiting/outcomes/{offices['outcome']}")
        await page.get_by_label("I have looked at what it changes").check()
        await page.get_by_role("button", name="Confirm one payout as returned").click()
        await expect(page.get_by_role("status")).to_contain_text("Confirmed")
        await approver.go("/waiting")
        await expect(page.locator("h1")).to_have_text("Nothing waits for a second person")


async def test_the_audit_log_is_filtered_by_its_address_and_downloaded(
    console: Console, offices: Mapping[str, str]
) -> None:
    async with console.visitor(community=OFFICES, locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/audit?command=person.disable")
        row = page.get_by_role("row", name="disabled a person")
        await expect(row).to_have_count(1)
        await row.get_by_role("link", name="person", exact=False).last.click()
        await expect(page.locator("h1")).to_contain_text("Gone Person")
        await visitor.go("/audit?command=person.disable")
        async with page.expect_download() as coming:
            await page.get_by_role("link", name="Download as CSV").click()
        lines = (await (await coming.value).path()).read_text().splitlines()
        assert len(lines) == 2
        assert offices["gone"] in lines[1]
        await page.get_by_role("link", name="Clear").click()
        assert page.url.endswith("/audit")
        assert await visitor.go("/audit?person=nobody") == 422
        assert visitor.complaints[:-1] == []


async def test_who_somebody_is_is_said_on_their_page_and_nothing_about_them_is_offered_to_them(
    console: Console, offices: Mapping[str, str]
) -> None:
    mia, points = f"/people/{offices['person']}", f"/members/{offices['member']}/points"
    async with console.visitor(community=OFFICES, locale="en-GB", java_script_enabled=False) as administrator:
        page = administrator.page
        await administrator.go("/people")
        await expect(page.get_by_text("who decide about members nobody said")).to_be_visible()
        await administrator.go(mia)
        await page.get_by_role("button", name="They are this member").click()
        await expect(page.get_by_role("link", name="Say which member")).to_be_visible()
        await page.get_by_label("A member, by id or as forum:ada").fill(offices["member"])
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Saved")
        await expect(page.locator("#members")).to_contain_text("They decide nothing about this member")

        async with console.visitor(community=OFFICES, person=offices["person"], locale="en-GB") as maker:
            await maker.go(points)
            await expect(
                maker.page.get_by_text("It is about yourself, so another person decides it")
            ).to_be_visible()
            await expect(maker.page.locator(".deed")).to_have_count(0)
            await maker.go(f"/members/{offices['member']}")
            await expect(maker.page.get_by_role("link", name="Points by hand", exact=True)).to_have_count(0)
            await expect(maker.page.get_by_text("It is you: another person says that")).to_be_visible()
            for about_them in ("levels", "badges", "merge", f"merge?with={offices['member']}"):
                await maker.go(f"/members/{offices['member']}/{about_them}")
                await expect(
                    maker.page.get_by_text("It is about yourself, so another person decides it")
                ).to_be_visible()
                await expect(maker.page.locator("main form[method=post]")).to_have_count(0)
        await administrator.go(mia)
        await page.get_by_role("button", name="They are not").click()
        await expect(page.locator("#members")).to_contain_text("nothing keeps them from deciding about themselves")


async def test_the_audit_log_is_shown_where_its_first_page_holds_reads_alone(console: Console) -> None:
    urls = console.state.service_urls
    scopes = ("members:write", "members:read", "audit:read")
    with temporary_key(console.state, READERS, "reads", scopes, ("ingest", "analytics")) as key:
        members = [{"identities": [{"channel": "forum", "id": f"m{number}"}]} for number in range(UNFOLDED_COUNT)]
        request("POST", f"{urls['ingest']}/v1/members/declare", key, json={"members": members})
        # Who signs in commands something: that comes before what is read.
        async with console.visitor(community=READERS, locale="en-GB") as visitor:
            for number in range(UNFOLDED_COUNT):
                request("GET", f"{urls['ingest']}/v1/members/forum:m{number}", key)

            async def has_reads_alone() -> bool:
                found = request("GET", f"{urls['analytics']}/v1/audit", key, params={"limit": UNFOLDED_COUNT})
                return {one["kind"] for one in found["items"]} == {"read"}

            await until(has_reads_alone)
            assert await visitor.go("/audit") == 200
            await expect(visitor.page.locator("h1")).to_contain_text("read personal data")
            assert visitor.complaints == []

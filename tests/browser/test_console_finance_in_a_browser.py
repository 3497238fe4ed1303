"""Finance as people see it: runs by two, what the bank says, redemptions, the books, an id to its bank line."""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg
import pytest
from playwright.async_api import expect

from plaudit.stack import StackState
from shared.postgres import database_url
from tests.browser.conftest import FULL, Console
from tests.browser.treasury import TREASURY, filled
from tests.unit.shared.bank_messages.messages import entry, payment, statement
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

PAGES = (
    "/payout-runs",
    "/payout-runs/make",
    "/payout-runs/schedules",
    "/payout-runs/schedules/propose",
    "/payout-runs/schedules/{payout_schedule}",
    "/payout-runs/schedules/{payout_schedule}/times",
    "/payout-runs/{run}",
    "/payout-runs/{run}/outcomes",
    "/payout-holds",
    "/payout-holds/stop/{payout}",
    "/bank",
    "/bank/lines/{line}",
    "/bank/checks",
    "/payees/{elif}",
    "/payees/{ada}",
    "/redemptions",
    "/redemptions?state=expired",
    "/redemptions/refunds",
    "/redemptions/{redemption}",
    "/ledger",
    "/ledger/check",
    "/ledger/chain",
    "/ledger/periods",
    "/ledger/periods/{month}",
    "/ledger/journals",
    "/ledger/journals/new",
    "/ledger/journals/{journal}",
    "/ledger/members?kind=available&currency=PTS",
    "/ledger/accounts/{bank}",
    "/ledger/transfers/{transfer}",
    "/liability",
    "/liability/days",
    "/liability/lots",
    "/liability/policies",
    "/liability/policies/propose",
    "/liability/policies/{policy}",
    "/liability/policies/{proposed_policy}",
    "/rates",
    "/rates/propose",
    "/rates/policies/{rates}",
    "/rates/policies/{proposed_rates}",
    "/debts",
    "/debts/write-offs",
    "/debts/write-offs/propose?member_id={nils}&points=60",
    "/debts/write-offs/{write_off}",
    "/debts/policies",
    "/debts/policies/propose",
    "/debts/policies/{clawback_policy}",
    "/payout-policies",
    "/payout-policies/propose",
    "/payout-policies/waits",
    "/payout-policies/checks",
    "/payout-policies/clearances",
    "/payout-policies/on-file",
    "/payout-policies/lists",
    "/payout-policies/lists/{sanctions_list}",
    "/payout-policies/lists/{sanctions_list}/names",
    "/payout-policies/totals/{year}",
    "/payout-policies/{payout_policy}",
    "/wallets",
    "/wallets/new",
    "/wallets/{wallet}",
    "/wallets/{wallet}/change",
    "/wallets/{wallet}/propose",
    "/wallets/decisions/{wallet_decision}",
    "/general-ledger",
    "/general-ledger/exports/make?last=2026-11-20",
    "/general-ledger/exports/1",
    "/general-ledger/trial-balance",
    "/general-ledger/mappings",
    "/general-ledger/mappings/propose",
    "/general-ledger/mappings/{mapping}",
    "/statements",
    "/statements/{ada}",
    "/statements/{ada}/{year}",
    "/ledger/month-ends/{month}",
    "/explorer/{payout}",
    "/explorer/{end_to_end_id}",
    "/explorer/{run}",
    "/explorer/{redemption}",
    "/explorer/{transfer}",
)
#: Pages of the same make as another one: looked at when all are.
ALIKE = {"/payees/{ada}", "/redemptions?state=expired", "/explorer/{end_to_end_id}", "/explorer/{run}"}
ALIKE |= {"/explorer/{redemption}", "/ledger/accounts/{bank}", "/statements", "/redemptions", "/ledger/check"}
ALIKE |= {"/general-ledger/mappings", "/general-ledger/mappings/{mapping}", "/general-ledger/exports/1"}
ALIKE |= {"/liability/days", "/liability/lots", "/liability/policies", "/liability/policies/{policy}"}
ALIKE |= {"/debts/policies", "/debts/policies/{clawback_policy}", "/debts/policies/propose", "/debts/write-offs"}
ALIKE |= {"/rates/policies/{rates}", "/rates/propose", "/payout-policies"}
ALIKE |= {"/ledger/periods", "/ledger/journals", "/wallets/{wallet}/change", "/wallets/new"}
ALIKE |= {"/ledger/transfers/{transfer}", "/payout-runs/make", "/ledger/members?kind=available&currency=PTS"}
LOOKS = list(itertools.product(("en-GB", "it-IT"), ("light", "dark"), (1440, 360, 320)))
CHOSEN = [("it-IT", "dark", 320)]
PAGE_MAX_CHARS = 40_000


@pytest.fixture(scope="session")
async def treasury(console: Console) -> Mapping[str, str]:
    return await filled(console.state)


@asynccontextmanager
async def holding_up_blocks(state: StackState) -> AsyncIterator[None]:
    """Nobody reads the ledger's blocks within this: the last part of a check waits."""
    connection = await asyncpg.connect(database_url(state.postgres_admin_url, "plaudit_rewards"))
    try:
        async with connection.transaction():
            await connection.execute("lock table ledger_blocks in access exclusive mode")
            yield
    finally:
        await connection.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS if FULL else CHOSEN)
async def test_every_page_of_finance_is_whole_and_readable(
    console: Console, treasury: Mapping[str, str], language: str, theme: str, width: int
) -> None:
    look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
    wrong = []
    async with console.visitor(community=TREASURY, **look) as visitor:
        for page in PAGES if FULL else (one for one in PAGES if one not in ALIKE):
            status = await visitor.go(page.format(**treasury))
            size = len(await visitor.page.content())
            wrong += [f"{page}: {one}" for one in await visitor.violations()]
            wrong += [f"{page}: status {status}"] if status != 200 else []
            wrong += [f"{page}: {size} characters"] if size > PAGE_MAX_CHARS else []
            wrong += [f"{page}: {await visitor.width()} px wide"] if await visitor.width() > width else []
            wrong += [f"{page}: {one}" for one in visitor.complaints]
            visitor.complaints.clear()
    assert not wrong, "\n".join(wrong)


async def test_from_an_award_to_its_bank_line_and_its_books(console: Console, treasury: Mapping[str, str]) -> None:
    async with console.visitor(community=TREASURY, person=treasury["approver"], locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go(f"/explorer/{treasury['award']}")
        await page.locator("main").get_by_role("link", name="Payout ").first.click()
        await expect(page.locator("h1")).to_contain_text("A payout of EUR 6.00 to Ada Brightwell")
        line = page.locator("#bank")
        await expect(line).to_contain_text(treasury["end_to_end_id"])
        await expect(line).to_contain_text("settled")
        # As it stands on the statement, it leads to the same page.
        await page.locator("#q").fill(treasury["end_to_end_id"])
        await page.get_by_role("button", name="Find", exact=True).click()
        await page.wait_for_url(f"**/explorer/{treasury['payout']}")

        await visitor.go("/ledger")
        await expect(page.locator("h1")).to_contain_text("The ledger sums to zero")
        await page.get_by_role("link", name="Bank", exact=True).click()
        await expect(page.locator("h1")).to_have_text("Bank: EUR 6.00")
        await page.get_by_role("link", name="Payout settled").click()
        await expect(page.locator("tbody tr")).to_have_count(4)
        await page.get_by_role("link", name="What it was booked for").click()
        await page.wait_for_url(f"**/explorer/{treasury['payout']}")

        await visitor.go("/ledger/check")
        async with holding_up_blocks(console.state):
            await page.get_by_role("button", name="Check").click()
            # The page follows it by itself, for as long as it takes.
            await expect(page.locator(".note")).to_contain_text("11 of 12 parts are done", timeout=60_000)
            for _ in range(2):
                async with page.expect_response("**/ledger/check"):
                    pass
        await expect(page.locator("h1")).to_contain_text("Everything is right", timeout=60_000)
        await expect(page.get_by_role("button", name="Check again")).to_be_visible()

        # On paper a statement is its figures and entries; as a table its numbers are numbers.
        await visitor.go(f"/statements/{treasury['ada']}")
        async with page.expect_download() as coming:
            await page.get_by_role("link", name="CSV").click()
        lines = (await (await coming.value).path()).read_text().splitlines()
        assert '"payout_settled","bank' not in "".join(lines)
        assert any('"payout_settled","paid","600","","PTS"' in one for one in lines)
        await page.emulate_media(media="print")
        shown = [await page.locator(one).first.is_visible() for one in (".side", ".btn", ".figs", ".table")]
        assert shown == [False, False, True, True]
        await page.emulate_media(media="screen")
        await page.get_by_role("link", name=f"Year {treasury['year']}").click()
        await expect(page.locator("h1")).to_contain_text(f"Statement {treasury['year']}: Ada Brightwell")
        for name, begins in (("PDF", b"%PDF-"), ("Parquet", b"PAR1"), ("CSV", b'"member_id"')):
            async with page.expect_download() as coming:
                await page.get_by_role("link", name=name, exact=True).click()
            assert (await (await coming.value).path()).read_bytes().startswith(begins)
        assert visitor.complaints == []


async def test_a_redemption_is_handed_out_by_whoever_may(console: Console, treasury: Mapping[str, str]) -> None:
    async with console.visitor(community=TREASURY, person=treasury["approver"], locale="en-GB") as visitor:
        await visitor.go("/redemptions?state=reserved")
        await visitor.page.get_by_role("link", name="A mug").click()
        await expect(visitor.page.get_by_text("A manager decides it")).to_be_visible()
    async with console.visitor(
        community=TREASURY, person=treasury["maker"], locale="en-GB", java_script_enabled=False
    ) as visitor:
        page = visitor.page
        await visitor.go("/redemptions")
        await expect(page.locator("h1")).to_have_text("One reward is to be handed out")
        await visitor.go("/redemptions?state=reserved")
        await page.get_by_role("link", name="A mug").click()
        # Not all of it: what is not spent is available again at once.
        await page.get_by_label("How many of the points are spent").fill("none")
        await page.get_by_role("button", name="It was handed out").click()
        await expect(page.locator("#points-error")).to_contain_text("Write a number of points above zero")
        await page.get_by_label("How many of the points are spent").fill("7")
        await page.get_by_role("button", name="It was handed out").click()
        await expect(page.get_by_role("status")).to_contain_text("Handed out")
        await expect(page.locator("h1")).to_contain_text("A mug for 7 points")
        await expect(page.locator(".steps")).to_contain_text("The rest went back")
        # A part of that is refunded, for a reason.
        await page.get_by_label("How many points go back").fill("3")
        await page.get_by_role("button", name="Refund the points").click()
        await expect(page.locator("#reason-error")).to_contain_text("Say why")
        await page.get_by_label("Why").fill("It arrived broken")
        await page.get_by_role("button", name="Refund the points").click()
        await expect(page.get_by_role("status")).to_contain_text("The points are back")
        await expect(page.locator("h1")).to_contain_text("refunded in part")
        await visitor.go("/redemptions/refunds?state=done")
        await expect(page.get_by_role("region", name="Refunds")).to_contain_text("It arrived broken")


@pytest.mark.timeout(180)
async def test_one_payout_is_held_and_goes_on_again(console: Console, treasury: Mapping[str, str]) -> None:
    async with console.visitor(
        community=TREASURY, person=treasury["maker"], locale="en-GB", java_script_enabled=False
    ) as visitor:
        page = visitor.page
        await visitor.go("/payout-runs/make")
        await page.get_by_role("button", name="Make the run").click()
        run = page.url.partition("?")[0]
        held = page.locator("#payouts").get_by_role("row", name="eligible").first
        await held.get_by_role("link", name="Hold it or leave it out").click()
        await page.get_by_role("button", name="Stop this payout").click()
        await expect(page.locator("#how-error")).to_contain_text("Say what is to happen")
        await page.get_by_label("Hold it: no run pays the member").check()
        await page.get_by_label("Why").select_option("disputed")
        await page.get_by_label("Note, for finance alone").fill("Called on Monday")
        await page.get_by_role("button", name="Stop this payout").click()
        await expect(page.get_by_role("status")).to_contain_text("It is held")
        row = page.get_by_role("row", name="Called on Monday")
        await expect(row).to_contain_text("The amount is disputed")
        await page.goto(run)
        await expect(page.locator("#payouts")).to_contain_text("held by finance: the amount is disputed")
        await visitor.go("/payout-holds?state=standing")
        await row.get_by_role("button", name="Release hold: ").click()
        await expect(page.get_by_role("status")).to_contain_text("It goes on")
        await expect(row).to_contain_text("released")
        # The run is given up, and the next one pays everybody as before.
        await page.goto(run)
        await page.get_by_text("Give it up").first.click()
        await page.get_by_role("button", name="Give the run up").click()
        await expect(page.locator("h1")).to_contain_text("cancelled")


@pytest.mark.timeout(180)
async def test_a_run_is_made_approved_and_filed_by_two_people(
    console: Console, treasury: Mapping[str, str]
) -> None:
    look = {"community": TREASURY, "locale": "en-GB"}
    async with (
        console.visitor(person=treasury["maker"], java_script_enabled=False, **look) as maker,
        console.visitor(person=treasury["approver"], **look) as approver,
    ):
        made, page = maker.page, approver.page
        # 1. One makes it, having seen what it would pay.
        await maker.go("/payout-runs")
        await made.get_by_role("link", name="New run").click()
        await expect(made.locator("h1")).to_have_text("A run now would pay EUR 12.00 to 2 payees")
        await made.get_by_role("button", name="Make the run").click()
        await expect(made.get_by_role("status")).to_contain_text("it waits for another person")
        # 2. Who made it may not approve it, though their roles would let them, and reads why.
        await expect(made.get_by_text("Another person approves it")).to_be_visible()
        await expect(made.get_by_text("You have a hand in it")).to_be_visible()
        await expect(made.locator(".deed")).to_have_count(0)
        run = made.url.partition("?")[0]
        await made.goto(run.replace("/payout-runs/", "/waiting/payout-runs/"))
        await expect(made.get_by_text("You can not decide this")).to_be_visible()

        # 3. Another looks at it; meanwhile the list under the seal becomes another one.
        await page.goto(run)
        await page.get_by_role("link", name="Look at it and approve").click()
        asked = page.locator("section", has=page.get_by_role("heading", name="What the bank is asked for"))
        await expect(asked).to_contain_text("Harbour Street 7a, 20095 Hamburg, DE")
        await expect(asked).to_contain_text("bonus (BONU)")
        await made.goto(run)
        await made.locator("#held").get_by_role("link", name="Give bank details").first.click()
        await made.get_by_label("Account holder").fill("Elif Moretti")
        await made.get_by_label("IBAN").fill("AT61 1904 3002 3457 3201")
        await made.get_by_role("button", name="Save").click()
        await expect(made.get_by_role("status")).to_contain_text("Saved")
        await page.get_by_label("Type the amount to approve").fill("12.00")
        await page.get_by_role("button", name="Approve EUR 12.00").click()
        await expect(page.get_by_role("alert")).to_contain_text("The list has changed since you saw it")
        changed = page.get_by_role("region", name="What changed while you looked")
        await expect(changed.locator("del").first).to_have_text("EUR 12.00")
        await expect(changed.locator("ins").first).to_have_text("EUR 23.00")
        assert await approver.violations() == []
        await page.get_by_label("Type the amount to approve").fill("23.00")
        await page.get_by_role("button", name="Approve EUR 23.00").click()
        await expect(page.get_by_role("status")).to_contain_text("Approved")

        # 4. The file is written by the first, and taken byte for byte.
        await made.goto(run)
        await made.get_by_role("button", name="Write the file for EUR 23.00").click()
        await expect(made.get_by_role("status")).to_contain_text("The bank file is written")
        async with made.expect_download() as coming:
            await made.get_by_role("link", name="Download the bank file").click()
        assert b"pain.001.001.09" in (await (await coming.value).path()).read_bytes()

        # 5. What the bank says is looked at line by line before it is noted.
        ids = [text.strip() for text in await made.locator("#payouts td .id").all_inner_texts()]
        await made.get_by_role("link", name="Note what the bank said").click()
        await made.get_by_label("The bank's list").fill(f"{ids[0]};gone")
        await made.get_by_role("button", name="Look at what it does").click()
        await expect(made.get_by_role("alert")).to_contain_text("Line 1: The second column is one of these")
        await made.get_by_label("The bank's list").fill(f"{ids[0]};settled\n{ids[1]};returned;AC04 Closed")
        await made.get_by_role("button", name="Look at what it does").click()
        await expect(made.locator("h1")).to_have_text("All 2 lines can be noted")
        await expect(made.get_by_text("waits for another person to confirm it").first).to_be_visible()
        await made.get_by_role("button", name="Note 2 lines").click()
        await expect(made.get_by_role("status")).to_contain_text("waits for another person")
        await expect(made.get_by_text("One payout: returned")).to_be_visible()
        async with made.expect_download() as coming:
            await made.get_by_role("link", name="CSV").click()
        lines = (await (await coming.value).path()).read_text().splitlines()
        assert len(lines) == 4
        assert sum('"settled"' in one for one in lines) == 1
        approver.complaints[:] = [one for one in approver.complaints if "409" not in one]
        assert approver.complaints == []


async def test_what_points_are_worth_is_decided_by_two_people(
    console: Console, treasury: Mapping[str, str]
) -> None:
    look = {"community": TREASURY, "locale": "en-GB"}
    async with (
        console.visitor(person=treasury["maker"], java_script_enabled=False, **look) as maker,
        console.visitor(person=treasury["approver"], **look) as approver,
    ):
        made, page = maker.page, approver.page
        await maker.go("/liability")
        await expect(made.locator("h1")).to_contain_text("are owed for points")
        await made.get_by_role("link", name="Policy", exact=True).click()
        await made.get_by_role("link", name="Propose one").click()
        await made.get_by_label("From this day on").fill("2026-02-01")
        await made.get_by_label("Worth of a point, in minor units").fill("0,95")
        await made.get_by_label("Which part of points will be used").fill("0.75")
        await made.get_by_role("button", name="Propose it").click()
        await expect(made.get_by_role("alert").first).to_contain_text("Say a number like 0.95")
        await made.get_by_label("Worth of a point, in minor units").fill("0.96")
        await made.get_by_role("button", name="Propose it").click()
        await expect(made.get_by_role("status")).to_contain_text("It waits for another person")
        await expect(made.get_by_text("You can not decide this")).to_be_visible()

        await approver.go("/waiting")
        await page.get_by_role("link", name="What points are worth from 1 February on").click()
        await page.get_by_label("I have looked at what it changes").check()
        await page.get_by_role("button", name="Put it in force").click()
        await expect(page.get_by_role("status")).to_contain_text("Approved")
        await approver.go("/liability")
        await expect(page.get_by_text("0.96 minor units of EUR")).to_be_visible()
        assert approver.complaints == []


async def test_days_go_to_the_general_ledger_by_accounts_that_two_people_decide(
    console: Console, treasury: Mapping[str, str]
) -> None:
    look = {"community": TREASURY, "locale": "en-GB"}
    async with (
        console.visitor(person=treasury["maker"], java_script_enabled=False, **look) as maker,
        console.visitor(person=treasury["approver"], **look) as approver,
    ):
        made, page = maker.page, approver.page
        await maker.go("/general-ledger")
        await expect(made.locator("h1")).to_contain_text("has all days until 31 December 2025")
        await made.get_by_role("link", name="Accounts", exact=True).click()
        await made.get_by_role("link", name="Propose one").click()
        await made.get_by_label("From this day on").fill("2026-01-01")
        await made.get_by_label("Accounts", exact=True).fill("bank * 1800\npayable")
        await made.get_by_role("button", name="Propose it").click()
        await expect(made.get_by_role("alert").first).to_contain_text("Line 2")
        await made.get_by_label("Accounts", exact=True).fill("bank * 1800\npayable * 2300\nsuspense *")
        await made.get_by_role("button", name="Propose it").click()
        await expect(made.get_by_role("status")).to_contain_text("It waits for another person")

        await approver.go("/waiting")
        await page.get_by_role("link", name="Accounts of the general ledger from 1 January on").click()
        await page.get_by_label("I have looked at what it changes").check()
        await page.get_by_role("button", name="Put it in force").click()
        await expect(page.get_by_role("status")).to_contain_text("Approved")

        await maker.go("/general-ledger/exports/make")
        await made.get_by_label("Last day").fill("2026-01-31")
        await made.get_by_role("button", name="Look at it").click()
        await made.get_by_role("button", name="Hand them over").click()
        await expect(made.locator("h1")).to_contain_text("Export 2: 1 January to 31 January")
        async with page.expect_download() as coming:
            await approver.page.goto(made.url.partition("?")[0])
            await page.get_by_role("link", name="For Xero, 1 of 1").click()
        assert (await coming.value).suggested_filename == "journal-2-xero-1.csv"
        assert approver.complaints == []


async def test_an_entry_by_hand_takes_two_people(console: Console, treasury: Mapping[str, str]) -> None:
    look = {"community": TREASURY, "locale": "en-GB"}
    async with console.visitor(person=treasury["maker"], **look) as visitor:
        page = visitor.page
        await visitor.go("/ledger/journals")
        await page.get_by_role("link", name="Propose an entry").click()
        await page.get_by_label("Why").fill("Charges of the wire")
        await page.locator("#credit0").fill("3.50")
        await page.locator("#debit1").fill("3.40")
        await page.get_by_role("button", name="Propose it").click()
        await expect(page.locator("main")).to_contain_text("Debit and credit do not come to the same")
        await page.locator("#debit1").fill("3.50")
        await page.get_by_role("button", name="Propose it").click()
        await expect(page.locator("h1")).to_contain_text("Charges of the wire waits for another person")
        await expect(page.locator("main")).to_contain_text("You proposed it, so another person confirms it.")
        path = page.url
    async with console.visitor(person=treasury["approver"], **look) as visitor:
        page = visitor.page
        await visitor.go("/waiting")
        await page.get_by_role("link", name="Charges of the wire").click()
        await page.wait_for_url(path)
        await page.get_by_role("button", name="Book it").click()
        await expect(page.locator("main")).to_contain_text("Say that you have looked at it")
        await page.get_by_label("I have looked at what it changes").check()
        await page.get_by_role("button", name="Book it").click()
        await expect(page.locator("h1")).to_contain_text("Charges of the wire booked")
        await page.get_by_role("link", name="As it was booked").click()
        await expect(page.locator("tbody tr")).to_have_count(2)
        await visitor.go(f"/ledger/periods/{treasury['month']}")
        await expect(page.locator("h1")).to_contain_text("is under way balanced")
        await expect(page.locator("main")).to_contain_text("Bank charges")
        assert await page.get_by_role("button", name="Propose to close it").count() == 0


async def test_a_bank_file_is_read_and_what_matches_nothing_is_set_aside(
    console: Console, treasury: Mapping[str, str]
) -> None:
    look = {"community": TREASURY, "person": treasury["maker"], "locale": "en-GB", "java_script_enabled": False}
    async with console.visitor(**look) as maker:
        page = maker.page
        await maker.go("/bank")
        await page.get_by_role("button", name="Import").click()
        await expect(page.get_by_role("alert")).to_contain_text("Open a file of the bank")
        again = entry("6.00", payment(treasury["end_to_end_id"]), way="DBIT")
        await page.get_by_label("What the bank answered").fill(statement("camt.053", again).decode())
        await page.get_by_role("button", name="Import").click()
        await expect(page.get_by_role("status")).to_contain_text("The file is read")

        async def is_noted() -> bool:
            await page.reload()
            return await page.locator("tbody").first.get_by_text("Noted").count() > 0

        await until(is_noted)
        await maker.go(f"/bank/lines/{treasury['line']}")
        await expect(page.get_by_text("it is of the same amount").first).to_be_visible()
        await expect(page.get_by_text("the booking has its payee's name").first).to_be_visible()
        await page.get_by_label("Why").fill("It was another business")
        await page.get_by_role("button", name="Set it aside").click()
        await expect(page.get_by_role("status")).to_contain_text("It waits no more")

"""Finance's pages are for whoever may see them, say what is down, and take no form of elsewhere."""

import re
from uuid import uuid4

import pytest

from tests.integration.console.conftest import Site, submit

pytestmark = pytest.mark.stack

ID = uuid4()
LISTS = ("/redemptions", "/redemptions.csv", f"/redemptions/{ID}", f"/statements/{ID}", f"/statements/{ID}.csv")
MONEY = (
    *("/payout-runs", f"/payout-runs/{ID}", f"/payout-runs/{ID}/bank-file", f"/payout-runs/{ID}/payouts.csv"),
    *(
        "/ledger",
        "/ledger.csv",
        "/ledger/check",
        "/general-ledger",
        "/general-ledger/exports/1",
        "/general-ledger/exports/1/file",
        "/general-ledger/trial-balance",
        "/general-ledger/trial-balance.csv",
        "/general-ledger/mappings",
        f"/general-ledger/mappings/{ID}",
        "/liability",
        "/liability.csv",
        "/liability/days",
        "/liability/days.csv",
        "/liability/days/2026-01-31",
        "/liability/lots",
        "/liability/lots.csv",
        "/liability/policies",
        "/rates",
        f"/rates/policies/{ID}",
        f"/liability/policies/{ID}",
        "/ledger/members?kind=paid&currency=PTS",
        f"/ledger/accounts/{ID}",
        f"/ledger/transfers/{ID}",
    ),
    f"/payees/{ID}",
)
MAKING = ("/payout-runs/make", f"/payout-runs/{ID}/outcomes")
SEEN = {
    "moderator": set(),
    "administrator": set(),
    "manager": {"/statements", *LISTS},
    "finance_approver": {"/statements", *LISTS, *MONEY},
    "finance_maker": {"/statements", *LISTS, *MONEY, *MAKING},
}
COMMANDS = {
    "/payout-runs/make": "finance_maker",
    f"/payout-runs/{ID}/file": "finance_maker",
    f"/payout-runs/{ID}/cancel": "finance_maker",
    f"/payout-runs/{ID}/outcomes/note": "finance_maker",
    f"/payees/{ID}": "finance_maker",
    "/general-ledger/exports/make": "finance_maker",
    "/general-ledger/mappings/propose": "finance_maker",
    f"/general-ledger/mappings/{ID}/withdraw": "finance_maker",
    f"/general-ledger/mappings/{ID}/approve": "finance_approver",
    "/liability/policies/propose": "finance_maker",
    "/rates/propose": "finance_maker",
    f"/rates/policies/{ID}/withdraw": "finance_maker",
    f"/rates/policies/{ID}/approve": "finance_approver",
    f"/liability/policies/{ID}/withdraw": "finance_maker",
    f"/liability/policies/{ID}/approve": "finance_approver",
    f"/redemptions/{ID}/confirm": "manager",
    f"/redemptions/{ID}/cancel": "manager",
}


@pytest.mark.parametrize("role", SEEN)
async def test_pages_of_finance_are_for_whoever_may_see_them(site: Site, role: str) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, role)
        asked = {path: await browser.get(path) for path in ("/statements", *LISTS, *MONEY, *MAKING)}
        assert {path for path, page in asked.items() if page.status_code != 404} == SEEN[role]
        for path in SEEN[role] - {"/statements"}:
            page = asked[path]
            # Rewards is away: that is said, and is no error of the console.
            assert page.status_code in {200, 503}, path
            assert "not answer" in page.text, path
            assert not re.search(r"<[^>]+\s(style|on\w+)=|<style|<script(?![^>]+src=)|javascript:", page.text), (
                path
            )
            assert len(page.content) < 40_000, path
        # Whoever may not command is told nothing; a form of elsewhere does nothing.
        answers = {path: (await browser.post(path, data={"form_token": "0"})).status_code for path in COMMANDS}
        assert answers == {path: 403 if role == who else 404 for path, who in COMMANDS.items()}


async def test_whose_redemptions_is_asked_in_a_form_and_their_id_alone_is_in_the_address(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "manager")
        there = await submit(browser, "/redemptions?state=expired", q=f"{str(ID).upper()}")
        assert (there.status_code, there.headers["location"]) == (303, f"/redemptions?member={ID}&state=expired")
        nobody = await submit(browser, "/redemptions", q="forum:nobody-at-all")
        assert nobody.status_code == 404
        assert "Nobody here is known as that" in nobody.text
        # Nor does an address that somebody wrote by hand carry one on.
        by_hand = await browser.get("/redemptions?member=forum:bob-by-hand&state=expired")
        assert "bob-by-hand" not in by_hand.text
        shown = await browser.get(f"/redemptions?member={ID}")
        # Whoever looks at one state goes on looking at this member's.
        assert f'href="/redemptions?member={ID}&amp;state=reserved"' in shown.text


async def test_what_is_no_key_of_a_form_of_ours_makes_no_run_and_breaks_no_page(site: Site) -> None:
    async with site.browser() as browser:
        await site.sign_in(browser, "finance_maker")
        for key in ("ü", "a\nb", "\0", "x" * 65, ""):
            shown = await submit(browser, "/payout-runs/make", key=key)
            # Rewards is away: a key that is one would have been told so.
            assert shown.status_code == 200, key
        assert (await submit(browser, "/payout-runs/make", key="a-key_1")).status_code == 503

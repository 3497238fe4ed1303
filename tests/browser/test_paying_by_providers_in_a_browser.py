"""Who is paid how: a member chooses a provider; finance sees each rail, each payout there, and what it costs."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from playwright.async_api import expect

from plaudit.access import add_person, issue_key, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack.idle import wait_until_idle
from shared.postgres import database_url, role_name
from tests.browser.conftest import LOOKED_AT, Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHOTS = os.environ.get("PLAUDIT_SHOTS")
COMMUNITY = "harbour-tills"
PROGRAMME = b"""\
programme: tills
title: Tills
rules: [{id: answer, title: Answered somebody, on: [forum.reply.v1], points: 600}]
rewards:
  payout:
    {currency: EUR, points: 100, minor: 100, minimum_points: 500, paying_account:
      {name: Example Community, iban: DE89370400440532013000, bic: COBADEFFXXX},
     also: [{currency: JPY, paying_account: {name: Example K.K., iban: JPZGN 0001 001 1234567, bic: MHCBJPJT}}]}
"""
NAMES = {"ada": "Ada Brightwell", "bo": "Bo Lind", "cleo": "Cleo Marchetti", "dan": "Dan Okafor"}
MAKES = ("events:write", "programmes:write", "payouts:write", "payouts:read", "members:read")
APPROVES = ("payouts:approve", "programmes:approve", "payouts:read")
#: Looked at beside what a test run looks at: narrow and dark in Italian, wide and light in English.
LOOKS = [*LOOKED_AT, ("it-IT", "dark", 360), ("en-GB", "light", 1280)]


def reply(who: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"r-{who}",
        "source": "https://forum.tills.example",
        "type": "forum.reply.v1",
        "time": datetime.now(UTC).isoformat(),
        "data": {"channel": "forum", "actor": {"id": who, "name": NAMES[who]}, "length_chars": 90},
    }


class Tills:
    """The community, who makes runs and who approves them, and the database behind them."""

    def __init__(self, console: Console) -> None:
        self.state, self.urls = console.state, console.state.service_urls
        self.rewards = self.urls["rewards"]
        self.makes = self.maker = ""
        self.members: dict[str, str] = {}

    async def fill(self) -> None:
        office = local_people(self.state).office
        declared = {"id": COMMUNITY, "title": "Tills", "time_zone": "Europe/Rome", "languages": ["it", "en"]}
        request("POST", f"{self.urls['ingest']}/v1/communities", office.key, json=declared)
        self.maker, approver = (
            str(add_person(office, COMMUNITY, name, roles)["person_id"])
            for name, roles in (
                ("Mia Lindqvist", ["manager", "finance_maker"]),
                ("Omar Haddad", ["finance_approver"]),
            )
        )
        self.makes = issue_key(self.state, COMMUNITY, "making", MAKES, person_id=self.maker)["key"]
        with temporary_key(
            self.state, COMMUNITY, "approving", APPROVES, self.urls, person_id=approver
        ) as approves:
            text = {"content": PROGRAMME, "headers": {"Content-Type": "application/yaml"}}
            request("POST", f"{self.urls['scoring']}/v1/programmes", self.makes, **text)
            request("POST", f"{self.urls['scoring']}/v1/programmes/1/approve", approves)
            await wait_until_idle(self.state)
            request("POST", f"{self.urls['ingest']}/v1/events", self.makes, json=[reply(who) for who in NAMES])
            await wait_until_idle(self.state)
            listed = request("GET", f"{self.urls['ingest']}/v1/members", self.makes)["items"]
            ids = {one["name"]: one["member_id"] for one in listed}
            self.members = {who: ids[name] for who, name in NAMES.items()}
            await self.do(
                """
                insert into provider_accounts
                    (community, provider, account_id, revision, sealed_by, sealed, connected_at, connected_by)
                values ($1, 'sandbox', gen_random_uuid(), 1, 'gone', '\\x00', now(), 'somebody')
                """
            )
            self.receiver("bo", country="IT")
            self.paid = self.run(provider="sandbox")
            request("POST", f"{self.rewards}/v1/payout-runs/{self.paid}/approve", approves)
            request("POST", f"{self.rewards}/v1/payout-runs/{self.paid}/file", self.makes)
            payee = {"name": NAMES["dan"], "iban": "JPZGN 0005 025 7654321"}
            request("PUT", f"{self.rewards}/v1/payees/{self.members['dan']}", self.makes, json=payee)
            terms = {"effective_from": "2026-01-01", "every": "month", "on_day": 28, "at": "09:00"}
            self.schedule = self.post("/v1/payout-schedules", terms)["schedule_id"]
            request("POST", f"{self.rewards}/v1/payout-schedules/{self.schedule}/approve", approves)

    def post(self, path: str, body: Any) -> Any:
        headers = {"Idempotency-Key": uuid4().hex}
        return request("POST", f"{self.rewards}{path}", self.makes, json=body, headers=headers)

    def run(self, **wanted: str) -> str:
        return str(self.post("/v1/payout-runs", wanted)["run_id"])

    def receiver(self, who: str, **more: str) -> None:
        said = {"provider": "sandbox", "name": NAMES[who], "address": f"{who}@pay"} | more
        request("PUT", f"{self.rewards}/v1/payees/{self.members[who]}/receiver", self.makes, json=said)

    async def do(self, sql: str, *values: Any) -> None:
        """As if it had happened: a statement with the community as `$1`."""
        conn = await asyncpg.connect(database_url(self.state.postgres_admin_url, role_name("rewards")))
        try:
            await conn.execute(sql, COMMUNITY, *values)
        finally:
            await conn.close()

    async def has(self, sql: str, *values: Any) -> Any:
        conn = await asyncpg.connect(database_url(self.state.postgres_admin_url, role_name("rewards")))
        try:
            return await conn.fetchval(sql, COMMUNITY, *values)
        finally:
            await conn.close()


async def the_past(tills: Tills, run: str) -> None:
    """What the provider quoted and said, and a time of the schedule that has come, as they leave them."""
    await tills.do("insert into payout_run_quotes values ($1, $2, null, now(), '') on conflict do nothing", run)
    await tills.do(
        """
        insert into payout_run_fees
        values ($1, $2, 600, 1, 600, 625, 'EUR', 25, null, now() + interval '30 minutes')
        on conflict do nothing
        """,
        run,
    )
    await tills.do(
        "update payout_run_quotes set due_at = null, asked_at = now(), not_quoted = '' where community = $1"
    )
    await tills.do(
        """
        insert into payout_schedule_times (community, schedule_id, day, due_at, missed_count, noted_at)
        values ($1, $2, current_date - 1, now() - interval '1 day', 2, now())
        """,
        tills.schedule,
    )
    await tills.do(
        """
        insert into payout_schedule_runs values
            ($1, $2, current_date - 1, '', 'EUR', 'prepared', now(), $3, null),
            ($1, $2, current_date - 1, 'sandbox', 'EUR', 'prepared', now(), $3, null),
            ($1, $2, current_date - 1, '', 'JPY', 'refused', now(), null, 'there is no file of rates yet')
        """,
        tills.schedule,
        run,
    )


@pytest.mark.timeout(900)
async def test_who_is_paid_how_is_chosen_by_them_and_seen_by_finance(console: Console) -> None:
    tills = Tills(console)
    await tills.fill()

    # 1. A member has themselves be paid by a provider, and finds out what is wrong with what they typed.
    async with console.visitor(community=COMMUNITY, identity="forum:cleo", locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/me/payouts")
        box = page.locator("#receiver")
        await expect(box).to_contain_text("By bank. You can be paid by a provider instead.")
        await box.locator("summary").click()
        await box.get_by_label("Account holder").fill("Cleo Marchetti")
        await box.get_by_label("Account", exact=True).fill("cleo@pay")
        await box.get_by_label("Country of the account").fill("Italy")
        await box.get_by_role("button", name="Save").click()
        await expect(page.locator("#receiver_country-error")).to_contain_text("Say two letters")
        await box.get_by_label("Country of the account").fill("it")
        await box.get_by_role("button", name="Save").click()
        await expect(box).to_contain_text("c…@pay")
        await expect(box).to_contain_text("IT")

    # 2. Finance sees each rail beforehand, what is wrong with one, and makes a run by another.
    async with console.visitor(community=COMMUNITY, person=tills.maker, locale="en-GB") as visitor:
        page = visitor.page
        await visitor.go("/payout-runs/make")
        rails = page.locator("#rails")
        await expect(rails).to_contain_text("By bank in JPY")
        await expect(rails).to_contain_text("no run can be made:")
        await rails.get_by_role("link", name="By Sandbox in EUR").click()
        await expect(page.locator("h1")).to_have_text("A run now would pay EUR 6.00 to one payee")
        await page.get_by_role("button", name="Make the run").click()
        run = page.url.partition("?")[0].rpartition("/")[2]
        await the_past(tills, run)
        await page.reload()
        await expect(page.locator("main")).to_contain_text("EUR 6.25")
        await visitor.go(f"/payout-runs/schedules/{tills.schedule}/times")
        await expect(page.locator("tbody tr").first).to_contain_text("By Sandbox in EUR: run prepared")
        await expect(page.locator("tbody tr").first).to_contain_text("there is no file of rates yet")

    query = "select payout_id::text from remittances where community = $1"
    payout = None
    while payout is None:
        await wait_until_idle(console.state)
        payout = await tills.has(query)
    await tills.do(
        """
        update remittances set standing = 'sent', words = 'unclaimed', reference = 'SB-1', fee_minor = 25,
            due_at = now() + interval '1 day', trouble = null where community = $1
        """
    )
    wrong = []
    for language, theme, width in dict.fromkeys(LOOKS):
        look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
        staff = (
            "/payout-runs/make",
            "/payout-runs/make?provider=sandbox",
            f"/payout-runs/{run}",
            "/payout-runs/schedules",
            f"/payout-runs/schedules/{tills.schedule}",
            f"/payout-runs/schedules/{tills.schedule}/times",
            "/provider-payouts",
            f"/provider-payouts/{payout}",
            "/bank/checks",
            "/gift-cards/providers/sandbox",
        )
        for who, paths in (({"person": tills.maker}, staff), ({"identity": "forum:bo"}, ("/me/payouts",))):
            async with console.visitor(community=COMMUNITY, **who, **look) as visitor:
                for path in paths:
                    wrong += await visitor.wrong_at(path, width=width)
                    if SHOTS:
                        name = path.strip("/").replace("/", "-").replace("?", "-")[:60]
                        shot = Path(SHOTS) / f"tills-{name}-{theme}-{width}.png"
                        await visitor.page.screenshot(path=shot, full_page=True)
    assert wrong == []

    # 3. They are paid by bank again from the next run on.
    async with console.visitor(community=COMMUNITY, identity="forum:cleo", locale="en-GB") as visitor:
        await visitor.go("/me/payouts")
        await visitor.page.get_by_role("button", name="Be paid by bank again").click()
        await expect(visitor.page.locator("#receiver")).to_contain_text("By bank.")

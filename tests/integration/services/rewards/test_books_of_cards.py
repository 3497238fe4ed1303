"""The books of a community that buys cards in two currencies, by command: verified, and checked by Beancount."""

import asyncio
import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from beancount.core.data import Balance, Transaction
from beancount.loader import load_file
from beancount.ops.validation import HARDCORE_VALIDATIONS
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.sandbox_provider.orders import Behaviour, Cancels
from services.rewards.chain.handlers import chain
from services.rewards.costs.handlers import book_cost
from services.rewards.providers.domain.contract import Charge
from services.rewards.providers.store.orders import lock_order
from tests.integration.services.rewards.cards import configure, selling
from tests.integration.services.rewards.shelf import add, choose
from tests.integration.services.rewards.test_members_themselves import member
from tests.integration.services.rewards.test_refunds_of_redemptions import refund
from tests.local_providers import served
from tests.waiting import until

pytestmark = pytest.mark.stack

#: One of any face value, with a fee; in another currency than the first one.
SETTLE_SECONDS = 1
ANY = {"provider": "sandbox", "product_id": "sandbox-any", "face_minor": 2_000, "currency": "USD"}
CARD = {"id": "any", "kind": "gift_card", "title": "Any card, 20 $", "points": 200}


async def test_cards_in_two_currencies_are_in_books_that_beancount_takes(
    world: Any, spec: Any, api: Any, clients: Any, tmp_path: Path
) -> None:
    world.spec, other = spec, await clients()
    async with selling(world, api, secrets.token_urlsafe(32)) as store:
        configure(world, api, provider_settle_seconds=SETTLE_SECONDS)
        await add(api, CARD)
        put = await api.put("/v1/catalogue/rewards/any/card", json=ANY)
        assert put.status_code == 200, put.text
        ada = await member(world, "ada")
        # With a discount and a surcharge, with a fee, taken back for less than it was, and charged later.
        store.shop.told.surcharge_minor = 7
        await store.chosen(ada)
        assert (await choose(ada, world, "ada", "any")).status_code == 201
        await store.work()
        store.shop.told.cancels, store.shop.told.kept_minor = Cancels.TAKE_BACK, 50
        back = await choose(ada, world, "ada", "any")
        await store.work()
        await refund(api, back.json()["redemption_id"])
        await store.work(later_seconds=SETTLE_SECONDS + 1)
        store.tell(Behaviour.DUPLICATE)
        unknown = await store.chosen(ada)
        await store.work()
        found = {"outcome": "delivered", "reason": "Their support says so", "code": "FROM-SUPPORT"}
        assert (await other.post(f"/v1/provider-orders/{unknown}/outcome", json=found)).status_code == 200
        assert (await api.post(f"/v1/provider-orders/{unknown}/outcome/confirm")).status_code == 200
        # The provider says later what it charged for that one: a fee, and no surcharge.
        async with world.begin() as tx:
            order = await lock_order(tx.conn, community=world.community, redemption_id=unknown)
            assert order is not None
            await book_cost(tx, order, charge=Charge("EUR", 1_025, fee_minor=25))
        invoice = [
            {"account": account, "currency": currency, "amount": amount}
            for currency, amount in (("EUR", 1_000), ("USD", 2_000))
            for account, amount in (("provider_balance", -amount), ("bank", amount))
        ]
        body = {"reason": "invoice", "lines": invoice}
        made = await api.post("/v1/journals", json=body, headers={"Idempotency-Key": "invoice"})
        done = await other.post(f"/v1/journals/{made.json()['journal_id']}/confirm")
        assert done.status_code == 200, done.text
    async with world.begin() as tx:
        while await chain(tx):
            pass

    async def is_all_past() -> bool:
        """What was made some seconds later is of the past, too, and so in the file."""
        last: bool = await world.pool.fetchval(
            "select max(recorded_at) < now() from entries where community = $1", world.community
        )
        return last

    await until(is_all_past)

    async with served(api._transport.app) as url:

        def command(*said: str) -> str:
            key = api.headers["Authorization"].removeprefix("Bearer ")
            environment = {"PLAUDIT_URL": f"rewards={url}", "PLAUDIT_KEY": key}
            result = CliRunner().invoke(main, ["ledger", *said], env=environment)
            assert result.exit_code == 0, result.output
            return str(result.output)

        verified = json.loads(await asyncio.to_thread(command, "verify", "--json"))
        books, blocks = tmp_path / "books.beancount", tmp_path / "blocks.jsonl"
        await asyncio.to_thread(command, "export", str(books), "--as", "beancount")
        await asyncio.to_thread(command, "export", str(blocks))
        kept = f"{verified['blocks']}:{verified['hash']}"
        assert kept in await asyncio.to_thread(command, "verify", str(blocks), "--kept", kept)

    checked = subprocess.run(
        [Path(sys.executable).with_name("bean-check"), books], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    loaded, errors, _ = load_file(str(books), extra_validations=HARDCORE_VALIDATIONS)
    assert errors == []
    assert sum(len(one.postings) for one in loaded if isinstance(one, Transaction)) == verified["entries"]
    kinds = {one.narration for one in loaded if isinstance(one, Transaction)}
    assert {"card_bought", "card_charged", "card_taken_back", "journal"} <= kinds
    money = {
        (one.account.split(":")[2], str(one.amount))
        for one in loaded
        if isinstance(one, Balance)
        and one.account.startswith(("Assets", "Liabilities:Community", "Expenses", "Income"))
    }
    # Credit is negative. In euros 3 % off a card with 0.07 more, and a fee of 0.25; in dollars a fee of 1.5 %,
    # 0.07 more, and 0.50 kept of what was taken back. The invoice says neither.
    assert money == {
        ("Card-cost", "20.00 EUR"),
        ("Card-discounts", "-0.30 EUR"),
        ("Card-differences", "0.07 EUR"),
        ("Card-fees", "0.25 EUR"),
        ("Provider-balance", "-10.02 EUR"),
        ("Bank", "-10.00 EUR"),
        ("Card-cost", "20.00 USD"),
        ("Card-fees", "0.30 USD"),
        ("Card-differences", "0.57 USD"),
        ("Provider-balance", "-0.87 USD"),
        ("Bank", "-20.00 USD"),
    }

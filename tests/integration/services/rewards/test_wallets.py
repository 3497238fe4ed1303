"""Wallets: given by two people, allotted, spent by redemptions and runs, and never exceeded."""

import asyncio
import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest

from services.rewards.main import SPEC
from services.rewards.wallets.domain.reservations import Reservation
from services.rewards.wallets.domain.wallets import UsedFor, WalletActor, WalletExceededError
from services.rewards.wallets.handlers.moving import free_expired, post, refund, reserve, reserve_all, void
from services.rewards.wallets.handlers.told import on_decisions_told, on_moves_told, on_wallets_told
from shared.contracts.facts import WALLET_CHANGED, WALLET_DECISION_CHANGED, WALLET_MOVED
from shared.postgres import create_pool
from tests.integration.services.rewards.cards import configure
from tests.integration.services.rewards.finance import ByHand, Finance, approved, filed
from tests.integration.services.rewards.test_redeeming import redeem
from tests.integration.services.rewards.upkeep import run_out
from tests.integration.services.world import tie

pytestmark = pytest.mark.stack

BY = WalletActor(None, "test")


class Wallets:
    """The wallets of a community in which one person proposes and another confirms."""

    def __init__(self, finance: Finance) -> None:
        self.finance, self.world = finance, finance.world

    async def make(self, currency: str = "EUR", **more: Any) -> Any:
        body = {"title": "Community 2026", "currency": currency, **more}
        answer = await self.finance.maker.post("/v1/wallets", json=body, headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code == 201, answer.text
        return answer.json()["wallet_id"]

    async def propose(self, wallet: str, kind: str, **more: Any) -> Any:
        body = {"kind": kind, "reason": "As planned", **more}
        key = {"Idempotency-Key": uuid4().hex}
        return await self.finance.maker.post(f"/v1/wallets/{wallet}/decisions", json=body, headers=key)

    async def confirm(self, proposed: Any, api: Any = None) -> Any:
        url = f"/v1/wallet-decisions/{proposed.json()['decision_id']}/confirm"
        return await (api or self.finance.approver).post(url)

    async def decide(self, wallet: str, kind: str, **more: Any) -> Any:
        proposed = await self.propose(wallet, kind, **more)
        assert proposed.status_code == 201, proposed.text
        answer = await self.confirm(proposed)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def funded(self, amount: int, currency: str = "EUR", **more: Any) -> str:
        wallet = await self.make(currency, **more)
        await self.decide(wallet, "fund", amount=amount)
        return str(wallet)

    async def funds(self, wallet: str) -> tuple[int, int, int]:
        answer = (await self.finance.maker.get(f"/v1/wallets/{wallet}")).json()
        return answer["available"], answer["reserved"], answer["spent"]

    async def facts(self) -> list[Any]:
        """What was told of wallets and is not sent yet; the outbox is emptied."""
        rows = await self.world.outbox()
        told = [orjson.loads(row["value"]) for row in rows if row["topic"] == "wallets.v1"]
        self.world.messages += [
            orjson.loads(row["value"])["data"] for row in rows if row["topic"] == "message.requested.v1"
        ]
        adapters = {one.name: one.adapter for one in (WALLET_CHANGED, WALLET_MOVED, WALLET_DECISION_CHANGED)}
        return [adapters[fact["type"]].validate_json(orjson.dumps(fact)) for fact in told]


@pytest.fixture
def wallets(finance: Finance) -> Wallets:
    return Wallets(finance)


async def test_a_wallet_is_given_by_two_people_and_allots(wallets: Wallets, all_pages: Any) -> None:
    top = await wallets.make()
    proposed = await wallets.propose(top, "fund", amount=10_000)
    assert (proposed.status_code, proposed.json()["state"]) == (201, "proposed"), proposed.text
    assert await wallets.funds(top) == (0, 0, 0)
    refused = await wallets.confirm(proposed, wallets.finance.maker)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:plaudit:problem:wallet-four-eyes")
    assert (await wallets.confirm(proposed)).status_code == 200
    assert (await wallets.confirm(proposed)).json()["type"] == "urn:plaudit:problem:wallet-refused"
    below = await wallets.make(parent_id=top, purpose="campaign", campaign_id="spring", title="Spring")
    await wallets.decide(top, "transfer", amount=4_000, to_wallet_id=below)
    assert (await wallets.funds(top), await wallets.funds(below)) == ((6_000, 0, 0), (4_000, 0, 0))
    too_much = await wallets.confirm(await wallets.propose(top, "withdraw", amount=6_001))
    assert (too_much.status_code, too_much.json()["type"]) == (409, "urn:plaudit:problem:wallet-exceeded")
    # Another tree gets nothing of it, another currency neither.
    other = await wallets.make()
    assert (await wallets.propose(top, "transfer", amount=1, to_wallet_id=other)).status_code == 409
    assert (
        await wallets.finance.maker.post(
            "/v1/wallets",
            json={"title": "Points", "currency": "PTS", "parent_id": top},
            headers={"Idempotency-Key": "points"},
        )
    ).status_code == 409
    # What is left goes back when it is closed, the lower one first.
    assert (await wallets.confirm(await wallets.propose(top, "close"))).status_code == 409
    await wallets.decide(below, "close")
    assert await wallets.funds(top) == (10_000, 0, 0)
    await wallets.decide(top, "close")
    assert await wallets.funds(top) == (0, 0, 0)
    assert await wallets.world.money() == {}
    moves = await all_pages(wallets.finance.maker, f"/v1/wallets/{top}/moves", limit=2)
    assert [move["kind"] for move in moves] == ["withdraw", "transfer", "transfer", "fund"]
    assert (await wallets.world.check()).differences == 0


async def test_what_moved_is_a_table_of_which_no_cell_is_a_formula(wallets: Wallets) -> None:
    top = await wallets.funded(10_000)
    await wallets.decide(top, "withdraw", amount=1_000)
    api, path = wallets.finance.maker, f"/v1/wallets/{top}/moves.csv"
    answer = await api.get(path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    moves = (await api.get(f"/v1/wallets/{top}/moves")).json()["items"]
    assert [(one["kind"], one["amount"], one["currency"]) for one in rows] == [
        ("withdraw", "1000", "EUR"),
        ("fund", "10000", "EUR"),
    ]
    assert [one["move_id"] for one in rows] == [one["move_id"] for one in moves]
    assert not any(cell.startswith(("=", "+", "-", "@")) for one in rows for cell in one.values())
    configure(wallets.world, api, wallet_moves_csv_max_count=1)
    assert (await api.get(path)).json()["type"] == "urn:plaudit:problem:wallet-moves-too-many"


async def test_fifty_at_once_spend_no_more_than_there_is(
    wallets: Wallets, by_hand: ByHand, stack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wallet = await wallets.funded(1_000)
    settings = SPEC.settings(**stack.settings(SPEC.name), pool_min_count=50, pool_max_count=50)
    many = await create_pool(SPEC.name, settings)
    one_pool = wallets.world.pool
    monkeypatch.setattr(wallets.world, "pool", many)

    async def one() -> str:
        try:
            async with wallets.world.begin() as tx:
                made = str(uuid4())
                await reserve(
                    tx,
                    community=wallets.world.community,
                    wallet_id=wallet,
                    reservation_id=made,
                    amount=70,
                    used_for=UsedFor.SEND,
                    by=BY,
                )
                await post(tx, community=wallets.world.community, reservation_id=made, amount=50, by=BY)
                await void(tx, community=wallets.world.community, reservation_id=made, by=BY)
        except WalletExceededError:
            return "refused"
        return "spent"

    became = Counter(await asyncio.gather(*(one() for _ in range(50))))
    await many.close()
    monkeypatch.setattr(wallets.world, "pool", one_pool)

    # Each frees 20 of its 70 before the next looks: 19 leave 50, which is less than 70.
    assert became == {"spent": 19, "refused": 31}
    assert await wallets.funds(wallet) == (50, 0, 950)
    # Whoever does not look is held by the database.
    with pytest.raises(asyncpg.CheckViolationError, match="would be overdrawn"):
        await by_hand(
            """
            update balances set amount = -1 where community = $1 and account_id in (
                select account_id from accounts where community = $1 and kind = 'wallet')
            """
        )
    assert (await wallets.world.check()).differences == 0


async def test_what_is_set_aside_is_spent_in_part_freed_given_back_and_expires(wallets: Wallets) -> None:
    wallet = await wallets.funded(1_000)
    of = {"community": wallets.world.community, "by": BY}
    first = Reservation(wallets.world.community, str(uuid4()), wallet, UsedFor.SEND, 600, datetime.now(UTC))
    async with wallets.world.begin() as tx:
        await reserve_all(tx, [first], by=BY)
        await reserve_all(tx, [first], by=BY)
    assert await wallets.funds(wallet) == (400, 600, 0)
    async with wallets.world.begin() as tx:
        await post(tx, reservation_id=first.reservation_id, amount=250, **of)
        await void(tx, reservation_id=first.reservation_id, amount=100, **of)
        await refund(tx, reservation_id=first.reservation_id, amount=50, **of)
    assert await wallets.funds(wallet) == (550, 250, 200)
    async with wallets.world.begin() as tx:
        second = str(uuid4())
        await reserve(
            tx,
            wallet_id=wallet,
            reservation_id=second,
            amount=550,
            used_for=UsedFor.SEND,
            expires_at=tx.now + timedelta(minutes=1),
            **of,
        )
        await run_out(tx, free_expired)
    assert await wallets.funds(wallet) == (0, 800, 200)
    async with wallets.world.begin() as tx:
        tx.now += timedelta(minutes=2)
        await run_out(tx, free_expired)
    assert await wallets.funds(wallet) == (550, 250, 200)
    # Frozen: nothing more is set aside, and what is goes on.
    freeze = await wallets.finance.maker.post(f"/v1/wallets/{wallet}/freeze", json={"reason": "Too fast"})
    assert (freeze.status_code, freeze.json()["state"]) == (200, "frozen")
    async with wallets.world.begin() as tx:
        await post(tx, reservation_id=first.reservation_id, **of)
    assert await wallets.funds(wallet) == (550, 0, 450)
    await wallets.decide(wallet, "thaw")
    assert (await wallets.finance.maker.get(f"/v1/wallets/{wallet}")).json()["state"] == "open"


async def test_redemptions_take_the_wallet_of_their_reward_or_that_of_all(wallets: Wallets) -> None:
    points = await wallets.funded(50, "PTS", title="Points")
    money = await wallets.funded(2_000, title="Shirts")
    await wallets.decide(points, "assign", spends="redemptions")
    await wallets.decide(money, "assign", spends="redemptions", reward_id="shirt", unit_cost=1_500)
    api, world = wallets.finance.maker, wallets.world
    sticker = (await redeem(api, world, "ada")).json()
    assert await wallets.funds(points) == (20, 30, 0)
    used_up = await redeem(api, world, "ada")
    assert (used_up.status_code, used_up.json()["type"]) == (409, "urn:plaudit:problem:budget-used-up")
    assert await world.balance("ada") == {"available": 1_220, "reserved": 30}
    shirt = (await redeem(api, world, "ada", "shirt")).json()
    assert await wallets.funds(money) == (500, 1_500, 0)
    assert (await redeem(api, world, "bob", "shirt")).status_code == 409
    await api.post(f"/v1/redemptions/{sticker['redemption_id']}/confirm")
    await api.post(f"/v1/redemptions/{shirt['redemption_id']}/cancel")
    assert (await wallets.funds(points), await wallets.funds(money)) == ((20, 0, 30), (2_000, 0, 0))
    # What is refunded is the wallet's again, all parts together all that it had paid.
    path = f"/v1/redemptions/{sticker['redemption_id']}/refunds"
    for key, part, funds in (("x", 7, (27, 0, 23)), ("y", 1, (28, 0, 22)), ("z", None, (50, 0, 0))):
        said = {"points": part, "reason": "broken"}
        assert (await api.post(path, json=said, headers={"Idempotency-Key": key})).status_code == 201
        assert await wallets.funds(points) == funds
    # Not assigned any more: nothing is asked of it.
    await wallets.decide(points, "unassign", spends="redemptions")
    assert (await redeem(api, world, "ada")).status_code == 201
    assert await wallets.funds(points) == (50, 0, 0)
    said = (await api.get("/v1/wallet-assignments")).json()["items"]
    assert [(one["reward_id"], one["unit_cost"], one["wallet_id"]) for one in said] == [("shirt", 1_500, money)]


async def test_a_run_takes_its_wallet_and_what_the_bank_says_moves_it(wallets: Wallets) -> None:
    finance = wallets.finance
    assert (await finance.payee("bob")).status_code == 200
    wallet = await wallets.funded(849)
    await wallets.decide(wallet, "assign", spends="payouts")
    run = await finance.run()
    refused = await finance.approve(run)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:plaudit:problem:wallet-exceeded")
    await wallets.decide(wallet, "fund", amount=1_151)
    assert (await finance.approve(run)).status_code == 200
    paid = sum(one["amount_minor"] for one in (await finance.payouts(run)).values() if one["state"] == "reserved")
    assert (paid, await wallets.funds(wallet)) == (850, (1_150, 850, 0))
    assert (await finance.file(run)).status_code == 200
    ada = (await finance.payouts(run))["ada"]["payout_id"]
    bob = (await finance.payouts(run))["bob"]["payout_id"]
    assert (await finance.outcome(run, "settled", payout_ids=[ada])).status_code == 200
    assert (await finance.outcome(run, "returned", payout_ids=[bob])).status_code == 200
    assert await wallets.funds(wallet) == (1_400, 0, 600)
    assert (await finance.outcome(run, "reversed", payout_ids=[ada])).status_code == 200
    assert await wallets.funds(wallet) == (2_000, 0, 0)
    # It had left after all: what the wallet still has of it is taken.
    await wallets.decide(wallet, "withdraw", amount=1_500)
    corrected = await finance.outcome(run, "corrected", payout_ids=[ada])
    assert corrected.status_code == 200, corrected.text
    assert await wallets.funds(wallet) == (0, 0, 500)
    assert (await wallets.world.check()).differences == 0


async def test_a_run_that_is_cancelled_frees_what_it_had_set_aside(wallets: Wallets) -> None:
    wallet = await wallets.funded(2_000)
    await wallets.decide(wallet, "assign", spends="payouts")
    run = await approved(wallets.finance)
    assert (await wallets.funds(wallet))[1] == 600
    assert (await wallets.finance.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")).status_code == 200
    assert await wallets.funds(wallet) == (2_000, 0, 0)
    await filed(wallets.finance)
    assert (await wallets.funds(wallet))[1] == 600


async def test_owners_of_a_wallet_that_gets_low_are_written_to_once(wallets: Wallets) -> None:
    world = wallets.world
    person = await tie(world.pool, world.community, wallets.finance.maker, world.uuid("ada"))
    wallet = await wallets.funded(1_000, low_amount=500, owners=[person])
    of = {"community": wallets.world.community, "used_for": UsedFor.SEND, "by": BY, "wallet_id": wallet}
    for amount in (500, 1, 1):
        async with wallets.world.begin() as tx:
            await reserve(tx, reservation_id=str(uuid4()), amount=amount, **of)
    told = [fact["data"] for fact in await wallets.facts() if fact["type"] == "wallet.changed.v1"]
    assert [(one["revision"], one["is_low"], one["available"]) for one in told] == [
        (1, False, 0),
        (2, True, 499),
    ]
    assert [(one["kind"], one["values"]) for one in wallets.world.messages] == [
        ("wallet_low", {"title": "Community 2026", "amount": "4.99 EUR"})
    ]
    await wallets.decide(wallet, "fund", amount=100)
    assert not (await wallets.finance.maker.get(f"/v1/wallets/{wallet}")).json()["is_low"]


async def test_what_a_restored_database_has_forgotten_is_taken_in_again(wallets: Wallets, by_hand: ByHand) -> None:
    top = await wallets.funded(10_000)
    below = await wallets.make(parent_id=top, title="Shirts")
    await wallets.decide(top, "transfer", amount=4_000, to_wallet_id=below)
    await wallets.decide(below, "assign", spends="redemptions", reward_id="shirt", unit_cost=1_500)
    waiting = await wallets.propose(top, "withdraw", amount=1)
    made = (await redeem(wallets.finance.maker, wallets.world, "ada", "shirt")).json()
    await wallets.finance.maker.post(f"/v1/redemptions/{made['redemption_id']}/confirm")

    async def everything() -> Any:
        api = wallets.finance.maker
        return [
            (await api.get(path)).json()
            for path in (
                "/v1/wallets",
                "/v1/wallet-assignments",
                "/v1/wallet-decisions",
                f"/v1/wallets/{below}/moves",
                f"/v1/wallet-decisions/{waiting.json()['decision_id']}",
            )
        ]

    before, facts = await everything(), await wallets.facts()
    for table in ("wallet_assignments", "wallet_decisions", "wallet_moves", "wallet_reservations"):
        await by_hand(f"delete from {table} where community = $1")
    await by_hand("delete from wallets where community = $1 and parent_id is not null")
    await by_hand("delete from wallets where community = $1")
    for table, of in (
        ("transfers", "kind like 'wallet%'"),
        (
            "entries",
            "account_id in (select account_id from accounts where community = $1 and kind like 'wallet%')",
        ),
        (
            "balances",
            "account_id in (select account_id from accounts where community = $1 and kind like 'wallet%')",
        ),
        (
            "turnovers",
            "account_id in (select account_id from accounts where community = $1 and kind like 'wallet%')",
        ),
        ("accounts", "kind like 'wallet%'"),
    ):
        await by_hand(f"delete from {table} where community = $1 and {of}")

    for _ in range(2):
        for handler, name in (
            (on_wallets_told, WALLET_CHANGED.name),
            (on_moves_told, WALLET_MOVED.name),
            (on_decisions_told, WALLET_DECISION_CHANGED.name),
        ):
            await wallets.world.handle(handler, *(fact for fact in facts if fact["type"] == name))

    assert await everything() == before
    assert (await wallets.world.check()).ledger.differences == 0

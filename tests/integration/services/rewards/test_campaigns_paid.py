"""What campaigns award is paid from their wallets: told to whoever awards, never exceeded, never paid twice."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.rewards.main import SPEC
from services.rewards.metrics import CAMPAIGNS_LACKING
from services.rewards.wallets.handlers.awarding import on_awards
from services.rewards.wallets.handlers.campaigns import pay_campaigns
from shared.contracts.facts import WALLET_CAMPAIGN_CHANGED
from shared.topics import POINTS, record_key
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import send
from tests.integration.services.rewards.office import Office, published
from tests.integration.services.rewards.test_wallets import Wallets, wallets

__all__ = ["wallets"]
pytestmark = pytest.mark.stack

PAY = next(timer for timer in SPEC.timers if timer.name == "pay-campaigns")
SPRING = {"currency": "PTS", "purpose": "campaign", "campaign_id": "spring"}


def of_spring(fact: Any) -> Any:
    fact["data"]["campaign"] = "spring"
    return fact


async def give(wallets: Wallets, *facts: Any) -> None:
    await wallets.world.handle(on_awards, *(of_spring(fact) for fact in facts))


async def pay(wallets: Wallets) -> None:
    async with wallets.world.begin() as tx:
        await pay_campaigns(tx)


async def limits(wallets: Wallets) -> list[Any]:
    """What was told of what the campaign may come to, and not asked before."""
    told = [orjson.loads(row["value"]) for row in await wallets.world.outbox() if row["topic"] == "wallets.v1"]
    facts = [
        WALLET_CAMPAIGN_CHANGED.adapter.validate_python(fact)
        for fact in told
        if fact["type"] == WALLET_CAMPAIGN_CHANGED.name
    ]
    return [fact["data"].get("limit_points") for fact in facts]


async def test_a_wallet_pays_what_its_campaign_awards_and_no_more_than_it_holds(wallets: Wallets) -> None:
    world, api = wallets.world, wallets.finance.maker
    await give(wallets, world.award("before", "ada", 100))
    wallet = await wallets.funded(100, **SPRING)
    assert await limits(wallets) == []
    await wallets.decide(wallet, "assign", spends="campaign")
    # What was awarded before is nothing to it, also where it was not counted yet.
    await pay(wallets)
    assert (await limits(wallets), await wallets.funds(wallet)) == ([200], (100, 0, 0))
    assigned = (await api.get("/v1/wallet-assignments")).json()["items"]
    assert [(one["spends"], one["campaign_id"], one["reward_id"]) for one in assigned] == [
        ("campaign", "spring", None)
    ]

    first = world.award("first", "ada", 60)
    await give(wallets, first, world.award("other", "bob", 10))
    await give(wallets, first)
    await pay(wallets)
    assert await wallets.funds(wallet) == (30, 0, 70)
    # What is taken back comes back to it.
    await give(wallets, world.award("first less", "ada", -20, "first", total=40))
    await pay(wallets)
    assert (await wallets.funds(wallet), await limits(wallets)) == ((50, 0, 50), [])
    # More than it holds: the members have it, and the wallet is empty, not below.
    await give(wallets, world.award("much", "bob", 80))
    await pay(wallets)
    await pay(wallets)
    shown = (await api.get(f"/v1/wallets/{wallet}")).json()
    assert (shown["available"], shown["unpaid_points"], CAMPAIGNS_LACKING._value.get()) == (0, 30, 1)
    assert (await world.balance("bob"))["available"] == 500 + 90
    assert await limits(wallets) == []
    await wallets.decide(wallet, "fund", amount=50)
    await pay(wallets)
    shown = (await api.get(f"/v1/wallets/{wallet}")).json()
    assert (shown["available"], shown["unpaid_points"], CAMPAIGNS_LACKING._value.get()) == (20, 0, 0)
    assert await limits(wallets) == [250]
    # A frozen one pays nothing, and nothing more is to be awarded until it is open again.
    await api.post(f"/v1/wallets/{wallet}/freeze", json={"reason": "Wrong"})
    await give(wallets, world.award("late", "ada", 5))
    await pay(wallets)
    assert (await wallets.funds(wallet), await limits(wallets)) == ((20, 0, 130), [230])
    await wallets.decide(wallet, "thaw")
    await pay(wallets)
    assert (await wallets.funds(wallet), await limits(wallets)) == ((15, 0, 135), [250])
    moves = (await api.get(f"/v1/wallets/{wallet}/moves")).json()["items"]
    assert {one["used_for"] for one in moves if one["kind"] in ("reserve", "post", "refund")} == {"campaign"}
    # Without it the campaign's own budget alone holds.
    await wallets.decide(wallet, "close")
    await give(wallets, world.award("after", "ada", 7))
    await pay(wallets)
    assert (await wallets.funds(wallet), await limits(wallets)) == ((0, 0, 135), [235, None])
    assert (await world.check()).ledger.differences == 0


async def test_what_is_told_is_read_however_much_is_in_a_wallet(wallets: Wallets) -> None:
    wallet = await wallets.funded(1_000_000_000_000, **SPRING)
    await wallets.decide(wallet, "fund", amount=1_000_000_000_000)
    await wallets.decide(wallet, "assign", spends="campaign")
    assert await limits(wallets) == [1_000_000_000_000]


async def test_what_a_wallet_cannot_pay_for_is_not_assigned_to_it(wallets: Wallets) -> None:
    money = await wallets.make("EUR", purpose="campaign", campaign_id="spring")
    nobodys = await wallets.make("PTS")
    spring = await wallets.make(**SPRING)
    for wallet, more in ((money, {}), (nobodys, {}), (spring, {"reward_id": "mug"}), (spring, {"unit_cost": 1})):
        refused = await wallets.propose(wallet, "assign", spends="campaign", **more)
        assert refused.json()["type"] == "urn:plaudit:problem:wallet-refused"


async def test_whatever_comes_at_once_a_wallet_pays_what_it_holds_and_no_more(wallets: Wallets) -> None:
    world = wallets.world
    wallet = await wallets.funded(500, **SPRING)
    await wallets.decide(wallet, "assign", spends="campaign")
    taken_out = [await wallets.propose(wallet, "withdraw", amount=40) for _ in range(3)]

    async def award(number: int) -> None:
        await give(wallets, *(world.award(f"{number} {n}", "ab"[n % 2], 5) for n in range(4)))

    async def work(number: int) -> None:
        await award(number)
        await pay(wallets)

    answers = await asyncio.gather(
        *(work(number) for number in range(30)), *(wallets.confirm(one) for one in taken_out)
    )
    await pay(wallets)
    gone = 40 * sum(one is not None and one.status_code == 200 for one in answers)
    shown = (await wallets.finance.maker.get(f"/v1/wallets/{wallet}")).json()
    assert (shown["available"], shown["reserved"], shown["spent"]) == (0, 0, 500 - gone)
    assert shown["unpaid_points"] == 600 - (500 - gone)
    await wallets.decide(wallet, "fund", amount=1_000)
    await pay(wallets)
    assert await wallets.funds(wallet) == (1_500 - gone - 600, 0, 600)
    assert (await world.check()).ledger.differences == 0


async def test_after_a_restore_a_wallet_pays_nothing_twice(office: Office) -> None:
    world = office.world

    async def ask(path: str, by: str = "maker", **body: Any) -> Any:
        return await office.ask("POST", path, by=by, key=uuid4().hex, json=body or None)

    async def decide(**body: Any) -> None:
        made = await ask(f"/v1/wallets/{wallet}/decisions", reason="As planned", **body)
        await ask(f"/v1/wallet-decisions/{made['decision_id']}/confirm", by="approver")

    async def award(name: str, points: int) -> None:
        fact = of_spring(world.award(name, "ada", points))
        await send(office.state, [(POINTS, record_key(world.community, world.uuid("ada")), fact)])

    async def funds() -> Any:
        found = await office.ask("GET", f"/v1/wallets/{wallet}")
        return found["available"], found["spent"], found["unpaid_points"]

    async def paid(parts: Any, *, lots: int) -> Any:
        await office.until_has("lots", lots)
        await parts.run_timer(PAY)
        return await funds()

    async with office.open() as parts:
        await office.prepare()
        wallet = (await ask("/v1/wallets", title="Spring", **SPRING))["wallet_id"]
        await decide(kind="fund", amount=100)
        await award("free", 30)
        await office.until_has("lots", 4)
        await published(office)
        saved = await backup(office.state, "rewards", office.directory)
        await decide(kind="assign", spends="campaign")
        await award("paid", 25)
        assert await paid(parts, lots=5) == (75, 25, 0)
        await published(office)

    await restore(office.state, "rewards", saved)
    async with office.open() as parts:
        assert await funds() == (75, 25, 0)
        await award("more", 80)
        assert await paid(parts, lots=6) == (0, 100, 5)
        assert (await office.check())["balanced"]

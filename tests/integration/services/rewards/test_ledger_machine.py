"""Everything that books, in any order, at the real store: against a plain model, and months that are closed."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from services.rewards.chain.handlers import chain
from services.rewards.erasure.handlers import on_members
from services.rewards.lots.handlers.upkeep import expire_points
from services.rewards.main import SPEC
from services.rewards.redemptions.handlers.ending import expire_reservations
from tests.integration.services.conftest import application
from tests.integration.services.merging import Merging
from tests.integration.services.rewards.conftest import RewardsWorld
from tests.integration.services.rewards.finance import IBANS, Finance
from tests.integration.services.rewards.ledger_rules import MEMBERS, MomentRules, WaitingRules, WalletRules
from tests.integration.services.rewards.upkeep import run_out
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

T = TypeVar("T")
SEED = 25
EXAMPLES, STEPS = 4, 30
STEP_SECONDS = 120
members = st.sampled_from(MEMBERS)
SCOPES = ("rewards:read", "rewards:write", "payouts:write", "payouts:approve", "payouts:read")
CHARGES = 1_250
#: What a bank says of payouts, one after the other, by how it ends.
ENDINGS = {
    "settled": ("settled",),
    "returned": ("returned",),
    "reversed": ("settled", "reversed"),
    "corrected": ("returned", "corrected"),
}


class LedgerMachine(WalletRules, WaitingRules, MomentRules):
    """A community's books over some months: what is given, used, paid, booked by hand, closed and opened again."""

    pool: Any
    #: What was booked in all examples, by the kind of transfer, and how many months were closed and opened again.
    done: Counter[str]
    event_loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.stack = AsyncExitStack()
        #: Points of open redemptions, by id; money of the community, by account.
        self.revisions: Counter[str] = Counter()
        self.open: dict[str, int] = {}
        #: What was spent for redemptions and is not back, by id.
        self.handed_out: dict[str, int] = {}
        self.spent = self.paid = self.runs_count = 0
        self.money: Counter[str] = Counter()
        self.waiting: list[str] = []
        #: Write-offs that are not owed again.
        self.written_off: list[str] = []
        #: What months closed with, and which of them are closed, oldest first.
        self.closed: dict[str, Any] = {}

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the loop that the pool lives on."""
        return asyncio.run_coroutine_threadsafe(work, self.event_loop).result(STEP_SECONDS)

    def ask(self, api: httpx.AsyncClient, path: str, body: Any = None) -> httpx.Response:
        return self.do(api.post(path, json=body, headers={"Idempotency-Key": uuid4().hex}))

    @initialize()
    def begin(self) -> None:
        self.do(self._begin())
        # Of an award that was used in part and is taken back some is written off, owed again, and made good.
        self._amend("short", 0)
        self.write_off("bob", 50, "approve")
        self.owe_again()
        self.write_off("bob", 20, "approve")
        self._amend("short", 1)

    async def _begin(self) -> None:
        self.world = world = RewardsWorld(self.pool)
        world.configure(reservation_ttl_seconds=5 * 86_400, points_grace_days=3)
        self.merging = Merging(world, on_members)
        # Some days into a month that has others after it, up to now.
        start = datetime.now(UTC) - timedelta(days=130)
        world.later = start.replace(day=20) - datetime.now(UTC)
        app = application(SPEC, world)
        people = []
        for _ in range(2):
            headers = await authorization(self.pool, world.community, *SCOPES)
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://rewards", headers=headers
            )
            people.append(await self.stack.enter_async_context(client))
        self.finance = Finance(world, *people)
        await world.publish()
        await world.join(*MEMBERS)
        for member in MEMBERS:
            body = {"name": member, "iban": IBANS[member]}
            assert (await self.finance.maker.put(f"/v1/payees/{world.uuid(member)}", json=body)).is_success
        await self._give("first", "ada", 700)
        await self._give("short", "bob", 300, self.now + timedelta(days=2))
        body = {"member_id": world.uuid("bob"), "reward_id": "sticker"}
        made = [
            (await self.finance.maker.post("/v1/redemptions", json=body, headers={"Idempotency-Key": key})).json()
            for key in ("left-open", "given-up", "handed-out", "in-part")
        ]
        self.open[made[0]["redemption_id"]] = 30
        for one, verb, body in (
            (made[1], "cancel", None),
            (made[2], "confirm", None),
            (made[3], "confirm", {"points": 7}),
        ):
            ended = await self.finance.approver.post(f"/v1/redemptions/{one['redemption_id']}/{verb}", json=body)
            assert ended.status_code == 200
        self.spent += 30 + 7
        self.handed_out = {made[2]["redemption_id"]: 30, made[3]["redemption_id"]: 7}
        await self.fund()
        # What is left open is freed some days later, unless it is spent before.
        await self._reserve(70, 3)
        await self._reserve(100, None)
        whole = next(one for one, held in self.set_aside.items() if held.until is None)
        for verb in ("post", "refund"):
            await self._settle(whole, verb, 0.4)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.world.later

    async def _give(self, name: str, member: str, points: int, expires_at: datetime | None = None) -> None:
        award = self.world.award(name, member, points, at=self.now)
        if expires_at is not None:
            award["data"]["expires_at"] = expires_at
        # Again is nothing.
        await self.world.give(award)
        await self.world.give(award)
        self.totals[name], self.owner[name] = points, member

    @rule(member=members, points=st.integers(1, 900), days=st.none() | st.integers(1, 40))
    def award(self, member: str, points: int, days: int | None) -> None:
        expires_at = None if days is None else self.now + timedelta(days=days)
        self.do(self._give(f"a{len(self.totals)}", member, points, expires_at))

    @rule(data=st.data(), share=st.sampled_from([0, 0.5, 1]))
    def amend(self, data: st.DataObject, share: float) -> None:
        """An award amounts to less, nothing, or all that it did again."""
        name = data.draw(st.sampled_from(sorted(self.totals)))
        if not name.endswith(" at first"):
            self._amend(name, share)

    def _amend(self, name: str, share: float) -> None:
        first = self.totals.get(f"{name} at first", self.totals[name])
        self.totals.setdefault(f"{name} at first", first)
        change = int(first * share) - self.totals[name]
        if change:
            self.revisions[name] += 1
            revision = self.revisions[name]
            fact = self.world.award(
                f"{name} {revision}", self.owner[name], change, name, revision=revision, at=self.now
            )
            self.do(self.world.give(fact))
            self.totals[name] += change

    @rule(member=members, reward=st.sampled_from([("sticker", 30), ("shirt", 400)]))
    def redeem(self, member: str, reward: tuple[str, int]) -> None:
        head = self.merging.head(member)
        before = self.do(self._usable(head))
        made = self.ask(
            self.finance.maker, "/v1/redemptions", {"member_id": self.world.uuid(member), "reward_id": reward[0]}
        )
        assert made.status_code == (201 if before >= reward[1] else 409), made.text
        if made.status_code == 201:
            self.open[made.json()["redemption_id"]] = reward[1]

    async def _usable(self, member: str) -> int:
        """What is available to a member once what waits no longer is there, and what is over is booked away."""
        await self.mature()
        async with self.world.begin() as tx:
            await expire_points(tx)
        return (await self.world.balance(member)).get("available", 0)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), verb=st.sampled_from(["confirm", "cancel"]), part=st.none() | st.integers(1, 29))
    def end_redemption(self, data: st.DataObject, verb: str, part: int | None) -> None:
        """All that was reserved is spent, or a part of it, or nothing."""
        redemption = data.draw(st.sampled_from(sorted(self.open)))
        body = {"points": part} if verb == "confirm" else None
        ended = self.ask(self.finance.approver, f"/v1/redemptions/{redemption}/{verb}", body)
        if ended.status_code == 200:
            points = self.open.pop(redemption)
            if verb == "confirm":
                self.spent += part or points
                self.handed_out[redemption] = part or points
        else:
            # Its time was over: a timer or this request saw that.
            assert ended.status_code == 409, ended.text

    @precondition(lambda self: self.handed_out)
    @rule(data=st.data(), share=st.sampled_from([0.3, 0.7, 1, 1.5]))
    def refund(self, data: st.DataObject, share: float) -> None:
        """A part of what was spent goes back, or the rest of it; never more, whatever month it was spent in."""
        redemption = data.draw(st.sampled_from(sorted(self.handed_out)))
        left = self.handed_out[redemption]
        points = max(1, int(left * share)) if share <= 1 else left + 1
        said = {"points": points, "reason": "broken"}
        answer = self.ask(self.finance.approver, f"/v1/redemptions/{redemption}/refunds", said)
        assert answer.status_code == (201 if points <= left else 409), answer.text
        if points <= left:
            self.spent -= points
            self.handed_out[redemption] -= points
            if points == left:
                del self.handed_out[redemption]

    @rule(days=st.integers(1, 12))
    def pass_days(self, days: int) -> None:
        """Time goes on, until now: reservations and points that are over are booked away."""
        self.world.later = min(self.world.later + timedelta(days=days), timedelta(0))
        self.do(self._sweep())

    async def _sweep(self) -> None:
        await self.mature()
        for timer in (expire_reservations, expire_points):
            async with self.world.begin() as tx:
                await run_out(tx, timer)
        await self.free()
        for redemption in list(self.open):
            found = (await self.finance.maker.get(f"/v1/redemptions/{redemption}")).json()
            if found["state"] == "expired":
                del self.open[redemption]

    @rule(ending=st.sampled_from([*ENDINGS, "cancelled"]))
    def pay(self, ending: str) -> None:
        """A run for whoever has enough, by two people: settled, sent back by the bank then or later, or given up.

        That the bank sent it back may be wrong.
        """
        self.do(self._pay(ending))

    async def _pay(self, ending: str) -> None:
        # To another account than the one that money came back from.
        self.runs_count += 1
        account = {"name": "ada", "iban": IBANS["eve" if self.runs_count % 2 else "ada"]}
        assert (await self.finance.maker.put(f"/v1/payees/{self.world.uuid('ada')}", json=account)).is_success
        run = await self.finance.run()
        sums = {one["state"]: one for one in run["payouts"]}
        if "eligible" not in sums or ending == "cancelled":
            assert (await self.finance.maker.post(f"/v1/payout-runs/{run['run_id']}/cancel")).is_success
            return
        assert (await self.finance.approve(run)).is_success
        assert (await self.finance.file(run)).is_success
        of_bank = [one for one in (await self.finance.payouts(run)).values() if one["state"] == "submitted"]
        ids = [one["payout_id"] for one in of_bank]
        for state in ENDINGS[ending]:
            said = await self.finance.outcome(run, state, payout_ids=ids, reason="MS03")
            assert said.is_success, said.text
        if ending in ("settled", "corrected"):
            self.paid += sum(one["points"] for one in of_bank)
            self.money["bank"] += sum(one["amount_minor"] for one in of_bank)
            self.money["payout_expense"] -= sum(one["amount_minor"] for one in of_bank)

    @rule(member=members, points=st.integers(1, 400), ending=st.sampled_from(["approve", "withdraw"]))
    def write_off(self, member: str, points: int, ending: str) -> None:
        """What a member owes is written off by two people, or refused where nothing is owed."""
        self.do(self._usable(member))
        owed = max(0, -self.do(self.world.balance(self.merging.head(member))).get("available", 0))
        asked = {"member_id": self.world.uuid(member), "points": min(points, owed or points), "reason": "kept"}
        proposed = self.ask(self.finance.maker, "/v1/debt-write-offs", asked)
        assert proposed.status_code == (201 if owed else 409), proposed.text
        if owed:
            path = f"/v1/debt-write-offs/{proposed.json()['write_off_id']}/{ending}"
            decided = self.ask(self.finance.approver, path)
            assert decided.status_code == 200, decided.text
            assert decided.json()["booked_points"] == (asked["points"] if ending == "approve" else None)
            self.written_off += [proposed.json()["write_off_id"]] if ending == "approve" else []

    @precondition(lambda self: self.written_off)
    @rule()
    def owe_again(self) -> None:
        """What is left of a write-off is owed again; of one that was made good nothing is."""
        path = f"/v1/debt-write-offs/{self.written_off.pop()}/reverse"
        proposed = self.ask(self.finance.maker, path, {"reason": "wrong"})
        assert proposed.status_code == 201, proposed.text
        path = f"/v1/debt-write-offs/{proposed.json()['write_off_id']}"
        decided = self.ask(self.finance.approver, f"{path}/approve")
        if decided.status_code != 200:
            assert decided.status_code == 409, decided.text
            assert self.ask(self.finance.maker, f"{path}/withdraw").status_code == 200

    @rule(treatment=st.sampled_from(["owe", "keep_below", "keep"]))
    def policy(self, treatment: str) -> None:
        """From now on something else becomes of used points that are taken back."""
        terms = {"effective_from": "2020-01-01", "treatment": treatment}
        terms |= {"below_points": 200} if treatment == "keep_below" else {}
        proposed = self.ask(self.finance.maker, "/v1/finance/clawback-policies", terms)
        path = f"/v1/finance/clawback-policies/{proposed.json()['policy_id']}/approve"
        assert self.ask(self.finance.approver, path).status_code == 200

    @rule(month=st.booleans(), verb=st.sampled_from(["confirm", "withdraw", None]))
    def book_by_hand(self, month: bool, verb: str | None) -> None:
        """Propose a journal, of a month that is open or of now, and decide one, or leave it to wait."""
        lines = [
            {"account": "bank", "currency": "EUR", "amount": CHARGES},
            {"account": "bank_charges", "currency": "EUR", "amount": -CHARGES},
        ]
        dated = {"month": self._open_month()} if month else {}
        proposed = self.ask(self.finance.maker, "/v1/journals", {"reason": "charges", "lines": lines, **dated})
        assert proposed.status_code == 201, proposed.text
        self.waiting.append(proposed.json()["journal_id"])
        if verb is not None:
            self._decide_journal(verb)

    def _open_month(self) -> str:
        """The first month that is open."""
        listed = self.do(self.finance.maker.get("/v1/periods")).json()["items"]
        return str(min(one["month"] for one in listed if one["state"] == "open"))

    def _decide_journal(self, verb: str) -> None:
        journal = self.waiting.pop(0)
        decided = self.ask(self.finance.approver, f"/v1/journals/{journal}/{verb}")
        if decided.status_code == 200 and verb == "confirm":
            self.money["bank"] += CHARGES
            self.money["bank_charges"] -= CHARGES
        else:
            # Its month may have been closed since.
            assert decided.status_code in (200, 409), decided.text

    @rule(then=st.sampled_from(["book", "close"]))
    def close(self, then: str) -> None:
        """Close the first month that is open, if it is over; or open again the last that is closed."""
        if then == "book" and self.closed:
            self._reopen()
            self.book_by_hand(True, "confirm")
            return
        self.do(self._chain())
        month = self._open_month()
        proposed = self.ask(self.finance.maker, f"/v1/periods/{month}/close")
        if month >= f"{self.now:%Y-%m}":
            assert proposed.status_code == 409, proposed.text
            return
        assert proposed.status_code == 200, proposed.text
        assert self.ask(self.finance.maker, f"/v1/periods/{month}/confirm").status_code == 403
        assert self.ask(self.finance.approver, f"/v1/periods/{month}/confirm").status_code == 200
        self.closed[month] = self.do(self._figures(month))
        self.done["close"] += 1

    def _reopen(self) -> None:
        month = max(self.closed)
        proposed = self.ask(self.finance.maker, f"/v1/periods/{month}/reopen", {"reason": "late"})
        assert proposed.status_code == 200, proposed.text
        assert self.ask(self.finance.approver, f"/v1/periods/{month}/confirm").status_code == 200
        del self.closed[month]
        self.done["reopen"] += 1

    @rule()
    def merge_or_part(self) -> None:
        if self.merging.into:
            self.do(self.merging.unmerge("bob"))
        else:
            self.do(self.merging.merge("bob", "ada"))

    async def _figures(self, month: str) -> Any:
        found = (await self.finance.maker.get(f"/v1/periods/{month}")).json()
        assert found["balanced"]
        return {(one["kind"], one["currency"]): one["after"] for one in found["figures"]}

    async def _chain(self) -> None:
        async with self.world.begin() as tx:
            while await chain(tx):
                pass

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.do(self._compare())
            self.note_what_is_used()
            for ending in ENDINGS:
                self.award("ada", 900, None)
                self.pay(ending)
            # Some months later everything holds as well: what was open is over, and the months can be closed.
            self.pass_days(60)
            for then in ("close", "close", "book", "close"):
                self.close(then)
            self.do(self._compare())
            self.do(self.stack.aclose())

    async def _compare(self) -> None:
        await self.mature()
        sums: Counter[str] = Counter()
        for member in MEMBERS:
            sums.update(await self.world.balance(member))
        issued = sum(points for name, points in self.totals.items() if not name.endswith(" at first"))
        assert sums["reserved"] == sum(self.open.values())
        assert (sums["spent"], sums["paid"]) == (self.spent, self.paid)
        kept = await self._kept()
        assert kept >= 0
        had = sums["available"] + sums["pending"] + sums["expired"]
        assert had == issued + kept - sums["reserved"] - self.spent - self.paid
        assert await self.world.money() == {kind: amount for kind, amount in self.money.items() if amount}
        rows = await self.pool.fetch(
            "select kind, count(*) as number from transfers where community = $1 group by 1",
            self.world.community,
        )
        self.done.update({row["kind"]: row["number"] for row in rows})
        await self._chain()
        found = await self.world.check()
        assert found.differences == 0, list(found.lines())
        await self._report()
        await self.compare_moments()
        # What a month closed with is what its entries are, whatever came after.
        for month, figures in self.closed.items():
            assert await self._figures(month) == figures
            booked = await self._booked_until(month)
            assert booked == {key: amount for key, amount in figures.items() if amount}

    async def _kept(self) -> int:
        """What members keep although it was taken back: by the books, and by the lots."""
        kept = await self.pool.fetchval(
            """
            select coalesce(-sum(b.amount), 0)::bigint
            from accounts a join balances b using (community, account_id)
            where a.community = $1 and a.kind = 'debts_written_off'
            """,
            self.world.community,
        )
        of_lots = await self.pool.fetchval(
            "select sum(written_off)::bigint from lots where community = $1", self.world.community
        )
        assert kept == of_lots
        return int(kept)

    async def _report(self) -> None:
        """Statements and months' ends say what the books say, to the unit."""
        api = self.finance.maker
        for member in MEMBERS:
            if self.merging.head(member) != member:
                continue
            closing, held = 0, await self._held(member)
            for year in (self.now.year - 1, self.now.year):
                said = (await api.get(f"/v1/members/{self.world.uuid(member)}/statements/{year}")).json()
                points = said["sums"][0]
                assert points["opening"] == closing
                assert points["closing"] == closing + sum(_change(day) for day in said["days"])
                closing = points["closing"]
            assert closing == held
        for one in (await api.get("/v1/periods")).json()["items"]:
            end = (await api.get(f"/v1/finance/month-ends/{one['month']}")).json()
            assert (end["balanced"], end["points"]["difference"]) == (True, 0), end
            assert end["is_preliminary"] == (end["state"] not in ("closed", "locked"))

    async def _held(self, member: str) -> int:
        """What is pending, available and reserved of a member, and of who is merged into them, by the books."""
        of = [one for one in MEMBERS if self.merging.head(one) == member]
        sums: Counter[str] = Counter()
        for one in of:
            sums.update(await self.world.balance(one))
        return sum(sums[kind] for kind in ("pending", "available", "reserved"))

    async def _booked_until(self, month: str) -> Any:
        rows = await self.pool.fetch(
            """
            select a.kind, a.currency, sum(e.amount)::bigint as amount
            from entries e join accounts a using (community, account_id)
            join periods p on p.community = e.community and p.month = $2
            where e.community = $1 and e.recorded_at < p.ends_at group by 1, 2 having sum(e.amount) <> 0
            """,
            self.world.community,
            datetime.fromisoformat(f"{month}-01").date(),
        )
        return {(row["kind"], row["currency"]): row["amount"] for row in rows}


def _change(day: Any) -> int:
    """By how much more points a member has after a day of a statement."""
    if day["currency"] != "PTS":
        return 0
    came = day["earned"] + day["corrected"] + day["written_off"] + day["merged"]
    return int(came - day["redeemed"] - day["paid"] - day["expired"])


@pytest.mark.timeout(600)
async def test_whatever_is_booked_the_books_are_those_of_a_plain_model(pool: Any) -> None:
    class OnThisStack(LedgerMachine):
        pass

    OnThisStack.pool, OnThisStack.event_loop, OnThisStack.done = pool, asyncio.get_running_loop(), Counter()
    limits = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    await asyncio.to_thread(run_state_machine_as_test, seed(SEED)(OnThisStack), settings=limits)
    # The seed is one by which everything happened.
    payouts = {
        f"payout_{state}" for state in ("reserved", "submitted", "settled", "returned", "reversed", "corrected")
    }
    redemptions = {
        f"redemption_{state}" for state in ("reserved", "confirmed", "voided", "cancelled", "expired", "refunded")
    }
    others = {"award", "amendment", "maturity", "expiry", "merge", "unmerge", "journal", "close", "reopen"}
    others |= {"debt_written_off", "debt_owed_again"}
    others |= {f"wallet_{kind}" for kind in ("fund", "reserve", "post", "void", "refund")}
    assert OnThisStack.done.keys() >= payouts | redemptions | others

"""Rails in any order, at the real store: banks in two currencies, a provider, members who change their minds, a
schedule; what must hold of money and points whatever was done."""

import asyncio
import secrets
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
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.rewards.main import SPEC
from services.rewards.payouts.runs.handlers.pieces import carry_on_runs
from services.rewards.payouts.schedules.handlers import prepare_scheduled
from tests.integration.services.conftest import application
from tests.integration.services.rewards.conftest import TERMS, RewardsWorld
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.remitting import Till, remitting
from tests.integration.services.rewards.test_three_currencies import YEN
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

T = TypeVar("T")
SEED = 25
EXAMPLES, STEPS = 2, 14
STEP_SECONDS = 300
MEMBERS = ("ada", "bob", "eve")
SCOPES = ("payouts:write", "payouts:approve", "payouts:read", "rewards:read", "rewards:write")
EUR, YENS, SANDBOX = (None, "EUR"), (None, "JPY"), ("sandbox", "EUR")
Rail = tuple[str | None, str]
rails = st.sampled_from([EUR, YENS, SANDBOX])
members = st.sampled_from(MEMBERS)
OPEN, TAKEN = ("held", "eligible"), ("reserved", "submitted", "sent", "settled")
RATES = {
    "effective_from": "2026-01-01",
    "base": "EUR",
    "source": "table",
    "units": {"JPY": "163.21"},
    "max_move_basis_points": 500,
    "spread_basis_points": 0,
    "max_age_days": 3_650,
}
WEEKLY = {"effective_from": "2026-01-01", "every": "week", "on_day": 1, "at": "09:30"}
ACCOUNTS = {"EUR": "NL91ABNA0417164300", "JPY": "JPZGN 0005 025 7654321"}


def fresh(points: int, currency: str) -> int:
    """What so many points are worth that never were paid: 100 are EUR 0.50, and EUR 1 is JPY 163.21."""
    cents = points // 100 * 50
    return cents if currency == "EUR" else cents * 16_321 // 10_000


class RailsMachine(RuleBasedStateMachine):
    """A community that pays by three rails."""

    pool: Any
    done: Counter[str]
    event_loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.stack = AsyncExitStack()
        self.given: Counter[str] = Counter()
        self.way: dict[str, Rail] = dict.fromkeys(MEMBERS, EUR)
        #: By which rail each run pays, and who wanted that when it was made.
        self.made: dict[str, tuple[Rail, set[str]]] = {}

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the loop that the pool lives on."""
        return asyncio.run_coroutine_threadsafe(work, self.event_loop).result(STEP_SECONDS)

    @initialize()
    def begin(self) -> None:
        self.do(self._begin())
        # What single steps seldom reach: each rail pays, and each has money come back.
        self.choose("bob", YENS)
        self.choose("eve", SANDBOX)
        self.a_week_passes()
        self.go_on("settled")
        self.award("bob", 700)
        self.award("eve", 700)
        self.make(YENS)
        self.make(SANDBOX)
        self.go_on("returned")
        self.choose("ada", SANDBOX)

    async def _begin(self) -> None:
        self.world = world = RewardsWorld(self.pool)
        app, people = application(SPEC, world), []
        for _ in range(2):
            headers = await authorization(self.pool, world.community, *SCOPES)
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://rewards", headers=headers, timeout=60
            )
            people.append(await self.stack.enter_async_context(client))
        self.finance = Finance(world, *people)
        await world.publish(terms=TERMS | {"also": [{"currency": "JPY", "paying_account": YEN}]})
        await world.join(*MEMBERS)
        for member in MEMBERS:
            await self._give(member, 700)
        rates = await self._post("/v1/finance/rate-policies", RATES)
        await self._post(f"/v1/finance/rate-policies/{rates['policy_id']}/approve", by=self.finance.approver)
        self.till: Till = await self.stack.enter_async_context(remitting(self.finance, secrets.token_urlsafe(32)))
        for member in MEMBERS:
            await self._choose(member, EUR)
        schedule = await self._post("/v1/payout-schedules", WEEKLY)
        path = f"/v1/payout-schedules/{schedule['schedule_id']}"
        self.schedule = await self._post(f"{path}/approve", by=self.finance.approver)
        self.next_at = datetime.fromisoformat(self.schedule["next_times"][0]["at"])

    async def _post(self, path: str, body: Any = None, *, by: Any = None) -> Any:
        answer = await (by or self.finance.maker).post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
        assert answer.is_success, answer.text
        return answer.json()

    async def _give(self, member: str, points: int) -> None:
        await self.world.give(self.world.award(f"{member} {self.given[member]}", member, points))
        self.given[member] += points

    @rule(member=members, points=st.integers(1, 900))
    def award(self, member: str, points: int) -> None:
        self.do(self._give(member, points))

    @rule(member=members, rail=rails)
    def choose(self, member: str, rail: Rail) -> None:
        """A member wants to be paid otherwise from the next run on."""
        self.do(self._choose(member, rail))

    async def _choose(self, member: str, rail: Rail) -> None:
        url = f"/v1/payees/{self.world.uuid(member)}"
        if rail[0] is not None:
            # Whose account money came back from says that it is in order.
            answer = await self.till.receiver(member, confirm_account=True)
            assert answer.is_success, answer.text
        else:
            gone = await self.finance.maker.delete(f"{url}/receiver")
            assert gone.status_code in (204, 404), gone.text
            body = {"name": member.title(), "iban": ACCOUNTS[rail[1]], "confirm_account": True}
            answer = await self.finance.maker.put(url, json=body)
            assert answer.is_success, answer.text
        self.way[member] = rail

    @rule(rail=rails)
    def make(self, rail: Rail) -> None:
        """Somebody makes a run by a rail."""
        provider, currency = rail
        body = {"provider": provider} if provider else {"currency": currency}
        run = self.do(self._post("/v1/payout-runs", body))
        self._note(run["run_id"], rail)

    def _note(self, run_id: str, rail: Rail) -> None:
        self.made[run_id] = (rail, {member for member in MEMBERS if self.way[member] == rail})

    @rule()
    def a_week_passes(self) -> None:
        """The schedule prepares a run for each rail by which somebody is to be paid, and no other."""
        self.do(self._week())

    async def _week(self) -> None:
        self.world.later = max(self.world.later, self.next_at - datetime.now(UTC) + timedelta(seconds=1))
        path = f"/v1/payout-schedules/{self.schedule['schedule_id']}/times"
        for _ in range(100):
            async with self.world.begin() as tx:
                await prepare_scheduled(tx)
            async with self.world.begin() as tx:
                await carry_on_runs(tx)
            past = (await self.finance.maker.get(path)).json()["items"]
            if past and datetime.fromisoformat(past[0]["at"]) == self.next_at and past[0]["state"] != "computing":
                break
        self.next_at += timedelta(days=7)
        assert past[0]["state"] in ("prepared", "nothing"), past[0]
        found = {(run["provider"], run["currency"]): run["run_id"] for run in past[0]["runs"]}
        assert len(found) == len(past[0]["runs"])
        for rail, run_id in found.items():
            self._note(run_id, rail)
        waiting = {self.way[member] for member in MEMBERS if await self._is_free(member)}
        assert waiting == set(), "whoever could be paid is in a run now"

    async def _is_free(self, member: str) -> bool:
        """Whether somebody has enough for a payout and is in no run that waits."""
        row = await self.pool.fetchval(
            """
            select exists (select from payouts p join payout_runs r using (community, run_id)
                where p.community = $1 and p.member_id = $2 and p.state in ('held', 'eligible')
                    and r.state in ('computing', 'open'))
            """,
            self.world.community,
            self.world.uuid(member),
        )
        return not row and (await self.world.balance(member)).get("available", 0) >= 500

    @rule(outcome=st.sampled_from(["settled", "returned", "reversed"]))
    def go_on(self, outcome: str) -> None:
        """What is open is approved and filed, and banks and the provider say what became of it."""
        self.do(self._go_on(outcome))

    async def _go_on(self, outcome: str) -> None:
        open_ = [run_id for run_id in self.made if await self._state(run_id) == "open"]
        for run_id in open_:
            await self._post(f"/v1/payout-runs/{run_id}/approve", by=self.finance.approver)
            filed = await self.finance.maker.post(f"/v1/payout-runs/{run_id}/file")
            assert filed.status_code in (200, 409), filed.text
            if filed.status_code == 200 and self.made[run_id][0][0] is None:
                await self._hear(run_id, outcome)
        await self.world.published()
        await self.till.work()
        if outcome == "settled":
            return
        # What the provider paid moves back, once it is asked about again.
        settled = await self._payouts("settled")
        for paid in self.till.shop.till.payouts:
            if paid.standing == "paid" and paid.key in settled and settled[paid.key]["run_id"] in open_:
                self.till.shop.till.change(paid, "returned", "it came back")
                await self._post(f"/v1/remittances/{paid.key}/ask")
        await self.till.work(later_seconds=10)

    async def _hear(self, run_id: str, outcome: str) -> None:
        submitted = [one["payout_id"] for one in await self._of_run(run_id) if one["state"] == "submitted"]
        for said in ("settled", "reversed") if outcome == "reversed" else (outcome,):
            more = {"payout_ids": submitted, "reason": "recalled"}
            answer = await self.finance.outcome({"run_id": run_id}, said, **more)
            assert answer.is_success, answer.text

    @rule()
    def give_up(self) -> None:
        for run_id in self.made:
            if self.do(self._state(run_id)) == "open":
                self.do(self._post(f"/v1/payout-runs/{run_id}/cancel"))
                return

    async def _state(self, run_id: str) -> str:
        return str((await self.finance.maker.get(f"/v1/payout-runs/{run_id}")).json()["state"])

    async def _of_run(self, run_id: str) -> list[Any]:
        return list((await self.finance.maker.get("/v1/payouts", params={"run": run_id})).json()["items"])

    async def _payouts(self, state: str) -> dict[str, Any]:
        found = (await self.finance.maker.get("/v1/payouts", params={"state": state, "limit": 500})).json()
        return {one["payout_id"]: one for one in found["items"]}

    @invariant()
    def nothing_is_lost_or_paid_twice(self) -> None:
        if hasattr(self, "schedule"):
            self.do(self._look())

    async def _look(self) -> None:
        payouts = (await self.finance.maker.get("/v1/payouts", params={"limit": 500})).json()["items"]
        names = {self.world.uuid(member): member for member in MEMBERS}
        parts = await self.pool.fetch(
            "select distinct payout_id::text from payout_parts where community = $1", self.world.community
        )
        again = {row["payout_id"] for row in parts}
        for payout in payouts:
            rail, wanted = self.made[payout["run_id"]]
            # 1. Each is in a run of the way that its member had chosen, in that currency.
            assert names[payout["member_id"]] in wanted
            assert payout["currency"] == rail[1]
            assert (payout["receiver_id"] is not None) <= (rail[0] is not None)
            # 2. Points that never were paid are worth what they are at the price and rate.
            if payout["payout_id"] not in again:
                assert payout["amount_minor"] == fresh(payout["points"], rail[1])
        # 3. Points are taken once, and those that came back are there again.
        for member in MEMBERS:
            own = [one for one in payouts if one["member_id"] == self.world.uuid(member)]
            taken = sum(one["points"] for one in own if one["state"] in TAKEN)
            assert (await self.world.balance(member)).get("available", 0) == self.given[member] - taken
        # 4. Each currency by itself: what settled left the bank, and all sums are zero.
        rows = await self.pool.fetch(
            """
            select currency, kind, sum(amount)::bigint as amount from accounts join balances
            using (community, account_id) where community = $1 group by 1, 2
            """,
            self.world.community,
        )
        money = {(row["currency"], row["kind"]): row["amount"] for row in rows}
        for currency in ("EUR", "JPY"):
            settled = [one for one in payouts if (one["state"], one["currency"]) == ("settled", currency)]
            assert money.get((currency, "bank"), 0) == sum(one["amount_minor"] for one in settled)
            assert sum(amount for (of, _), amount in money.items() if of == currency) == 0
        # 5. The provider was asked once for each, and paid what settled.
        assert set(self.till.shop.till.asked.values()) <= {1}
        by_provider = {one["payout_id"]: one["amount_minor"] for one in payouts if one["receiver_id"]}
        paid = {one.key: one.amount_minor for one in self.till.shop.till.payouts}
        assert paid.items() <= by_provider.items()

    def teardown(self) -> None:
        if hasattr(self, "schedule"):
            found = self.do(self.world.check())
            assert found.differences == 0, list(found.lines())
            payouts = (self.do(self.finance.maker.get("/v1/payouts", params={"limit": 500}))).json()["items"]
            for one in payouts:
                provider, currency = self.made[one["run_id"]][0]
                self.done[f"{provider or currency} {one['state']}"] += 1
            self.do(self.stack.aclose())


@pytest.mark.timeout(900)
async def test_whatever_is_done_each_rail_pays_once_and_balances_by_itself(pool: Any) -> None:
    class OnThisStack(RailsMachine):
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
    assert OnThisStack.done.keys() >= {"EUR settled", "JPY settled", "JPY returned", "sandbox settled"}
    assert OnThisStack.done.keys() & {"sandbox returned", "sandbox reversed"}

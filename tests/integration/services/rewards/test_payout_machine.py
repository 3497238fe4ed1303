"""Everything that people and banks do with payouts, in any order, at the real store: against a plain model."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.rewards.main import SPEC
from tests.integration.services.conftest import application
from tests.integration.services.rewards.conftest import TERMS, RewardsWorld
from tests.integration.services.rewards.finance import IBANS, Finance
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

T = TypeVar("T")
SEED = 25
EXAMPLES, STEPS = 3, 15
STEP_SECONDS = 120
MEMBERS = ("ada", "bob", "eve")
members = st.sampled_from(MEMBERS)
SCOPES = ("payouts:write", "payouts:approve", "payouts:read", "rewards:read")
COUNTRIES = ("NL", "FR", "AT")
UNDECIDED, TAKEN = ("held", "eligible"), ("reserved", "submitted", "settled")


@dataclass
class Owed:
    """Points that came back, at the rate at which they were paid; a payout that is under way may have them."""

    points: int
    minor: int
    taken_by: "PlainPayout | None" = None


@dataclass
class PlainPayout:
    """A payout as it ought to be; `parts` are points and what 100 of them are worth."""

    member: str
    run: "PlainRun"
    parts: list[tuple[int, int]]
    state: str
    id: str = ""

    @property
    def points(self) -> int:
        return sum(points for points, _ in self.parts)

    @property
    def amount(self) -> int:
        return sum(points // 100 * minor for points, minor in self.parts)


@dataclass
class PlainRun:
    """A run as it ought to be."""

    id: str
    state: str = "open"
    payouts: list[PlainPayout] = field(default_factory=list)


class PayoutMachine(RuleBasedStateMachine):
    """A community that pays: runs, holds, payouts left out, what banks say, a price of points and a policy that
    change."""

    pool: Any
    #: The states that payouts of all examples ended in, and how often each rule did something.
    done: Counter[str]
    event_loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.stack = AsyncExitStack()
        self.given: Counter[str] = Counter()
        self.minor, self.version = 50, 1
        self.runs: list[PlainRun] = []
        self.owed: dict[str, list[Owed]] = {member: [] for member in MEMBERS}
        self.holds: dict[str, str] = {}
        self.with_details = {"ada", "bob"}
        #: What the policy in force says: the least amount, and in which countries accounts may be.
        self.minimum = 0
        self.countries: tuple[str, ...] = COUNTRIES

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the loop that the pool lives on."""
        return asyncio.run_coroutine_threadsafe(work, self.event_loop).result(STEP_SECONDS)

    def post(self, path: str, body: Any = None, *, expected: int = 200, approver: bool = False) -> Any:
        api = self.finance.approver if approver else self.finance.maker
        answer = self.do(api.post(path, json=body, headers={"Idempotency-Key": uuid4().hex}))
        assert answer.status_code == expected, answer.text
        return answer.json()

    @initialize()
    def begin(self) -> None:
        self.do(self._begin())
        # What single steps seldom reach: money that was paid, taken back, paid again and sent back, at two prices.
        self.pay_whoever_has_enough("reversed")
        self.change_the_price(100)
        self.pay_whoever_has_enough("settled")
        self.award("ada", 600)
        self.pay_whoever_has_enough("returned")
        self.change_the_policy(2_000, "FR")

    async def _begin(self) -> None:
        self.world = world = RewardsWorld(self.pool)
        app = application(SPEC, world)
        people = []
        for _ in range(2):
            headers = await authorization(self.pool, world.community, *SCOPES)
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://rewards", headers=headers
            )
            people.append(await self.stack.enter_async_context(client))
        self.finance = Finance(world, *people)
        await world.publish(terms=TERMS | {"minor": self.minor})
        await world.join(*MEMBERS)
        for member in MEMBERS:
            await self._give(member, 700)
        for member in self.with_details:
            assert (await self.finance.payee(member)).is_success

    async def _give(self, member: str, points: int) -> None:
        await self.world.give(self.world.award(f"{member} {self.given[member]}", member, points))
        self.given[member] += points

    @property
    def payouts(self) -> list[PlainPayout]:
        return [payout for run in self.runs for payout in run.payouts]

    def available(self, member: str) -> int:
        taken = [payout.points for payout in self.payouts if payout.member == member and payout.state in TAKEN]
        return self.given[member] - sum(taken)

    @rule(member=members, points=st.integers(1, 900))
    def award(self, member: str, points: int) -> None:
        self.do(self._give(member, points))

    @rule(minor=st.sampled_from([50, 100, 7]))
    def change_the_price(self, minor: int) -> None:
        self.version += 1
        self.minor = minor
        self.do(self.world.publish(self.version, TERMS | {"minor": minor}))

    def _is_kept_back(self, member: str) -> bool:
        """Whether finance holds their money, or the policy does not allow the country of their account."""
        return member in self.holds or IBANS[member][:2] not in self.countries

    @rule(minimum=st.sampled_from([0, 300, 2_000]), left_out=st.sampled_from([None, "NL", "FR"]))
    def change_the_policy(self, minimum: int, left_out: str | None) -> None:
        """Two people do: runs keep their minimum, and everything before a file is looked at again."""
        countries = tuple(country for country in COUNTRIES if country != left_out)
        body = {"effective_from": "2026-01-01", "currency": "EUR", "minimum_minor": minimum, "holding_days": 1}
        made = self.post("/v1/finance/payout-policies", body | {"countries": list(countries)}, expected=201)
        self.post(f"/v1/finance/payout-policies/{made['policy_id']}/approve", approver=True)
        self.minimum, self.countries = minimum, countries

    @rule()
    def give_details(self) -> None:
        assert self.do(self.finance.payee("eve")).is_success
        self.with_details.add("eve")
        self._let_go("eve")

    @rule()
    def make_a_run(self) -> None:
        made = self.do(self.finance.run())
        run = PlainRun(made["run_id"])
        for member in MEMBERS:
            open_ones = [one for one in self.payouts if one.member == member and one.state in UNDECIDED]
            if any(one.run.state == "open" for one in open_ones):
                continue
            parts = self._parts(member)
            if parts:
                for one in open_ones:
                    self._fail(one)
                free = member in self.with_details and not self._is_kept_back(member)
                payout = PlainPayout(member, run, parts, "eligible" if free else "held")
                run.payouts.append(payout)
                for owed in self.owed[member]:
                    owed.taken_by = owed.taken_by or payout
        self.runs.append(run)
        found = self.do(self.finance.payouts({"run_id": run.id}))
        assert found.keys() == {payout.member for payout in run.payouts}
        for payout in run.payouts:
            payout.id = found[payout.member]["payout_id"]

    def _parts(self, member: str) -> list[tuple[int, int]]:
        available = self.available(member)
        parts = [(owed.points, owed.minor) for owed in self.owed[member] if self._is_free(owed)]
        rest = (available - sum(points for points, _ in parts)) // 100 * 100 if available >= 500 else 0
        if (sum(points * minor for points, minor in parts) + rest * self.minor) // 100 < self.minimum:
            rest = 0  # what came back is owed all the same
        return [*parts, (rest, self.minor)] if rest else parts

    def _is_free(self, owed: Owed) -> bool:
        taken = owed.taken_by
        return taken is None or taken.state in UNDECIDED  # held by an earlier run, which the next one takes up

    def _fail(self, payout: PlainPayout) -> None:
        payout.state = "failed"
        for owed in self.owed[payout.member]:
            if owed.taken_by is payout:
                owed.taken_by = None

    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        for run in self._one_of(data, [run for run in self.runs if run.state == "open"]):
            self._approve(run)

    def _approve(self, run: PlainRun) -> None:
        self.post(f"/v1/payout-runs/{run.id}/approve", approver=True)
        run.state = "approved"
        for payout in run.payouts:
            if payout.state == "eligible":
                self._go(payout, "reserved")

    @rule(data=st.data())
    def write_the_file(self, data: st.DataObject) -> None:
        for run in self._one_of(data, [run for run in self.runs if run.state == "approved"]):
            self._file(run)

    def _file(self, run: PlainRun) -> None:
        reserved = [payout for payout in run.payouts if payout.state == "reserved"]
        for payout in reserved:
            self._go(payout, "submitted")
        is_any = any(payout.state == "submitted" for payout in reserved)
        self.post(f"/v1/payout-runs/{run.id}/file", expected=200 if is_any else 409)
        run.state = "filed" if is_any else "approved"

    @rule(outcome=st.sampled_from(["settled", "returned", "reversed"]))
    def pay_whoever_has_enough(self, outcome: str) -> None:
        """All of it at once: by single steps alone few payouts would come as far as the bank."""
        self.make_a_run()
        run = self.runs[-1]
        self._approve(run)
        self._file(run)
        for payout in run.payouts:
            if payout.state == "submitted":
                for said in ("settled", "reversed") if outcome == "reversed" else (outcome,):
                    self._hear(payout, said)

    def _go(self, payout: PlainPayout, state: str) -> None:
        """Bring a payout on, unless its member is kept back by now."""
        if self._is_kept_back(payout.member):
            self._fail(payout)
        else:
            payout.state = state

    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        for run in self._one_of(data, [run for run in self.runs if run.state in ("open", "approved")]):
            self.post(f"/v1/payout-runs/{run.id}/cancel")
            run.state = "cancelled"
            for payout in run.payouts:
                if payout.state in (*UNDECIDED, "reserved"):
                    self._fail(payout)

    @rule(data=st.data(), verb=st.sampled_from(["hold", "leave-out"]))
    def stop(self, data: st.DataObject, verb: str) -> None:
        for payout in self._one_of(data, self.payouts):
            can = payout.state in (*UNDECIDED, "reserved")
            body = {"cause": "under_review"}
            said = self.post(f"/v1/payouts/{payout.id}/{verb}", body, expected=200 if can else 409)
            if not can:
                continue
            if verb == "hold":
                self.holds.setdefault(payout.member, said["hold_id"])
            if verb == "leave-out" or payout.state != "held":
                self._fail(payout)

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        for member in self._one_of(data, sorted(self.holds)):
            self.post(f"/v1/payout-holds/{self.holds.pop(member)}/release")
            self._let_go(member)

    def _let_go(self, member: str) -> None:
        if self._is_kept_back(member) or member not in self.with_details:
            return
        for payout in self.payouts:
            if payout.member == member and payout.state == "held" and payout.run.state == "open":
                payout.state = "eligible"

    @rule(data=st.data(), outcome=st.sampled_from(["settled", "returned", "reversed"]))
    def hear_from_the_bank(self, data: st.DataObject, outcome: str) -> None:
        before = "settled" if outcome == "reversed" else "submitted"
        for payout in self._one_of(data, [payout for payout in self.payouts if payout.state == before]):
            self._hear(payout, outcome)

    def _hear(self, payout: PlainPayout, outcome: str) -> None:
        more = {"payout_ids": [payout.id], "reason": "MS03"}
        said = self.do(self.finance.outcome({"run_id": payout.run.id}, outcome, **more))
        assert said.is_success, said.text
        payout.state = outcome
        if outcome != "settled":
            # What it had paid again came back again: it is owed once, at the rate of the first time.
            self.owed[payout.member] = [one for one in self.owed[payout.member] if one.taken_by is not payout]
            self.owed[payout.member] += [Owed(points, minor) for points, minor in payout.parts]

    def _one_of(self, data: st.DataObject, things: list[Any]) -> list[Any]:
        """One of them, where there are any."""
        return [data.draw(st.sampled_from(things))] if things else []

    @invariant()
    def is_as_in_the_model(self) -> None:
        if hasattr(self, "finance"):
            self.do(self._compare())

    async def _compare(self) -> None:
        rows = await self.pool.fetch(
            "select payout_id::text, state, points, amount_minor from payouts where community = $1",
            self.world.community,
        )
        assert {tuple(row) for row in rows} == {
            (payout.id, payout.state, payout.points, payout.amount) for payout in self.payouts
        }
        for member in MEMBERS:
            balance = await self.world.balance(member)
            assert balance.get("available", 0) == self.available(member)
        paid = sum(payout.amount for payout in self.payouts if payout.state == "settled")
        assert (await self.world.money()).get("bank", 0) == paid

    def teardown(self) -> None:
        if hasattr(self, "finance"):
            found = self.do(self.world.check())
            assert found.differences == 0, list(found.lines())
            self.done.update(payout.state for payout in self.payouts)
            self.do(self.stack.aclose())


@pytest.mark.timeout(600)
async def test_whatever_is_done_payouts_are_those_of_a_plain_model(pool: Any) -> None:
    class OnThisStack(PayoutMachine):
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
    assert OnThisStack.done.keys() >= {"held", "settled", "returned", "reversed", "failed"}

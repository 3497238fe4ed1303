"""Rules of the ledger's machine: a wallet's two phases, points that wait, what was used by a moment."""

from collections import Counter
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from services.rewards.liability.domain.figures import UseSum
from services.rewards.liability.store.figures import Span, load_use_sums
from services.rewards.lots.handlers.upkeep import mature_points
from services.rewards.wallets.domain.wallets import UsedFor, WalletExceededError, WalletRefusedError
from services.rewards.wallets.handlers.moving import free_expired, post, refund, reserve, void
from tests.integration.services.rewards.conftest import RewardsWorld
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.test_wallets import BY, Wallets
from tests.integration.services.rewards.upkeep import run_out

MEMBERS = ("ada", "bob")
BUDGET = 2_000
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class SetAside(NamedTuple):
    """What of a wallet is set aside under an id, and spent, and when the rest is freed."""

    left: int
    spent: int
    until: datetime | None


class WalletRules(RuleBasedStateMachine):
    """A wallet of money: as much is set aside, spent, freed and brought back as a plain model says."""

    world: RewardsWorld
    finance: Finance
    money: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.wallet_id = ""
        self.set_aside: dict[str, SetAside] = {}

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        raise NotImplementedError

    async def fund(self) -> None:
        self.wallet_id = await Wallets(self.finance).funded(BUDGET)
        self.money["wallet"] += BUDGET
        self.money["wallet_funding"] -= BUDGET

    @rule(amount=st.integers(1, 900), days=st.none() | st.integers(1, 20))
    def reserve_of_wallet(self, amount: int, days: int | None) -> None:
        """Never more than there is is set aside."""
        self.do(self._reserve(amount, days))

    async def _reserve(self, amount: int, days: int | None) -> None:
        reservation_id, is_enough = str(uuid4()), amount <= self.money["wallet"]
        try:
            async with self.world.begin() as tx:
                until = None if days is None else tx.now + timedelta(days=days)
                await reserve(
                    tx,
                    community=self.world.community,
                    wallet_id=self.wallet_id,
                    reservation_id=reservation_id,
                    amount=amount,
                    used_for=UsedFor.SEND,
                    by=BY,
                    expires_at=until,
                )
        except WalletExceededError:
            assert not is_enough
        else:
            assert is_enough
            self.set_aside[reservation_id] = SetAside(amount, 0, until)
            self._move("wallet", "wallet_reserved", amount)

    @precondition(lambda self: self.set_aside)
    @rule(data=st.data(), verb=st.sampled_from(["post", "void", "refund"]), share=st.sampled_from([0.4, 1, 1.5]))
    def settle_of_wallet(self, data: st.DataObject, verb: str, share: float) -> None:
        """A part of what is set aside is spent or freed, or of what was spent comes back, or all; never more."""
        self.do(self._settle(data.draw(st.sampled_from(sorted(self.set_aside))), verb, share))

    async def _settle(self, reservation_id: str, verb: str, share: float) -> None:
        one = self.set_aside[reservation_id]
        there = one.spent if verb == "refund" else one.left
        amount = max(1, int(there * share)) if share <= 1 else there + 1
        work = {"post": post, "void": void, "refund": refund}[verb]
        try:
            async with self.world.begin() as tx:
                await work(tx, community=self.world.community, reservation_id=reservation_id, amount=amount, by=BY)
        except WalletRefusedError:
            assert amount > there
            return
        assert amount <= there
        if verb == "post":
            self.set_aside[reservation_id] = one._replace(left=one.left - amount, spent=one.spent + amount)
            self._move("wallet_reserved", "wallet_spent", amount)
        elif verb == "void":
            self.set_aside[reservation_id] = one._replace(left=one.left - amount)
            self._move("wallet_reserved", "wallet", amount)
        else:
            self.set_aside[reservation_id] = one._replace(spent=one.spent - amount)
            self._move("wallet_spent", "wallet", amount)

    async def free(self) -> None:
        """What is set aside for too long is there again."""
        async with self.world.begin() as tx:
            await run_out(tx, free_expired)
            now = tx.now
        for reservation_id, one in self.set_aside.items():
            if one.until is not None and one.until <= now and one.left:
                self._move("wallet_reserved", "wallet", one.left)
                self.set_aside[reservation_id] = one._replace(left=0)

    def _move(self, source: str, target: str, amount: int) -> None:
        self.money[source] -= amount
        self.money[target] += amount


class WaitingRules(RuleBasedStateMachine):
    """Points that cannot be used yet: they are pending until their moment, and available from then on."""

    world: RewardsWorld

    def __init__(self) -> None:
        super().__init__()
        #: Until when the points of awards wait, by the name of the award.
        self.waits: dict[str, datetime] = {}
        #: What awards amount to, and who they were given to, by name.
        self.totals: dict[str, int] = {}
        self.owner: dict[str, str] = {}

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        raise NotImplementedError

    @rule(
        member=st.sampled_from(MEMBERS),
        points=st.integers(1, 900),
        waits=st.integers(1, 15),
        lasts=st.none() | st.integers(1, 20),
    )
    def award_that_waits(self, member: str, points: int, waits: int, lasts: int | None) -> None:
        """Some days later the points can be used, and some days after those they are over."""
        name, now = f"w{len(self.totals)}", datetime.now(UTC) + self.world.later
        until = now + timedelta(days=waits)
        award = self.world.award(name, member, points, at=now)
        award["data"]["available_at"] = until
        if lasts is not None:
            award["data"]["expires_at"] = until + timedelta(days=lasts)
        self.do(self.world.give(award))
        self.totals[name], self.owner[name], self.waits[name] = points, member, until

    async def mature(self) -> None:
        """Whatever need wait no longer is available; what is left is what the model has waiting."""
        async with self.world.begin() as tx:
            await run_out(tx, mature_points)
            now = tx.now
        self.waits = {name: until for name, until in self.waits.items() if until > now}
        sums: Counter[str] = Counter()
        for member in MEMBERS:
            sums.update(await self.world.balance(member))
        assert sums["pending"] == sum(self.totals[name] for name in self.waits)


class MomentRules(RuleBasedStateMachine):
    """What liability counts as used or reserved by a moment never changes afterwards."""

    pool: Any
    world: RewardsWorld

    def __init__(self) -> None:
        super().__init__()
        self.used_by: dict[datetime, list[UseSum]] = {}

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        raise NotImplementedError

    @rule()
    def note_what_is_used(self) -> None:
        moment = datetime.now(UTC) + self.world.later
        self.used_by[moment] = self.do(self._used_by(moment))

    async def compare_moments(self) -> None:
        for moment, used in self.used_by.items():
            assert await self._used_by(moment) == used

    async def _used_by(self, moment: datetime) -> list[UseSum]:
        async with self.pool.acquire() as conn:
            span = Span([BEGINNING], moment)
            return await load_use_sums(conn, span, community=self.world.community, timeout_seconds=60)

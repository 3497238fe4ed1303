"""Random commands on the running platform, with processes killed among them, against the oracle."""

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from plaudit_client import AsyncPlaudit

from shared.services import SERVICES
from tests.faults import load as loads
from tests.faults.arena import PROGRAMMES, SEED, Arena, Run
from tests.faults.conftest import once
from tests.faults.load import Expected, expect
from tests.faults.workers import kill, pid_of

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(900)]

EXAMPLES_COUNT = 4
STEPS_COUNT = 20
STEP_SECONDS = 120
PEOPLE = [f"p{number}" for number in range(6)]
REWARD_POINTS = 5
REWARDS = f"""
rewards:
  catalogue:
    - {{id: sticker, title: A sticker, points: {REWARD_POINTS}}}
"""
DEARER_POINTS = 3

T = TypeVar("T")


@once
async def test_random_commands(platform_under_faults: Arena) -> None:
    """Whatever is sent, repeated, retracted, redeemed, published and killed: the totals are the oracle's."""
    loop = asyncio.get_running_loop()

    class OnThisArena(Commands):
        arena = platform_under_faults
        event_loop = loop

    limits = settings(
        max_examples=EXAMPLES_COUNT,
        stateful_step_count=STEPS_COUNT,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    await asyncio.to_thread(run_state_machine_as_test, seed(SEED)(OnThisArena), settings=limits)


class Commands(RuleBasedStateMachine):
    """Commands as platforms, members, administrators and bad luck give them."""

    arena: Arena
    event_loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.stack = AsyncExitStack()
        self.spent: Counter[str] = Counter()
        self.dearer_since: datetime | None = None

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the loop that the arena lives on."""
        return asyncio.run_coroutine_threadsafe(work, self.event_loop).result(STEP_SECONDS)

    @initialize()
    def begin(self) -> None:
        """A community with rules and a reward, and nobody in it."""
        self.run: Run = self.do(self.stack.enter_async_context(self.arena.run("random commands", count=0)))
        self.programme = (PROGRAMMES / "messages.yaml").read_text() + REWARDS
        self.do(self.arena.publish(self.run.key, self.programme))
        # A second version applies to what is received two seconds later; the rules are the same.
        self.run.expectation = self.expectation
        self.messages: list[loads.Event] = []

    @rule(
        pairs=st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)), min_size=1, max_size=30),
        day=st.integers(0, 300),
    )
    def send(self, pairs: list[tuple[str, str]], day: int) -> None:
        """Messages of one day; of those to one person the daily cap lets through the earliest."""
        new = []
        for sender, receiver in pairs:
            time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=-day, seconds=len(self.messages) + len(new))
            new.append(loads.message(f"m{len(self.messages) + len(new)}", time, sender, receiver))
        self.messages += new
        self.deliver(new)

    @precondition(lambda self: self.messages)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Some of the messages once more."""
        self.deliver(data.draw(st.lists(st.sampled_from(self.messages), min_size=1, max_size=10)))

    @precondition(lambda self: self.messages)
    @rule(data=st.data(), by=st.sampled_from([*PEOPLE, "moderator", None]), minutes=st.integers(1, 50))
    def retract(self, data: st.DataObject, by: str | None, minutes: int) -> None:
        """A message is taken back by somebody, perhaps for the second time."""
        self.deliver([loads.said_of(data.draw(st.sampled_from(self.messages)), by, 2 * minutes)])

    @precondition(lambda self: self.messages)
    @rule(data=st.data(), minutes=st.integers(1, 50))
    def restore(self, data: st.DataObject, minutes: int) -> None:
        """A message is restored, whether it was taken back or not."""
        of = data.draw(st.sampled_from(self.messages))
        self.deliver([loads.said_of(of, "moderator", 2 * minutes + 1, is_retraction=False)])

    @rule(service=st.sampled_from(SERVICES))
    def kill_service(self, service: str) -> None:
        """kill -9."""
        self.do(self.run.count_in_flight())
        self.arena.workers[service].kill()

    @rule()
    def kill_database(self) -> None:
        """kill -9 of PostgreSQL, unless it is just being started again."""
        self.do(self.run.count_in_flight())
        with contextlib.suppress(ProcessLookupError, KeyError):
            kill(pid_of(self.arena.state, "postgres"))

    @precondition(lambda self: self.dearer_since is None)
    @rule()
    def publish(self) -> None:
        """Messages are worth more from now on."""
        self.do(self.arena.workers.ready("scoring"))
        text = self.programme.replace("    points: 1\n", f"    points: {DEARER_POINTS}\n", 1)
        published = self.do(self.arena.publish(self.run.key, text))
        self.dearer_since = datetime.fromisoformat(published["effective_from"])

    @rule(person=st.sampled_from(PEOPLE))
    def redeem(self, person: str) -> None:
        """A member has a sticker for points, if there are enough; the request is sent twice."""
        self.do(self._redeem(person))

    async def _redeem(self, person: str) -> None:
        key = uuid.uuid4().hex
        body = {"member_id": f"chat:{person}", "reward_id": "sticker"}
        first = await self._post("/v1/redemptions", body, key)
        second = await self._post("/v1/redemptions", body, key)
        if first.status_code != httpx.codes.CREATED:
            # Points may have come in between, and then the second time there were enough.
            assert first.status_code in (404, 409), first.text
            first = second
        if first.status_code == httpx.codes.CREATED:
            assert second.json()["redemption_id"] == first.json()["redemption_id"]
            confirmed = await self._post(f"/v1/redemptions/{first.json()['redemption_id']}/confirm", None, key)
            assert confirmed.status_code == httpx.codes.OK, confirmed.text
            self.spent[person] += REWARD_POINTS

    async def _post(self, path: str, body: Any, key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.run.key}", "Idempotency-Key": key}
        url = self.arena.state.service_urls["rewards"] + path
        async with asyncio.timeout(STEP_SECONDS), httpx.AsyncClient(trust_env=False, timeout=60) as http:
            while True:
                try:
                    answer = await http.post(url, json=body, headers=headers)
                    if answer.status_code not in (401, 503):
                        return answer
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)

    def deliver(self, events: list[loads.Event]) -> None:
        """Send events as a platform does, until they are taken."""
        self.run.load.add(*events)
        if events:
            self.do(self._deliver(events))

    async def _deliver(self, events: list[loads.Event]) -> None:
        async with AsyncPlaudit(f"http://127.0.0.1:{self.arena.door.port}", self.run.key) as client:
            client._reached = True
            sent = await client.send(events)
        assert not sent.rejected
        self.run.receipts |= {sent.receipt_ids[0]: sent.accepted}

    async def expectation(self) -> Expected:
        """The oracle's totals, by the version in force when each event was received, without what was spent."""
        rows = await self.run.databases.rows(
            "analytics", "select event_uid, received_at from events where community = $1"
        )
        since = self.dearer_since
        later = {str(row[0]) for row in rows if since is not None and row[1] >= since}
        expected = expect(self.run.load, later, DEARER_POINTS)
        for person, points in self.spent.items():
            expected.spent[self.run.load.member_of(person)] += points
        return expected

    def teardown(self) -> None:
        """Everything must come to the same in the end."""
        self.do(self.stack.aclose())

"""A programme published before conditions were judged: its rules are declined, and everybody else goes on."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import psutil
import pytest
import pytest_asyncio

from services.scoring.awards.handlers.scoring import Scorer
from services.scoring.children.handlers import Child, Children
from services.scoring.metrics import EVALUATED_APART_SECONDS, RULES_DECLINED
from services.scoring.programmes.domain.reading import document_sha256
from services.scoring.programmes.handlers import in_force
from services.scoring.programmes.handlers.checking import CHECKER, Checker, ChecksBusyError
from services.scoring.rules.domain.compiling import RuleKey
from services.scoring.rules.handlers import evaluating
from services.scoring.rules.handlers.evaluating import CHILD_MAX_BYTES, Evaluator
from services.scoring.settings import Settings
from shared.consumer import Preparation
from tests.waiting import until

TWENTY = f"[{', '.join(map(str, range(20)))}]"
NESTED = (
    "".join(f"{TWENTY}. // loop {name}\n all( // over {name}\n {name}, " for name in "abcdefgh") + "a >= 0))))))))"
)
REGEX = r"data.channel.matches('(\\w{250}){3}$')"
DOUBLED = f'size(["ab"]{".map(a, a + a)" * 40}) == 1'
MEDIUM = f"[{', '.join(map(str, range(400)))}].exists(one, one == -size(data.channel))"
CHEAP = "data.channel == 'chat'"
#: How long the event loop may once be busy with something else, on a machine that does much else.
DEAF_SECONDS = 2.0


@pytest_asyncio.fixture(autouse=True)
async def children_end() -> AsyncIterator[None]:
    yield
    await CHECKER.close()


@pytest.fixture
async def scorer() -> AsyncIterator[Scorer]:
    made = Scorer()
    yield made
    await made.close()


def document(*conditions: str) -> dict[str, Any]:
    rules = [
        {"id": f"rule-{number}", "title": "R", "on": ["chat.message.v1"], "points": 1, "when": condition}
        for number, condition in enumerate(conditions)
    ]
    return {"programme": "demo", "title": "Demo", "rules": rules}


async def published_before(world: Any, *documents: dict[str, Any], every_seconds: int = 60) -> None:
    """Versions as the service's database has them, with nothing checked: the first from the beginning of time."""
    begins = datetime.now(UTC) - timedelta(seconds=every_seconds * len(documents))
    rows = [
        (
            world.community,
            number,
            datetime(1970, 1, 1, tzinfo=UTC)
            if number == 1
            else begins + timedelta(seconds=every_seconds * number),
            orjson.dumps(one).decode(),
            document_sha256(one),
        )
        for number, one in enumerate(documents, start=1)
    ]
    await world.pool.execute(
        """
        insert into programme_heads (community, programme_id, version) values ($1, 'demo', $2)
        on conflict (community) do update set programme_id = 'demo', version = $2
        """,
        world.community,
        len(documents),
    )
    await world.pool.executemany(
        """
        insert into programme_versions (community, version, programme_id, title, effective_from, published_at,
            published_by, source_text, document, document_sha256)
        values ($1, $2, 'demo', 'Demo', $3, now(), 'test', '', $4, $5)
        on conflict do nothing
        """,
        rows,
    )


async def score(world: Any, scorer: Scorer, *events: Any, **settings: Any) -> None:
    """Score events as the consumer loop does."""
    batch = list(events)
    chosen = Settings(**settings)
    await scorer.prepare(Preparation(world.pool.acquire, chosen), batch)
    async with world.begin() as tx:
        await scorer.on_activities(tx, batch)


async def reasons(world: Any) -> Counter[tuple[str, str]]:
    rows = await world.pool.fetch("select rule_id, reason from declined where community = $1", world.community)
    return Counter((row["rule_id"], row["reason"]) for row in rows)


async def deafness(stop: asyncio.Event) -> float:
    """The longest that the event loop was busy with something else."""
    longest = 0.0
    while not stop.is_set():
        started = time.perf_counter()
        await asyncio.sleep(0.005)
        longest = max(longest, time.perf_counter() - started - 0.005)
    return longest


@pytest.mark.parametrize("condition", [NESTED, REGEX, DOUBLED], ids=["loops", "regex", "doubled"])
async def test_a_rule_that_would_never_end_is_declined_and_the_others_score(
    world: Any, scorer: Scorer, condition: str
) -> None:
    await published_before(world, document(CHEAP, condition, CHEAP))
    stop = asyncio.Event()
    listening = asyncio.create_task(deafness(stop))
    # The large regular expression takes 40 ms on a fast machine.
    await score(world, scorer, *(world.event(str(number)) for number in range(20)), evaluation_seconds=0.01)
    stop.set()
    assert await listening < DEAF_SECONDS
    assert await world.totals() == {(world.uuid("ann"), "rule-0"): 20, (world.uuid("ann"), "rule-2"): 20}
    assert await reasons(world) == {("rule-1", "too_slow"): 20}


async def test_twenty_rules_that_take_long_each_do_not_take_twenty_times_as_long(
    world: Any, scorer: Scorer
) -> None:
    declined = RULES_DECLINED.labels("too_slow")._value.get()
    await published_before(world, document(*[REGEX] * 20, CHEAP))
    await score(world, scorer, world.event("1"), evaluation_seconds=0.01)
    ended = [key for key in scorer.evaluator._paused if key.community == world.community]
    assert len(ended) == 20
    # Three used up a child each; the other seventeen were not asked.
    details = await world.pool.fetch("select detail from declined where community = $1", world.community)
    assert Counter("too long before" in row["detail"] for row in details) == {True: 17, False: 3}
    assert await world.totals() == {(world.uuid("ann"), "rule-20"): 1}
    assert RULES_DECLINED.labels("too_slow")._value.get() == declined + 20


async def test_a_rule_that_was_too_slow_is_not_asked_again_until_the_pause_is_over(
    world: Any, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published_before(world, document(NESTED))
    await score(world, scorer, world.event("1"))
    started = scorer.evaluator.children.started_count
    await score(world, scorer, world.event("2"))
    assert scorer.evaluator.children.started_count == started
    await score(world, scorer, world.event("3"), too_slow_pause_seconds=0)
    assert await reasons(world) == {("rule-0", "too_slow"): 3}
    for key in scorer.evaluator._paused:
        monkeypatch.setitem(scorer.evaluator._paused, key, 0.0)
    await score(world, scorer, world.event("4"))
    assert scorer.evaluator.children.started_count == started + 1


async def test_rules_that_take_long_together_stay_within_their_communitys_budget(
    world: Any, scorer: Scorer
) -> None:
    await published_before(world, document(*[MEDIUM] * 199, CHEAP))
    enough = {"budget_burst_seconds": 60.0}
    await score(world, scorer, world.event("1"), **enough)
    taken = EVALUATED_APART_SECONDS._value.get()
    await score(world, scorer, world.event("2"), **enough)
    taken = EVALUATED_APART_SECONDS._value.get() - taken
    assert {reason for _, reason in await reasons(world)} == {"condition_false"}
    # What the machine took for it is known now: a third of that is not enough for all, and for some it is.
    third = {"budget_burst_seconds": taken / 3, "community_seconds_per_event": 1e-9}
    await score(world, scorer, world.event("3"), **third)
    found = Counter[str]()
    for (_, reason), count in (await reasons(world)).items():
        found[reason] += count
    assert found["condition_false"] + found["too_slow"] == 3 * 199
    assert 2 * 199 < found["condition_false"] < 3 * 199
    assert await world.totals() == {(world.uuid("ann"), "rule-199"): 3}


async def test_conditions_that_are_evaluated_apart_say_the_same(world: Any, scorer: Scorer) -> None:
    conditions = [
        f"{MEDIUM} || data.length_chars > 100",
        f"{MEDIUM} || data.missing == 1",
        f"!({MEDIUM}) && event.time.getHours() == 12 && event.id == '1'",
        f"{MEDIUM} ? 1 : 2",
    ]
    await published_before(world, document(*conditions))
    long = {"channel": "chat", "actor": {"id": "ann"}, "length_chars": 101}
    await score(world, scorer, world.event("1", data=long), world.event("2"))
    rows = await world.pool.fetch("select * from declined where community = $1", world.community)
    first = world.uuid("event 1")
    assert {(str(row["event_uid"]) == first, row["rule_id"], row["reason"], row["detail"]) for row in rows} == {
        (False, "rule-0", "condition_failed", "the event has no field length_chars"),
        (True, "rule-1", "condition_failed", "the event has no field missing"),
        (False, "rule-1", "condition_failed", "the event has no field missing"),
        (False, "rule-2", "condition_false", ""),
        (True, "rule-3", "condition_failed", "the result is int 2, neither true nor false"),
        (False, "rule-3", "condition_failed", "the result is int 2, neither true nor false"),
    }
    assert await world.totals() == {(world.uuid("ann"), "rule-0"): 1, (world.uuid("ann"), "rule-2"): 1}


async def test_what_an_error_says_of_an_event_can_always_be_stored(world: Any, scorer: Scorer, api: Any) -> None:
    """Text with a NUL is no text for PostgreSQL: the batch failed, and with it everybody's, for ever."""
    programme = document(r'data.attributes["a\u0000b"] == "x"', r'{"a": true}[data.channel + "\u0000"]', "true")
    assert (await api.post("/v1/programmes", json=programme)).status_code == 201
    await score(world, scorer, world.event("1"))
    assert await reasons(world) == {("rule-0", "condition_failed"): 1, ("rule-1", "condition_failed"): 1}
    details = await world.pool.fetch("select detail from declined where community = $1", world.community)
    assert {row["detail"] for row in details} >= {r"the event has no field chat\x00"}
    assert await world.totals() == {(world.uuid("ann"), "rule-2"): 1}


async def test_only_what_is_in_force_is_compiled_and_once(
    world: Any, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[int] = []
    transactions = 0
    real = in_force.compile_version

    def counting(programme: Any, number: int, effective_from: datetime) -> Any:
        compiled.append(number)
        assert not transactions, "compiled while a transaction was open"
        return real(programme, number, effective_from)

    monkeypatch.setattr(in_force, "compile_version", counting)
    versions = [document(*[f"data.length_chars == {number}"] * 200) for number in range(40)]
    await published_before(world, *versions)
    batch = [world.event("1")]
    await scorer.prepare(Preparation(world.pool.acquire, Settings()), batch)
    transactions += 1
    async with world.begin() as tx:
        await scorer.on_activities(tx, batch)
    transactions -= 1
    assert compiled == [40]
    # Another version is published: that one alone, and only once an event was received in its time.
    await published_before(world, *versions, document("true"))
    await score(world, scorer, world.event("2"))
    since = "select effective_from from programme_versions where community = $1 and version = 40"
    late = world.event("3", receivedat=await world.pool.fetchval(since, world.community))
    await score(world, scorer, late, world.event("4"))
    assert compiled == [40, 41]


async def test_a_version_that_is_published_in_between_is_seen_in_the_transaction(
    world: Any, scorer: Scorer
) -> None:
    await published_before(world, document("false"))
    batch = [world.event("1")]
    await scorer.prepare(Preparation(world.pool.acquire, Settings()), batch)
    await published_before(world, document("false"), document("true", MEDIUM), every_seconds=-1)
    await world.pool.execute(
        "update programme_versions set effective_from = '2001-01-01' where community = $1 and version = 2",
        world.community,
    )
    async with world.begin() as tx:
        await scorer.on_activities(tx, batch)
    assert await world.totals() == {(world.uuid("ann"), "rule-0"): 1}
    assert await reasons(world) == {("rule-1", "condition_false"): 1}


async def test_what_is_kept_compiled_is_bounded(
    world: Any, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_force, "COMPILED_RULES_MAX_COUNT", 3)
    await published_before(world, *(document(*[CHEAP] * 2) for _ in range(4)))
    starts = await world.pool.fetch(
        "select effective_from from programme_versions where community = $1 order by version", world.community
    )
    for number, row in enumerate(starts):
        received = datetime(2001, 1, 1, tzinfo=UTC) if number == 0 else row["effective_from"]
        await score(world, scorer, world.event(str(number), receivedat=received))
    assert list(scorer.versions._compiled) == [(world.community, 4)]
    assert sum((await world.totals()).values()) == 8


async def test_a_dry_run_does_not_make_the_service_deaf(world: Any, api: httpx.AsyncClient) -> None:
    """The expressions are the smallest that did: loops behind comments, and a large regular expression."""
    stop = asyncio.Event()
    listening = asyncio.create_task(deafness(stop))
    answers = await asyncio.gather(
        *(
            api.post("/v1/programmes?dry_run=true", json=document(*[condition] * 20))
            for condition in (NESTED, REGEX, DOUBLED)
        )
    )
    stop.set()
    assert await listening < DEAF_SECONDS
    assert [one.status_code for one in answers] == [422, 422, 422]
    assert all(len(one.json()["errors"]) == 20 for one in answers)


async def test_a_check_that_takes_too_long_is_ended_and_the_next_one_is_answered(
    world: Any, api: httpx.AsyncClient
) -> None:
    transport: Any = api._transport
    connected = transport.app.state.connected
    many = document(*[" || ".join(["data.channel == 'chat'"] * 70)] * 100)
    transport.app.state.connected = replace(connected, settings=Settings(check_seconds=0.02))
    refused = await api.post("/v1/programmes", json=many)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:plaudit:problem:check-too-slow")
    assert "took more than 0.02 s" in refused.json()["detail"]
    transport.app.state.connected = connected
    assert (await api.post("/v1/programmes?dry_run=true", json=document(CHEAP))).status_code == 200


async def test_a_community_waits_for_its_own_checks_and_no_other_for_them(
    world: Any, clients: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One community's programmes stand in line as one; what waits too long is told to come again."""
    begun: list[str] = []
    go_on = asyncio.Event()

    async def slow(self: Child, request: Any, *, seconds: float) -> AsyncIterator[Any]:
        begun.append(request["text"])
        await go_on.wait()
        yield {"mistakes": []}

    monkeypatch.setattr(Child, "ask", slow)
    checker = Checker()
    settings = Settings(check_wait_seconds=30)
    many = [asyncio.create_task(checker.check(f"a{n}", community="a", settings=settings)) for n in range(3)]
    await until(lambda: asyncio.sleep(0, begun == ["a0"]))
    other = asyncio.create_task(checker.check("b", community="b", settings=settings))
    with pytest.raises(ChecksBusyError):
        await checker.check("c", community="c", settings=Settings(check_wait_seconds=0.01))
    go_on.set()
    await asyncio.gather(*many, other)
    assert begun[:2] == ["a0", "b"]
    await checker.close()


class Killer:
    """Ends a child as soon as it is asked something, so many times, as somebody or a full machine would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.left = times
        asked = Child.ask

        def killed(child: Child, request: Any, *, seconds: float) -> AsyncIterator[Any]:
            if self.left:
                self.left -= 1
                child._process.kill()
            return asked(child, request, seconds=seconds)

        monkeypatch.setattr(Child, "ask", killed)


async def test_a_child_that_somebody_ended_costs_no_points(
    world: Any, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published_before(world, document(f"{MEDIUM} || true", f"{MEDIUM} || true"))
    killer = Killer(monkeypatch, times=2)
    await score(world, scorer, world.event("1"))
    assert killer.left == 0
    assert scorer.evaluator.children.started_count == 3
    assert await world.totals() == {(world.uuid("ann"), "rule-0"): 1, (world.uuid("ann"), "rule-1"): 1}
    assert not scorer.evaluator._paused


async def test_a_rule_at_which_every_child_is_lost_is_given_up(
    world: Any, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory that a machine lacks ends a process without a word: the batch must not be tried for ever."""
    await published_before(world, document(MEDIUM, CHEAP))
    killer = Killer(monkeypatch, times=1_000)
    await score(world, scorer, world.event("1"))
    assert killer.left == 1_000 - 3
    assert await reasons(world) == {("rule-0", "too_slow"): 1}
    assert await world.totals() == {(world.uuid("ann"), "rule-1"): 1}


async def test_a_check_whose_child_was_ended_may_be_sent_again(
    world: Any, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    Killer(monkeypatch, times=1)
    lost = await api.post("/v1/programmes?dry_run=true", json=document(CHEAP))
    assert (lost.status_code, "Retry-After" in lost.headers) == (503, True)
    assert (await api.post("/v1/programmes?dry_run=true", json=document(CHEAP))).status_code == 200


async def test_a_child_that_does_not_start_is_nobodys_text() -> None:
    """It is no rule's doing, so that no rule is declined for it: the service ends loudly."""
    children = Children("nothing", count=1, memory_bytes=CHILD_MAX_BYTES)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="does not start: 1"):
            async with children.lend():
                pass
    assert children.started_count == 2


async def test_what_is_remembered_of_slow_rules_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluating, "PAUSED_MAX_COUNT", 10)
    evaluator = Evaluator()
    for number in range(100):
        evaluator._pause([RuleKey("c", 1, f"rule-{number}")], "slow", Settings())
        assert len(evaluator._paused) <= 10
        assert evaluator._is_paused(RuleKey("c", 1, f"rule-{number}"))


async def test_a_child_knows_no_secret_and_ends_with_its_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAUDIT_POSTGRES_PASSWORD", "secret")
    children = Children("evaluate", count=1, memory_bytes=CHILD_MAX_BYTES)
    async with children.lend() as child:
        process = psutil.Process(child._process.pid)
        assert not [name for name in process.environ() if name.startswith("PLAUDIT_")]
        child._requests.close()
        assert await asyncio.wait_for(child._process.wait(), 60) == 0
    assert child.has_ended
    async with children.lend() as another:
        assert another is not child
    await children.close()

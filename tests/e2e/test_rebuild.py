"""Analytics is built anew beside the one that runs: the same numbers, and nobody hears of it."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from plaudit.access import issue_key
from plaudit.calls import request
from plaudit.rebuilds.commands import lines_of
from plaudit.rebuilds.databases import REBUILT, RUNNING
from plaudit.rebuilds.steps import look
from plaudit.stack import StackState, processes, reset, start
from plaudit.stack.idle import wait_until_idle
from shared.postgres import database_url
from shared.topics import MESSAGES
from tests.conftest import SESSION_SECONDS, WIDE_DOOR, throw_away
from tests.e2e.community import Community
from tests.scopes import TOGETHER
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

PARTS = ["kafka", "postgres", "ingest", "scoring", "recognition", "rewards", "analytics"]
#: Many transactions, so that a reader is killed in the middle.
BATCH = {"PLAUDIT_REBUILD_BATCH_MAX_COUNT": "20", "PLAUDIT_GOALS_CHECK_MINUTES": "1"}
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "schemas" / "examples"
#: What is asked for is of the last 30 days, as a rule.
NOW = datetime.now(UTC).replace(microsecond=0)
BEGAN = NOW - timedelta(days=39)
PROGRAMME = """
programme: rebuilt
title: Rebuilt
goals:
  - {id: answers, title: Answers, metric: activities, on: [forum.reply.v1], target: 50, every: month, owner: Me}
rules:
  - {id: post, title: Post, on: [forum.post.v1], points: 5}
  - {id: reply, title: Reply, on: [forum.reply.v1], points: 3, limits: [{points: 9, within: day}]}
  - {id: kudos, title: Thanked, on: [kudos.given.v1], points: 2}
recognition:
  badges:
    - {id: five, title: Five, rule: post, at_least: 5}
"""
SWITCHED = """
    select person_id, after from audit_trail where community = $1 and command = 'analytics.switch' order by at desc
"""
ASKED = (
    *(
        "summary",
        "participation?by=day",
        "growth",
        "retention",
        "network",
        "scorecard",
    ),
    *(
        "response-times",
        "sentiment",
        "points-by-rule",
        "goals",
        "digests",
        "orbit",
        "channel-mix",
        "concentration",
    ),
    *("exports/activity-days", "exports/member-days", "exports/rule-days", "read-content", "rejections"),
)


@pytest.fixture(scope="module")
def own_stack(plaudit_home: Path) -> Iterator[StackState]:
    """A platform of its own: what others wrote into their databases by hand would differ."""
    state = start(
        "rebuilt", only=PARTS, environment={"PLAUDIT_SESSION_SECONDS": str(SESSION_SECONDS)} | WIDE_DOOR | BATCH
    )
    yield state
    throw_away(state)
    reset("rebuilt")


class Filled(Community):
    """A community of which everything happens: members merge, are erased, take back what they did, and thank."""

    def __init__(self, state: StackState) -> None:
        super().__init__(state, f"e2e-{uuid4().hex[:10]}")
        self.key = issue_key(state, self.name, "platform", TOGETHER)["key"]
        self.events_count = 0

    async def fill(self) -> None:
        url = f"{self.state.service_urls['scoring']}/v1/programmes"
        request("POST", url, self.key, content=PROGRAMME.encode(), headers={"Content-Type": "application/yaml"})
        self.send(examples())
        self.send([event("forum.post.v1", f"gone-{day}", BEGAN + timedelta(days=day), "gone") for day in range(3)])
        self.send(self.thread(range(60)))
        await wait_until_idle(self.state)
        ada, bo, cy = (f"forum:m{number}" for number in (1, 2, 3))
        for words in (
            ("merge", ada, bo),
            ("merge", ada, cy),
            ("unmerge", ada, cy),
            ("erase", "forum:gone", "--forfeit", "--yes"),
        ):
            done = self.plaudit("member", *words)
            assert done.returncode == 0, done.stdout + done.stderr
        self.send([retraction(number) for number in range(0, 60, 7)])
        self.send([{**retraction(14, kind="activity.restored.v1"), "id": "again-14"}])
        self.send(self.thread(range(60, 90)))
        await wait_until_idle(self.state)

    def thread(self, numbers: range) -> list[dict[str, Any]]:
        """Posts, answers to them, and thanks for those."""
        made = []
        for number in numbers:
            at = BEGAN + timedelta(hours=7 * number)
            asker, helper = f"m{number % 9}", f"m{(number * 5 + 1) % 9}"
            made += [
                event("forum.post.v1", f"post-{number}", at, asker, object={"id": f"post-{number}"}),
                event(
                    "forum.reply.v1",
                    f"reply-{number}",
                    at + timedelta(hours=2),
                    helper,
                    object={"id": f"reply-{number}"},
                    in_reply_to={"id": f"post-{number}", "author": {"id": asker}},
                ),
            ]
        return made

    def send(self, events: list[dict[str, Any]]) -> None:
        url = f"{self.state.service_urls['ingest']}/v1/events"
        answer = httpx.post(
            url,
            json=events,
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/cloudevents-batch+json"},
            timeout=60,
        )
        assert answer.status_code == 202, answer.text
        self.events_count += len(events)

    def answers(self) -> dict[str, Any]:
        """What the API of analytics says."""
        base = self.state.service_urls["analytics"]
        return {path: request("GET", f"{base}/v1/{path}", self.key) for path in ASKED}


def event(kind: str, name: str, at: datetime, actor: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": name,
        "source": "https://forum.example.org",
        "type": kind,
        "time": at.isoformat(),
        "data": {"channel": "forum", "actor": {"id": actor, "name": actor}, **data},
    }


def retraction(number: int, kind: str = "activity.retracted.v1") -> dict[str, Any]:
    target = {"id": f"post-{number}", "source": "https://forum.example.org"}
    return event(kind, f"not-{number}", NOW - timedelta(minutes=99 - number), "m0", target=target)


def examples() -> list[dict[str, Any]]:
    """Every kind of activity, as its own example."""
    found = [one for path in sorted(EXAMPLES.glob("*.json")) for one in json.loads(path.read_text())]
    return [one for one in found if "community" not in one and "actor" in one.get("data", {})]


@pytest.fixture(scope="module")
async def filled(own_stack: StackState) -> Filled:
    made = Filled(own_stack)
    await made.fill()
    return made


@asynccontextmanager
async def database(state: StackState, name: str) -> AsyncIterator[asyncpg.Connection]:
    conn = await asyncpg.connect(database_url(state.postgres_admin_url, name))
    try:
        yield conn
    finally:
        await conn.close()


def rebuild(state: StackState, *words: str, code: int | None = 0) -> str:
    command = [sys.executable, "-m", "plaudit", "rebuild", *words, "--stack", state.name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done.stderr if code == 1 else done.stdout


def reader(state: StackState) -> psutil.Process | None:
    return next(iter(processes.find_processes(state.directory).get("rebuild", [])), None)


async def near(state: StackState) -> None:
    """Wait until the rebuild is where the running analytics is."""

    async def is_there() -> bool:
        said = await asyncio.to_thread(rebuild, state, "status", "--json")
        return bool(json.loads(said)["state"] == "there")

    await until(is_there, seconds=300)


async def messages_count(state: StackState) -> int:
    consumer = AIOKafkaConsumer(**state.broker.options)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(
            [TopicPartition(MESSAGES.name, one) for one in range(MESSAGES.partitions)]
        )
    finally:
        await consumer.stop()
    return sum(ends.values())


async def test_a_rebuild_that_is_killed_in_the_middle_goes_on_and_comes_to_the_same_numbers(
    filled: Filled,
) -> None:
    state = filled.state
    rebuild(state, "start")
    process = reader(state)
    assert process is not None
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    stopped = json.loads(rebuild(state, "status", "--json", code=3))
    assert stopped["state"] == "stopped"
    rebuild(state, "compare", code=3)

    rebuild(state, "start")
    filled.send(filled.thread(range(90, 110)))  # while it reads
    await wait_until_idle(state)
    await near(state)
    compared = json.loads(rebuild(state, "compare", "--json"))

    assert compared["equal"]
    rows = {one["table"]: one["rows"] for one in compared["tables"]}
    assert all(
        rows[table] for table in ("events", "awards", "grants", "merges", "retention_figures", "tie_days", "ties")
    )
    assert json.loads(rebuild(state, "status", "--json"))["records_read"] > stopped["records_read"]


async def test_what_somebody_changed_by_hand_is_found_and_nothing_is_switched(filled: Filled) -> None:
    state = filled.state
    rebuild(state, "start")
    await near(state)
    async with database(state, RUNNING) as running:
        first = "select min(award_id::text)::uuid from awards"
        change = f"update awards set points = points + $1 where award_id = ({first})"
        await running.execute(change, 1)
        try:
            found = json.loads(rebuild(state, "switch", "--yes", "--json", code=3))
        finally:
            await running.execute(change, -1)

    assert [one["table"] for one in found["differences"]] == ["awards"]
    assert found["differences"][0]["running"]["rows"] == found["differences"][0]["rebuilt"]["rows"]
    assert filled.answers()["summary"]["events"] > 0  # it answers as before
    async with database(state, REBUILT) as rebuilt:
        assert await rebuilt.fetchval("select count(*) from outbox") == 0


#: Where the command is killed, whether that is after its work there, and what `status` says of it.
KILLED = (
    ("databases.close_to_service", False, "before anything was closed"),
    ("databases.close_to_service", True, "in the middle, and analytics answers 503"),
    ("comparing.compare", False, "in the middle, and analytics answers 503"),
    ("comparing.take_over", True, "in the middle, and analytics answers 503"),
    ("databases.rename", False, "all was compared and taken over, and analytics answers 503"),
    ("databases.rename", True, "What answered before is kept"),
)
#: The same command, in which a function kills the process, as kill -9 does, before or after its work.
COMMAND = """
import importlib, os, signal, sys
from plaudit.cli import main
module, name = sys.argv.pop(1).split(".")
module, is_after = importlib.import_module(f"plaudit.rebuilds.{module}"), sys.argv.pop(1) == "True"
work = getattr(module, name)
async def killed(*given, **named):
    if is_after:
        await work(*given, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, name, killed)
main()
"""


async def killed_in(state: StackState, place: str, is_after: bool, command: str) -> None:
    words = [place, str(is_after), "rebuild", command, "--yes", "--stack", state.name]
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", COMMAND, *words, cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL, f"{place} was not come to"


@pytest.mark.timeout(1_200)
async def test_a_switch_that_is_killed_at_any_step_says_where_it_stands_and_the_next_one_ends_it(
    filled: Filled,
) -> None:
    state = filled.state
    rebuild(state, "start")
    await near(state)
    await wait_until_idle(state)
    # What the console's page shows of it.
    seen = request("GET", f"{state.service_urls['analytics']}/v1/rebuild", filled.key)
    assert (seen["state"], seen["records_left"]) == ("there", 0)
    assert seen["records_read"] > filled.events_count
    before, told = filled.answers(), await messages_count(state)
    for place, is_after, words in KILLED:
        # Each goes on where the one before was killed, and comes further.
        await killed_in(state, place, is_after, "switch")
        found = await look(state.postgres_admin_url)
        assert found.is_closed == ("503" in words), found
        assert words in "\n".join(lines_of(found))
    assert "It was switched" in rebuild(state, "switch", "--yes", code=1)
    await wait_until_idle(state)
    assert filled.answers() == before
    assert await messages_count(state) == told
    entries = await filled.query(
        "analytics", "select 1 from audit_trail where community = $1 and command = 'analytics.switch'"
    )
    assert len(entries) == 1

    # The same of the way back, which is killed when the database is closed.
    await killed_in(state, "comparing.take_over", True, "back")
    assert "was ended in the middle, and analytics answers 503" in rebuild(state, "status")
    rebuild(state, "back", "--yes")
    await wait_until_idle(state)
    assert filled.answers() == before
    rebuild(state, "forget", "--rebuilt", "--yes")
    assert request("GET", f"{state.service_urls['analytics']}/v1/rebuild", filled.key)["state"] == "none"


async def test_the_rebuilt_one_answers_the_same_loses_nothing_and_tells_nothing_twice(filled: Filled) -> None:
    state = filled.state
    rebuild(state, "start")
    await near(state)
    await wait_until_idle(state)
    async with database(state, RUNNING) as running:
        turns = await running.fetch(
            "select goal_id, starts_on, state, noticed_at from goal_turns order by turn_id"
        )
    before, told, pid = filled.answers(), await messages_count(state), state.pids["analytics"]
    # Other switches than this one may be in the trail already.
    switched = await filled.query("analytics", SWITCHED)
    sent = asyncio.create_task(asyncio.to_thread(filled.send, filled.thread(range(110, 130))))

    assert "are equal" in rebuild(state, "switch", "--yes")

    await sent
    await wait_until_idle(state)
    async with database(state, RUNNING) as running:
        assert turns == await running.fetch(
            "select goal_id, starts_on, state, noticed_at from goal_turns order by turn_id limit $1", len(turns)
        )
    assert await messages_count(state) == told
    assert state.pids["analytics"] == pid  # the process went on with the other database
    after = filled.answers()
    assert after["summary"]["events"] == before["summary"]["events"] + 40
    assert after["summary"]["points"] > before["summary"]["points"]
    assert all(after[path]["items"] for path in ("points-by-rule", "participation?by=day", "channel-mix"))
    entry, *others = await filled.query("analytics", SWITCHED)
    assert others == switched
    assert entry["person_id"] is None
    assert json.loads(entry["after"])["database"] == REBUILT

    rebuild(state, "back", "--yes")
    await wait_until_idle(state)
    assert filled.answers() == after
    rebuild(state, "forget", "--rebuilt", "--yes")
    assert json.loads(rebuild(state, "status", "--json"))["state"] == "none"

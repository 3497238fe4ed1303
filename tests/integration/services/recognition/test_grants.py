"""Awards become badges and levels, once, and what stands follows totals and programme versions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.recognition.thresholds.handlers import on_programmes
from services.recognition.totals import handlers
from shared.contracts.backfill import is_backfill
from shared.topics import RECOGNITION
from shared.transaction import InvalidMessageError, Transaction

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
pytestmark = pytest.mark.stack

SECTION = {
    "badges": [
        {"id": "ten", "title": "Ten points", "at_least": 10},
        {"id": "helper", "title": "Helper", "rule": "answer", "count": "awards", "at_least": 2},
    ],
    "levels": [
        {"id": "newcomer", "title": "Newcomer", "points": 0},
        {"id": "gold", "title": "Gold", "points": 20},
    ],
}


def seen(grants: list[Any]) -> list[tuple[str, str, bool]]:
    return [(one["kind"], one["id"], "reverses" in one) for one in grants]


async def test_awards_grant_and_reversals_take_back(world: Any) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    first = world.award("a", 8)
    second = world.award("a", 15, rule="answer")
    await world.awarded(first)
    assert seen(await world.published()) == [("level", "newcomer", False)]
    await world.awarded(second)
    granted = await world.published()
    assert seen(granted) == [("badge", "ten", False), ("level", "gold", False)]
    assert {one["award_id"] for one in granted} == {second["data"]["award_id"]}
    reversal = world.reversal(second)
    await world.awarded(reversal)
    taken = await world.published()
    assert seen(taken) == [("level", "gold", True), ("badge", "ten", True)]
    assert {one["reverses"] for one in taken} == {one["grant_id"] for one in granted}
    assert {one["award_id"] for one in taken} == {reversal["data"]["award_id"]}


@pytest.mark.usefixtures("new_rows")
async def test_what_is_taken_back_is_given_again_when_the_award_amounts_to_it_again(world: Any) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    first, second = world.award("a", 8, rule="answer"), world.award("a", 12, rule="answer")
    chain = [
        world.amendment(second, -12, 0, 1),  # retracted
        world.amendment(second, 1, 1, 2),  # restored, with less room
        world.amendment(first, -3, 5, 1),  # less, and still an award
        world.amendment(second, 14, 15, 3),
    ]
    await world.awarded(first, second)
    await world.published()
    told = []
    for number, amendment in enumerate(chain):
        await world.awarded(*chain[:number], amendment, amendment)
        told.append(seen(await world.published()))
    assert told == [
        [("level", "gold", True), ("badge", "ten", True), ("badge", "helper", True)],
        [("badge", "helper", False)],
        [],
        [("badge", "ten", False), ("level", "gold", False)],
    ]
    standing = await world.pool.fetch(
        "select name from grants g where community = $1 and reverses is null and not exists"
        " (select from grants r where r.community = g.community and r.reverses = g.grant_id)",
        world.community,
    )
    assert {row["name"] for row in standing} == {"newcomer", "ten", "gold", "helper"}
    holders = await world.pool.fetch("select name, members from holders where community = $1", world.community)
    assert {row["name"]: row["members"] for row in holders} == dict.fromkeys(
        ("newcomer", "ten", "gold", "helper"), 1
    )
    boards = await world.pool.fetch("select points from board_points where community = $1", world.community)
    assert [row["points"] for row in boards] == [20, 20]


@pytest.mark.usefixtures("new_rows")
async def test_a_redelivered_award_changes_nothing(world: Any) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    awards = [world.award("a", 4, rule="answer"), world.award("a", 4, rule="answer"), world.award("b", 30)]
    await world.awarded(*awards, awards[0])
    once = await world.published()
    assert ("badge", "helper", False) in seen(once)
    assert ("badge", "ten", False) in seen(once)
    await world.awarded(*awards)
    assert await world.published() == []
    points = await world.pool.fetch(
        "select member_id, points from members where community = $1 order by points", world.community
    )
    assert [row["points"] for row in points] == [8, 30]
    boards = await world.pool.fetchval(
        "select sum(points)::int from board_points where community = $1 and period = 'week'", world.community
    )
    assert boards == 38


@pytest.mark.usefixtures("new_rows")
async def test_of_known_and_new_awards_in_one_batch_the_new_ones_count(world: Any) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    known, new = world.award("a", 4), world.award("a", 6)
    await world.awarded(known)
    await world.published()
    await world.awarded(known, new, known)
    assert seen(await world.published()) == [("badge", "ten", False)]
    points = await world.pool.fetchval("select points from members where community = $1", world.community)
    assert points == 10


async def test_one_batch_or_many_grant_the_same(world: Any) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    awards = [world.award("a", 7, rule=rule) for rule in ("answer", "post", "answer", "post")]
    awards.append(world.reversal(awards[0]))
    async with world.pool.acquire() as conn:
        undone = conn.transaction()
        await undone.start()
        at_once = await _published_by(
            Transaction(conn, NOON, service="recognition", settings=world.settings), awards, world.community
        )
        await undone.rollback()
    assert len(at_once) == 5
    for award in awards:
        await world.awarded(award)
    assert [one["grant_id"] for one in await world.published()] == at_once


async def _published_by(tx: Transaction, awards: list[Any], community: str) -> list[str]:
    await handlers.on_awards(tx, awards)
    await tx.store_outbox()
    rows = await tx.conn.fetch(
        "select value from outbox where topic = $1 and key like $2 order by id",
        RECOGNITION.name,
        f"{community}|%".encode(),
    )
    return [orjson.loads(row["value"])["id"] for row in rows]


async def test_what_stands_is_stored_as_it_always_was(world: Any) -> None:
    """Rows written by every version before are read, and written again alike."""
    await world.handle(on_programmes, world.programme(1, SECTION))
    grant = world.uuid("grant")
    stored = {"badge:ten": [grant, "Ten points"], "level:newcomer": [grant, "Newcomer"]}
    await world.pool.execute(
        "insert into members (community, member_id, points, awards_by_rule, standing, last_award_id, version)"
        " values ($1, $2, 12, '{\"post\": 1}', $3, $4, 1)",
        world.community,
        world.uuid("a"),
        orjson.dumps(stored).decode(),
        world.uuid("award 0"),
    )
    await world.awarded(world.award("a", 1))
    assert await world.published() == []
    now = await world.pool.fetchval("select standing from members where community = $1", world.community)
    assert orjson.loads(now) == stored
    await world.awarded(world.award("a", -5))
    (taken,) = await world.published()
    assert (taken["kind"], taken["id"], taken["title"]) == ("badge", "ten", "Ten points")
    assert taken["reverses"] == grant


async def test_grants_are_append_only_for_the_service(world: Any) -> None:
    rights = await world.pool.fetchrow(
        "select has_table_privilege('grants', 'insert') as may_insert,"
        " has_table_privilege('grants', 'update') as may_update,"
        " has_table_privilege('grants', 'delete') as may_delete"
    )
    assert dict(rights) == {"may_insert": True, "may_update": False, "may_delete": False}


async def test_a_first_programme_reaches_members_who_have_points_already(world: Any) -> None:
    await world.awarded(world.award("a", 25), world.award("b", 5))
    assert await world.published() == []
    await world.handle(on_programmes, world.programme(1, SECTION))
    assert await world.published() == []
    await reevaluated(world)
    granted = await world.published()
    assert sorted(seen(granted)) == [
        ("badge", "ten", False),
        ("level", "gold", False),
        ("level", "newcomer", False),
        ("level", "newcomer", False),
    ]
    async with world.begin() as tx:
        await handlers.reevaluate(tx)
    assert await world.published() == []


async def test_a_new_version_takes_back_and_grants(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "REEVALUATION_BATCH_COUNT", 2)
    await world.handle(on_programmes, world.programme(1, SECTION))
    await world.awarded(*(world.award(name, 12) for name in "abcde"))
    await world.published()
    harder = {"badges": [{"id": "ten", "title": "Ten points", "at_least": 13}], "levels": []}
    await world.handle(on_programmes, world.programme(2, harder), world.programme(1, SECTION))
    # A member with an award in the meantime is brought in line by it, the others by the timer.
    await world.awarded(world.award("c", 1))
    assert seen(await world.published()) == [
        ("badge", "ten", True),
        ("level", "newcomer", True),
        ("badge", "ten", False),
    ]
    await reevaluated(world)
    taken = await world.published()
    assert sorted(seen(taken)) == [("badge", "ten", True)] * 4 + [("level", "newcomer", True)] * 4
    holders = await world.pool.fetch(
        "select name, members from holders where community = $1 order by name", world.community
    )
    assert [(row["name"], row["members"]) for row in holders] == [("newcomer", 0), ("ten", 1)]


async def test_a_version_that_asks_for_the_same_has_nobody_looked_at(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "REEVALUATION_BATCH_COUNT", 2)

    async def under_way() -> bool:
        evaluated = await world.pool.fetchval(
            "select evaluated from programmes_in_force where community = $1", world.community
        )
        return not evaluated

    await world.handle(on_programmes, world.programme(1, {"badges": [], "levels": []}))
    assert not await under_way()
    await world.awarded(*(world.award(name, 12) for name in "abcde"))
    await world.handle(on_programmes, world.programme(2, SECTION))
    told: list[Any] = []
    while not told:
        # Other communities' members come in between.
        async with world.begin() as tx:
            assert await handlers.reevaluate(tx)
        told = await world.published()
    assert len(told) == 4
    # Other titles and another streak change nothing of who holds what; the members who are left go on.
    renamed = {
        "badges": [one | {"title": f"{one['title']}, renamed"} for one in SECTION["badges"]],
        "levels": SECTION["levels"],
        "streaks": [{"id": "daily", "title": "Daily", "rules": ["post"]}],
    }
    await world.handle(on_programmes, world.programme(3, renamed))
    assert await under_way()
    await reevaluated(world)
    told = await world.published()
    assert sorted(seen(told)) == [("badge", "ten", False)] * 3 + [("level", "newcomer", False)] * 3
    assert {one["programme_version"] for one in told} == {3}
    await world.handle(on_programmes, world.programme(4, SECTION))
    assert not await under_way()
    # Who earns more by it is granted what follows, as ever.
    await world.awarded(world.award("a", 8))
    assert [(one["id"], one["programme_version"]) for one in await world.published()] == [("gold", 4)]


async def test_a_version_waits_until_it_takes_effect(world: Any) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await world.handle(on_programmes, world.programme(1, SECTION, effective_from=tomorrow))
    await world.awarded(world.award("a", 50))
    await reevaluated(world)
    assert await world.published() == []
    await reevaluated(world, now=tomorrow)
    assert len(await world.published()) == 3


async def test_a_recognition_section_that_cannot_be_read_is_invalid(world: Any) -> None:
    broken = {"badges": [{"id": "x", "title": "X", "at_least": 0}]}
    with pytest.raises(InvalidMessageError, match="at_least") as caught:
        await world.handle(on_programmes, world.programme(1, SECTION), world.programme(2, broken))
    assert caught.value.index == 1


async def reevaluated(world: Any, now: datetime | None = None) -> None:
    """Run the timer's work until every member of every community follows its version."""
    for _ in range(1000):
        async with world.begin() as tx:
            tx.now = now or tx.now
            await handlers.reevaluate(tx)
        left = await world.pool.fetchval("select count(*) from programmes_in_force where not evaluated")
        if not left:
            return
    raise AssertionError("re-evaluation does not come to an end")


async def test_what_an_award_of_the_past_leads_to_says_so(world: Any) -> None:
    await world.handle(on_programmes, world.programme(1, SECTION))
    await world.awarded(world.award("a", 12) | {"backfill": True}, world.award("b", 12))
    rows = [row for row in await world.outbox() if row["topic"] == RECOGNITION.name]
    facts = [orjson.loads(row["value"]) for row in rows]
    assert {(fact["data"]["member_id"], fact["data"]["id"], is_backfill(fact)) for fact in facts} == {
        (world.uuid(member), name, member == "a") for member in "ab" for name in ("ten", "newcomer")
    }

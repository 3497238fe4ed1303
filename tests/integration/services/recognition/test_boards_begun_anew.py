"""A period that has ended has its winners once, whatever versions make of its board before it is final."""

import random
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import httpx
import pytest

from services.recognition.boards.domain.kept import span_of
from services.recognition.boards.handlers import keeping
from shared.calendars import Calendar, Span
from tests.integration.services.recognition.test_boards_kept import SCORES, keep, once
from tests.integration.services.recognition.test_results_of_boards import ENDS, FIRST_DAY
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

FREEZE_DAYS = 3
#: When versions come: before the month ends, right after, with provisional results there, and while these stand.
TURNS = [ENDS + timedelta(hours=hours) for hours in (-30, 1, 26, 50)]
OVER = ENDS + timedelta(days=FREEZE_DAYS + 8)
RUNS = 40


def board(board_id: str, kind: str) -> dict[str, Any] | None:
    """A board as a version declares it; one whose prize gives points counts otherwise, and nothing of before."""
    prize: dict[str, Any] = {"id": "first", "title": "Dinner"}
    said = {"id": board_id, "title": "Board", "period": "month", "freeze_after_days": FREEZE_DAYS}
    match kind:
        case "month":
            return said | {"prizes": [prize]}
        case "renamed":
            return said | {"title": "Another title", "prizes": [prize]}
        case "giving":
            return said | {"prizes": [prize | {"gives": {"points": 5}}]}
        case "week":
            return said | {"period": "week", "prizes": [prize]}
    return None


async def declare(world: Any, version: int, said: dict[str, Any] | None, *, at: datetime) -> None:
    document = {"scores": SCORES, "recognition": {"boards": [said]} if said else {}}
    fact = world.programme_fact(version, document, NOON - timedelta(days=1))
    async with world.begin() as tx:
        tx.now = at
        await keeping.on_programmes(tx, [fact])


class Given(NamedTuple):
    """An award that came: to whom, when, and when its event was."""

    member: str
    points: int
    came_at: datetime
    event_at: datetime


class Reign(NamedTuple):
    """How long a board counted one thing."""

    kind: str
    begins: datetime
    ends: datetime


def due(reigns: list[Reign], given: list[Given]) -> set[tuple[Span, str]]:
    """Who wins what, worked out from the versions and awards alone."""
    won: set[tuple[Span, str]] = set()
    for reign in reigns:
        by = "week" if reign.kind == "week" else "month"
        span = span_of(by, reign.begins.date(), Calendar())
        while (ended := Calendar().start_of(span.ends_on + timedelta(days=1))) <= reign.ends:
            final_at = min(ended + timedelta(days=FREEZE_DAYS), reign.ends)
            points: dict[str, int] = {}
            for one in given:
                is_on = reign.kind != "giving" or one.came_at >= reign.begins
                if is_on and one.came_at < final_at and span.starts_on <= one.event_at.date() <= span.ends_on:
                    points[one.member] = points.get(one.member, 0) + one.points
            if points and (reign.ends < OVER or ended + timedelta(days=FREEZE_DAYS) <= OVER):
                most = max(points.values())
                won |= {(span, member) for member, has in points.items() if has == most}
            span = span_of(by, span.ends_on + timedelta(days=1), Calendar())
    return won


def reigns_of(kinds: list[str]) -> list[Reign]:
    """What was declared when, of kinds that came one after the other: a mere title goes on with what there is."""
    found: list[Reign] = []
    for kind, at in zip(kinds, [NOON, *TURNS], strict=True):
        counts = "month" if kind == "renamed" else kind
        if found and found[-1].kind == counts:
            continue
        if found:
            found[-1] = found[-1]._replace(ends=at)
        found.append(Reign(counts, at, OVER))
    return [one for one in found if one.kind != "gone"]


async def test_whatever_versions_come_each_period_that_ended_is_won_once(world: Any) -> None:
    chance = random.Random(19)
    given: list[Given] = []
    orders = [
        ["month", "month", "giving", "giving", "giving"],
        ["month", "month", "gone", "month", "month"],
        ["month", "renamed", "week", "month", "renamed"],
        ["month", "month", "month", "week", "week"],
        ["giving", "giving", "month", "giving", "month"],
        ["month", "renamed", "month", "renamed", "gone"],
    ]
    while len(orders) < RUNS:
        orders.append(["month", *chance.choices(["month", "renamed", "giving", "week", "gone"], k=len(TURNS))])

    async def give(at: datetime) -> None:
        for member in chance.sample("abcd", 2):
            happened = chance.choice([ENDS - timedelta(hours=31), ENDS - timedelta(seconds=1), at])
            one = Given(member, chance.randint(1, 40), at, happened)
            given.append(one)
            await world.awarded(world.award(member, one.points, at=happened))

    version = 0
    for number, kinds in enumerate(orders):
        given_before = [one._replace(came_at=NOON - timedelta(seconds=1)) for one in given]
        given[:] = given_before
        for kind, at in zip(kinds, [NOON, *TURNS], strict=True):
            # As timers would: what is due by then is kept before a version comes, or is not yet.
            if chance.random() < 0.7:
                await keep(world, until=at - timedelta(minutes=1))
            version += 1
            await declare(world, version, board(f"board-{number}", kind), at=at)
            if chance.random() < 0.7:
                await keep(world, until=at)
            await give(at)
        await keep(world, until=OVER)
        told = [one for one in await world.published() if "prize_id" in one]
        names = {world.uuid(name): name for name in "abcd"}
        won = [
            (Span(*(date.fromisoformat(one[day]) for day in ("starts_on", "ends_on"))), names[one["member_id"]])
            for one in told
        ]
        assert len(won) == len(set(won)), kinds
        assert set(won) == due(reigns_of(kinds), given), kinds
        left = await world.pool.fetchval(
            "select count(*) from board_cuts where community = $1 and not is_final and ends_on < $2",
            world.community,
            OVER.date() - timedelta(days=FREEZE_DAYS + 1),
        )
        assert left == 0, kinds


async def test_a_board_that_is_not_filled_yet_is_so_before_its_last_period_is_won(
    world: Any, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "FILLED_PIECE_COUNT", 2)
    await world.awarded(
        *(world.award(name, points) for name, points in zip("abcde", (1, 2, 9, 4, 5), strict=True))
    )
    before_end = ENDS - timedelta(seconds=1)
    await declare(world, 1, board("month", "month"), at=before_end)
    await once(world, keeping.keep_boards, at=before_end)
    await declare(world, 2, board("month", "giving"), at=ENDS + timedelta(hours=1))
    assert await world.published() == []
    await keep(world, until=ENDS + timedelta(hours=1))
    told = await world.published()
    assert [(one["member_id"], one["points"]) for one in told] == [(world.uuid("c"), 9)]
    result = (await api.get(f"/v1/boards/month/results/{FIRST_DAY}")).json()["result"]
    assert (result["is_final"], result["members"]) == (True, 5)
    # What comes for it now is noted beside it.
    await world.awarded(world.award("a", 100))
    result = (await api.get(f"/v1/boards/month/results/{FIRST_DAY}")).json()["result"]
    assert (result["late_awards"], result["late_points"]) == (1, 100)

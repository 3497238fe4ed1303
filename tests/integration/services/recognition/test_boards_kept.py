"""Boards that a programme declares, held against a sort of all that was awarded."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.recognition.badges.handlers.deciding import on_audiences
from services.recognition.boards.handlers import keeping
from services.recognition.merges.handlers import on_guidelines, on_members
from shared.contracts.facts import GUIDELINE_FACT, MEMBER_FACT
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_boards_of_audiences import turn
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

NAMES = "abcdefg"
HELPERS = [{"id": "helpers", "title": "Helpers", "when": "member.answers > 2"}]
BOARDS = [
    {"id": "ever", "title": "Ever"},
    {"id": "week", "title": "This week", "period": "week"},
    {"id": "quarter", "title": "This quarter", "period": "quarter"},
    {"id": "help", "title": "Helpfulness", "score": "help", "period": "year"},
    {"id": "helpers", "title": "Helpers", "audience": "helpers", "period": "month"},
]
SCORES = [{"id": "help", "title": "Helpfulness"}]


async def declare(world: Any, version: int, boards: Sequence[Any]) -> None:
    document = {"audiences": HELPERS, "scores": SCORES, "recognition": {"boards": list(boards)} if boards else {}}
    fact = world.programme_fact(version, document, NOON - timedelta(days=1))
    async with world.begin() as tx:
        tx.now = NOON
        await keeping.on_programmes(tx, [fact])


async def keep(world: Any, *, until: datetime = NOON) -> None:
    """What the timers do, as if it were that time."""
    for run in (keeping.keep_boards, keeping.fold_boards):
        while await once(world, run, at=until):
            pass


async def once(world: Any, run: Any, *, at: datetime = NOON) -> bool:
    async with world.begin() as tx:
        tx.now = at
        found: bool = await run(tx)
        return found


def told_of(world: Any, member: str, revision: int, **more: Any) -> Any:
    data = {
        "member_id": world.uuid(member),
        "revision": revision,
        "name": member.upper(),
        "identities": [],
        "channel": "forum",
        "first_seen_at": NOON,
        **more,
    }
    return MEMBER_FACT.validate_python(world.fact("member.identified.v1", f"{member} {revision}", data))


def suspended(world: Any, member: str, revision: int, *, stands: bool, **more: Any) -> Any:
    data = {
        "suspension_id": world.uuid(f"suspension {member}"),
        "member_id": world.uuid(member),
        "revision": revision,
        "stands": stands,
        "starts_at": NOON,
        **more,
    }
    return GUIDELINE_FACT.validate_python(
        world.fact("guidelines.suspension_changed.v1", f"suspended {member} {revision}", data)
    )


async def listed(world: Any, api: httpx.AsyncClient, board: str, limit: int = 2) -> list[tuple[int, str, int]]:
    """Rank, member and points of a board, page by page."""
    names = {world.uuid(name): name for name in NAMES}
    found: list[tuple[int, str, int]] = []
    after = None
    while True:
        params = {"limit": limit, "at": NOON.isoformat()} | ({"after": after} if after else {})
        answer = await api.get(f"/v1/boards/{board}", params=params)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += [(one["rank"], names[one["member_id"]], one["points"]) for one in body["items"]]
        after = body["next"]
        if after is None:
            assert body["members"] == len(found)
            return found


class Oracle:
    """What the input alone says: every award with its amount, and who is who and where."""

    def __init__(self, world: Any, merging: Merging) -> None:
        self.world = world
        self.merging = merging
        self.awards: dict[str, tuple[str, str | None, datetime, int, Any]] = {}
        self.off: set[str] = set()
        self.suspended: set[str] = set()
        self.helpers: set[str] = set()

    def board(self, board: dict[str, Any]) -> list[tuple[int, str, int]]:
        """Dense ranks of a sort of all totals; ties by the last event with an award that stands, and the id."""
        points: dict[str, int] = defaultdict(int)
        reached: dict[str, datetime] = {}
        for member, score, at, amount, _ in self.awards.values():
            if score != board.get("score") or not in_period(board, at):
                continue
            head = self.merging.head(member)
            points[head] += amount
            if amount != 0:
                reached[head] = max(reached.get(head, at), at)
        gone = {self.merging.head(one) for one in self.off | self.suspended}
        there = [one for one, has in points.items() if has > 0 and one not in gone]
        if board.get("audience"):
            there = [one for one in there if one in self.helpers]
        there.sort(key=lambda one: (-points[one], reached[one], self.world.uuid(one)))
        found: list[tuple[int, str, int]] = []
        for one in there:
            rank = found[-1][0] + (points[one] != found[-1][2]) if found else 1
            found.append((rank, one, points[one]))
        return found


def in_period(board: dict[str, Any], at: datetime) -> bool:
    match board.get("period"):
        case "week":
            return at.isocalendar()[:2] == NOON.isocalendar()[:2]
        case "quarter":
            return (at.year, (at.month - 1) // 3) == (NOON.year, (NOON.month - 1) // 3)
        case "month":
            return (at.year, at.month) == (NOON.year, NOON.month)
        case "year":
            return at.year == NOON.year
    return True


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_boards_are_a_sort_of_all_totals(
    world: Any, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Awards, amendments, merges, opt-outs, suspensions, audiences, versions and folds of seven members."""
    chance = random.Random(seed)
    monkeypatch.setattr(keeping, "FILLED_PIECE_COUNT", 2)
    merging = Merging(world, on_members)
    oracle = Oracle(world, merging)
    revisions: dict[str, int] = defaultdict(int)
    boards = BOARDS[:2] if seed % 2 else BOARDS
    await declare(world, version := 1, boards)
    await keep(world)
    for step in range(70):
        member = chance.choice(NAMES)
        match chance.randrange(12):
            case 0 | 1 | 2 | 3:
                score = chance.choice([None, None, "help"])
                at = NOON - timedelta(hours=chance.choice([0, 1, 5, 30, 24 * 8, 24 * 40]))
                points = chance.choice([0, 1, 2, 5, 5, 300, 70_000, -4])
                more = {} if score is None else {"score": score}
                fact = world.award_fact(
                    world.uuid(f"award {step}"), member, points, world.uuid(f"event {step}"), at=at, **more
                )
                await world.awarded(fact)
                oracle.awards[str(step)] = (member, score, at, points, fact)
            case 4 | 5 if oracle.awards:
                key = chance.choice(list(oracle.awards))
                of, score, at, points, fact = oracle.awards[key]
                # Taken back, restored, or what a limit leaves of it.
                total = chance.choice([0, 0, fact["data"]["points"], 2])
                if total != points:
                    more = {} if score is None else {"score": score}
                    revisions[key] += 1
                    amendment = world.award_fact(
                        world.uuid(f"amendment {step}"),
                        of,
                        total - points,
                        fact["data"]["event_uid"],
                        at=at,
                        amends=fact["data"]["award_id"],
                        revision=revisions[key],
                        total=total,
                        **more,
                    )
                    await world.awarded(amendment)
                    oracle.awards[key] = (of, score, at, total, fact)
            case 6:
                is_off = chance.random() < 0.5
                revisions[member] += 1
                off: dict[str, Any] = {"off_boards": True} if is_off else {}
                await world.handle(on_members, told_of(world, member, revisions[member], **off))
                (oracle.off.add if is_off else oracle.off.discard)(member)
            case 7:
                stands = member not in oracle.suspended
                revisions[f"suspended {member}"] += 1
                fact = suspended(world, member, revisions[f"suspended {member}"], stands=stands)
                await world.handle(on_guidelines, fact)
                (oracle.suspended.add if stands else oracle.suspended.discard)(member)
            case 8:
                is_in = member not in oracle.helpers
                revisions[f"turn {member}"] += 1
                await world.handle(on_audiences, turn(world, member, revisions[f"turn {member}"]))
                (oracle.helpers.add if is_in else oracle.helpers.discard)(member)
            case 9 if member in merging.into:
                await merging.unmerge(member)
            case 10:
                await once(world, chance.choice([keeping.keep_boards, keeping.fold_boards]))
            case 11 if step > 30 and boards is not BOARDS:
                # Boards that are declared late have what was before, where that is known.
                boards = [one for one in BOARDS if one["id"] != "help"]
                await declare(world, version := version + 1, boards)  # and filled later, piece by piece
            case _:
                other = chance.choice([one for one in NAMES if merging.head(one) == one])
                if merging.head(member) == member != other:
                    await merging.merge(member, other)
        if step % 14 == 13:
            while await once(world, keeping.keep_boards):
                pass
            for board in boards:
                found = await listed(world, api, board["id"])
                due = oracle.board(board)
                if boards is BOARDS:
                    assert found == due, (board["id"], step)
                # Of what was before a board began there is no time: those who tie are in any order.
                assert [(one[0], one[2]) for one in found] == [(one[0], one[2]) for one in due], (
                    board["id"],
                    step,
                )
                assert sorted(found) == sorted(due), (board["id"], step)
                for rank, name, points in due[:: 1 + step % 2]:
                    answer = await api.get(
                        f"/v1/members/{world.uuid(name)}/boards/{board['id']}", params={"at": NOON.isoformat()}
                    )
                    place = answer.json()["place"]
                    above = sum(one[2] > points for one in due)
                    assert (place["rank"], place["points"], place["members_above"], place["members"]) == (
                        rank,
                        points,
                        above,
                        len(due),
                    ), (board["id"], step)


async def order_of(world: Any, api: httpx.AsyncClient) -> list[str]:
    return [name for _, name, _ in await listed(world, api, "ever")]


def given(world: Any, name: str, member: str, points: int, hours: int, **more: Any) -> Any:
    at = NOON - timedelta(hours=hours)
    return world.award_fact(world.uuid(name), member, points, world.uuid(f"event {name}"), at=at, **more)


def amended(world: Any, award: Any, change: int, total: int, revision: int = 1) -> Any:
    data = award["data"]
    name = f"{data['award_id']} amended {revision}"
    return world.award_fact(
        world.uuid(name),
        "a" if data["member_id"] == world.uuid("a") else "b",
        change,
        data["event_uid"],
        at=data["event_time"],
        amends=data["award_id"],
        revision=revision,
        total=total,
    )


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_award_that_is_taken_back_leaves_ties_as_if_it_had_never_been(
    world: Any, api: httpx.AsyncClient, at_once: bool
) -> None:
    await declare(world, 1, BOARDS[:1])

    async def come(*awards: Any) -> None:
        for some in [awards] if at_once else [[one] for one in awards]:
            await world.awarded(*some)

    noon = given(world, "a at noon", "a", 3, 3)
    await come(given(world, "a at nine", "a", 5, 6), noon, given(world, "b at ten", "b", 5, 5))
    assert await order_of(world, api) == ["a", "b"]
    await come(amended(world, noon, -3, 0))
    assert await order_of(world, api) == ["a", "b"]  # with five since nine, and not since noon
    await come(amended(world, noon, 3, 3, 2), given(world, "b at one", "b", 3, 2))
    assert await order_of(world, api) == ["a", "b"]
    # What is left of an award counts from when it was.
    await come(given(world, "b late", "b", 1, 9), amended(world, noon, 1, 4, 3))
    assert await order_of(world, api) == ["a", "b"]
    await come(amended(world, noon, -4, 0, 4), given(world, "a since", "a", 4, 1))
    assert await order_of(world, api) == ["b", "a"]


async def test_who_had_nothing_left_is_there_since_what_comes_then(world: Any, api: httpx.AsyncClient) -> None:
    """Whatever it was that went: also where what comes is earlier than that."""
    await declare(world, 1, BOARDS[:1])
    gone = given(world, "a at noon", "a", 5, 0)
    await world.awarded(gone, given(world, "b at ten", "b", 5, 2))
    await world.awarded(amended(world, gone, -5, 0))
    await world.awarded(given(world, "a at nine", "a", 5, 3))
    assert await order_of(world, api) == ["a", "b"]


async def test_what_is_taken_back_of_one_merged_member_is_so_for_the_person_and_for_each(
    world: Any, api: httpx.AsyncClient
) -> None:
    await declare(world, 1, [BOARDS[0], BOARDS[1]])
    merging = Merging(world, on_members)
    noon = given(world, "b at noon", "b", 3, 0)
    await world.awarded(given(world, "a", "a", 5, 6), given(world, "b", "b", 5, 7), noon)
    await world.awarded(given(world, "c", "c", 10, 4), given(world, "d", "d", 5, 3))
    await merging.merge("b", "a")
    await world.awarded(amended(world, noon, -3, 0))
    assert await order_of(world, api) == ["a", "c", "d"]
    await merging.unmerge("b")
    assert await order_of(world, api) == ["c", "b", "a", "d"]


async def test_a_board_that_is_over_leaves_no_times(world: Any) -> None:
    await declare(world, 1, BOARDS)
    await world.awarded(given(world, "a", "a", 5, 6), given(world, "b", "b", 5, 7))
    count = "select count(*) from board_times where member_id = $1"
    assert await world.pool.fetchval(count, world.uuid("a")) == 4
    await declare(world, 2, [])
    await keep(world)
    assert await world.pool.fetchval(count, world.uuid("a")) == 0


@pytest.mark.parametrize("opts_out_first", [True, False])
@pytest.mark.parametrize(("into", "merged"), ["ab", "ba"])
async def test_a_person_is_on_no_board_while_any_who_they_are_wants_none(
    world: Any, api: httpx.AsyncClient, opts_out_first: bool, into: str, merged: str
) -> None:
    """Whichever of both opts out, stays, or comes first; and each is as it said when they part."""
    await declare(world, 1, [*BOARDS[:1], {"id": "day", "title": "Today", "period": "day"}])
    await world.awarded(*(given(world, name, name, 5, hours) for hours, name in enumerate("cab")))
    await keep(world, until=NOON + timedelta(days=1))
    merging = Merging(world, on_members)

    async def are_shown(*due: str) -> None:
        assert sorted(await order_of(world, api)) == sorted(due)
        answer = await api.get("/v1/leaderboard")
        assert sorted(one["member_id"] for one in answer.json()["items"]) == sorted(map(world.uuid, due))
        answer = await api.get(f"/v1/boards/day/results/{NOON.date()}")
        assert {one["member_id"] for one in answer.json()["items"]} == set(map(world.uuid, due))

    out = told_of(world, "a", 1, off_boards=True)
    await are_shown("a", "b", "c")
    if opts_out_first:
        await world.handle(on_members, out)
        await are_shown("b", "c")
        await merging.merge(merged, into)
    else:
        await merging.merge(merged, into)
        await are_shown(into, "c")
        await world.handle(on_members, out)
    await are_shown("c")
    await world.handle(on_members, told_of(world, "a", 2))
    await are_shown(into, "c")
    await world.handle(on_members, told_of(world, "a", 3, off_boards=True))
    await are_shown("c")
    await merging.unmerge(merged)
    await are_shown("b", "c")


async def test_a_bot_that_is_merged_into_a_person_takes_them_off_no_board(
    world: Any, api: httpx.AsyncClient
) -> None:
    await declare(world, 1, BOARDS[:1])
    await world.awarded(given(world, "a", "a", 5, 1), given(world, "b", "b", 5, 2))
    await world.handle(on_members, told_of(world, "b", 1, bot_by="platform"))
    merging = Merging(world, on_members)
    await merging.merge("b", "a")
    assert await listed(world, api, "ever") == [(1, "a", 10)]
    answer = await api.get("/v1/leaderboard")
    assert [one["points"] for one in answer.json()["items"]] == [10]
    # A bot may want none as a person: it counts once it turns out to be one, and as long as that.
    for revision, bot in enumerate(({"bot_by": "hand"}, {}, {"bot_by": "hand"}), start=2):
        await world.handle(on_members, told_of(world, "b", revision, off_boards=True, **bot))
        assert await listed(world, api, "ever") == ([(1, "a", 10)] if bot else [])
    await merging.unmerge("b")
    assert await listed(world, api, "ever") == [(1, "a", 5)]

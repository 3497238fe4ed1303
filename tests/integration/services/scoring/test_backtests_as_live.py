"""A backtest of the programme in force over the whole log gives what live scoring gave, by member and rule."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from services.scoring.audiences.handlers.deciding import on_members
from services.scoring.backtests.domain.packing import Piece, pack, unpack
from services.scoring.backtests.domain.replaying import Found, Said, add_word, replay, settle_all, words_in
from services.scoring.backtests.domain.summing import Asked, result_of
from services.scoring.backtests.handlers.knowing import known_of, side_in_force
from services.scoring.backtests.store.known import load_told
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import MEMBER_FACT
from tests.integration.services.scoring import test_limits
from tests.integration.services.scoring.test_limits import all_settled, score_cut
from tests.integration.services.scoring.test_paces import history as paced_history
from tests.integration.services.scoring.test_rules_read_attributes import told as said_of
from tests.unit.services.scoring.limits import test_pacing

pytestmark = pytest.mark.stack

HOUR = timedelta(hours=1)
BEGINNING, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


async def replayed(world: Any, log: Iterable[Any], piece_count: int = 40) -> dict[str, Any]:
    """What a backtest of the programme in force finds in a log, piece by piece, each packed and unpacked."""
    unique = {event["uid"]: event for event in log}
    events = list(unique.values())
    words: dict[str, Said] = {}
    found = Found()
    async with world.begin() as tx:
        side = await side_in_force(tx.conn, community=world.community)
        told = await load_told(tx.conn, community=world.community)
        for start in range(0, len(events), piece_count):
            part = events[start : start + piece_count]
            fresh = [event for event in part if event["type"] not in TARGETING_TYPES]
            known = await known_of(tx.conn, fresh, sides=[side], told=told)
            piece = Piece([replay(fresh, side, told, known)], words_in(part), [one["uid"] for one in fresh])
            again = unpack(pack(piece))
            assert again == piece
            found.add(again.sides[0])
            for uid, said in again.words.items():
                add_word(words, uid, said)
        tx.did_nothing()
    settled = settle_all(found, side, told, words)
    result = result_of(Asked(BEGINNING, END), told, [(side, found, settled)], events_count=len(events))
    points: Counter[tuple[str, str]] = Counter()
    for one in settled.due:
        points[one.member_id, one.rule_id] += one.points
    return {"points": {key: total for key, total in points.items() if total}, "result": result}


async def as_live(world: Any, log: Sequence[Any]) -> dict[str, Any]:
    """Check that a backtest gives what was given live, and the same in another order; returns its result."""
    await all_settled(world)
    first = await replayed(world, log)
    assert first["points"] == await world.totals()
    again = await replayed(world, Random(7).sample(log, len(log)), 1_000)
    assert again["result"]["digest"] == first["result"]["digest"]
    result: dict[str, Any] = first["result"]
    return result


@pytest.mark.parametrize("name", sorted(test_pacing.PROGRAMMES))
async def test_cooldowns_turns_floors_and_the_first(world: Any, name: str) -> None:
    await world.publish(test_pacing.HEAD + test_pacing.PROGRAMMES[name][0])
    rng = Random(f"backtest {name}")
    log = paced_history(world, rng, 90)
    rng.shuffle(log)
    await score_cut(world, [*log, *rng.sample(log, 20)], rng)
    await as_live(world, log)


@pytest.mark.parametrize("seed", range(3))
async def test_limits_late_events_retractions_and_restorations(world: Any, seed: int) -> None:
    await world.publish(test_limits.PROGRAMME)
    rng = Random(seed)
    log = test_limits.history(world, rng, 80)
    rng.shuffle(log)
    await score_cut(world, log, rng)
    await as_live(world, log)


TEXT = """
programme: demo
title: Demo
attributes: [{id: tier, title: Tier, for_rules: true}, {id: seats, title: Seats, type: number, for_rules: true}]
audiences:
  - {id: gold, title: Gold, when: 'member.tier == "gold"'}
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 1, daily_cap: 4}
  - {id: gold, title: Wrote in gold, on: [chat.message.v1], when: '"gold" in audiences', points: 5}
  - {id: heard, title: Heard, on: [chat.message.v1], to: object_author, when: 'member.tier == "gold"', points: 3,
     daily_cap: 9}
"""


@pytest.mark.parametrize("seed", range(3))
async def test_versions_attributes_and_merges(world: Any, seed: int) -> None:
    """Versions follow one another, tiers change, and members are merged and parted while events come."""
    rng = Random(seed)
    await world.publish(TEXT)
    now = datetime.now(UTC)
    log: list[Any] = []
    names = "abcd"
    tiers: dict[str, list[tuple[datetime, datetime, str]]] = {name: [] for name in names}
    merged: dict[str, tuple[str, int, datetime]] = {}
    for step in range(30):
        at = now + step * HOUR
        match rng.randrange(6):
            case 0:
                member = rng.choice(names)
                tiers[member].append((at - 3 * HOUR, at, rng.choice(["gold", "silver"])))
                fact = said_of(world, member, len(tiers[member]), *tiers[member])
                await world.handle(on_members, fact)
            case 1 if step > 5:
                member = rng.choice("ab")
                into, revision, merged_at = merged.get(member, (rng.choice("cd"), 0, at))
                is_merge = revision % 2 == 0
                data = {
                    "member_id": world.uuid(member),
                    "into_id": world.uuid(into),
                    "merged_at": at if is_merge else merged_at,
                    "revision": revision + 1,
                }
                kind = "member.merged.v1" if is_merge else "member.unmerged.v1"
                data |= {} if is_merge else {"unmerged_at": at}
                merged[member] = (into, revision + 1, at if is_merge else merged_at)
                if revision < 2:
                    fact = world.fact(kind, f"{member} {revision}", data)
                    await world.handle(on_members, MEMBER_FACT.validate_python(fact))
            case 2 if log:
                target = rng.choice([one for one in log if "targetuid" not in one])["uid"]
                kind = rng.choice(["activity.retracted.v1"] * 2 + ["activity.restored.v1"])
                fact = world.event(
                    f"said {step}", rng.choice(names), None, type=kind, targetuid=target, time=at, receivedat=at
                )
                log.append(fact)
                await world.score(fact)
            case _:
                facts = [
                    world.event(
                        f"{step} {number}",
                        rng.choice(names),
                        rng.choice(names),
                        time=at - rng.randrange(5) * HOUR,
                        receivedat=at + timedelta(minutes=number),
                    )
                    for number in range(4)
                ]
                log += facts
                await world.score(*facts)
        if step == 15:
            await world.publish(TEXT.replace("points: 5", "points: 7"), at + HOUR / 2)
    await as_live(world, log)

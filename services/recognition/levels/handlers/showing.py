"""Where a member is on the levels, what the next one asks for, and how far they are with each thing."""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.recognition.levels import store
from services.recognition.levels.domain.by_hand import Lock
from services.recognition.levels.domain.ladder import Asked, Courses, Rung
from services.recognition.levels.domain.standing import moment_of
from services.recognition.levels.domain.walk import Reached, reached
from services.recognition.levels.handlers.deciding import load_lives, scene_of
from shared.merges import find_head, load_group
from shared.postgres import Connection


class HowFar(NamedTuple):
    """One thing that a level asks for: what the member has, and whether that is enough to reach and to keep it."""

    asked: Asked
    value: int
    of_all: int
    is_met: bool


class RungFound(NamedTuple):
    """A level, since when the member has it, and how far they are with what it takes to reach and to keep it."""

    rung: Rung
    since: datetime | None
    requires: list[HowFar]
    keep: list[HowFar]
    grace_until: datetime | None


class LevelsFound(NamedTuple):
    """A member's levels, lowest first; who fixed theirs, and when they change if nothing is done."""

    member_id: str
    rungs: list[RungFound]
    found: Reached
    lock: Lock | None


async def find_levels(conn: Connection, *, community: str, member_id: str, now: datetime) -> LevelsFound:
    """Where a member is, now, of all that is known of them."""
    scene = await scene_of(conn, community=community, now=now)
    head_id = await find_head(conn, community=community, member_id=member_id)
    lives, _ = await load_lives(conn, scene, head_ids=[head_id])
    found = reached(scene.ladder, lives[head_id], scene.surroundings, at=scene.at)
    courses = Courses(lives[head_id], scene.surroundings)
    group = await load_group(conn, community=community, head_id=head_id)
    locks = await store.load_locks(conn, community=community, member_ids=group)

    def how_far(asked: Asked) -> HowFar:
        value, of_all = courses.now(asked, scene.at)
        return HowFar(asked, value, of_all, asked.is_met(value, of_all))

    rungs = []
    for rung, at in zip(scene.ladder.rungs, found.since, strict=True):
        since = None if at is None else moment_of(at)
        grace = None if since is None else since + timedelta(seconds=rung.grace_seconds)
        rungs.append(
            RungFound(
                rung,
                since,
                [how_far(asked) for asked in rung.requires],
                [how_far(asked) for asked in rung.keep or ()],
                grace if grace is not None and grace > now else None,
            )
        )
    standing = [one for one in locks if one.unlocked_at is None]
    return LevelsFound(head_id, rungs, found, standing[-1] if standing else None)

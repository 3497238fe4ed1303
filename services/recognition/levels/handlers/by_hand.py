"""Levels that people fix and let go again, with a reason: who did it is in the audit log."""

from dataclasses import replace
from uuid import uuid4

from services.recognition.hands.domain import Giver, cleaned
from services.recognition.hands.handlers import find_person
from services.recognition.levels import store
from services.recognition.levels.domain.by_hand import Lock, NotLockedError, UnknownLevelError
from services.recognition.levels.handlers.deciding import Scene, look, scene_of
from services.recognition.metrics import LEVELS_BY_HAND
from services.recognition.thresholds import store as thresholds_store
from shared.audit import Did
from shared.contracts.facts import LEVEL_LOCK_CHANGED, LevelLockData
from shared.topics import BY_HAND
from shared.transaction import Transaction


async def lock(
    tx: Transaction, *, community: str, member_id: str, level: str | None, reason: str, by: Giver
) -> Lock:
    """Fix a member's level (None: below all), and say why; what was fixed of them before is no more.

    Raises NobodyThereError, NoWordsError, and UnknownLevelError for none of those that ask for more than points.
    """
    words = cleaned(reason)
    scene, head_id, group = await _named(tx, community=community, member_id=member_id, by=by)
    known = tuple(rung.level.id for rung in scene.ladder.rungs)
    if not known or (level is not None and level not in known):
        raise UnknownLevelError(known)
    standing = await _standing(tx, community=community, group=group)
    await _unlock(tx, standing, by=by, reason=words)
    made = Lock(community, str(uuid4()), head_id, level, tx.now, by, words)
    await store.put_lock(tx.conn, made)
    _tell(tx, made)
    await look(tx, scene, due={head_id: False})
    LEVELS_BY_HAND.labels("locked").inc()
    tx.did(
        Did(
            "level.lock",
            "level",
            level or "none",
            member_id=head_id,
            before={"level": standing[-1].level if standing else None, "locked": bool(standing)},
            after={"level": level, "locked": True},
        )
    )
    return made


async def unlock(tx: Transaction, *, community: str, member_id: str, reason: str, by: Giver) -> list[Lock]:
    """Have a member's level be what they do again. Raises NobodyThereError, NoWordsError, and NotLockedError."""
    words = cleaned(reason)
    scene, head_id, group = await _named(tx, community=community, member_id=member_id, by=by)
    standing = await _standing(tx, community=community, group=group)
    if not standing:
        raise NotLockedError
    ended = await _unlock(tx, standing, by=by, reason=words)
    await look(tx, scene, due={head_id: False})
    LEVELS_BY_HAND.labels("unlocked").inc()
    tx.did(
        Did(
            "level.unlock",
            "level",
            standing[-1].level or "none",
            member_id=head_id,
            before={"level": standing[-1].level, "locked": True},
            after={"locked": False},
        )
    )
    return ended


async def _named(tx: Transaction, *, community: str, member_id: str, by: Giver) -> tuple[Scene, str, list[str]]:
    """What levels ask for, whom a command names, and all who are one person with them."""
    await thresholds_store.lock_programmes_shared(tx.conn, communities=[community])
    person = await find_person(tx, community=community, member_id=member_id, by=by.person_id)
    return await scene_of(tx.conn, community=community, now=tx.now), *person


async def _standing(tx: Transaction, *, community: str, group: list[str]) -> list[Lock]:
    found = await store.load_locks(tx.conn, community=community, member_ids=group)
    return [one for one in found if one.unlocked_at is None]


async def _unlock(tx: Transaction, locks: list[Lock], *, by: Giver, reason: str) -> list[Lock]:
    ended = [replace(one, unlocked_at=tx.now) for one in locks]
    if ended:
        await store.set_unlocked(
            tx.conn,
            community=ended[0].community,
            lock_ids=[one.lock_id for one in ended],
            at=tx.now,
            by=by,
            reason=reason,
        )
    for one in ended:
        _tell(tx, one)
    return ended


def _tell(tx: Transaction, made: Lock) -> None:
    data: LevelLockData = {"lock_id": made.lock_id, "member_id": made.member_id, "locked_at": made.locked_at}
    if made.level is not None:
        data["level"] = made.level
    if made.unlocked_at is not None:
        data["unlocked_at"] = made.unlocked_at
    tx.tell(
        BY_HAND,
        LEVEL_LOCK_CHANGED,
        fact_id=made.lock_id if made.unlocked_at is None else f"{made.lock_id}/unlocked",
        community=made.community,
        subject=made.member_id,
        data=data,
    )

"""After a restore: levels that were told and that the database has forgotten stand again, until looked at.

So is what people fixed; why they did is told nowhere, and stays forgotten.
"""

from services.recognition.hands.domain import Giver
from services.recognition.levels import store
from services.recognition.levels.domain.by_hand import Lock
from services.recognition.levels.handlers.following import regroup
from services.recognition.tallies import store as tallies_store
from services.recognition.totals.handlers import grant_told
from shared.contracts.facts import (
    FIXED_BY_HAND,
    LEVEL_LOCK_CHANGED,
    RECOGNITION_GRANTED,
    LevelLockChanged,
    RecognitionGranted,
)
from shared.merges import load_people, members_of
from shared.own_facts import ReadBack
from shared.topics import BY_HAND, RECOGNITION
from shared.transaction import Transaction

NOBODY = Giver(None, "")


async def on_levels_told(tx: Transaction, facts: list[RecognitionGranted]) -> None:
    """Take in what was told of levels that points do not reach; the grants are there."""
    told = [grant_told(fact) for fact in facts]
    levels = [one for one in told if one.key.kind == "level" and one.award_id is None]
    if not levels:
        return
    keys = {(one.community, one.member_id) for one in levels}
    # What stands for a person is with who stays: it is that of all of theirs, whichever of them was told of.
    people = await load_people(tx.conn, keys=keys)
    await store.rebuild(tx.conn, keys=keys | members_of(people))
    for community, groups in people.items():
        await regroup(tx, community=community, groups=groups)
    await tallies_store.put_due(tx.conn, due=dict.fromkeys(keys, False), at=tx.now)


async def on_locks_told(tx: Transaction, facts: list[LevelLockChanged]) -> None:
    """Take in what people fixed and let go."""
    for fact in facts:
        data = fact["data"]
        await store.put_lock(
            tx.conn,
            Lock(
                fact["community"],
                data["lock_id"],
                data["member_id"],
                data.get("level"),
                data["locked_at"],
                NOBODY,
                None,
                data.get("unlocked_at"),
            ),
        )
    due = {(fact["community"], fact["data"]["member_id"]): False for fact in facts}
    await tallies_store.put_due(tx.conn, due=due, at=tx.now)


READ_BACK = (
    ReadBack((RECOGNITION,), RECOGNITION_GRANTED.adapter, on_levels_told, kinds=(RECOGNITION_GRANTED.name,)),
    ReadBack((BY_HAND,), FIXED_BY_HAND, on_locks_told, kinds=(LEVEL_LOCK_CHANGED.name,)),
)

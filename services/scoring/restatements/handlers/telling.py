"""Members are told why their past changed, each once, after all of a restatement is posted."""

from datetime import timedelta
from uuid import UUID, uuid5

from services.scoring.restatements.store import parts as part_store
from services.scoring.restatements.store import restatements as store
from services.scoring.settings import Settings
from shared.contracts.facts import MESSAGE_REQUESTED, MessageRequestedData
from shared.topics import MESSAGES
from shared.transaction import Transaction

_NAMESPACE = UUID("0b6b6f0e-4c55-5d0e-9c0a-6d2f3c1f9a27")
MEMBERS_AT_ONCE_COUNT = 200
#: Who was not told by then is not told any more.
WAITS = timedelta(days=7)


async def tell_members(tx: Transaction[Settings]) -> bool:
    """Tell the next members of what a restatement changed for them; whether there may be more."""
    found = await store.lock_next_to_tell(tx.conn)
    if found is None:
        return False
    restatement, after = found
    moves = await part_store.page_of_moves(tx.conn, restatement, after=after, limit=MEMBERS_AT_ONCE_COUNT)
    for member_id, points in moves:
        if points == 0:
            continue
        request_id = str(uuid5(_NAMESPACE, f"{restatement.restatement_id}|{member_id}"))
        data: MessageRequestedData = {
            "request_id": request_id,
            "kind": "restated",
            "member_id": member_id,
            "values": {
                "points": f"{points:+d}",
                "reason": restatement.reason,
                "version": str(restatement.version),
            },
            "expires_at": tx.now + WAITS,
        }
        tx.tell(
            MESSAGES,
            MESSAGE_REQUESTED,
            fact_id=request_id,
            community=restatement.community,
            subject=member_id,
            data=data,
        )
    is_over = len(moves) < MEMBERS_AT_ONCE_COUNT
    await store.set_told(tx.conn, restatement, told_to=None if is_over else moves[-1][0])
    return True

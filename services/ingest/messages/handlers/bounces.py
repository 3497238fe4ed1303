"""What came back is heard: who cannot be reached, or complains, is written to no more."""

import re
from typing import Final, NamedTuple

from services.ingest.messages.domain.bounces import Bounce, Came, read_bounces
from services.ingest.messages.domain.messages import AddressState, NotABounceError
from services.ingest.messages.handlers.sealing import address_hash
from services.ingest.messages.store import messages as store
from services.ingest.messages.store import reach as reach_store
from services.ingest.metrics import MESSAGES_BOUNCED
from services.ingest.settings import Settings
from shared.audit import Did
from shared.transaction import Transaction

BOUNCE_MAX_BYTES: Final = 512 * 1024
_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Heard(NamedTuple):
    """How many reports there were, how many messages came back, and how many addresses are stopped."""

    reports_count: int
    messages_count: int
    stopped_count: int


async def hear(tx: Transaction[Settings], *, community: str, content: bytes) -> Heard:
    """Take in a report of what could not be delivered, or of a complaint. Raises NotABounceError.

    Only addresses of messages that the community sent are stopped, or those that it holds itself.
    """
    bounces = read_bounces(content)
    if not bounces:
        raise NotABounceError
    messages = stopped = 0
    for bounce in bounces:
        if bounce.came is Came.DELAYED:
            continue
        messages += await _note(tx, bounce, community=community)
        stopped += await _stop(tx, bounce, community=community)
    after = {"reports": len(bounces), "messages": messages, "stopped": stopped}
    tx.did(Did("message.hear_bounce", "message", community, after=after))
    return Heard(len(bounces), messages, stopped)


async def _note(tx: Transaction[Settings], bounce: Bounce, *, community: str) -> int:
    found = _ID.match((bounce.message_id or "").lower())
    if found is None or bounce.came is Came.COMPLAINT:
        return 0
    return await store.set_bounced(tx.conn, community=community, message_id=found[0], said=bounce.status)


async def _stop(tx: Transaction[Settings], bounce: Bounce, *, community: str) -> int:
    if bounce.recipient is None:
        return 0
    state = AddressState.COMPLAINED if bounce.came is Came.COMPLAINT else AddressState.BOUNCED
    count = await reach_store.stop_hash(
        tx.conn,
        community=community,
        address_hash=address_hash(tx.settings, bounce.recipient, community=community),
        state=state,
    )
    MESSAGES_BOUNCED.labels(state.value).inc(count)
    return count

"""Sends are carried out in pieces, and claimed by those who were written to.

Locks are taken in this order: a send, its lines, people, the reward or codes that they get, and what pays for it
(`redemptions`).
"""

from collections.abc import Mapping
from dataclasses import replace

from services.rewards.ledger.domain.entries import UnknownMemberError, derived_id
from services.rewards.metrics import SEND_LINES, SEND_LINES_FAILED
from services.rewards.redemptions.domain import OutOfStockError, Redemption, UnknownRewardError
from services.rewards.redemptions.handlers.reserving import give
from services.rewards.redemptions.store import find_redemption
from services.rewards.sends import store
from services.rewards.sends.domain import (
    Send,
    SendLine,
    SendLineOverError,
    SendLineState,
    SendState,
    SendWhy,
    UnknownSendLineError,
)
from services.rewards.settings import Settings
from shared.audit import Did
from shared.contracts.facts import MESSAGE_REQUESTED, MessageRequestedData
from shared.contracts.identities import NamedIdentity
from shared.followed_members import find_name, find_owner
from shared.merges import find_head, load_group, lock_heads
from shared.postgres import Connection
from shared.topics import MESSAGES
from shared.transaction import Transaction

#: By which identity somebody who was written to becomes a member: ingest declares it when they follow their link.
RECIPIENTS_CHANNEL = "import"


async def carry_on_sends(tx: Transaction[Settings]) -> bool:
    """Timer: some lines of the send that waited longest; True where there may be more.

    A line that cannot be given is noted, and holds up no other; each gives once, however often it is tried.
    """
    send = await store.lock_due(tx.conn, now=tx.now)
    if send is None:
        return False
    lines = await store.waiting_lines(tx.conn, send, limit=tx.settings.send_lines_per_piece_max_count)
    if not lines:
        await store.set_state(tx.conn, send.becoming(SendState.DONE, now=tx.now), now=tx.now)
        return True
    # Of one reward: whoever chooses one takes its lock and then that of the wallet, and never that of two rewards.
    lines = [line for line in lines if line.reward_id == lines[0].reward_id]
    owners = {line.line: await _whose(tx.conn, line, settings=tx.settings) for line in lines}
    heads = await lock_heads(
        tx.conn, keys=sorted({(send.community, owner) for owner in owners.values() if owner is not None})
    )
    became = [
        await _carried_out(tx, line, send=send, owner=_head(heads, send, owners[line.line])) for line in lines
    ]
    await store.set_lines(tx.conn, became)
    await store.set_state(tx.conn, send, now=tx.now)
    for line in became:
        SEND_LINES.labels(line.state).inc()
    return True


def _head(heads: Mapping[tuple[str, str], str], send: Send, member_id: str | None) -> str | None:
    return None if member_id is None else heads.get((send.community, member_id), member_id)


async def _whose(conn: Connection, line: SendLine, *, settings: Settings) -> str | None:
    """The member whom a line is for; None while its recipient is none."""
    if line.member_id is not None or line.recipient_id is None:
        return line.member_id
    identity = NamedIdentity(RECIPIENTS_CHANNEL, line.recipient_id)
    return await find_owner(conn, settings, community=line.community, identity=identity)


async def _carried_out(tx: Transaction[Settings], line: SendLine, *, send: Send, owner: str | None) -> SendLine:
    if owner is None:
        if send.claims_end_at <= tx.now:
            return replace(line, state=SendLineState.EXPIRED, changed_at=tx.now)
        _ask_for_message(tx, line, send=send)
        return line.offered(now=tx.now)
    try:
        given = await _give(tx, line, send=send, member_id=owner)
    except UnknownMemberError:
        return line.failed(SendWhy.NOBODY, now=tx.now)
    except OutOfStockError:
        return line.failed(SendWhy.OUT_OF_STOCK, now=tx.now)
    except UnknownRewardError:
        return line.failed(SendWhy.NOT_OFFERED, now=tx.now)
    return line.given(given.redemption_id, member_id=given.member_id, now=tx.now)


async def _give(tx: Transaction[Settings], line: SendLine, *, send: Send, member_id: str) -> Redemption:
    named = await find_name(tx.conn, community=send.community, member_id=member_id)
    if named is None or named.is_erased:
        raise UnknownMemberError(member_id)
    return await give(
        tx,
        community=send.community,
        member_id=member_id,
        reward_id=line.reward_id,
        cause=line.cause,
        by=send.giver,
    )


def _ask_for_message(tx: Transaction, line: SendLine, *, send: Send) -> None:
    """Have ingest write to a recipient; asked for again it is the same message."""
    request_id = derived_id(f"send_offer|{line.line_id}")
    data: MessageRequestedData = {
        "request_id": request_id,
        "kind": "offer",
        "recipient_id": line.recipient_id or "",
        "values": {"title": send.title, "line_id": line.line_id},
        "expires_at": send.claims_end_at,
    }
    tx.tell(
        MESSAGES,
        MESSAGE_REQUESTED,
        fact_id=request_id,
        community=send.community,
        subject=line.recipient_id or "",
        data=data,
    )


async def find_offer(
    conn: Connection, *, community: str, line_id: str, member_id: str, settings: Settings
) -> tuple[Send, SendLine]:
    """What a send offers a member, or gave them. Raises UnknownSendLineError for what is somebody else's."""
    found = await store.find_line(conn, community=community, line_id=line_id)
    if found is None or not await _is_theirs(conn, found[1], member_id=member_id, settings=settings):
        raise UnknownSendLineError
    return found


async def claim(tx: Transaction[Settings], *, community: str, line_id: str, member_id: str) -> Redemption:
    """Give a member what a send offers them, for no points; again it is the same answer.

    Raises UnknownSendLineError for what is somebody else's, SendLineOverError, UnknownRewardError,
    UnknownMemberError and OutOfStockError: then it can be claimed again later.
    """
    found = await store.lock_line(tx.conn, community=community, line_id=line_id)
    if found is None:
        raise UnknownSendLineError
    send, line = found
    await lock_heads(tx.conn, keys=[(community, member_id)])
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    if not await _is_theirs(tx.conn, line, member_id=head_id, settings=tx.settings):
        raise UnknownSendLineError
    if line.redemption_id is not None:
        known = await find_redemption(tx.conn, community=community, redemption_id=line.redemption_id)
        if known is not None:
            tx.did_nothing()
            return known
    if line.state not in (SendLineState.OFFERED, SendLineState.WAITING, SendLineState.FAILED):
        raise SendLineOverError(line.state)
    if send.state not in (SendState.APPROVED, SendState.DONE) or (send.starts_at or tx.now) > tx.now:
        raise UnknownSendLineError
    if send.claims_end_at <= tx.now:
        raise SendLineOverError(SendLineState.EXPIRED)
    given = await _give(tx, line, send=send, member_id=head_id)
    await store.set_lines(tx.conn, [line.given(given.redemption_id, member_id=given.member_id, now=tx.now)])
    SEND_LINES.labels("claimed").inc()
    said = {"state": given.state, "reward_id": given.reward_id, "send_id": send.send_id}
    tx.did(Did("redemption.claim_sent", "redemption", given.redemption_id, given.member_id, after=said))
    return given


async def _is_theirs(conn: Connection, line: SendLine, *, member_id: str, settings: Settings) -> bool:
    owner = await _whose(conn, line, settings=settings)
    if owner is None:
        return False
    group = await load_group(conn, community=line.community, head_id=member_id)
    return owner in group


async def look_after_sends(tx: Transaction[Settings]) -> bool:
    """Timer: what nobody claimed in time comes to nothing; how many lines failed is shown."""
    limit = tx.settings.upkeep_max_count
    expired = await store.expire_lines(tx.conn, now=tx.now, limit=limit)
    SEND_LINES.labels(SendLineState.EXPIRED).inc(expired)
    SEND_LINES_FAILED.set(await store.count_failed(tx.conn))
    return expired == limit
